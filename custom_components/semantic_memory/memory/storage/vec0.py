"""The bit codes on disk: a ``vec0`` table of sqlite-vec per space, partitioned by owner."""

from collections.abc import Collection, Iterable, Sequence
import sqlite3
from typing import Final

from ..errors import IndexDamagedError
from . import chunks
from .candidates import Entry, Neighbours, Vector, live_entries
from .codes import sign_code

_BATCH: Final = 1_000
_MOST: Final = 4_096
"""As many as sqlite-vec looks for."""
_MORE: Final = 176
"""How many more are looked for than are wanted: 176 keep 0.9985 of the true first ten of 10,000, 112 keep 0.9975."""


class Vec0Index:
    """Costs neither start-up time nor memory, and any SQLite tool can read it."""

    name: Final = "sqlite-vec"

    def prepare(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Create the table, or fill it anew unless it is known to hold exactly the live vectors."""
        row = connection.execute("SELECT dimension, indexed FROM space WHERE id = ?", (space_id,)).fetchone()
        self._drop_orphans(connection)
        table = code_table(space_id)
        if row is None or (row[1] and _is_intact(connection, space_id)):
            return
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        bits = -(-row[0] // 8) * 8
        connection.execute(f"CREATE VIRTUAL TABLE {table} USING vec0 (owner TEXT PARTITION KEY, code BIT[{bits}])")
        cursor = live_entries(connection, space_id)
        while batch := cursor.fetchmany(_BATCH):
            self.put(connection, space_id, [Entry(*row) for row in batch])
        connection.execute("UPDATE space SET indexed = 1 WHERE id = ?", (space_id,))

    def put(self, connection: sqlite3.Connection, space_id: int, entries: Sequence[Entry]) -> None:
        """Insert the codes; ``INSERT OR REPLACE`` raises in sqlite-vec 0.1.9."""
        connection.executemany(
            f"INSERT INTO {code_table(space_id)} (rowid, owner, code) VALUES (?, ?, vec_bit(?))",
            [(entry.seq, entry.owner, sign_code(entry.embedding)) for entry in entries],
        )

    def remove(self, connection: sqlite3.Connection, space_ids: Iterable[int], seqs: Sequence[int]) -> None:
        """Delete the codes; sqlite-vec 0.1.9 overwrites them in their chunk with zeros."""
        for space_id in space_ids:
            connection.executemany(f"DELETE FROM {code_table(space_id)} WHERE rowid = ?", [(seq,) for seq in seqs])

    def drop(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Drop the table."""
        connection.execute(f"DROP TABLE IF EXISTS {code_table(space_id)}")

    def search(
        self, connection: sqlite3.Connection, space_id: int, owners: Sequence[str], query: Vector, limit: int
    ) -> Neighbours:
        """Search the owners' partitions by Hamming distance.

        Returns more than are wanted: the order of the codes is not quite that of the vectors.

        Raises IndexDamagedError where sqlite-vec cannot make sense of its own tables; it has no error code for that.
        """
        table, code, count = code_table(space_id), sign_code(query.astype("<f4").tobytes()), min(limit + _MORE, _MOST)
        found = chunks.nearest(connection, table, owners, code, count)
        if found is None:
            found = [seq for owner in owners for seq in _ask(connection, table, owner, code, count)]
        return dict.fromkeys(found)

    def cosines(self, space_id: int, owners: Sequence[str], seqs: Collection[int], query: Vector) -> dict[int, float]:
        """Return none: all vectors are on disk."""
        return {}

    def _drop_orphans(self, connection: sqlite3.Connection) -> None:
        """Drop the tables of spaces that were dropped while sqlite-vec could not be loaded."""
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE vector_code_%'"
        ).fetchall()
        known = {code_table(space_id) for (space_id,) in connection.execute("SELECT id FROM space")}
        for (table,) in tables:
            if table not in known:
                connection.execute(f"DROP TABLE {table}")


def _ask(connection: sqlite3.Connection, table: str, owner: str, code: bytes, count: int) -> list[int]:
    """Have sqlite-vec search one owner's partition (``owner IN`` would ignore ``k`` in sqlite-vec 0.1.9)."""
    sql = f"SELECT rowid FROM {table} WHERE code MATCH vec_bit(?) AND k = ? AND owner = ?"
    try:
        return [seq for (seq,) in connection.execute(sql, (code, count, owner))]
    except sqlite3.OperationalError as err:
        if err.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise IndexDamagedError from err
        raise


def code_table(space_id: int) -> str:
    """Return the name of the table that has the codes of a space."""
    return f"vector_code_{int(space_id)}"


def chunk_table(space_id: int) -> str:
    """Return the name of the ordinary table that sqlite-vec keeps the codes of a space in."""
    return f"{code_table(space_id)}_vector_chunks00"


def _is_intact(connection: sqlite3.Connection, space_id: int) -> bool:
    """Return whether chunks still are where sqlite-vec looks for them: VACUUM is free to number such rows anew."""
    wrong = f"SELECT 1 FROM {chunk_table(space_id)} WHERE _rowid_ IS NOT rowid LIMIT 1"
    return connection.execute(wrong).fetchone() is None
