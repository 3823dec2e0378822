"""The schema: steps, files of other versions, and what its tables refuse."""

from collections.abc import Iterator
from pathlib import Path
import sqlite3
from typing import Any

import pytest

from custom_components.semantic_memory.memory.errors import StorageError
from custom_components.semantic_memory.memory.models import Category, Scope
from custom_components.semantic_memory.memory.storage.migrations import STEPS, migrate
from custom_components.semantic_memory.memory.storage.vec0 import Vec0Index

from .stores import ANN, BOB, NOW, Store, check_vectors, check_word_index, connect

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def empty() -> Iterator[sqlite3.Connection]:
    """Return a connection to nothing."""
    connection = sqlite3.connect(":memory:", autocommit=True)
    yield connection
    connection.close()


def applied(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    """Return what the file says has been done to it."""
    return connection.execute("SELECT version, name FROM migration ORDER BY version").fetchall()


def schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return every object with its definition."""
    return connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name").fetchall()


def test_steps_are_only_ever_appended(empty: sqlite3.Connection) -> None:
    migrate(empty)
    assert applied(empty)[:3] == [
        (1, "m001_create_memories"),
        (2, "m002_create_word_index"),
        (3, "m003_create_vectors"),
    ]
    assert [step.__name__[:5] for step in STEPS] == [f"m{version:03}_" for version in range(1, len(STEPS) + 1)]


def test_migrating_again_changes_nothing(empty: sqlite3.Connection) -> None:
    migrate(empty)
    before, changes = schema(empty), empty.total_changes
    migrate(empty)
    assert schema(empty) == before
    assert empty.total_changes == changes


def test_only_new_steps_run(empty: sqlite3.Connection) -> None:
    migrate(empty)

    def m_next(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE addition (x) ")

    migrate(empty, (*STEPS, m_next))
    assert applied(empty)[-1] == (len(STEPS) + 1, "m_next")


@pytest.mark.parametrize("rolls_back", [False, True])
def test_a_failing_step_leaves_nothing(empty: sqlite3.Connection, rolls_back: bool) -> None:
    migrate(empty)
    before = schema(empty)

    def m_broken(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (x)")
        if rolls_back:  # as SQLite does by itself on a full disk
            connection.execute("ROLLBACK")
        raise LookupError("on the way")

    with pytest.raises(LookupError):
        migrate(empty, (*STEPS, m_broken))
    assert schema(empty) == before
    assert len(applied(empty)) == len(STEPS)
    assert not empty.in_transaction


def test_a_file_of_a_newer_version_is_refused(empty: sqlite3.Connection) -> None:
    migrate(empty)
    empty.execute("INSERT INTO migration VALUES (99, 'm099_of_the_future', 0)")
    with pytest.raises(StorageError) as caught:
        migrate(empty)
    assert caught.value.code == "database_too_new"
    assert caught.value.placeholders == {"found": "99", "known": str(len(STEPS))}


def thawed(version: int, path: Path) -> None:
    """Write a database as an older version has left it."""
    connection = sqlite3.connect(path)
    connection.executescript((FIXTURES / f"schema_v{version}.sql").read_text(encoding="utf-8"))
    connection.close()


@pytest.mark.parametrize("version", range(3, len(STEPS) + 1))
def test_files_of_older_versions_are_brought_up_to_date(tmp_path: Path, version: int) -> None:
    path = tmp_path / "memory.db"
    thawed(version, path)
    connection = connect(path)
    fresh = connect()
    assert dict(schema(connection)) == dict(schema(fresh))
    assert applied(connection) == applied(fresh)
    store = Store(connection, Vec0Index(), now=NOW + 1)
    for (space_id,) in connection.execute("SELECT id FROM space").fetchall():
        store.index.prepare(connection, space_id)
    assert store.keys(ANN) == ["tea", "the_guests_code_is_sunflower"]
    assert store.keys(BOB, text="hàng bạc") == ["địa_chỉ"]
    assert store.keys(ANN, forgotten=True) == ["rain"]
    check_word_index(connection)
    check_vectors(store)
    store.remember("Ann drinks black tea", key="tea")
    assert store.seq(store.remember("New", key="new")) == 5
    check_word_index(connection)
    fresh.close()
    connection.close()


@pytest.mark.parametrize("broken", [None, "DROP TABLE memory_fts_data", "DROP TRIGGER memory_fts_insert"])
def test_words_without_spaces_are_found_in_older_files_too(empty: sqlite3.Connection, broken: str | None) -> None:
    migrate(empty, STEPS[:5])
    insert(empty, key="pet", value="私の猫はタマです")
    insert(empty, id="1" * 26, key="tea", value="green tea")
    if broken:
        empty.execute(broken)
    migrate(empty)
    store = Store(empty)
    assert store.keys(ANN, text="猫") == store.keys(ANN, text="タマ") == ["pet"]
    assert store.keys(ANN, text="tea") == ["tea"]
    check_word_index(empty)
    assert empty.execute("SELECT pieces NOT NULL FROM memory").fetchall() == [(1,), (0,)]


# What the tables refuse


GOOD: dict[str, Any] = {
    "id": "0" * 26,
    "key": "k",
    "value": "v",
    "owner": "ann",
    "scope": "user",
    "category": "general",
    "surface": "test",
    "created_at": 1.0,
    "updated_at": 1.0,
}


def insert(connection: sqlite3.Connection, **columns: object) -> None:
    """Insert a row of a memory, good but for these columns."""
    row = {**GOOD, **columns}
    marks = ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO memory ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("category", list(Category))
def test_every_scope_and_category_can_be_stored(
    connection: sqlite3.Connection, scope: Scope, category: Category
) -> None:
    owner = "household" if scope is Scope.HOUSEHOLD else "ann"
    insert(connection, scope=str(scope), category=str(category), owner=owner)


@pytest.mark.parametrize(
    "columns",
    [
        {"id": "short"},
        {"key": ""},
        {"value": ""},
        {"value": None},
        {"owner": ""},
        {"owner": "household"},
        {"scope": "household"},
        {"scope": "world"},
        {"category": "thing"},
        {"tags": "{}"},
        {"tags": "a,b"},
        {"confidence": 1.1},
        {"confidence": -0.1},
        {"pinned": 2},
        {"use_count": -1},
        {"created_at": "yesterday"},
        {"created_at": None},
        {"value": b"blob"},
    ],
)
def test_bad_rows_are_refused(connection: sqlite3.Connection, columns: dict[str, object]) -> None:
    with pytest.raises((sqlite3.IntegrityError, sqlite3.OperationalError)):
        insert(connection, **columns)
    assert connection.execute("SELECT count(*) FROM memory").fetchone() == (0,)


def test_keys_are_unique_among_the_live(connection: sqlite3.Connection) -> None:
    insert(connection)
    insert(connection, id="1" * 26, owner="bob")
    insert(connection, id="2" * 26, deleted_at=1.0)
    insert(connection, id="3" * 26, deleted_at=1.0)
    with pytest.raises(sqlite3.IntegrityError):
        insert(connection, id="4" * 26)
    with pytest.raises(sqlite3.IntegrityError):
        insert(connection, key="other")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO history VALUES (1, 99, 1.0, 'set', NULL, 's', NULL, NULL)",
        "INSERT INTO history VALUES (1, 1, 1.0, 'invented', NULL, 's', NULL, NULL)",
        "INSERT INTO history VALUES (1, 1, 1.0, 'set', NULL, 's', '[]', NULL)",
        "INSERT INTO vector VALUES (1, 1, x'0000')",
        "INSERT INTO vector VALUES (1, 99, x'00000000')",
        "INSERT INTO vector VALUES (99, 1, x'00000000')",
        "INSERT INTO space VALUES (9, 'm', 0, 't', 'f', 0.1, 0.2, 0, 0)",
        "INSERT INTO space VALUES (9, 'm', 8, 't', 'f', 0.2, 0.1, 0, 0)",
        "INSERT INTO space VALUES (9, 'm', 8, 't', 'f', 0.1, 0.2, 2, 0)",
        "INSERT INTO space VALUES (9, 'model', 8, 'plain', '1', 0.1, 0.2, 0, 0)",
    ],
)
def test_bad_derived_rows_are_refused(store: Store, statement: str) -> None:
    store.add_space()
    store.remember("v", key="k")
    with pytest.raises(sqlite3.IntegrityError):
        store.connection.execute(statement)


def test_a_key_of_a_purged_memory_is_never_used_twice(store: Store) -> None:
    first = store.seq(store.remember("v", key="k"))
    store.purge("k")
    assert store.seq(store.remember("v", key="k")) > first


def test_words_are_compared_as_they_are_indexed(store: Store) -> None:
    tokenizers = [
        sql[sql.index("porter") : sql.index("Co''") + 4]
        for (sql,) in store.connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'memory_fts'"
            " UNION ALL SELECT sql FROM sqlite_temp_schema WHERE name = 'query_word'"
        )
    ]
    assert len(tokenizers) == 2
    assert len(set(tokenizers)) == 1
