"""What happened to memories, and what was recalled, on one page, for those who may know."""

import sqlite3
from typing import Final

import pytest

from custom_components.semantic_memory.memory.activity import KINDS, ActivityPage, Entry
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.models import Caller, MemoryChanges, RecallRequest
from custom_components.semantic_memory.memory.recalls import Recall

from .fakes import ALICE, BOB, NOBODY, Clock, remember

ALICE_FOR_BOB: Final = Caller(user_id=BOB.user_id, actor_id=ALICE.user_id, trusted=True)


def in_short(entry: Entry) -> str:
    """Return an entry as text."""
    if isinstance(entry, Recall):
        return f"recall {entry.query}"
    state = entry.entry.after or entry.entry.before or {}
    return f"{entry.entry.kind} {state['key']}"


def told(page: ActivityPage) -> list[str]:
    """Return a page as texts."""
    return [in_short(entry) for entry in page.entries]


async def live(engine: MemoryEngine, clock: Clock) -> None:
    """Let things happen, an hour apart."""
    await remember(engine, "The cat is called Tom", key="cat")
    clock.now += 3_600
    await engine.async_recall(ALICE, RecallRequest(query="cat", log=True))
    clock.now += 3_600
    await engine.async_update(ALICE, "cat", MemoryChanges(value="The cat is called Tim"))
    clock.now += 3_600
    await remember(engine, "Bob's secret", BOB, key="secret")
    clock.now += 3_600
    await engine.async_recall(BOB, RecallRequest(query="secret", log=True))
    clock.now += 3_600
    await remember(engine, "Dinner is at six", NOBODY, key="dinner")
    clock.now += 3_600
    await engine.async_recall(NOBODY, RecallRequest(query="dinner", log=True))
    clock.now += 3_600
    await engine.async_forget(ALICE, ["cat"])


ALL: Final = [
    "forget cat",
    "recall dinner",
    "set dinner",
    "change cat",
    "recall cat",
    "set cat",
]


async def test_everybody_is_told_of_what_they_may_see(engine: MemoryEngine, clock: Clock) -> None:
    await live(engine, clock)
    assert told(await engine.activity.async_page(ALICE)) == ALL
    assert told(await engine.activity.async_page(BOB)) == [
        "recall dinner",
        "set dinner",
        "recall secret",
        "set secret",
    ]
    assert told(await engine.activity.async_page(NOBODY)) == ["recall dinner", "set dinner"]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 7])
async def test_pages_follow_each_other(engine: MemoryEngine, clock: Clock, limit: int) -> None:
    await live(engine, clock)
    found: list[str] = []
    cursor = None
    for page_number in range(7):
        page = await engine.activity.async_page(ALICE, limit=limit, cursor=cursor)
        assert len(page.entries) == min(limit, len(ALL) - limit * page_number)
        found += told(page)
        if (cursor := page.cursor) is None:
            break
        # What comes meanwhile is on no later page.
        await remember(engine, "Something new", key=f"new {page_number}")
        await engine.async_recall(ALICE, RecallRequest(query="new", log=True))
    assert found == ALL


async def test_kinds(engine: MemoryEngine, clock: Clock) -> None:
    await live(engine, clock)
    page = engine.activity.async_page
    assert told(await page(ALICE, ["set", "forget"])) == ["forget cat", "set dinner", "set cat"]
    assert told(await page(ALICE, ["recall"])) == ["recall dinner", "recall cat"]
    assert told(await page(ALICE, ["recall"], limit=1)) == ["recall dinner"]
    assert told(await page(ALICE, ["recall"], cursor=(await page(ALICE, ["recall"], limit=1)).cursor)) == ["recall cat"]
    assert told(await page(ALICE, ["expire"])) == []
    assert told(await page(ALICE, [])) == []
    assert set(KINDS) == {"set", "change", "forget", "expire", "restore", "recall"}


async def test_what_is_said_anew_is_a_change(engine: MemoryEngine) -> None:
    await remember(engine, "The car is red", key="car")
    await remember(engine, "The car is blue", key="car")

    assert told(await engine.activity.async_page(ALICE, ["change"])) == ["set car"]
    (first,) = (await engine.activity.async_page(ALICE, ["set"])).entries
    assert not isinstance(first, Recall)
    assert first.entry.before is None


async def test_a_memory_is_told_of_while_it_is_in_sight(engine: MemoryEngine) -> None:
    memory = await remember(engine, "The safe's code was quokka", key="safe")
    await engine.async_update(ALICE, "safe", MemoryChanges(value="The code is wombat", scope="household"))
    trusted = Caller(user_id=ALICE.user_id, trusted=True)
    await engine.async_update(trusted, "safe", MemoryChanges(value="The code is numbat", scope="user"))
    await remember(engine, "Bob's fact", BOB, key="fact")
    await engine.async_update(ALICE_FOR_BOB, "fact", MemoryChanges(value="Bob's other fact"))

    page = await engine.activity.async_page(BOB, limit=10)

    assert [
        (line.memory_id, line.entry.kind, line.entry.actor, line.entry.before and line.entry.before["value"],
         line.entry.after and line.entry.after["value"])
        for line in page.entries if not isinstance(line, Recall)
    ][2:] == [
        (None, "change", ALICE.user_id, "The code is wombat", None),
        (None, "change", ALICE.user_id, None, "The code is wombat"),
    ]  # fmt: skip
    assert "quokka" not in repr(page)
    assert "numbat" not in repr(page)
    assert memory.id not in repr(page)
    assert memory.id in repr(await engine.activity.async_page(ALICE))


async def test_what_expires_and_what_comes_back(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "We park in B2", key="parking", expires_in_days=1)
    clock.pass_days(2)
    await engine.async_run_maintenance()
    await engine.async_restore(ALICE, "parking")
    assert told(await engine.activity.async_page(ALICE)) == ["restore parking", "expire parking", "set parking"]


async def test_what_was_purged_never_happened(engine: MemoryEngine, clock: Clock) -> None:
    await live(engine, clock)
    await engine.async_forget(ALICE, ["cat"], purge=True)
    assert told(await engine.activity.async_page(ALICE)) == ["recall dinner", "set dinner"]


async def test_a_clock_that_is_set_back_loses_nothing(engine: MemoryEngine, clock: Clock) -> None:
    for number in range(3):
        await remember(engine, f"Fact {number}", key=f"fact {number}", force_new=True)
        await engine.async_recall(ALICE, RecallRequest(query=f"fact {number}", log=True))
        clock.now -= 3_600
    found: list[str] = []
    cursor = None
    for _ in range(6):
        page = await engine.activity.async_page(ALICE, limit=1, cursor=cursor)
        found += told(page)
        cursor = page.cursor
    assert cursor is None
    assert sorted(found) == [*(f"recall fact {number}" for number in range(3)), *(f"set fact_{n}" for n in range(3))]


@pytest.mark.parametrize("cursor", ["", ".", "1", "1.", ".1", "a.b", "-1.2", "1.2.3", "².", f"{10**19}.", "1 ."])
async def test_a_cursor_of_somebody_elses(engine: MemoryEngine, cursor: str) -> None:
    with pytest.raises(InvalidInputError, match="invalid_cursor"):
        await engine.activity.async_page(ALICE, cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_a_page_of_a_wrong_size(engine: MemoryEngine, limit: int) -> None:
    with pytest.raises(InvalidInputError, match="invalid_limit"):
        await engine.activity.async_page(ALICE, limit=limit)


async def test_a_kind_that_does_not_exist(engine: MemoryEngine) -> None:
    with pytest.raises(InvalidInputError, match="invalid_kind") as raised:
        await engine.activity.async_page(ALICE, ["set", "purge"])
    assert raised.value.placeholders["kind"] == "purge"


async def test_history_of_a_row_that_nobody_owned(engine: MemoryEngine) -> None:
    """Another program may have emptied what a line of the history says."""
    await remember(engine, "The cat is called Tom", key="cat")

    def empty(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE history SET before = NULL, after = NULL")

    await engine._database.async_write(empty)
    assert told(await engine.activity.async_page(ALICE)) == []
