"""Comparing what the file holds with itself. What is found is data; only a file that cannot be read at all raises.

Whatever is not a memory or its history is derived from them and can be made anew: see mending.py.
"""

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
import re
import sqlite3
from typing import Final

from .migrations import migrate

WORD_INDEX: Final = "memory_fts"
_WORD_OBJECTS: Final = (WORD_INDEX, "memory_vocabulary", "memory_live")
_KEPT_TABLES: Final = ("memory", "history")
_DERIVED_TABLES: Final = ("space", "vector")
_NOT_A_CRASH: Final = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT})
_MESSAGES: Final = 100
"""SQLite stops to look after so many complaints."""
_LOOKUP_MESSAGE: Final = re.compile(r"row \d+ missing from index |wrong # of entries in index ")
_WORDS_MESSAGE: Final = re.compile(r"fts5: |.*(inverted index for FTS5 table|memory_fts)")
_RULE_MESSAGE: Final = re.compile(
    r"(CHECK constraint failed|NULL value|NUMERIC value|TEXT value|non-\w+ value) in |non-unique entry in index "
)


class Part(StrEnum):
    """What a finding is about."""

    FILE = "file"
    """Pages and tables that cannot be derived from anything: real damage."""
    MEMORIES = "memories"
    """Rows that the tables' own rules forbid."""
    HISTORY = "history"
    LOOKUP = "lookup"
    """SQLite's own indexes, triggers and views."""
    WORDS = "words"
    VECTORS = "vectors"
    CODES = "codes"
    """The bit index of sqlite-vec."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree with the memories."""

    part: Part
    what: str
    count: int = 1
    space_id: int | None = None


def missing_objects(connection: sqlite3.Connection) -> list[Finding]:
    """Compare tables, indexes, triggers and views with those that the migrations make."""
    present = {name: sql for name, _, sql in _objects(connection)}
    findings = []
    for name, (kind, sql) in expected_objects().items():
        if name not in present:
            findings.append(Finding(_part_of(name, kind), f"{kind} {name} is missing"))
        elif kind != "table" and present[name] != sql:
            findings.append(Finding(_part_of(name, kind), f"{kind} {name} differs"))
    return findings


@cache
def expected_objects() -> dict[str, tuple[str, str]]:
    """Return kind and definition of everything that the migrations make, by name."""
    with closing(sqlite3.connect(":memory:", autocommit=True)) as scratch:
        migrate(scratch)
        return {name: (kind, sql) for name, kind, sql in _objects(scratch)}


def word_counts(connection: sqlite3.Connection) -> list[Finding]:
    """Compare which memories the word index has with those that are live. Reads indexes only."""
    indexed = _fingerprint(connection, "SELECT id AS seq FROM memory_fts_docsize")
    live = _fingerprint(connection, "SELECT seq FROM memory WHERE deleted_at IS NULL")
    if indexed == live:
        return []
    return [Finding(Part.WORDS, "other memories than are live", max(1, abs(indexed[0] - live[0])))]


def word_index(connection: sqlite3.Connection, *, with_content: bool) -> list[Finding]:
    """Have FTS5 check itself, and compare with the text of every memory if that is wanted.

    For SQLite this is a write, although nothing changes. Reads the whole index.
    """
    try:
        connection.execute(
            f"INSERT INTO {WORD_INDEX} ({WORD_INDEX}, rank) VALUES ('integrity-check', ?)", (int(with_content),)
        )
    except sqlite3.DatabaseError as err:
        _reason(err)
        return [Finding(Part.WORDS, "damaged, or of other texts")]
    return []


def file_structure(connection: sqlite3.Connection) -> list[Finding]:
    """Check pages, rows, constraints and SQLite's indexes, then that every row's memory and space are there."""
    try:
        # FTS5 forgets what it knows of an older state of the index when that is read, not when it is checked.
        connection.execute(f"SELECT rowid FROM {WORD_INDEX} LIMIT 1").fetchone()
        messages = _complaints(connection, "")
    except sqlite3.DatabaseError as err:
        # A word index that cannot even be opened must not keep the rest from being looked at.
        messages = [_reason(err), *(line for table in _KEPT_TABLES for line in _complaints(connection, table))]
    found = Counter((_part_of_message(message), _without_numbers(message)) for message in messages)
    findings = [Finding(part, what, count) for (part, what), count in found.items()]
    return findings if damage(findings) else findings + orphans(connection)


def _complaints(connection: sqlite3.Connection, table: str) -> list[str]:
    """Return what SQLite finds wrong with a table, or with everything."""
    argument = table or _MESSAGES
    return [str(line) for (line,) in connection.execute(f"PRAGMA integrity_check({argument})") if line != "ok"]


def broken_rules(connection: sqlite3.Connection) -> list[Finding]:
    """Return rows that the constraints of their table forbid. Has to be asked of the writer: readers do not know them.

    SQLite leaves CHECK constraints out of the schema of a connection that is read-only.
    """
    messages = [
        message
        for table in _KEPT_TABLES
        for (message,) in connection.execute(f"PRAGMA quick_check({table})")
        if _RULE_MESSAGE.match(message)
    ]
    return [Finding(Part.MEMORIES, what, count) for what, count in Counter(messages).items()]


def orphans(connection: sqlite3.Connection) -> list[Finding]:
    """Return rows whose memory or space is not there."""
    found = Counter(table for table, *_ in connection.execute("PRAGMA foreign_key_check"))
    parts = {"history": Part.HISTORY, "vector": Part.VECTORS}
    return [Finding(parts.get(table, Part.MEMORIES), "orphaned", count) for table, count in found.items()]


def damage(findings: Iterable[Finding]) -> list[Finding]:
    """Return those of the findings that nothing can be derived from anew."""
    return [finding for finding in findings if finding.part is Part.FILE]


def _objects(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return name, kind and definition of what was made on purpose."""
    return connection.execute(
        "SELECT name, type, sql FROM sqlite_schema WHERE sql NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ).fetchall()


def _part_of(name: str, kind: str) -> Part:
    if name.startswith(_WORD_OBJECTS):
        return Part.WORDS
    if kind != "table":
        return Part.LOOKUP
    return Part.VECTORS if name in _DERIVED_TABLES else Part.FILE


def _part_of_message(message: str) -> Part:
    """Return what a line of SQLite's integrity check is about."""
    if _WORDS_MESSAGE.match(message):
        return Part.WORDS
    if _LOOKUP_MESSAGE.match(message):
        return Part.LOOKUP
    return Part.MEMORIES if _RULE_MESSAGE.match(message) else Part.FILE


def _without_numbers(message: str) -> str:
    """Leave out which row it is, so that the same complaint about many rows is one finding."""
    return re.sub(r"^row \d+", "rows", message)


def _fingerprint(connection: sqlite3.Connection, seqs: str) -> tuple[int, int, int]:
    """Return the count and two sums of a query's column ``seq``, which two different sets hardly share."""
    row: tuple[int, int, int] = connection.execute(
        f"SELECT count(*), coalesce(sum(seq), 0), coalesce(sum(seq * seq % 1000003), 0) FROM ({seqs})"
    ).fetchone()
    return row


def _reason(err: sqlite3.DatabaseError) -> str:
    """Return what SQLite found. Raises the error itself if it is about the disk, a lock or the like."""
    if getattr(err, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF not in _NOT_A_CRASH:
        raise err
    return str(err)
