"""Finding the memories whose vectors are near, before they are compared exactly.

The vectors themselves are rows of ``vector``. What is here is derived from them and can be rebuilt at any time.
"""

from collections.abc import Iterable, Sequence
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, override

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    type Vector = NDArray[float32]
    """Shape (dimension,), length 1."""

_BATCH: Final = 1_000


class Entry(NamedTuple):
    """What an index is told of one memory."""

    seq: int
    owner: str
    embedding: bytes
    """float32, little-endian."""


class CandidateIndex(Protocol):
    """Finds likely neighbours. Every method runs on a database thread; those that write run inside a transaction."""

    name: str

    def prepare(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Bring the index of a space in line with its vectors."""
        ...

    def put(self, connection: sqlite3.Connection, space_id: int, entries: Sequence[Entry]) -> None:
        """Take in the vectors of live memories that it does not know yet."""
        ...

    def remove(self, connection: sqlite3.Connection, space_ids: Iterable[int], seqs: Sequence[int]) -> None:
        """Forget memories in all these spaces, leaving no trace of their codes."""
        ...

    def drop(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Forget a whole space."""
        ...

    def search(
        self, connection: sqlite3.Connection, space_id: int, owners: Sequence[str], query: Vector, limit: int
    ) -> list[int]:
        """Return up to ``limit`` memories per owner, nearest first within each owner."""
        ...


def live_entries(connection: sqlite3.Connection, space_id: int) -> sqlite3.Cursor:
    """Return (seq, owner, embedding) of every live memory that has a vector in the space."""
    return connection.execute(
        "SELECT m.seq, m.owner, v.embedding FROM vector v JOIN memory m ON m.seq = v.memory_seq"
        " WHERE v.space_id = ? AND m.deleted_at IS NULL",
        (space_id,),
    )


class ScanIndex:
    """No index at all: compares with every vector of the owner. Serves where sqlite-vec cannot be loaded."""

    name = "scan"

    def prepare(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Do nothing: the vectors are all it needs."""

    def put(self, connection: sqlite3.Connection, space_id: int, entries: Sequence[Entry]) -> None:
        """Note that a bit index of this space no longer holds everything, and blank the codes that it still holds."""
        changed = connection.execute("UPDATE space SET indexed = 0 WHERE id = ? AND indexed", (space_id,)).rowcount
        chunks = f"{_table(space_id)}_vector_chunks00"  # an ordinary table: it can be written without sqlite-vec
        if changed and connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (chunks,)).fetchone():
            connection.execute(f"UPDATE {chunks} SET vectors = zeroblob(length(vectors))")

    def remove(self, connection: sqlite3.Connection, space_ids: Iterable[int], seqs: Sequence[int]) -> None:
        """Note that the bit indexes hold too much."""
        for space_id in space_ids:
            self.put(connection, space_id, ())

    def drop(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Do nothing: a left-over bit index goes when sqlite-vec is back (see Vec0Index.prepare)."""

    def search(
        self, connection: sqlite3.Connection, space_id: int, owners: Sequence[str], query: Vector, limit: int
    ) -> list[int]:
        """Compare the query with every live vector of each owner."""
        return [seq for owner in owners for seq in self._nearest(connection, space_id, owner, query, limit)]

    def _nearest(
        self, connection: sqlite3.Connection, space_id: int, owner: str, query: Vector, limit: int
    ) -> list[int]:
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        rows = connection.execute(
            "SELECT m.seq, v.embedding FROM memory m JOIN vector v ON v.memory_seq = m.seq AND v.space_id = ?"
            " WHERE m.owner = ? AND m.deleted_at IS NULL",
            (space_id, owner),
        )
        seqs: list[int] = []
        scores: list[Vector] = []
        while batch := rows.fetchmany(_BATCH):
            seqs += [seq for seq, _ in batch]
            scores.append(np.frombuffer(b"".join(blob for _, blob in batch), "<f4").reshape(len(batch), -1) @ query)
        if not seqs:
            return []
        best = np.argsort(-np.concatenate(scores), kind="stable")[:limit]
        return [seqs[place] for place in best]


class Vec0Index(ScanIndex):
    """sqlite-vec: one bit a dimension in a ``vec0`` table per space, partitioned by owner.

    The Hamming distance of sign bits orders unit vectors nearly as the cosine does (Charikar, "Similarity estimation
    techniques from rounding algorithms", STOC 2002); candidates are compared exactly afterwards.
    """

    name = "sqlite-vec"

    @override
    def prepare(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Create the table, or fill it anew unless it is known to hold exactly the live vectors."""
        row = connection.execute("SELECT dimension, indexed FROM space WHERE id = ?", (space_id,)).fetchone()
        self._drop_orphans(connection)
        table = _table(space_id)
        if row is None or (row[1] and _is_intact(connection, table)):
            return
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        bits = -(-row[0] // 8) * 8
        connection.execute(f"CREATE VIRTUAL TABLE {table} USING vec0 (owner TEXT PARTITION KEY, code BIT[{bits}])")
        cursor = live_entries(connection, space_id)
        while batch := cursor.fetchmany(_BATCH):
            self.put(connection, space_id, [Entry(*row) for row in batch])
        connection.execute("UPDATE space SET indexed = 1 WHERE id = ?", (space_id,))

    @override
    def put(self, connection: sqlite3.Connection, space_id: int, entries: Sequence[Entry]) -> None:
        """Insert the codes; ``INSERT OR REPLACE`` raises in sqlite-vec 0.1.9."""
        connection.executemany(
            f"INSERT INTO {_table(space_id)} (rowid, owner, code) VALUES (?, ?, vec_bit(?))",
            [(entry.seq, entry.owner, _code(entry.embedding)) for entry in entries],
        )

    @override
    def remove(self, connection: sqlite3.Connection, space_ids: Iterable[int], seqs: Sequence[int]) -> None:
        """Delete the codes; sqlite-vec 0.1.9 overwrites them in their chunk with zeros."""
        for space_id in space_ids:
            connection.executemany(f"DELETE FROM {_table(space_id)} WHERE rowid = ?", [(seq,) for seq in seqs])

    @override
    def drop(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Drop the table."""
        connection.execute(f"DROP TABLE IF EXISTS {_table(space_id)}")

    @override
    def search(
        self, connection: sqlite3.Connection, space_id: int, owners: Sequence[str], query: Vector, limit: int
    ) -> list[int]:
        """Search each owner's partition by Hamming distance (``owner IN`` would ignore ``k`` in sqlite-vec 0.1.9)."""
        code = _code(query.astype("<f4").tobytes())
        return [
            seq
            for owner in owners
            for (seq,) in connection.execute(
                f"SELECT rowid FROM {_table(space_id)} WHERE code MATCH vec_bit(?) AND k = ? AND owner = ?",
                (code, limit, owner),
            )
        ]

    def _drop_orphans(self, connection: sqlite3.Connection) -> None:
        """Drop the tables of spaces that were dropped while sqlite-vec could not be loaded."""
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE vector_code_%'"
        ).fetchall()
        known = {_table(space_id) for (space_id,) in connection.execute("SELECT id FROM space")}
        for (table,) in tables:
            if table not in known:
                connection.execute(f"DROP TABLE {table}")


def _is_intact(connection: sqlite3.Connection, table: str) -> bool:
    """Return whether chunks still are where sqlite-vec looks for them: VACUUM is free to number such rows anew."""
    chunks = f"{table}_vector_chunks00"
    return connection.execute(f"SELECT 1 FROM {chunks} WHERE _rowid_ IS NOT rowid LIMIT 1").fetchone() is None


def _table(space_id: int) -> str:
    return f"vector_code_{int(space_id)}"


def _code(embedding: bytes) -> bytes:
    """Return the sign bits of a float32 vector, padded with zeros to whole bytes."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    return np.packbits(np.frombuffer(embedding, "<f4") > 0, bitorder="little").tobytes()
