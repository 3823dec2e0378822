"""Counting how often memories are used."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
import sqlite3

import pytest

from custom_components.semantic_memory.memory import drafts, uses
from custom_components.semantic_memory.memory.errors import DatabaseUnavailableError, StorageError
from custom_components.semantic_memory.memory.models import Caller, EngineSettings, Memory, MemoryDraft
from custom_components.semantic_memory.memory.storage import memories
from custom_components.semantic_memory.memory.storage.database import Database, Work
from custom_components.semantic_memory.memory.storage.migrations import migrate
from custom_components.semantic_memory.memory.uses import UseCounter

ANN = Caller(user_id="ann")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Return an open database."""
    database = Database(tmp_path / "memory.db")
    await database.async_open(migrate)
    yield database
    await database.async_close()


async def remembered(database: Database, key: str) -> Memory:
    """Store a memory."""
    memory = drafts.created(drafts.prepare(ANN, MemoryDraft(value="v", key=key)), 1.0, EngineSettings())
    await database.async_write(lambda connection: memories.insert(connection, memory))
    return memory


async def counted(database: Database) -> dict[str, tuple[int, float | None]]:
    """Return what the database says about uses."""

    def read(connection: sqlite3.Connection) -> dict[str, tuple[int, float | None]]:
        found = memories.find(connection, "1", {})
        return {memory.key: (memory.use_count, memory.last_used_at) for _, memory in found}

    return await database.async_read(read)


async def test_uses_are_written_together(database: Database) -> None:
    first, second = [await remembered(database, key) for key in ("a", "b")]
    counter = UseCounter(database)
    counter.count([first, second], 10.0)
    counter.count([first], 20.0)
    assert await counted(database) == {"a": (0, None), "b": (0, None)}
    version = database.version
    await counter.async_flush()
    await counter.async_flush()
    assert await counted(database) == {"a": (2, 20.0), "b": (1, 10.0)}
    assert database.version == version  # what was read before is as good as new


async def test_nothing_to_write(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise AssertionError("a write for nothing")

    monkeypatch.setattr(database, "async_write", fail)
    counter = UseCounter(database)
    counter.count([], 1.0)
    await counter.async_flush()


async def test_counts_outlive_a_failed_write(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = await remembered(database, "a")
    counter = UseCounter(database)
    counter.count([memory], 10.0)

    async def fail(*_: object, minor: bool) -> None:
        counter.count([memory], 20.0)
        raise DatabaseUnavailableError(path="x", reason="the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(database, "async_write", fail)
        with pytest.raises(StorageError):
            await counter.async_flush()
    await counter.async_flush()
    assert await counted(database) == {"a": (2, 20.0)}


async def test_what_is_used_while_it_is_written_counts_once(database: Database) -> None:
    memory = await remembered(database, "a")
    counter = UseCounter(database)
    counter.count([memory], 10.0)
    flushing = asyncio.create_task(counter.async_flush())
    await asyncio.sleep(0)
    counter.count([memory], 20.0)
    await flushing
    await counter.async_flush()
    assert await counted(database) == {"a": (2, 20.0)}


async def test_cancelling_a_write_counts_nothing_twice(database: Database) -> None:
    memory = await remembered(database, "a")
    counter = UseCounter(database)
    counter.count([memory], 10.0)
    flushing = asyncio.create_task(counter.async_flush())
    await asyncio.sleep(0)
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    await counter.async_flush()
    await database.async_write(lambda _: None)  # the one that was cancelled is done by then
    assert await counted(database) == {"a": (1, 10.0)}


async def test_in_the_background(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uses, "_FLUSH_SECONDS", 0.0)
    memory = await remembered(database, "a")
    counter = UseCounter(database)
    attempts = 0
    written = asyncio.Event()
    write = database.async_write

    async def fail_once(work: Work[None], *, minor: bool) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise DatabaseUnavailableError(path="x", reason="locked")
        await write(work, minor=minor)
        written.set()

    monkeypatch.setattr(database, "async_write", fail_once)
    running = asyncio.create_task(counter.async_run())
    counter.count([memory], 10.0)
    async with asyncio.timeout(10):
        await written.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await counted(database) == {"a": (1, 10.0)}
