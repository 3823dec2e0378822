"""Exports hold what their caller may see and the filter means, and appear once they are complete."""

import asyncio
from collections.abc import Callable
import errno
import json
from pathlib import Path
import sqlite3
import stat
import threading
from typing import Any, Final

import pytest

from custom_components.semantic_memory.memory import drafts
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import (
    DatabaseClosedError,
    FileUnavailableError,
    InvalidInputError,
    NotAllowedError,
    StorageError,
)
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Caller,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    Scope,
    SortKey,
)
from custom_components.semantic_memory.memory.storage import exports
from custom_components.semantic_memory.memory.storage.changes import Change
from custom_components.semantic_memory.memory.storage.filters import Conditions
from custom_components.semantic_memory.memory.transfer import jsonl
from custom_components.semantic_memory.memory.transfer.formats import ExportFormat
from custom_components.semantic_memory.memory.transfer.new_file import NewFile

from ..fakes import ALICE, BOB, NOBODY, Clock, OpenEngine, remember

ADMIN_FOR_BOB: Final = Caller(user_id=BOB.user_id, actor_id=ALICE.user_id)


@pytest.fixture
async def engine(open_engine: OpenEngine) -> MemoryEngine:
    """Return an engine without embedders, which exports do not need."""
    return await open_engine(start=False)


def records(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def keys(path: Path) -> list[str]:
    """Return the keys of the memories in a file."""
    return [record["key"] for record in records(path) if record["type"] == "memory"]


async def test_what_is_given_out_can_be_taken_in_again(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "We park at Column B2E9", key="parking", tags="car", category="event", confidence=0.5)
    await remember(engine, "Dinner is at seven", NOBODY, key="dinner", pinned=True)
    await remember(engine, "Bob's secret", BOB, key="secret")
    await engine.async_get(ALICE, "parking")
    await engine._uses.async_flush()
    clock.pass_days(1)

    report = await engine.transfer.async_export(ALICE)

    header, *lines = records(report.path)
    loaded = [jsonl.load(line) for line in lines]
    page = await engine.async_list(ALICE, sort=SortKey.CREATED, descending=False)
    assert tuple(memory for memory, _ in loaded) == page.memories
    assert all(history == () for _, history in loaded)
    assert jsonl.load_header(header) == jsonl.Header(exported_at=clock.now, filter=jsonl.dump_filter(MemoryFilter()))
    assert (report.format, report.memories, report.size) == (ExportFormat.JSONL, 2, report.path.stat().st_size)


async def test_files_go_to_a_folder_of_their_owner(engine: MemoryEngine, tmp_path: Path) -> None:
    folder = tmp_path / "memory" / "exports"

    paths = [
        (await engine.transfer.async_export(caller, format_=format_)).path
        for caller, format_ in (
            (ALICE, ExportFormat.JSONL),
            (ALICE, ExportFormat.JSONL),
            (ALICE, ExportFormat.CSV),
            (NOBODY, ExportFormat.MARKDOWN),
            (ADMIN_FOR_BOB, ExportFormat.TEXT),
        )
    ]

    assert [str(path.relative_to(folder)) for path in paths] == [
        f"{'a' * 32}/memories-20270115-080000.jsonl",
        f"{'a' * 32}/memories-20270115-080000-2.jsonl",
        f"{'a' * 32}/memories-20270115-080000.csv",
        "household/memories-20270115-080000.md",
        f"{'b' * 32}/memories-20270115-080000.txt",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert {stat.S_IMODE(path.parent.stat().st_mode) for path in paths} == {0o700}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("format_", ExportFormat)
@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        (ALICE, {"alice", "household"}),
        (BOB, {"bob", "household"}),
        (NOBODY, {"household"}),
        (ADMIN_FOR_BOB, {"bob", "household"}),
    ],
    ids=["alice", "bob", "nobody", "alice for bob"],
)
async def test_nobody_exports_what_is_somebody_elses(
    engine: MemoryEngine, caller: Caller, seen: set[str], format_: ExportFormat
) -> None:
    values = {"alice": "quokka", "bob": "wombat", "household": "numbat"}
    for name, owner in (("alice", ALICE), ("bob", BOB), ("household", NOBODY)):
        await remember(engine, f"It is a {values[name]}", owner, key=f"pet {values[name]}", tags=values[name])
        await remember(engine, f"It was a {values[name]}", owner, key=f"old {values[name]}")
        await engine.async_forget(owner, [f"old {values[name]}"])
    shared = await remember(engine, "Once it was alice's own platypus", ALICE, key="shared")
    await engine.async_update(ALICE, shared.id, MemoryChanges(value="Now it is everybody's", scope="household"))

    for where in (
        MemoryFilter(),
        MemoryFilter(forgotten=True),
        MemoryFilter(text="it"),
        *(MemoryFilter(owner=owner) for owner in ("a" * 32, "b" * 32, HOUSEHOLD)),
        *(MemoryFilter(scope=scope) for scope in Scope),
    ):
        try:
            report = await engine.transfer.async_export(caller, where, format_=format_, with_history=True)
        except NotAllowedError:
            assert where.owner not in {caller.user_id, HOUSEHOLD}
            continue
        content = report.path.read_text("utf-8")
        found = {name for name, value in values.items() if value in content}
        assert found <= seen
        if where == MemoryFilter():
            assert found == seen
            assert "everybody's" in content
        assert "platypus" not in content or (caller == ALICE and format_ is ExportFormat.JSONL)


@pytest.mark.parametrize(
    "where",
    [
        MemoryFilter(scope="user"),
        MemoryFilter(scope="household"),
        MemoryFilter(category="home"),
        MemoryFilter(tags="red, blue"),
        MemoryFilter(text="third thing"),
        MemoryFilter(pinned=True),
        MemoryFilter(forgotten=True),
        MemoryFilter(forgotten=True, text="gone"),
        MemoryFilter(created_after=1_800_000_000.0 + 2 * 86_400),
        MemoryFilter(updated_before=1_800_000_000.0 + 2 * 86_400, category="home"),
    ],
    ids=str,
)
async def test_filters_mean_what_they_mean_in_a_list(engine: MemoryEngine, clock: Clock, where: MemoryFilter) -> None:
    for number, name in enumerate(("first", "second", "third", "fourth")):
        caller = ALICE if number % 2 else NOBODY
        await remember(
            engine, f"The {name} thing", caller, key=name, category="home" if number < 2 else "device",
            tags="red, blue" if number > 1 else "red", pinned=number == 3,
        )  # fmt: skip
        clock.pass_days(1)
    await remember(engine, "Soon gone", key="gone")
    await engine.async_forget(ALICE, ["gone"])
    expected = await engine.async_list(ALICE, where, sort=SortKey.CREATED, descending=False)

    report = await engine.transfer.async_export(ALICE, where)

    assert [jsonl.load(line).memory for line in records(report.path)[1:]] == list(expected.memories)
    assert 0 < report.memories < 5
    assert jsonl.load_header(records(report.path)[0]).filter == jsonl.dump_filter(where)


async def test_a_bad_filter_leaves_no_file(engine: MemoryEngine, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="invalid_category"):
        await engine.transfer.async_export(ALICE, MemoryFilter(category="pets"))

    assert not (tmp_path / "memory" / "exports").exists()


async def test_history_is_given_out_if_asked_for(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "blue", key="colour")
    clock.pass_days(1)
    await engine.async_update(ALICE, "colour", MemoryChanges(value="green"))

    report = await engine.transfer.async_export(ALICE, with_history=True)

    (loaded,) = [jsonl.load(line) for line in records(report.path)[1:]]
    assert loaded.history == await engine.async_history(ALICE, "colour")
    assert [entry.after["value"] for entry in loaded.history if entry.after] == ["blue", "green"]


# Many


async def fill(engine: MemoryEngine, count: int) -> None:
    """Store many memories at once, of three categories in turn."""

    def work(change: Change) -> None:
        for number in range(count):
            category = ("home", "device", "event")[number % 3]
            draft = MemoryDraft(value=f"value {number}", key=f"key {number:05}", category=category)
            change.remember(drafts.prepare(ALICE, draft), None)

    await engine._writes.async_change(ALICE, work)


async def test_many_memories_come_each_once_and_in_order(engine: MemoryEngine) -> None:
    await fill(engine, 1_201)

    lines = await engine.transfer.async_export(ALICE)
    document = await engine.transfer.async_export(ALICE, format_=ExportFormat.MARKDOWN)

    assert keys(lines.path) == [f"key_{number:05}" for number in range(1_201)]
    assert lines.memories == document.memories == 1_201
    text = document.path.read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Device", "## Event", "## Home"]
    assert text.count("### `key_") == 1_201


async def test_what_is_gone_by_the_time_it_is_read_is_left_out(engine: MemoryEngine) -> None:
    for key in ("stays", "purged", "forgotten", "moved"):
        await remember(engine, f"value of {key}", NOBODY, key=key)
    conditions = Conditions([HOUSEHOLD], MemoryFilter(), 1_800_000_000.0)
    seqs = await engine._database.async_read(lambda db: exports.choose(db, conditions, by_category=False))
    trusted = Caller(user_id=ALICE.user_id, trusted=True)
    await engine.async_forget(trusted, ["purged"], purge=True)
    await engine.async_forget(NOBODY, ["forgotten"])
    await engine.async_update(trusted, "moved", MemoryChanges(scope="user"))
    await remember(engine, "too late", NOBODY, key="new")

    given = await engine._database.async_read(
        lambda db: exports.read(db, [HOUSEHOLD], seqs, gone=False, with_history=False)
    )

    assert [memory.key for memory, _ in given] == ["stays"]


async def test_writes_go_on_while_an_export_runs(engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(engine, 1_001)
    reading = asyncio.Event()
    go_on = asyncio.Event()
    read = engine._database.async_read

    async def slow_read(work: Callable[[sqlite3.Connection], Any]) -> Any:
        reading.set()
        await go_on.wait()
        return await read(work)

    monkeypatch.setattr(engine._database, "async_read", slow_read)
    export = asyncio.create_task(engine.transfer.async_export(ALICE))
    await reading.wait()
    await engine._database.async_write(lambda db: db.execute("UPDATE memory SET use_count = 5"))
    # Nothing that reads keeps the log from being emptied.
    busy, _, _ = await engine._database.async_maintain(
        lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    )
    go_on.set()
    report = await export

    assert busy == 0
    assert report.memories == 1_001


# What goes wrong


@pytest.mark.parametrize("format_", ExportFormat)
async def test_a_path_may_be_chosen(engine: MemoryEngine, tmp_path: Path, format_: ExportFormat) -> None:
    suffix = {"jsonl": ".jsonl", "csv": ".csv", "markdown": ".md", "text": ".txt"}[format_]
    path = tmp_path / f"mine{suffix}"

    report = await engine.transfer.async_export(ALICE, format_=format_, path=path)

    assert report.path == path
    assert path.stat().st_size == report.size > 0
    with pytest.raises(InvalidInputError, match="file_exists"):
        await engine.transfer.async_export(ALICE, format_=format_, path=path)
    await remember(engine, "new", key="new")
    await engine.transfer.async_export(ALICE, format_=format_, path=path, overwrite=True)
    assert "new" in path.read_text("utf-8")


async def test_no_file_of_another_kind_is_written(engine: MemoryEngine, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await engine.transfer.async_export(ALICE, path=tmp_path / "memory" / "memory.db", overwrite=True)

    assert raised.value.code == "wrong_suffix"
    assert raised.value.placeholders["suffix"] == ".jsonl"


async def test_a_full_disk_leaves_nothing_behind(
    engine: MemoryEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(engine, 600)
    write, times = NewFile.write, 0

    def full_in_the_end(file: NewFile, text: str) -> None:
        nonlocal times
        times += 1
        if times > 2:
            raise FileUnavailableError(path=file.path, reason="the disk is full")
        write(file, text)

    monkeypatch.setattr(NewFile, "write", full_in_the_end)
    with pytest.raises(FileUnavailableError):
        await engine.transfer.async_export(ALICE)

    assert times == 3
    assert [path for path in (tmp_path / "memory" / "exports").rglob("*") if path.is_file()] == []


async def test_a_folder_that_cannot_be_made_is_said_in_words(
    engine: MemoryEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(FileUnavailableError) as raised:
        await engine.transfer.async_export(ALICE)

    assert raised.value.placeholders == {
        "path": str(tmp_path / "memory" / "exports"), "reason": "the disk is read-only",
    }  # fmt: skip


async def test_closing_ends_an_export_without_a_file(
    engine: MemoryEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remember(engine, "something", key="k")
    begun = asyncio.Event()
    read = engine._database.async_read

    async def late_read(work: Callable[[sqlite3.Connection], Any]) -> Any:
        begun.set()
        await closed.wait()
        return await read(work)

    closed = asyncio.Event()
    monkeypatch.setattr(engine._database, "async_read", late_read)
    export = asyncio.create_task(engine.transfer.async_export(ALICE))
    await begun.wait()
    await engine.async_close()
    closed.set()
    with pytest.raises(DatabaseClosedError):
        await export

    assert [path for path in (tmp_path / "memory" / "exports").rglob("*") if path.is_file()] == []


async def test_whoever_stops_waiting_leaves_nothing_behind(
    engine: MemoryEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remember(engine, "something", key="k")
    begun, never = asyncio.Event(), asyncio.Event()

    async def endless_read(_: object) -> None:
        begun.set()
        await never.wait()

    with monkeypatch.context() as patch:
        patch.setattr(engine._database, "async_read", endless_read)
        export = asyncio.create_task(engine.transfer.async_export(ALICE))
        await begun.wait()
        export.cancel()
        with pytest.raises(asyncio.CancelledError):
            await export

    assert [path for path in (tmp_path / "memory" / "exports").rglob("*") if path.is_file()] == []
    assert (await engine.transfer.async_export(ALICE)).memories == 1


async def test_what_is_being_written_ends_before_it_is_given_up(
    engine: MemoryEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), threading.Event()
    loop, write, written = asyncio.get_running_loop(), NewFile.write, list[str]()

    def slow_write(file: NewFile, text: str) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(30)
        write(file, text)
        written.append(text)

    monkeypatch.setattr(NewFile, "write", slow_write)
    export = asyncio.create_task(engine.transfer.async_export(ALICE))
    await begun.wait()
    export.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await export

    assert len(written) == 1
    assert [path for path in (tmp_path / "memory" / "exports").rglob("*") if path.is_file()] == []


async def test_what_a_crash_left_is_removed_by_the_next_export(engine: MemoryEngine) -> None:
    own = (await engine.transfer.async_export(ALICE)).path
    left = own.with_name(".memories-20270101-000000-x1y2z3.partial")
    left.write_text("half")

    await engine.transfer.async_export(ALICE)

    assert own.exists()
    assert not left.exists()


# A person


async def test_a_person_gets_everything_that_is_stored_about_them(engine: MemoryEngine, clock: Clock) -> None:
    also: list[dict[str, object]] = [{"type": "option", "name": "satellite", "value": "Kitchen"}]
    await remember(engine, "blue", key="colour")
    await engine.async_update(ALICE, "colour", MemoryChanges(value="green"))
    await remember(engine, "forgotten", key="old")
    await engine.async_forget(ALICE, ["old"])
    await remember(engine, "short", key="session", scope="session")
    shared = await remember(engine, "my own", key="shared")
    await engine.async_update(ALICE, "shared", MemoryChanges(value="ours", scope="household"))
    ours = await remember(engine, "Dinner at six", BOB, key="dinner", scope="household")
    await engine.async_update(ALICE, "dinner", MemoryChanges(value="Dinner at seven"))
    await remember(engine, "Bob's own", BOB, key="bob")
    await remember(engine, "nobody's business", NOBODY, key="other")
    clock.pass_days(2)  # the session is over, but nobody has cleaned up

    report = await engine.transfer.async_export_person(ALICE, also=also)

    header, *lines = records(report.path)
    assert jsonl.load_header(header) == jsonl.Header(
        exported_at=clock.now, content="person", filter=jsonl.dump_filter(MemoryFilter(owner=ALICE.user_id))
    )
    assert lines[0] == also[0]
    loaded = {loaded.memory.key: loaded for loaded in map(jsonl.load, filter(jsonl.is_memory, lines))}
    assert {key: len(history) for key, (_, history) in loaded.items()} == {"colour": 2, "old": 2, "session": 1}
    assert loaded["old"].memory.deleted_at is not None
    activity = [
        (line["memory_id"], line["kind"], line["before"] and line["before"]["value"],
         line["after"] and line["after"]["value"])
        for line in lines if line["type"] == "activity"
    ]  # fmt: skip
    assert activity == [
        (shared.id, "set", None, "my own"),
        (shared.id, "change", "my own", "ours"),
        (ours.id, "change", "Dinner at six", "Dinner at seven"),
    ]
    assert report.memories == 3
    assert report.path.name == "person-20270117-080000.jsonl"


async def test_a_persons_part_in_what_is_somebody_elses_today_shows_nothing_of_it(engine: MemoryEngine) -> None:
    memory = await remember(engine, "ours", NOBODY, key="bicycle")
    await engine.async_update(ALICE, "bicycle", MemoryChanges(value="ours, said alice"))
    bob = Caller(user_id=BOB.user_id, actor_id=ALICE.user_id, trusted=True)
    await engine.async_update(bob, "bicycle", MemoryChanges(scope="user", value="bob's wombat"))

    report = await engine.transfer.async_export_person(ALICE)

    content = report.path.read_text()
    assert memory.id not in content
    assert "wombat" not in content
    assert "ours, said alice" in content
    assert content.count('"type": "activity"') == 2


async def test_many_acts_come_each_once(engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_BATCH", 3)
    await remember(engine, "0", NOBODY, key="counter")
    for number in range(1, 9):
        await engine.async_update(ALICE, "counter", MemoryChanges(value=str(number)))

    report = await engine.transfer.async_export_person(ALICE)

    acts = [record["after"]["value"] for record in records(report.path) if record["type"] == "activity"]
    assert acts == [str(number) for number in range(1, 9)]


async def test_a_person_has_to_be_named(engine: MemoryEngine) -> None:
    with pytest.raises(InvalidInputError, match="person_missing"):
        await engine.transfer.async_export_person(NOBODY)


async def test_a_database_error_is_passed_on(engine: MemoryEngine, tmp_path: Path) -> None:
    await engine.async_close()
    with pytest.raises(StorageError):
        await engine.transfer.async_export(ALICE, path=tmp_path / "x.jsonl")
    assert not (tmp_path / "x.jsonl").exists()


async def test_what_is_to_be_fetched_goes_with_the_others(engine: MemoryEngine) -> None:
    cat = await remember(engine, "The cat is called Tom", key="cat")
    await remember(engine, "The dog is called Rex", key="dog")
    kept = await engine.transfer.async_export(ALICE)
    fetched = await engine.transfer.async_export(ALICE, MemoryFilter(ids=[cat.id]), download=True)
    assert fetched.path.parent == kept.path.parent
    assert fetched.path.name.startswith("download-")
    assert fetched.memories == 1
    assert "Rex" not in fetched.path.read_text()

    await engine.transfer.async_remove_downloads()

    assert [path.name for path in kept.path.parent.iterdir()] == [kept.path.name]


async def test_downloads_that_cannot_be_removed_are_left(engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("custom_components.semantic_memory.memory.transfer.folder.remove_downloads", fail)
    await engine.transfer.async_remove_downloads()


@pytest.mark.parametrize("caller", [ALICE, BOB, NOBODY])
async def test_nobody_gets_by_id_what_they_do_not_see(engine: MemoryEngine, caller: Caller) -> None:
    ids = [
        (await remember(engine, "The cat is called Tom", key="cat")).id,
        (await remember(engine, "The safe is behind the picture", BOB, key="safe")).id,
        (await remember(engine, "Dinner is at six", NOBODY, key="dinner")).id,
    ]
    report = await engine.transfer.async_export(caller, MemoryFilter(ids=[*ids, "unknown"]))
    seen = {"a" * 32: {"cat", "dinner"}, "b" * 32: {"safe", "dinner"}, None: {"dinner"}}[caller.user_id]
    lines = [json.loads(line) for line in report.path.read_text().splitlines()[1:]]
    assert {line["key"] for line in lines} == seen
