"""Erasing a person leaves no trace of them, and everything of everybody else."""

import asyncio
from collections.abc import Callable
from contextlib import closing
import json
from pathlib import Path
import shutil
import sqlite3
import threading
from typing import Any, Final

import pytest

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import DatabaseUnavailableError, InvalidInputError, StorageError
from custom_components.semantic_memory.memory.models import Caller, MemoryChanges, MemoryFilter, RecallRequest, Source
from custom_components.semantic_memory.memory.snapshots import Snapshots
from custom_components.semantic_memory.memory.status import EngineEvent
from custom_components.semantic_memory.memory.storage import database, snapshots
from custom_components.semantic_memory.memory.storage.database import Database
from custom_components.semantic_memory.memory.transfer import erasing as transfer
from custom_components.semantic_memory.memory.transfer.erasing import EraseReport
from custom_components.semantic_memory.memory.transfer.formats import ExportFormat

from ..fakes import ALICE, BOB, NOBODY, Clock, OpenEngine, assert_sound, remember, until

ALICE_FOR_BOB: Final = Caller(user_id=BOB.user_id, actor_id=ALICE.user_id, trusted=True)
HER_ID: Final = "a" * 32
HERS: Final = ("quokka", "wombat", "numbat", "bilby", "dingo", "potoroo", "bandicoot", "platypus", "cassowary")
"""Words that only she used while they were hers alone."""


@pytest.fixture(params=["sqlite-vec", "memory"])
async def engine(request: pytest.FixtureRequest, open_engine: OpenEngine, built_in: StaticEmbedder) -> MemoryEngine:
    """Return an engine with the built-in model, with each kind of index."""
    if request.param == "memory":
        request.getfixturevalue("without_sqlite_vec")
    engine: MemoryEngine = await open_engine(built_in)
    assert engine.status.index == request.param
    return engine


async def live(engine: MemoryEngine, clock: Clock) -> dict[str, str]:
    """Let Alice and others live with it for a while; return the ids of Alice's memories by key."""
    for number in range(60):  # so that pages have been split and merged
        await remember(engine, f"Bob's fact number {number} " + "filler " * number, BOB, key=f"bob {number}")
        await remember(engine, f"Quokka fact number {number} " + "filler " * number, key=f"quokka {number}")
    await engine.async_forget(ALICE, [f"quokka_{number}" for number in range(0, 60, 2)])
    await remember(engine, "My name is Wombat", key="wombat name", category="user", tags="wombat")
    await remember(engine, "Always greet me with numbat", key="numbat greeting", pinned=True)
    await remember(
        engine, "The bilby is asleep", key="bilby nap", scope="session", source=Source(conversation_id="dingo")
    )
    await remember(engine, "Potoroo is my password", key="potoroo")
    await engine.async_update(ALICE, "potoroo", MemoryChanges(value="Bandicoot is my password", key="bandicoot"))
    await remember(engine, "The safe's code was platypus", key="platypus safe")
    await engine.async_update(
        ALICE, "platypus_safe", MemoryChanges(key="safe", value="The safe's code is kangaroo", scope="household")
    )
    await remember(engine, "Dinner is at six", NOBODY, key="dinner")
    await engine.async_update(ALICE, "dinner", MemoryChanges(value="Dinner is at seven"))
    await engine.async_update(ALICE_FOR_BOB, "bob_1", MemoryChanges(value="Bob's fact number one"))
    await engine.async_recall(ALICE, RecallRequest(query="cassowary and quokka"))
    await until(lambda: engine.status.pending == 0)
    everything = [
        *(await engine.async_list(ALICE, MemoryFilter(owner=HER_ID), limit=200)).memories,
        *(await engine.async_list(ALICE, MemoryFilter(owner=HER_ID, forgotten=True), limit=200)).memories,
    ]
    clock.pass_days(2)  # the session is over; nobody has cleaned up
    return {memory.key: memory.id for memory in everything}


def traces(folder: Path, *texts: str) -> list[tuple[str, str]]:
    """Return in which files of a folder, at any depth, which of the texts are found."""
    contents = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    names = " ".join(str(path.relative_to(folder)) for path in folder.rglob("*"))
    return [
        (name, text)
        for text in texts
        for name, content in (*contents.items(), ("name of a file", names.encode()))
        if text.lower().encode() in content.lower()
    ]


async def test_no_trace_is_left_in_any_file(engine: MemoryEngine, clock: Clock, tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    ids = await live(engine, clock)
    await engine.snapshots.async_take()
    for format_ in ExportFormat:
        await engine.transfer.async_export(ALICE, format_=format_)
    await engine.transfer.async_export_person(ALICE)
    bobs = (await engine.transfer.async_export(BOB, with_history=True)).path
    plain = (await engine.transfer.async_export(BOB)).path
    unchanged = plain.stat().st_ino
    theirs = (await engine.transfer.async_export(NOBODY, with_history=True)).path
    before = bobs.read_text()
    assert {name for name, _ in traces(folder, HER_ID)} >= {"name of a file", *(
        str(path.relative_to(folder)) for path in (bobs, theirs)
    )}  # fmt: skip
    assert HER_ID in before
    secrets = (HER_ID, *HERS, *ids, *ids.values())

    report = await engine.transfer.async_erase_person(ALICE)

    await engine._uses.async_flush()
    assert traces(folder, *secrets) == []
    assert report == EraseReport(memories=len(ids), history=report.history, exports=5, remaining=())
    assert report.history == 4  # the safe's two, dinner's, Bob's
    assert bobs.read_text() == before.replace(f'"actor": "{HER_ID}"', '"actor": null')
    assert plain.stat().st_ino == unchanged
    assert len(await engine.snapshots.async_list()) == 1
    await assert_sound(engine)
    await engine.async_close()
    assert traces(folder, *secrets) == []


async def test_everything_of_others_stays(engine: MemoryEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await live(engine, clock)
    events: list[EngineEvent] = []
    monkeypatch.setattr(transfer, "_BATCH", 10)
    bobs = (await engine.async_list(BOB, limit=200)).memories
    history = {key: await engine.async_history(BOB, key) for key in ("safe", "dinner", "bob_1")}
    found = [hit.memory.key for hit in await hits(engine, BOB, "the evening meal")]
    assert "dinner" in found
    engine.subscribe(events.append)

    await engine.transfer.async_erase_person(ALICE)

    assert (await engine.async_list(BOB, limit=200)).memories == bobs
    for key, entries in history.items():
        after = await engine.async_history(BOB, key)
        assert [(entry.at, entry.kind, entry.before, entry.after) for entry in after] == [
            (entry.at, entry.kind, entry.before, entry.after) for entry in entries
        ]
        assert HER_ID not in {entry.actor for entry in after}
    assert [(entry.kind, entry.actor) for entry in await engine.async_history(BOB, "safe")] == [("change", None)]
    assert [hit.memory.key for hit in await hits(engine, BOB, "the evening meal")] == found
    gone = [memory.id for event in events if event.kind == "purge" for memory in event.memories]
    assert sorted(gone) == sorted(ids.values())


async def test_no_trace_is_left_in_memory(engine: MemoryEngine, clock: Clock) -> None:
    await live(engine, clock)
    assert len(engine.pinned(ALICE)) == len(engine.core_facts(ALICE)) == 1
    assert "cassowary" in str(engine._worker.serving._cache._vectors)

    await engine.transfer.async_erase_person(ALICE)

    assert engine.pinned(ALICE) == engine.core_facts(ALICE) == ()
    assert not engine._worker.serving._cache._vectors
    assert engine.status.memories == 62
    for caller in (ALICE, BOB, NOBODY):
        assert {hit.memory.owner for hit in await hits(engine, caller, "quokka wombat numbat")} <= {
            caller.user_id, "household",
        } - {HER_ID}  # fmt: skip
    assert (await engine.async_list(ALICE, MemoryFilter(forgotten=True))).total == 0


async def hits(engine: MemoryEngine, caller: Caller, query: str) -> tuple[Any, ...]:
    """Return whatever is found."""
    return (await engine.async_recall(caller, RecallRequest(query=query, threshold=0.0, limit=50))).hits


# What goes wrong


async def test_it_can_be_done_when_nothing_is_there(engine: MemoryEngine) -> None:
    assert await engine.transfer.async_erase_person(ALICE) == EraseReport(
        memories=0, history=0, exports=0, remaining=()
    )


async def test_somebody_has_to_be_named(engine: MemoryEngine) -> None:
    await remember(engine, "Dinner is at six", NOBODY, key="dinner")

    with pytest.raises(InvalidInputError, match="person_missing"):
        await engine.transfer.async_erase_person(NOBODY)

    assert engine.status.memories == 1


async def test_files_that_others_have_to_look_after_are_named(engine: MemoryEngine, tmp_path: Path) -> None:
    kept = tmp_path / "memory" / "damaged-20270101-000000-memory.db"
    kept.write_bytes(b"x" * ((1 << 20) - 16) + HER_ID.encode() + b"y" * 5_000)
    (tmp_path / "memory" / "other.txt").write_text("b" * 32)

    report = await engine.transfer.async_erase_person(ALICE)

    assert report.remaining == (kept,)
    assert kept.exists()


async def test_nothing_is_erased_while_a_backup_is_made(engine: MemoryEngine) -> None:
    await remember(engine, "quokka", key="pet")
    await engine.hold.async_begin()

    with pytest.raises(StorageError, match="erase_during_backup"):
        await engine.transfer.async_erase_person(ALICE)

    assert (await engine.async_get(ALICE, "pet")).value == "quokka"
    await engine.hold.async_end()
    assert (await engine.transfer.async_erase_person(ALICE)).memories == 1


@pytest.mark.parametrize(
    ("where", "name"),
    [(Database, "async_rewrite"), (Snapshots, "async_scrub"), (shutil, "rmtree")],
    ids=["database", "snapshots", "exports"],
)
async def test_what_could_not_be_erased_is_said_and_done_next_time(
    engine: MemoryEngine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    async def full(*_: object) -> None:
        raise DatabaseUnavailableError(path=tmp_path, reason="the disk is full")

    def denied(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    folder = tmp_path / "memory"
    await live(engine, clock)
    await engine.snapshots.async_take()
    await engine.transfer.async_export(ALICE)
    with monkeypatch.context() as patch:
        patch.setattr(where, name, denied if where is shutil else full)
        with pytest.raises(StorageError) as raised:
            await engine.transfer.async_erase_person(ALICE)

    assert raised.value.code == "erase_incomplete"
    assert raised.value.placeholders["reason"] in {
        "the database file could not be rewritten", "the disk is full", "Permission denied",
    }  # fmt: skip
    assert (await engine.async_list(ALICE, MemoryFilter(owner=HER_ID))).total == 0
    assert (folder / "exports" / HER_ID).exists() == (where is shutil)

    await engine.transfer.async_erase_person(ALICE)

    assert traces(folder, HER_ID, *HERS) == []


async def test_whoever_reads_all_the_time_keeps_copies_alive(
    engine: MemoryEngine,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = tmp_path / "memory"
    await live(engine, clock)
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(folder / "memory.db", autocommit=False)) as reader:
        reader.execute("SELECT count(*) FROM memory").fetchone()

        with pytest.raises(StorageError, match="erase_incomplete"):
            await engine.transfer.async_erase_person(ALICE)

        assert traces(folder, HER_ID)
        assert "it is being read" in caplog.text
    await engine.transfer.async_erase_person(ALICE)

    assert traces(folder, HER_ID, *HERS) == []


async def test_a_snapshot_that_is_being_taken_is_erased_too(
    engine: MemoryEngine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live(engine, clock)
    begun, go_on = asyncio.Event(), threading.Event()
    loop, copy = asyncio.get_running_loop(), snapshots._copy

    def slow_copy(*args: Any, **kwargs: Any) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(30)
        copy(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "_copy", slow_copy)
        taking = asyncio.create_task(engine.snapshots.async_take())
        await begun.wait()
        erasing = asyncio.create_task(engine.transfer.async_erase_person(ALICE))
        await asyncio.sleep(0)
        go_on.set()
        await taking
        await erasing

    assert len(await engine.snapshots.async_list()) == 1
    assert traces(tmp_path / "memory", HER_ID, *HERS) == []


async def test_it_runs_to_its_end_although_nobody_waits(
    engine: MemoryEngine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live(engine, clock)
    await engine.snapshots.async_take()
    write, begun = engine._database.async_write, asyncio.Event()

    async def slow_write(work: Callable[[sqlite3.Connection], Any]) -> Any:
        begun.set()
        await asyncio.sleep(0)
        return await write(work)

    with monkeypatch.context() as patch:
        patch.setattr(engine._database, "async_write", slow_write)
        erasing = asyncio.create_task(engine.transfer.async_erase_person(ALICE))
        await begun.wait()
        erasing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await erasing
    await until(lambda: not engine._background._finishing)

    assert traces(tmp_path / "memory", HER_ID, *HERS) == []


async def test_an_export_that_is_under_way_is_erased_too(
    engine: MemoryEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remember(engine, "quokka", key="pet")
    read, begun, go_on = engine._database.async_read, asyncio.Event(), asyncio.Event()

    async def slow_read(work: Callable[[sqlite3.Connection], Any]) -> Any:
        begun.set()
        await go_on.wait()
        return await read(work)

    monkeypatch.setattr(engine._database, "async_read", slow_read)
    export = asyncio.create_task(engine.transfer.async_export(ALICE))
    await begun.wait()
    erasing = asyncio.create_task(engine.transfer.async_erase_person(ALICE))
    go_on.set()

    assert (await export).memories == 1
    assert (await erasing).exports == 1
    assert traces(tmp_path / "memory", HER_ID, "quokka") == []


async def test_only_the_name_goes_from_what_others_exported(engine: MemoryEngine) -> None:
    """What looks like it within a text stays: quotes in texts are escaped."""
    said = f'Look: "actor": "{HER_ID}"'
    await remember(engine, "first", BOB, key="k")
    await engine.async_update(ALICE_FOR_BOB, "k", MemoryChanges(value=said))
    path = (await engine.transfer.async_export(BOB, with_history=True)).path

    report = await engine.transfer.async_erase_person(ALICE)

    _, line = path.read_text().splitlines()
    assert json.loads(line)["value"] == said
    assert [entry["actor"] for entry in json.loads(line)["history"]] == ["b" * 32, None]
    assert report.remaining == (path,)
