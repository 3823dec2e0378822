"""Connections and threads: modes, errors, snapshots, and ends."""

# ruff: noqa: ASYNC240 - nothing else runs in these loops

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
import sqlite3
import stat
import threading
import time
from typing import Any

import pytest

from custom_components.semantic_memory.memory.errors import (
    DatabaseClosedError,
    DatabaseDamagedError,
    DatabaseUnavailableError,
    StorageError,
)
from custom_components.semantic_memory.memory.storage import database as database_module
from custom_components.semantic_memory.memory.storage.database import Database

type Open = Callable[..., Any]


def create_table(connection: sqlite3.Connection) -> None:
    """Stand for the migrations."""
    connection.execute("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, body TEXT UNIQUE)")


def add(body: object) -> Callable[[sqlite3.Connection], None]:
    """Return work that adds a note."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO note (body) VALUES (?)", (body,))

    return work


def bodies(connection: sqlite3.Connection) -> list[str]:
    """Return all notes."""
    return [body for (body,) in connection.execute("SELECT body FROM note ORDER BY id")]


def pragma(name: str) -> Callable[[sqlite3.Connection], object]:
    """Return work that reads a pragma."""
    return lambda connection: connection.execute(f"PRAGMA {name}").fetchone()[0]


def own_threads() -> list[str]:
    """Return the database threads that are alive."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("semantic_memory")]


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for locks as little as possible."""
    monkeypatch.setattr(database_module, "_BUSY_SECONDS", 0.05)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the file goes."""
    return tmp_path / "folder" / "memory.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    """Return an open database."""
    database = Database(path)
    await database.async_open(create_table)
    yield database
    await database.async_close()


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


async def test_only_the_owner_can_read_the_files(database: Database, path: Path) -> None:
    await database.async_write(add("x"))
    await database.async_read(bodies)
    assert mode(path.parent) == 0o700
    assert {file.name: mode(file) for file in path.parent.iterdir()} == {
        "memory.db": 0o600,
        "memory.db-wal": 0o600,
        "memory.db-shm": 0o600,
    }


async def test_a_file_with_an_open_mode_is_closed(path: Path) -> None:
    path.parent.mkdir()
    path.touch(mode=0o644)
    path.chmod(0o644)
    database = Database(path)
    await database.async_open(create_table)
    await database.async_close()
    assert mode(path) == 0o600


@pytest.mark.parametrize(
    ("name", "expected"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1)]
)
async def test_the_writer_is_durable(database: Database, name: str, expected: object) -> None:
    assert await database.async_maintain(pragma(name)) == expected


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.async_read(add("x"))
    assert "read-only" in caught.value.placeholders["reason"]
    assert await database.async_read(bodies) == []


async def test_a_failed_write_leaves_nothing(database: Database) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        add("half")(connection)
        raise LookupError("on the way")

    await database.async_write(add("whole"))
    with pytest.raises(LookupError):
        await database.async_write(fail)
    with pytest.raises(StorageError) as caught:
        await database.async_write(add("whole"))
    assert caught.value.code == "storage_failed"
    assert "UNIQUE" in caught.value.placeholders["reason"]
    await database.async_write(add("after"))
    assert await database.async_read(bodies) == ["whole", "after"]


async def test_a_failed_read_frees_its_snapshot(database: Database) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        bodies(connection)
        raise LookupError

    for _ in range(4):
        with pytest.raises(LookupError):
            await database.async_read(fail)
    await database.async_write(add("x"))
    assert await database.async_read(bodies) == ["x"]


@pytest.mark.parametrize("value", ["\ud800", 2**64])
async def test_values_that_sqlite_cannot_hold(database: Database, value: object) -> None:
    with pytest.raises(StorageError) as caught:
        await database.async_write(add(value))
    assert caught.value.code == "storage_failed"


async def test_wrong_statements_are_storage_errors(database: Database) -> None:
    with pytest.raises(StorageError) as caught:
        await database.async_read(lambda connection: connection.execute("SELECT nonsense FROM nowhere"))
    assert type(caught.value) is StorageError


async def test_readers_see_a_snapshot_while_a_writer_writes(database: Database) -> None:
    await database.async_write(add("before"))
    reading, written = threading.Event(), threading.Event()

    def read_twice(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
        first = bodies(connection)
        reading.set()
        assert written.wait(10)
        return first, bodies(connection)

    reader = asyncio.create_task(database.async_read(read_twice))
    assert await asyncio.to_thread(reading.wait, 10)
    await database.async_write(add("after"))
    assert await database.async_read(bodies) == ["before", "after"]
    written.set()
    assert await reader == (["before"], ["before"])


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    writing, finish = threading.Event(), threading.Event()

    def write_slowly(connection: sqlite3.Connection) -> None:
        add("slow")(connection)
        writing.set()
        assert finish.wait(10)

    writer = asyncio.create_task(database.async_write(write_slowly))
    assert await asyncio.to_thread(writing.wait, 10)
    assert await database.async_read(bodies) == []
    finish.set()
    await writer
    assert await database.async_read(bodies) == ["slow"]


async def test_another_process_has_locked_it(database: Database, path: Path) -> None:
    other = sqlite3.connect(path, autocommit=True)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.async_write(add("x"))
    assert caught.value.placeholders == {"path": str(path), "reason": "another process has locked it"}
    other.execute("ROLLBACK")
    other.close()
    await database.async_write(add("x"))
    assert await database.async_read(bodies) == ["x"]


async def test_writes_wait_for_a_lock_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_BUSY_SECONDS", 0.5)
    database = Database(path)
    await database.async_open(create_table)
    other = sqlite3.connect(path, autocommit=True)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    results = await asyncio.gather(*(database.async_write(add(str(n))) for n in range(20)), return_exceptions=True)
    waited = time.monotonic() - began
    assert {type(result) for result in results} == {DatabaseUnavailableError}
    assert 0.4 < waited < 5  # one after the other it would be 10
    other.execute("ROLLBACK")
    other.close()
    await database.async_write(add("x"))
    await database.async_close()


async def test_opening_while_another_process_has_locked_it(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path, autocommit=True)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("CREATE TABLE x (y)")
    with pytest.raises(DatabaseUnavailableError):
        await Database(path).async_open(create_table)
    other.close()
    assert own_threads() == []


async def test_a_full_disk(database: Database) -> None:
    await database.async_write(add("kept"))
    await database.async_maintain(lambda connection: connection.execute("PRAGMA max_page_count=8").fetchone())
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.async_write(add("x" * 100_000))
    assert caught.value.placeholders["reason"] == "the disk is full"
    assert await database.async_read(bodies) == ["kept"]
    await database.async_write(add("small"))


def text_file(path: Path) -> None:
    """Put a file there that is no database."""
    path.write_text("This is a shopping list, not a database.\n" * 200)


def broken_page(path: Path) -> None:
    """Put a database there whose first table is overwritten."""
    connection = sqlite3.connect(path, autocommit=True)
    create_table(connection)
    connection.executemany("INSERT INTO note (body) VALUES (?)", [(f"body {number}" * 50,) for number in range(200)])
    connection.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xab" * (len(content) - 4096)
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    """Put a database there of which most is missing."""
    broken_page(path)
    path.write_bytes(path.read_bytes()[:6000])


@pytest.mark.parametrize("spoil", [text_file, broken_page, cut_short])
async def test_damaged_files(path: Path, spoil: Callable[[Path], None]) -> None:
    path.parent.mkdir()
    spoil(path)
    database = Database(path)

    def read_all(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT * FROM note").fetchall()

    with pytest.raises(DatabaseDamagedError) as caught:
        await database.async_open(read_all)
    assert caught.value.placeholders == {"path": str(path)}
    assert own_threads() == []


async def test_a_folder_in_place_of_the_file(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(DatabaseUnavailableError) as caught:
        await Database(path).async_open(create_table)
    assert caught.value.placeholders["reason"] == "Is a directory"


async def test_a_file_in_place_of_the_folder(path: Path) -> None:
    path.parent.touch()
    with pytest.raises(DatabaseUnavailableError) as caught:
        await Database(path).async_open(create_table)
    assert caught.value.code == "database_unavailable"
    assert own_threads() == []


async def test_a_file_that_went_away_under_a_reader(database: Database, path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.async_read(bodies)
    assert caught.value.placeholders["reason"] == "the file cannot be opened"
    path.with_name("elsewhere").rename(path)


async def test_a_failed_migration_leaves_no_thread(path: Path) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await Database(path).async_open(fail)
    assert own_threads() == []


async def test_a_closed_database(path: Path) -> None:
    database = Database(path)
    with pytest.raises(DatabaseClosedError):
        await database.async_write(add("early"))
    await database.async_open(create_table)
    await database.async_read(bodies)
    assert own_threads() != []
    await database.async_close()
    assert own_threads() == []
    assert [file.name for file in path.parent.iterdir()] == ["memory.db"]
    for attempt in (database.async_write, database.async_read, database.async_maintain):
        with pytest.raises(DatabaseClosedError):
            await attempt(bodies)
    await database.async_close()


async def test_preparing_reaches_every_connection(path: Path) -> None:
    def first(connection: sqlite3.Connection) -> None:
        connection.create_function("first", 0, lambda: 1)

    def second(connection: sqlite3.Connection) -> None:
        connection.create_function("second", 0, lambda: 2)

    def both(connection: sqlite3.Connection) -> tuple[int, int]:
        found: tuple[int, int] = connection.execute("SELECT first(), second()").fetchone()
        return found

    database = Database(path, first)
    await database.async_open(create_table)
    await database.async_read(lambda connection: connection.execute("SELECT first()").fetchone())
    await database.async_prepare_also(second)
    assert await database.async_write(both) == (1, 2)
    assert await asyncio.gather(*(database.async_read(both) for _ in range(8))) == [(1, 2)] * 8
    await database.async_close()


async def test_a_reader_that_cannot_be_prepared(database: Database) -> None:
    def fail_on_readers(connection: sqlite3.Connection) -> None:
        if "reader" in threading.current_thread().name:
            raise sqlite3.OperationalError("not here")

    await database.async_prepare_also(fail_on_readers)
    with pytest.raises(StorageError):
        await database.async_read(bodies)
    await database.async_write(add("still"))


async def test_rewriting_removes_what_was_deleted(database: Database, path: Path) -> None:
    await database.async_write(add("wombat" * 100))
    await database.async_write(lambda connection: connection.execute("DELETE FROM note").rowcount)
    await database.async_rewrite()
    assert path.with_name("memory.db-wal").stat().st_size == 0
    assert b"wombat" not in path.read_bytes()
