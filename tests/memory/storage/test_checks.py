"""Checks that need no engine; what damage they see is shown in tests/memory/test_checking.py."""

from contextlib import closing
from pathlib import Path
import sqlite3

import pytest

from custom_components.semantic_memory.memory.storage import checks, code_checks
from custom_components.semantic_memory.memory.storage.checks import Finding, Part

from ..damage import DAMAGES
from .stores import Store, connect


def test_nothing_amiss(store: Store) -> None:
    store.embed(store.add_space(dimension=4), store.remember("Ann drinks tea", key="tea"), [1, 2, 3, 4])
    connection = store.connection
    assert checks.missing_objects(connection) == []
    assert checks.word_counts(connection) == []
    assert checks.word_index(connection, with_content=True) == []
    assert checks.file_structure(connection) == []
    assert checks.broken_rules(connection) == []
    assert code_checks.code_counts(connection) == []
    assert code_checks.compare_batch(connection, 1, 0, 10) == code_checks.Batch(2**63 - 1, False, (), 0)


def test_a_lock_is_no_finding(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with closing(connect(path)) as ours, closing(sqlite3.connect(path, autocommit=True)) as other:
        other.execute("BEGIN IMMEDIATE")
        ours.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            checks.word_index(ours, with_content=False)


def test_a_word_index_that_cannot_be_opened_hides_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with closing(connect(path)) as connection:
        Store(connection).remember("Ann drinks tea", key="tea")
    with closing(sqlite3.connect(path, autocommit=True)) as connection:
        connection.executescript(DAMAGES["words: table config dropped"].sql)
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE history SET memory_seq = 99")
    with closing(sqlite3.connect(path, autocommit=True)) as connection:
        assert {(finding.part, finding.count) for finding in checks.file_structure(connection)} == {
            (Part.WORDS, 1),
            (Part.HISTORY, 1),
        }


def test_a_space_may_be_dropped_between_two_batches(store: Store) -> None:
    assert not code_checks.compare_batch(store.connection, 7, 0, 10).more


def test_a_space_is_looked_at_in_batches(store: Store) -> None:
    space = store.add_space(dimension=4)
    for number in range(5):
        store.embed(space, store.remember(f"number {number}", key=f"n{number}"), [1, 2, number - 3, 4])
    store.connection.execute("UPDATE vector SET embedding = zeroblob(16) WHERE memory_seq = 2")
    store.connection.execute("DELETE FROM vector_code_1_rowids WHERE rowid = 5")
    tally, batches = code_checks.Tally(), 0
    while tally.more:
        tally.add(code_checks.compare_batch(store.connection, space.id, tally.last, 2))
        batches += 1
    assert batches == 3
    assert tally.findings(space.id) == [
        Finding(Part.VECTORS, "impossible", 1, space.id),
        Finding(Part.CODES, "other codes than the vectors'", 1, space.id),
    ]


def test_a_bit_index_that_is_not_there_has_every_code_wrong(store: Store) -> None:
    space = store.add_space(dimension=4)
    store.embed(space, store.remember("Ann drinks tea", key="tea"), [1, 2, 3, 4])
    store.index.drop(store.connection, space.id)
    assert code_checks.code_counts(store.connection) == [Finding(Part.CODES, "tables missing", 5, space.id)]
    assert code_checks.compare_batch(store.connection, space.id, 0, 10).wrong_codes == 1


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ("row 3 missing from index memory_key", Part.LOOKUP),
        ("wrong # of entries in index memory_key", Part.LOOKUP),
        ("non-unique entry in index memory_key", Part.MEMORIES),
        ("CHECK constraint failed in memory", Part.MEMORIES),
        ("NULL value in memory.key", Part.MEMORIES),
        ("non-TEXT value in memory.key", Part.MEMORIES),
        ("malformed inverted index for FTS5 table main.memory_fts", Part.WORDS),
        ('fts5: corruption found reading blob 10 from table "memory_fts"', Part.WORDS),
        ("vtable constructor failed: memory_fts", Part.WORDS),
        ("Tree 5 page 5: btreeInitPage() returns error code 11", Part.FILE),
        ("Page 7: never used", Part.FILE),
        ("database disk image is malformed", Part.FILE),
    ],
)
def test_what_sqlite_complains_about(message: str, part: Part) -> None:
    assert checks._part_of_message(message) is part
