"""Comparing vectors with memories, and the bit index of sqlite-vec with the vectors.

The bit index is read as sqlite-vec keeps it, in ordinary tables: this works where it cannot be loaded, and sees what a
search would see, which a SELECT from the ``vec0`` table does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, sqrt, sumprod
import re
import sqlite3
from struct import unpack
from typing import Final, NamedTuple

from .checks import Finding, Part
from .vec0 import chunk_table, code_table

SHADOWS: Final[Mapping[str, str]] = {
    "info": "key, value",
    "rowids": "rowid INTEGER PRIMARY KEY, id, chunk_id, chunk_offset",
    "chunks": "chunk_id INTEGER PRIMARY KEY, size, partition00, validity, rowids",
    "vector_chunks00": "rowid, vectors",
}
"""The tables that sqlite-vec 0.1.9 makes for one ``vec0`` table, with the columns that are used here."""
_SHADOW: Final = re.compile(rf"(vector_code_(\d+))_({'|'.join(SHADOWS)})")
_TOLERANCE: Final = 1e-3
_LAST: Final = 2**63 - 1

type Code = tuple[str, bytes]
"""Owner and sign bits."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some of a space's vectors."""

    last: int
    """Seq to go on after."""
    more: bool
    impossible: tuple[int, ...]
    """Memories whose vector has another length than it should, or cannot be a direction."""
    wrong_codes: int


class Tally:
    """What all batches of a space have shown together."""

    def __init__(self) -> None:
        """Begin before the first one."""
        self.last, self.more, self.wrong_codes = 0, True, 0
        self.impossible: list[int] = []

    def add(self, batch: Batch) -> None:
        """Take over what one batch has shown."""
        self.last, self.more = batch.last, batch.more
        self.wrong_codes += batch.wrong_codes
        self.impossible += batch.impossible

    def findings(self, space_id: int) -> list[Finding]:
        """Return it in words."""
        found = (
            (Part.VECTORS, "impossible", len(self.impossible)),
            (Part.CODES, "other codes than the vectors'", self.wrong_codes),
        )
        return [Finding(part, what, count, space_id) for part, what, count in found if count]


class _Stored(NamedTuple):
    """A chunk of the bit index."""

    owner: str
    validity: bytes
    rowids: bytes
    codes: bytes


def incomplete_tables(connection: sqlite3.Connection) -> dict[int, set[str]]:
    """Return, by space, which tables a bit index lacks; sqlite-vec can neither read nor drop such a one."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'vector_code_%'")}
    space_ids = {int(match[2]) for name in tables if (match := _SHADOW.fullmatch(name))}
    space_ids |= {int(name.removeprefix("vector_code_")) for name in tables if name[12:].isdecimal()}
    missing = {
        space_id: {name for name in ("", *SHADOWS) if shadow_table(space_id, name) not in tables}
        for space_id in space_ids
    }
    return {space_id: names for space_id, names in missing.items() if names}


def shadow_table(space_id: int, name: str) -> str:
    """Return the name of one of the tables that make up a bit index, of the ``vec0`` table itself for no name."""
    return f"{code_table(space_id)}_{name}" if name else code_table(space_id)


def code_counts(connection: sqlite3.Connection) -> list[Finding]:
    """Compare which memories the bit indexes have with those that have vectors and are live. Reads no vectors."""
    incomplete = incomplete_tables(connection)
    findings = [Finding(Part.CODES, "tables missing", len(names), space_id) for space_id, names in incomplete.items()]
    for (space_id,) in connection.execute("SELECT id FROM space WHERE indexed").fetchall():
        if space_id in incomplete:
            continue
        if not _exists(connection, code_table(space_id)):
            findings.append(Finding(Part.CODES, "tables missing", len(SHADOWS) + 1, space_id))
        elif wrong := _miscounted(connection, space_id):
            findings.append(Finding(Part.CODES, "other memories than have vectors", wrong, space_id))
    return findings


def compare_batch(connection: sqlite3.Connection, space_id: int, after: int, limit: int) -> Batch:
    """Look at the next vectors of a space, and at their codes where the space is marked as indexed."""
    row = connection.execute("SELECT dimension, indexed FROM space WHERE id = ?", (space_id,)).fetchone()
    if row is None:  # dropped since
        return Batch(_LAST, False, (), 0)
    dimension, indexed = row
    rows = connection.execute(
        "SELECT v.memory_seq, m.owner, m.deleted_at IS NULL, v.embedding"
        " FROM vector v JOIN memory m ON m.seq = v.memory_seq"
        " WHERE v.space_id = ? AND v.memory_seq > ? ORDER BY v.memory_seq LIMIT ?",
        (space_id, after, limit),
    ).fetchall()
    more = len(rows) == limit
    last = rows[-1][0] if more else _LAST
    impossible = {seq for seq, _, _, embedding in rows if not _is_direction(embedding, dimension)}
    wrong = 0
    if indexed and not impossible:  # with those among them the index is made anew anyway
        expected = {seq: (owner, embedding) for seq, owner, live, embedding in rows if live}
        wrong = _wrong_codes(connection, space_id, dimension, (after, last), expected)
    return Batch(last, more, tuple(sorted(impossible)), wrong)


def _is_direction(embedding: bytes, dimension: int) -> bool:
    """Return whether a vector has the right length, finite numbers, and length 1."""
    if len(embedding) != 4 * dimension:
        return False
    numbers = unpack(f"<{dimension}f", embedding)
    squared = sumprod(numbers, numbers)
    return isfinite(squared) and abs(sqrt(squared) - 1) <= _TOLERANCE


def _wrong_codes(
    connection: sqlite3.Connection,
    space_id: int,
    dimension: int,
    between: tuple[int, int],
    expected: Mapping[int, tuple[str, bytes]],
) -> int:
    """Return how many memories with seqs in a range have another code than their vector's, or wrongly one or none."""
    if not _exists(connection, code_table(space_id)) or space_id in incomplete_tables(connection):
        return max(1, len(expected))
    try:
        from .codes import sign_code  # noqa: PLC0415 - without NumPy nothing can be compared

        right = {seq: (owner, sign_code(embedding)) for seq, (owner, embedding) in expected.items()}
    except ImportError:
        return 0
    stored = _stored_codes(connection, space_id, -(-dimension // 8), between)
    return sum(right.get(seq) != stored.get(seq) for seq in right.keys() | stored.keys())


def _stored_codes(
    connection: sqlite3.Connection, space_id: int, width: int, between: tuple[int, int]
) -> dict[int, Code | None]:
    """Return what a search would find for the memories that the index knows; ``None`` for those it would not find."""
    rows = connection.execute(
        f"SELECT rowid, chunk_id, chunk_offset FROM {shadow_table(space_id, 'rowids')} WHERE rowid > ? AND rowid <= ?",
        between,
    ).fetchall()
    chunks = {chunk_id: _chunk(connection, space_id, chunk_id) for chunk_id in {row[1] for row in rows}}
    return {seq: _code_at(chunks[chunk_id], seq, offset, width) for seq, chunk_id, offset in rows}


def _chunk(connection: sqlite3.Connection, space_id: int, chunk_id: int) -> _Stored | None:
    # sqlite-vec opens vectors by the row's real number, which VACUUM may change where it is only called rowid.
    row = connection.execute(
        f"SELECT c.partition00, c.validity, c.rowids, v.vectors FROM {shadow_table(space_id, 'chunks')} c"
        f" JOIN {chunk_table(space_id)} v ON v._rowid_ = c.chunk_id WHERE c.chunk_id = ?",
        (chunk_id,),
    ).fetchone()
    return None if row is None else _Stored(*row)


def _code_at(chunk: _Stored | None, seq: int, offset: int, width: int) -> Code | None:
    if chunk is None or chunk.validity[offset // 8 : offset // 8 + 1] == b"":
        return None
    valid = chunk.validity[offset // 8] >> offset % 8 & 1
    if not valid or int.from_bytes(chunk.rowids[8 * offset : 8 * offset + 8], "little") != seq:
        return None
    return chunk.owner, chunk.codes[width * offset : width * (offset + 1)]


def _miscounted(connection: sqlite3.Connection, space_id: int) -> int:
    """Return by how many memories, roughly, a bit index differs from the live vectors; 0 where it does not."""
    sums = "count(*), coalesce(sum(seq), 0), coalesce(sum(seq * seq % 1000003), 0)"
    known = connection.execute(
        f"SELECT {sums} FROM (SELECT rowid AS seq FROM {shadow_table(space_id, 'rowids')})"
    ).fetchone()
    live = connection.execute(
        f"SELECT {sums} FROM (SELECT m.seq FROM vector v JOIN memory m ON m.seq = v.memory_seq"
        " WHERE v.space_id = ? AND m.deleted_at IS NULL)",
        (space_id,),
    ).fetchone()
    valid = sum(
        int.from_bytes(validity).bit_count()
        for (validity,) in connection.execute(f"SELECT validity FROM {shadow_table(space_id, 'chunks')}")
    )
    if known == live and valid == live[0]:
        return 0
    return int(max(1, abs(known[0] - live[0]), abs(valid - live[0])))


def _exists(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone() is not None
