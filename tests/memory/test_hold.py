"""Copying the files while memories are stored: whatever way they are copied, the copy is sound."""

# ruff: noqa: ASYNC240 - nothing else runs in these loops

import asyncio
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
import sqlite3
import threading
from typing import Any

import pytest

from custom_components.semantic_memory.memory import hold
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import DatabaseClosedError, DatabaseUnavailableError, StorageError
from custom_components.semantic_memory.memory.models import EngineSettings, RecallRequest
from custom_components.semantic_memory.memory.storage import checkpoints, database, snapshots as storing

from .fakes import ALICE, OpenEngine, assert_sound, remember, until

_PIECE = 4_096


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the database is."""
    return tmp_path / "memory" / "memory.db"


class Copying:
    """Copies files piece by piece, as slowly as others write meanwhile."""

    def __init__(self, source: Path, target: Path) -> None:
        """Take the folders."""
        self._source, self._target = source, target
        target.mkdir()

    async def async_copy(self, names: Sequence[str], engine: MemoryEngine) -> list[str]:
        """Copy these files one after the other; return the keys that were stored meanwhile."""
        stored: list[str] = []
        pieces = 0
        for name in names:
            path = self._source / name
            # As tarfile does: the size is looked up when the turn of a file has come.
            left = path.stat().st_size if path.exists() else 0
            with (self._target / name).open("wb") as copy, path.open("rb") as original:
                while left > 0:
                    copy.write(original.read(min(_PIECE, left)))
                    left -= _PIECE
                    pieces += 1
                    if pieces % 5:
                        continue
                    key = f"meanwhile_{len(stored)}"
                    await remember(engine, f"Stored while {name} was copied {len(stored)} " * 10, key=key)
                    stored.append(key)
        return stored


async def _keys_of_copy(folder: Path) -> set[str]:
    """Open a copy as the engine does, check it, and return what it holds."""
    with closing(sqlite3.connect(folder / "memory.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    engine = await MemoryEngine.async_open(folder, EngineSettings())
    try:
        await assert_sound(engine)
        found = await engine.async_recall(ALICE, RecallRequest(query="before 17"))
        assert "before_17" in [hit.memory.key for hit in found.hits]
        return {memory.key for memory in (await engine.async_list(ALICE, limit=200)).memories}
    finally:
        await engine.async_close()


@pytest.mark.parametrize("order", ["database first", "log first"])
async def test_a_slow_copy_is_sound(
    engine: MemoryEngine, file: Path, tmp_path: Path, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_PAGES", 20)
    before = {(await remember(engine, f"Stored before the copy {n}", key=f"before_{n}")).key for n in range(60)}
    await engine.hold.async_begin()
    static = file.read_bytes()
    await remember(engine, "The first one after", key="after")
    names = ["memory.db", "memory.db-wal"]
    copying = Copying(file.parent, tmp_path / "copy")
    stored = await copying.async_copy(names if order == "database first" else names[::-1], engine)
    assert len(stored) > 10
    assert file.read_bytes() == static
    await engine.hold.async_end()
    assert file.read_bytes() != static
    assert file.with_name("memory.db-wal").stat().st_size == 0

    kept = await _keys_of_copy(tmp_path / "copy")
    assert before <= kept
    assert {"after", *stored} >= kept - before
    if order == "database first":  # the log came last, with everything that was in it by then
        assert "after" in kept
    assert (await engine.async_list(ALICE)).total == len(before) + 1 + len(stored)


async def test_without_it_a_copy_would_not_be_sound(engine: MemoryEngine, file: Path, tmp_path: Path) -> None:
    """The control: what is moved into the file behind the copier's back is missing from the copy."""
    for number in range(60):
        await remember(engine, f"Stored before the copy {number}", key=f"before_{number}")
    target = tmp_path / "copy"
    target.mkdir()
    (target / "memory.db").write_bytes(file.read_bytes())
    await engine._database.async_maintain(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    (target / "memory.db-wal").write_bytes(file.with_name("memory.db-wal").read_bytes())
    with closing(sqlite3.connect(target / "memory.db")) as connection, pytest.raises((AssertionError, sqlite3.Error)):
        assert connection.execute("SELECT count(*) FROM memory").fetchone() == (60,)


async def test_any_beginning_of_the_log_will_do(engine: MemoryEngine, file: Path, tmp_path: Path) -> None:
    """As after a crash: every acknowledged memory up to there, nothing of what was under way."""
    await remember(engine, "Stored before the copy", key="before_17")
    await engine.hold.async_begin()
    for number in range(12):
        await remember(engine, f"Stored meanwhile {number}", key=f"meanwhile_{number}")
    content, log = file.read_bytes(), file.with_name("memory.db-wal").read_bytes()
    await engine.hold.async_end()
    seen: list[int] = []
    for length in [*range(0, len(log), 2_741), len(log)]:
        target = tmp_path / f"copy {length}"
        target.mkdir()
        (target / "memory.db").write_bytes(content)
        (target / "memory.db-wal").write_bytes(log[:length])
        with closing(sqlite3.connect(target / "memory.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            keys = [key for (key,) in connection.execute("SELECT key FROM memory ORDER BY seq")]
        assert keys == ["before_17", *(f"meanwhile_{number}" for number in range(len(keys) - 1))]
        seen.append(len(keys))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (1, 13)


async def test_a_reload_meanwhile(
    open_engine: OpenEngine, built_in: StaticEmbedder, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody changes the options while the backup runs."""
    monkeypatch.setattr(checkpoints, "_PAGES", 20)
    engine = await open_engine(built_in)
    await remember(engine, "Stored before", key="before")
    await engine.hold.async_begin()
    static = file.read_bytes()
    await remember(engine, "Stored meanwhile", key="meanwhile")
    await engine.async_close()
    assert file.read_bytes() == static
    assert file.with_name("memory.db-wal").stat().st_size > 0

    again = await MemoryEngine.async_open(file.parent, EngineSettings(), held=True)
    await again.async_start(built_in)
    for number in range(50):
        await remember(again, f"Stored after the reload {number}", key=f"after_{number}")
    assert file.read_bytes() == static
    taking = asyncio.create_task(again.snapshots.async_take())
    assert (await again.async_list(ALICE)).total == 52
    assert not taking.done()
    await again.hold.async_end()
    assert file.read_bytes() != static
    assert (await taking).memories == 52
    await again.async_close()


async def test_a_purge_meanwhile(engine: MemoryEngine, file: Path) -> None:
    """The memory is gone at once; its traces follow when the files may be changed."""
    await remember(engine, "The wombat sleeps in the shed", key="animal")
    await remember(engine, "The cat is called Tom", key="cat")
    taken = await engine.snapshots.async_take()
    snapshot = engine.snapshots.folder / taken.name
    await engine.hold.async_begin()
    static, static_snapshot = file.read_bytes(), snapshot.read_bytes()
    await engine.async_forget(ALICE, ["animal"], purge=True)
    assert (await engine.async_list(ALICE)).total == 1
    assert (file.read_bytes(), snapshot.read_bytes()) == (static, static_snapshot)
    names = {path.name for path in file.parent.rglob("*")}
    await engine.hold.async_end()
    assert {path.name for path in file.parent.rglob("*")} == names - {"purged"}
    for path in file.parent.rglob("*"):
        assert not path.is_file() or b"wombat" not in path.read_bytes().lower(), path
    await assert_sound(engine)


async def test_snapshots_wait(engine: MemoryEngine) -> None:
    """Home Assistant gives up a backup when a file that it has listed is gone when its turn comes."""
    await engine.snapshots.async_take()
    await engine.hold.async_begin()
    before = sorted(path.name for path in engine.snapshots.folder.iterdir())
    taking = asyncio.create_task(engine.snapshots.async_take())
    scrubbing = asyncio.create_task(engine.snapshots.async_scrub(lambda _: None))
    assert len(await engine.snapshots.async_list()) == 1
    assert sorted(path.name for path in engine.snapshots.folder.iterdir()) == before
    await engine.hold.async_end()
    await asyncio.gather(taking, scrubbing)
    assert len(await engine.snapshots.async_list()) == 2


async def test_nothing_is_deleted_once_it_has_begun(engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot that is being taken when it begins deletes older ones before, or not at all."""
    taking, go_on, held = threading.Event(), threading.Event(), threading.Event()
    take = storing.take
    too_late: list[bool] = []

    def slowly(*args: Any) -> storing.Snapshot:
        taking.set()
        go_on.wait(10)
        return take(*args)

    monkeypatch.setattr(storing, "take", slowly)
    monkeypatch.setattr(engine.snapshots, "_prune", lambda _: too_late.append(held.wait(0.2)))
    task = asyncio.create_task(engine.snapshots.async_take())
    await asyncio.to_thread(taking.wait, 10)
    pausing = asyncio.create_task(engine.snapshots.async_pause())
    await asyncio.sleep(0)
    go_on.set()
    await pausing
    held.set()
    await task
    assert too_late == [False]
    engine.snapshots.resume()


async def test_closing_meanwhile(engine: MemoryEngine) -> None:
    await engine.hold.async_begin()
    taking = asyncio.create_task(engine.snapshots.async_take())
    await asyncio.sleep(0)
    await engine.async_close()
    with pytest.raises(DatabaseClosedError):
        await taking


async def test_another_program_reads_the_log(engine: MemoryEngine, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log cannot be emptied, so nothing is promised; but the files are left alone as far as that goes."""
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.05)
    await remember(engine, "Stored before", key="before")
    await engine._database.async_maintain(lambda connection: connection.execute("PRAGMA busy_timeout=50").fetchone())
    with closing(sqlite3.connect(file, autocommit=True)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM memory").fetchone()
        with pytest.raises(DatabaseUnavailableError) as caught:
            await engine.hold.async_begin()
    assert caught.value.placeholders["reason"] == "another process is using it"
    assert engine._database.held
    await remember(engine, "Stored meanwhile", key="meanwhile")
    await engine.hold.async_end()
    assert not engine._database.held


async def test_a_reader_that_ends_is_waited_for(
    engine: MemoryEngine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long check, say: writes go on, and the log is empty in the end."""
    await remember(engine, "Stored before", key="before")
    await engine._database.async_maintain(lambda connection: connection.execute("PRAGMA busy_timeout=0").fetchone())
    with closing(sqlite3.connect(file, autocommit=True, check_same_thread=False)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM memory").fetchone()
        begin_hold, results = checkpoints.begin_hold, list[bool]()

        def end_then_begin(connection: sqlite3.Connection) -> bool:
            results.append(begin_hold(connection))
            if other.in_transaction:
                other.execute("ROLLBACK")
            return results[-1]

        monkeypatch.setattr(checkpoints, "begin_hold", end_then_begin)
        await engine.hold.async_begin()
    assert results == [False, True]
    await engine.hold.async_end()


async def test_the_log_cannot_be_emptied(engine: MemoryEngine) -> None:
    """The disk is full: at least nothing is moved into the file while it is copied."""

    def deny(connection: sqlite3.Connection) -> None:
        connection.set_authorizer(
            lambda action, name, *_: (
                sqlite3.SQLITE_DENY
                if (action, name) == (sqlite3.SQLITE_PRAGMA, "wal_checkpoint")
                else sqlite3.SQLITE_OK
            )
        )

    await engine._database.async_maintain(deny)
    with pytest.raises(StorageError):
        await engine.hold.async_begin()
    pages = await engine._database.async_maintain(lambda c: c.execute("PRAGMA wal_autocheckpoint").fetchone())
    assert pages == (0,)
    await engine._database.async_maintain(lambda c: c.set_authorizer(None))
    await engine.hold.async_end()


async def test_it_does_not_last_for_ever(
    engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever announced the backup has crashed."""
    monkeypatch.setattr(hold, "LONGEST_SECONDS", 0.0)
    await engine.hold.async_begin()
    await until(lambda: not engine._database.held)
    assert "never ended" in caplog.text
    assert (await engine.snapshots.async_take()).memories == 0


async def test_an_end_that_fails_is_logged(
    engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hold, "LONGEST_SECONDS", 0.0)
    monkeypatch.setattr(engine._database, "async_release", _fail)
    await engine.hold.async_begin()
    await until(lambda: "could not be tidied up" in caplog.text)
    assert (await engine.snapshots.async_take()).memories == 0


async def _fail() -> bool:
    raise DatabaseUnavailableError(path="x", reason="odd")


async def test_ending_what_was_not_begun(engine: MemoryEngine) -> None:
    await engine.hold.async_end()
    await remember(engine, "The cat is called Tom")


async def test_twice(engine: MemoryEngine, file: Path) -> None:
    await engine.hold.async_begin()
    await remember(engine, "The cat is called Tom")
    await engine.hold.async_begin()
    assert file.with_name("memory.db-wal").stat().st_size == 0
    await engine.hold.async_end()
    assert not engine._database.held
