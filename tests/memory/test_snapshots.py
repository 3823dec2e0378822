"""Snapshots of a running memory: every day, before migrations, and kept free of what was purged."""

# ruff: noqa: ASYNC240 - nothing else runs in these loops

import asyncio
from contextlib import closing
from pathlib import Path
import shutil
import sqlite3
import threading
from typing import Any
from unittest.mock import AsyncMock

import pytest

from custom_components.semantic_memory.memory import snapshots
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import (
    DatabaseClosedError,
    DatabaseDamagedError,
    DatabaseUnavailableError,
    StorageError,
)
from custom_components.semantic_memory.memory.models import MemoryChanges
from custom_components.semantic_memory.memory.storage import restoring, snapshot_files, snapshots as storing
from custom_components.semantic_memory.memory.storage.migrations import STEPS, migrate

from .fakes import ALICE, Clock, OpenEngine, assert_sound, remember, until

SECRET = b"wombat"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the database is."""
    return tmp_path / "memory" / "memory.db"


@pytest.fixture
def folder(file: Path) -> Path:
    """Return where the snapshots go."""
    return file.parent / "snapshots"


def names(folder: Path) -> list[str]:
    """Return every file of the folder."""
    return sorted(path.name for path in folder.iterdir())


def holding(folder: Path, text: bytes = SECRET) -> list[str]:
    """Return the files with a text in them."""
    return [path.name for path in sorted(folder.rglob("*")) if path.is_file() and text in path.read_bytes().lower()]


async def test_one_on_demand(engine: MemoryEngine, clock: Clock, folder: Path) -> None:
    await remember(engine, "The cat is called Tom")
    taken = await engine.snapshots.async_take()
    assert (taken.reason, taken.memories, taken.taken_at) == ("manual", 1, clock.now)
    clock.pass_days(0.5)
    newer = await engine.snapshots.async_take()
    assert await engine.snapshots.async_list() == (newer, taken)
    assert names(folder) == [taken.name, newer.name]


async def test_one_a_day_for_months(engine: MemoryEngine, clock: Clock, folder: Path) -> None:
    await remember(engine, "The cat is called Tom")
    for _ in range(40):
        for _ in range(3):
            await engine.snapshots.async_take_if_due()
            clock.pass_days(1 / 3)
    days = {name[7:15] for name in names(folder)}
    assert len(names(folder)) == len(days)
    assert len(days) in (9, 10)  # seven days, and three or four Sundays of which one may be among them


async def test_restarts_do_not_disturb_it(open_engine: OpenEngine, clock: Clock, folder: Path) -> None:
    for hours in (0, 5, 18, 2):
        clock.pass_days(hours / 24)
        engine = await open_engine()
        await engine.snapshots.async_take_if_due()
        await engine.async_close()
    assert len(names(folder)) == 2


async def test_it_is_taken_by_itself(open_engine: OpenEngine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_FIRST_SECONDS", 0.0)
    engine = await open_engine()
    await until(lambda: folder.exists() and [name for name in names(folder) if name.endswith("daily.db")])
    await engine.async_close()
    assert not [thread.name for thread in threading.enumerate() if "snapshots" in thread.name]


async def test_not_while_home_assistant_starts(engine: MemoryEngine, folder: Path) -> None:
    assert snapshots._FIRST_SECONDS >= 60
    await asyncio.sleep(0)
    assert not folder.exists()


async def test_closing_breaks_it_off(engine: MemoryEngine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "_PAGES", 1)
    started = threading.Event()
    copy = storing._copy

    def slowly(source: sqlite3.Connection, target: Path, go_on: Any) -> None:
        started.set()
        engine.snapshots._ending.wait(10)
        copy(source, target, go_on)

    monkeypatch.setattr(storing, "_copy", slowly)
    taking = asyncio.create_task(engine.snapshots.async_take())
    await asyncio.to_thread(started.wait, 10)
    await engine.async_close()
    with pytest.raises(DatabaseClosedError):
        await taking
    assert names(folder) == []
    with pytest.raises(DatabaseClosedError):
        await engine.snapshots.async_take()
    with pytest.raises(DatabaseClosedError):
        await engine.snapshots.async_list()
    with pytest.raises(DatabaseClosedError):
        await engine.snapshots.async_take_if_due()


async def test_closing_does_not_wait_for_all_of_them_to_be_read(
    engine: MemoryEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [(await engine.snapshots.async_take()).name for _ in range(3)]
    read: list[str] = []
    look = storing.look

    def slowly(folder: Path, file: snapshot_files.SnapshotFile) -> storing.Snapshot:
        read.append(file.name)
        engine.snapshots._ending.wait(10)
        return look(folder, file)

    monkeypatch.setattr(storing, "look", slowly)
    listing = asyncio.create_task(engine.snapshots.async_list())
    await until(lambda: bool(read))
    await engine.async_close()
    with pytest.raises(DatabaseClosedError):
        await listing
    assert read == taken[-1:]


async def test_a_failure_is_a_warning(
    engine: MemoryEngine, clock: Clock, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good = await engine.snapshots.async_take()
    clock.pass_days(100)
    usage = shutil.disk_usage("/")._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    await engine.snapshots.async_take_if_due()
    assert "no_room" in caplog.text
    assert names(folder) == [good.name]
    with pytest.raises(StorageError) as caught:
        await engine.snapshots.async_take()
    assert caught.value.code == "no_room"
    assert caught.value.placeholders["free"] == "0"
    assert engine.status.storage_error is None


async def test_an_old_one_that_cannot_be_deleted(
    engine: MemoryEngine, clock: Clock, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old = await engine.snapshots.async_take("daily")
    clock.pass_days(100)
    unlink = Path.unlink

    def keep(path: Path, missing_ok: bool = False) -> None:
        if path.name == old.name:
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", keep)
    new = await engine.snapshots.async_take()
    assert names(folder) == [old.name, new.name]
    assert old.name in caplog.text


async def test_damage_is_told(engine: MemoryEngine, file: Path) -> None:
    """The daily snapshot reads every page, also those that nobody has asked for."""
    for number in range(200):
        await remember(engine, f"The number is {number} " * 20, key=f"n{number}")
    told: list[str | None] = []
    engine.subscribe(lambda _: told.append(engine.status.storage_error))
    await engine._database.async_maintain(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    (page,) = await engine._database.async_read(
        lambda connection: connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'history'").fetchone()
    )
    with file.open("r+b") as opened:
        opened.seek((page - 1) * 4_096)
        opened.write(b"\xab" * 4_096)
    with pytest.raises(DatabaseDamagedError):
        await engine.snapshots.async_take()
    assert [code for code in told if code] == ["database_damaged"]
    await engine.async_list(ALICE)  # what can be read goes on being read, but the damage stays
    assert engine.status.storage_error == "database_damaged"


async def test_before_a_restore_none_is_deleted(engine: MemoryEngine, clock: Clock) -> None:
    """It could be the one that is to be restored."""
    old = await engine.snapshots.async_take("daily")
    clock.pass_days(30)
    before = await engine.snapshots.async_take("restore")
    assert [snapshot.name for snapshot in await engine.snapshots.async_list()] == [before.name, old.name]
    clock.pass_days(0.1)
    newer = await engine.snapshots.async_take("daily")
    assert [snapshot.name for snapshot in await engine.snapshots.async_list()] == [newer.name, before.name]


# Before a migration


@pytest.fixture
def old_file(file: Path) -> Path:
    """Return a database of an older version."""
    file.parent.mkdir()
    with closing(sqlite3.connect(file, autocommit=True)) as connection:
        migrate(connection, STEPS[:-1])
        connection.execute(
            "INSERT INTO memory (id, key, value, owner, scope, category, surface, created_at, updated_at)"
            " VALUES (?, 'animal', 'A wombat', ?, 'user', 'home', 'test', 0, 0)",
            ("0" * 26, ALICE.user_id),
        )
    return file


async def test_before_a_migration(open_engine: OpenEngine, old_file: Path, folder: Path) -> None:
    engine = await open_engine()
    (taken,) = await engine.snapshots.async_list()
    assert (taken.reason, taken.memories) == ("migration", 1)
    with closing(sqlite3.connect(folder / taken.name)) as connection:
        assert connection.execute("SELECT max(version) FROM migration").fetchone() == (len(STEPS) - 1,)
    await engine.async_close()
    engine = await open_engine()
    assert len(await engine.snapshots.async_list()) == 1
    await engine.async_close()

    restoring.restore(old_file, taken.name, "replaced", 0.0)  # it can be gone back to, and brought up to date again
    engine = await open_engine()
    assert [memory.key for memory in (await engine.async_list(ALICE)).memories] == ["animal"]


async def test_not_before_the_first(open_engine: OpenEngine, folder: Path) -> None:
    await open_engine()
    assert not folder.exists()


async def test_a_migration_does_without(
    open_engine: OpenEngine, old_file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    engine = await open_engine()
    assert (await engine.async_list(ALICE)).total == 1
    assert "before this update" in caplog.text
    assert names(folder) == []


async def test_a_damaged_file_is_not_migrated(open_engine: OpenEngine, old_file: Path) -> None:
    with closing(sqlite3.connect(old_file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'history'").fetchone()
    with old_file.open("r+b") as opened:
        opened.seek((page - 1) * 4_096)
        opened.write(b"\xab" * 4_096)
    before = old_file.read_bytes()
    with pytest.raises(DatabaseDamagedError):
        await open_engine()
    assert old_file.read_bytes()[100:] == before[100:]  # opening it notes the log in the header


# Purging


async def test_a_purge_reaches_every_snapshot(
    open_engine: OpenEngine, built_in: StaticEmbedder, clock: Clock, file: Path, folder: Path
) -> None:
    engine = await open_engine(built_in)
    await remember(engine, "The wombat sleeps in the shed", key="animal")
    await remember(engine, "The cat is called Tom", key="cat")
    first = await engine.snapshots.async_take()
    clock.pass_days(1)
    await engine.async_update(ALICE, "animal", MemoryChanges(value="The wombat sleeps in the kitchen"))
    second = await engine.snapshots.async_take()
    assert holding(folder) == [first.name, second.name]

    await engine.async_forget(ALICE, ["animal"], purge=True)
    assert names(folder) == [first.name, second.name]
    assert holding(file.parent) == []
    assert holding(file.parent, b"wombat"[:-1]) == []
    assert [snapshot.memories for snapshot in await engine.snapshots.async_list()] == [1, 1]

    await engine.async_close()
    restoring.restore(file, first.name, "replaced", clock.now)
    engine = await open_engine(built_in)
    assert [memory.key for memory in (await engine.async_list(ALICE)).memories] == ["cat"]
    await assert_sound(engine)


async def test_a_purge_reaches_what_was_left_half_made(open_engine: OpenEngine, file: Path, folder: Path) -> None:
    """A process was killed while it made a snapshot, or restored one."""
    engine = await open_engine()
    await remember(engine, "The wombat sleeps in the shed", key="animal")
    taken = await engine.snapshots.async_take()
    await engine.async_close()
    for left in (folder / ".new.db", file.parent / ".restored-memory.db"):
        left.write_bytes((folder / taken.name).read_bytes())
    (folder / taken.name).unlink()
    engine = await open_engine()
    await engine.async_forget(ALICE, ["animal"], purge=True)
    assert holding(file.parent) == []


async def test_a_purge_of_what_was_forgotten(engine: MemoryEngine, folder: Path, file: Path) -> None:
    await remember(engine, "The wombat sleeps in the shed", key="animal")
    await engine.snapshots.async_take()
    await engine.async_forget(ALICE, ["animal"])
    taken = await engine.snapshots.async_take()
    assert taken.memories == 0
    await engine.async_forget(ALICE, ["animal"], purge=True)
    assert holding(file.parent) == []


async def test_forgetting_leaves_snapshots_alone(engine: MemoryEngine, folder: Path) -> None:
    await remember(engine, "The wombat sleeps in the shed", key="animal")
    taken = await engine.snapshots.async_take()
    await engine.async_forget(ALICE, ["animal"])
    assert holding(folder) == [taken.name]


async def test_a_purge_that_cannot_reach_a_snapshot_is_made_up_for(
    open_engine: OpenEngine,
    clock: Clock,
    folder: Path,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The disk is full; the process ends; the next day, the next process has room."""
    engine = await open_engine()
    memory = await remember(engine, "The wombat sleeps in the shed", key="animal")
    taken = await engine.snapshots.async_take()
    with monkeypatch.context() as patch:
        usage = shutil.disk_usage("/")._replace(free=1_000)
        patch.setattr(shutil, "disk_usage", lambda _: usage)
        gone = await engine.async_forget(ALICE, ["animal"], purge=True)
    assert [item.id for item in gone] == [memory.id]
    assert "snapshots may still hold copies" in caplog.text
    assert holding(folder) == [taken.name]
    assert (folder / "purged").read_text() == f"{memory.id}\n"
    await engine.async_close()

    engine = await open_engine()
    await engine.snapshots.async_take_if_due()
    assert holding(file.parent) == []
    assert names(folder) == [taken.name]


async def test_a_purge_that_is_interrupted_reaches_the_snapshots(
    open_engine: OpenEngine, folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes between deleting the memory and the end: the next process knows what is to be done."""
    engine = await open_engine()
    await remember(engine, "The wombat sleeps in the shed", key="animal")
    taken = await engine.snapshots.async_take()
    monkeypatch.setattr(engine._writes, "async_changed", AsyncMock(side_effect=StorageError(reason="odd")))
    with pytest.raises(StorageError):
        await engine.async_forget(ALICE, ["animal"], purge=True)
    assert holding(folder) == [taken.name]
    await engine.async_close()

    engine = await open_engine()
    await engine.snapshots.async_take_if_due()
    assert holding(folder) == []


async def test_a_damaged_snapshot_does_not_outlast_a_purge(
    engine: MemoryEngine, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody can tell what is in it, and it can never be restored."""
    await remember(engine, "The wombat sleeps in the shed", key="animal")
    bad, good = await engine.snapshots.async_take(), await engine.snapshots.async_take()
    with (folder / bad.name).open("r+b") as opened:
        opened.write(b"\xab" * 100)
    await engine.async_forget(ALICE, ["animal"], purge=True)
    assert names(folder) == [good.name]
    assert bad.name in caplog.text
    assert holding(folder) == []


async def test_work_of_others(engine: MemoryEngine, folder: Path) -> None:
    """What somebody's data is erased with."""
    await remember(engine, "The wombat sleeps in the shed", key="animal")
    await engine.snapshots.async_take()
    await engine.snapshots.async_scrub(lambda connection: connection.execute("DELETE FROM memory"))
    assert holding(folder) == []
    assert holding(folder, str(ALICE.user_id).encode()) == []

    def fail(connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("odd")

    with pytest.raises(StorageError):
        await engine.snapshots.async_scrub(fail)


async def test_an_unreadable_folder(engine: MemoryEngine, folder: Path) -> None:
    folder.touch()
    with pytest.raises(DatabaseUnavailableError):
        await engine.snapshots.async_take()
    with pytest.raises(StorageError):
        await engine.snapshots.async_list()
    await remember(engine, "The wombat sleeps in the shed", key="animal")
    assert await engine.async_forget(ALICE, ["animal"], purge=True)


async def test_a_glance_opens_nothing_thoroughly(
    engine: MemoryEngine, clock: Clock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await engine.snapshots.async_glance() == ()
    await remember(engine, "The cat is called Tom")
    taken = [await engine.snapshots.async_take()]
    clock.pass_days(0.5)
    await remember(engine, "The dog is called Rex")
    taken.insert(0, await engine.snapshots.async_take())
    assert await engine.snapshots.async_glance() == tuple(taken)
    assert [snapshot.memories for snapshot in taken] == [2, 1]

    (folder / taken[0].name).write_bytes(b"This is no database. " * 400)
    damaged, sound = await engine.snapshots.async_glance()
    assert (damaged.name, damaged.memories, damaged.size) == (taken[0].name, None, 21 * 400)
    assert sound == taken[1]

    listed = snapshot_files.files(folder)
    (folder / taken[0].name).unlink()
    monkeypatch.setattr(snapshot_files, "files", lambda _: listed)
    assert await engine.snapshots.async_glance() == (taken[1],)


async def test_a_glance_does_not_wait_for_a_snapshot_that_is_taken(
    engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(*_: Any) -> None:
        begun.set()
        go_on.wait(20)
        raise StorageError(reason="interrupted")

    monkeypatch.setattr(storing, "take", slowly)
    taking = asyncio.create_task(engine.snapshots.async_take())
    await asyncio.to_thread(begun.wait, 20)
    assert await engine.snapshots.async_glance() == ()
    go_on.set()
    with pytest.raises(StorageError):
        await taking
