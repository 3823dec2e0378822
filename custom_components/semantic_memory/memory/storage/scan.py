"""Doing without an index."""

from collections.abc import Collection, Iterable, Sequence
import sqlite3
from typing import Final

from .candidates import FITTING, Entry, Neighbours, Vector
from .vec0 import chunk_table

_BATCH: Final = 1_000


class NoIndex:
    """Compares with every vector of the owner, and keeps in mind that an index which is in the file falls behind."""

    name: Final = "none"

    def prepare(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Do nothing: the vectors are all it needs."""

    def put(self, connection: sqlite3.Connection, space_id: int, entries: Sequence[Entry]) -> None:
        """Note that a bit index of this space no longer holds everything, and blank the codes that it still holds."""
        changed = connection.execute("UPDATE space SET indexed = 0 WHERE id = ? AND indexed", (space_id,)).rowcount
        chunks = chunk_table(space_id)  # an ordinary table: it can be written without sqlite-vec
        if changed and connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (chunks,)).fetchone():
            connection.execute(f"UPDATE {chunks} SET vectors = zeroblob(length(vectors))")

    def remove(self, connection: sqlite3.Connection, space_ids: Iterable[int], seqs: Sequence[int]) -> None:
        """Note that the bit indexes hold too much."""
        for space_id in space_ids:
            self.put(connection, space_id, ())

    def drop(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Blank the codes; the table itself goes when sqlite-vec is back (see Vec0Index.prepare)."""
        self.put(connection, space_id, ())

    def search(
        self, connection: sqlite3.Connection, space_id: int, owners: Sequence[str], query: Vector, limit: int
    ) -> Neighbours:
        """Compare the query with every live vector of each owner."""
        found: Neighbours = {}
        for owner in owners:
            found |= self._nearest(connection, space_id, owner, query, limit)
        return found

    def cosines(self, space_id: int, owners: Sequence[str], seqs: Collection[int], query: Vector) -> dict[int, float]:
        """Return none: all vectors are on disk."""
        return {}

    def _nearest(
        self, connection: sqlite3.Connection, space_id: int, owner: str, query: Vector, limit: int
    ) -> Neighbours:
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        rows = connection.execute(
            "SELECT m.seq, v.embedding FROM memory m JOIN vector v ON v.memory_seq = m.seq AND v.space_id = :space_id"
            f" WHERE m.owner = :owner AND m.deleted_at IS NULL AND {FITTING}",
            {"space_id": space_id, "owner": owner},
        )
        seqs: list[int] = []
        scores: list[Vector] = []
        while batch := rows.fetchmany(_BATCH):
            seqs += [seq for seq, _ in batch]
            vectors = np.frombuffer(b"".join(blob for _, blob in batch), "<f4").reshape(len(batch), -1)
            scores.append(np.vecdot(vectors, query))
        if not seqs:
            return {}
        cosines = np.concatenate(scores)
        best = np.argsort(-cosines, kind="stable")[:limit]
        return {seqs[place]: float(cosines[place]) for place in best.tolist()}
