"""A file is taken in as a whole: whatever the order of what is in it, and wherever one batch ends."""

from dataclasses import replace
import json
from pathlib import Path
from typing import Any, Final

import pytest

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, MemoryFilter
from custom_components.semantic_memory.memory.transfer import source
from custom_components.semantic_memory.memory.transfer.merging import ImportOptions
from custom_components.semantic_memory.memory.transfer.reading.found import Reason
from custom_components.semantic_memory.memory.transfer.report import ImportReport

from ..fakes import ALICE, START, Clock, remember
from .foreign import AI_MEMORY_0, database, json_lines, luuquangvu, mem

ADMIN: Final = Caller(actor_id="admin", trusted=True)
ADA: Final = ALICE.user_id or ""
COFFEE: Final = {"id": "01K00000000000000000000000", "value": "Coffee", "key": "drink"}


@pytest.fixture(autouse=True, params=[1, 2, 250])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many are taken in at once."""
    monkeypatch.setattr(source, "BATCH", request.param)
    size: int = request.param
    return size


async def take_in(engine: MemoryEngine, path: Path) -> ImportReport:
    """Import a file for Alice, after a trial run that says the same."""
    options = ImportOptions(owner=ADA, known_owners={ADA})
    trial = await engine.transfer.async_import(ADMIN, path, replace(options, dry_run=True))
    report = await engine.transfer.async_import(ADMIN, path, options)
    assert counts(trial) == counts(report)
    assert (trial.skipped, trial.details, trial.notes) == (report.skipped, report.details, report.notes)
    return report


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return (report.added, report.updated, report.unchanged, report.skipped.total())


async def values(engine: MemoryEngine) -> dict[str, str]:
    """Return what Alice has, by key."""
    page = await engine.async_list(ALICE, MemoryFilter(), limit=500)
    return {memory.key: memory.value for memory in page.memories}


async def exported(engine: MemoryEngine, folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the header of an export and its memories by key, changed since."""
    mine = await engine.transfer.async_export(ALICE, path=folder / "mine.jsonl")
    header, *memories = map(json.loads, mine.path.read_text(encoding="utf-8").splitlines())
    return header, {memory["key"]: memory | {"updated_at": START + 5} for memory in memories}


@pytest.mark.parametrize("coffee_first", [True, False])
async def test_a_key_goes_to_a_new_memory(
    engine: MemoryEngine, tmp_path: Path, clock: Clock, *, coffee_first: bool
) -> None:
    await remember(engine, "Tea", key="drink")
    await remember(engine, "Bread", key="food")
    header, there = await exported(engine, tmp_path)
    coffee, tea = there["drink"] | COFFEE, there["drink"] | {"key": "leaves"}
    lines = [coffee, there["food"], tea] if coffee_first else [tea, there["food"], coffee]
    path = json_lines(tmp_path / "there.jsonl", header, *lines)
    clock.now += 10

    assert counts(await take_in(engine, path)) == (1, 1, 1, 0)
    assert await values(engine) == {"leaves": "Tea", "drink": "Coffee", "food": "Bread"}
    assert len(await engine.async_history(ALICE, "leaves")) == 2
    assert counts(await take_in(engine, path)) == (0, 0, 3, 0)


async def test_a_key_that_stays_where_it_is(engine: MemoryEngine, tmp_path: Path, clock: Clock) -> None:
    """What has it here was changed later than in the file, and keeps it: the new one means that memory."""
    await remember(engine, "Tea", key="drink")
    header, there = await exported(engine, tmp_path)
    coffee, tea = there["drink"] | COFFEE, there["drink"] | {"key": "leaves", "updated_at": START - 5}
    path = json_lines(tmp_path / "there.jsonl", header, coffee, tea)
    clock.now += 10

    report = await take_in(engine, path)
    assert counts(report) == (0, 1, 0, 1)
    assert [(item.where, item.reason) for item in report.details] == [(3, Reason.NEWER_HERE)]
    assert await values(engine) == {"drink": "Coffee"}
    assert counts(await take_in(engine, path)) == (0, 0, 1, 1)


@pytest.mark.parametrize("forwards", [True, False])
async def test_each_gets_the_key_of_the_next(
    engine: MemoryEngine, tmp_path: Path, clock: Clock, *, forwards: bool
) -> None:
    for number in range(7):
        await remember(engine, f"Value {number}", key=f"k{number}")
    header, there = await exported(engine, tmp_path)
    lines = [there[f"k{number}"] | {"key": f"k{number + 1}"} for number in range(7)]
    path = json_lines(tmp_path / "there.jsonl", header, *(lines if forwards else reversed(lines)))
    clock.now += 10

    assert counts(await take_in(engine, path)) == (0, 7, 0, 0)
    assert await values(engine) == {f"k{number + 1}": f"Value {number}" for number in range(7)}
    assert counts(await take_in(engine, path)) == (0, 0, 7, 0)


async def test_two_that_want_each_other_s_key(engine: MemoryEngine, tmp_path: Path, clock: Clock) -> None:
    """Neither can go first. They are named in the order of the file, among the others that were skipped."""
    for key in ("one", "two", "three"):
        await remember(engine, f"Value of {key}", key=key)
    header, there = await exported(engine, tmp_path)
    bad = there["three"] | {"id": COFFEE["id"], "key": "bad", "value": ""}
    lines = (there["one"] | {"key": "two"}, bad, there["two"] | {"key": "one"}, there["three"] | {"key": "four"}, bad)
    path = json_lines(tmp_path / "there.jsonl", header, *lines)
    clock.now += 10

    report = await take_in(engine, path)
    assert counts(report) == (0, 1, 0, 4)
    assert [(item.where, item.reason) for item in report.details] == [
        (2, Reason.KEY_IN_USE), (3, Reason.EMPTY), (4, Reason.KEY_IN_USE), (6, Reason.EMPTY)
    ]  # fmt: skip
    assert counts(await take_in(engine, path)) == (0, 0, 1, 4)


async def test_all_are_here_by_their_keys(engine: MemoryEngine, tmp_path: Path, clock: Clock, batch: int) -> None:
    """More than a batch of them, which are put off: each is counted once, when it is done."""
    for number in range(9):
        await remember(engine, f"Old {number}", key=f"k{number}")
    clock.pass_days(60)
    rows = [mem(f"k{number}", f"New {number}", created_at="2027-02-01T00:00:00+00:00") for number in range(11)]
    path = luuquangvu(tmp_path / "x.db", *rows)
    seen: list[tuple[int, int]] = []

    def progress(report: ImportReport) -> None:
        seen.append((report.added, report.updated))

    report = await engine.transfer.async_import(ADMIN, path, ImportOptions(owner=ADA), progress=progress)
    assert counts(report) == (2, 9, 0, 0)
    assert seen == sorted(seen)
    assert {(2, number) for number in range(0, 9, batch)} <= set(seen)
    assert await values(engine) == {f"k{number}": f"New {number}" for number in range(11)}
    assert counts(await take_in(engine, path)) == (0, 0, 11, 0)


async def test_stopped_before_those_that_were_put_off(
    engine: MemoryEngine, tmp_path: Path, clock: Clock, batch: int
) -> None:
    """They are not counted, as nothing became of them, and come in the next time."""
    await remember(engine, "Tea", key="drink")
    header, there = await exported(engine, tmp_path)
    food = there["drink"] | {"id": "01K00000000000000000000001", "key": "food", "value": "Bread"}
    path = json_lines(tmp_path / "there.jsonl", header, there["drink"] | COFFEE, food)
    clock.now += 10
    seen: list[int] = []
    report = await engine.transfer.async_import(
        ADMIN, path, ImportOptions(owner=ADA, known_owners={ADA}),
        progress=lambda report: seen.append(report.read),
        stop=lambda: bool(seen) and seen[-1] == 1,
    )  # fmt: skip
    assert report.stopped
    assert counts(report) == (1, 0, 0, 0)
    assert await values(engine) == {"drink": "Tea", "food": "Bread"}
    assert counts(await take_in(engine, path)) == (0, 1, 1, 0)
    assert await values(engine) == {"drink": "Coffee", "food": "Bread"}


def texts(path: Path, **contents: str) -> Path:
    """Make a database that has no keys."""
    path.unlink(missing_ok=True)
    common = {"scope": "common", "created_at": "2026-01-02T03:04:05", "metadata": "{}"}
    return database(path, AI_MEMORY_0, "memories", (common | {"id": i, "content": c} for i, c in contents.items()))


async def test_the_same_text_twice(engine: MemoryEngine, tmp_path: Path) -> None:
    """A trial run knows what it would have added by then, also where keys are made of the text."""
    path = texts(tmp_path / "x.db", a="Tea with milk", b="Coffee", c="TEA with milk", d="Tea with milk, again")
    assert counts(await take_in(engine, path)) == (3, 0, 1, 0)
    assert counts(await take_in(engine, path)) == (0, 0, 4, 0)


async def test_a_text_goes_to_a_new_memory(engine: MemoryEngine, tmp_path: Path) -> None:
    """What has this text here gets another one further down: it is a new memory that has it now."""
    await take_in(engine, texts(tmp_path / "x.db", z="Tea with milk"))
    path = texts(tmp_path / "x.db", a="Tea with milk", b="Coffee", z="Juice")
    assert counts(await take_in(engine, path)) == (2, 1, 0, 0)
    assert sorted((await values(engine)).values()) == ["Coffee", "Juice", "Tea with milk"]
    assert counts(await take_in(engine, path)) == (0, 0, 3, 0)
