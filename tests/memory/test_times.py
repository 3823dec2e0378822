"""Finding what was told at a time that the question names."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from custom_components.semantic_memory.memory.answers import Hit
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import (
    Caller,
    EngineSettings,
    MemoryChanges,
    MemoryFilter,
    RecallRequest,
)

from .fakes import ALICE, BOB, NOBODY, Clock, OpenEngine, remember

TODAY = datetime(2026, 11, 21, 9, tzinfo=UTC)
ROOMS = ("kitchen", "cellar", "garage", "attic", "nursery", "hallway")


@pytest.fixture(params=["sqlite-vec", "memory"])
async def diary(
    request: pytest.FixtureRequest, open_engine: OpenEngine, built_in: StaticEmbedder, clock: Clock
) -> MemoryEngine:
    """Return an engine that was told nearly the same every day for three months, with both kinds of index."""
    if request.param == "memory":
        request.getfixturevalue("without_sqlite_vec")
    engine = await open_engine(built_in)
    for back in range(90, 0, -1):
        clock.now = (TODAY - timedelta(days=back)).timestamp()
        await remember(engine, f"The meter in the {ROOMS[back % len(ROOMS)]} was read and cleaned", key=f"day_{back}")
    clock.now = TODAY.timestamp()
    return engine


async def hits(engine: MemoryEngine, query: str, caller: Caller = ALICE, **parts: object) -> tuple[Hit, ...]:
    """Return what is found."""
    request = RecallRequest(query=query, **parts)  # type: ignore[arg-type]
    return (await engine.async_recall(caller, request)).hits


async def parts(engine: MemoryEngine, query: str) -> set[str]:
    """Return the names of what the best score is made of."""
    (hit,) = await hits(engine, query, limit=1, explain=True)
    assert hit.explanation is not None
    return {part.name for part in hit.explanation.parts}


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("Which meter was read yesterday?", "day_1"),
        ("Which meter was read three days ago?", "day_3"),
        ("Which meter was read on 1 October 2026?", "day_51"),
        ("Which meter was read on October 1st?", "day_51"),
        ("Welcher meter was read am 1. Oktober?", "day_51"),
        ("Which meter was read on 2026-10-01?", "day_51"),
        ("yesterday", "day_1"),
        ("was habe ich gestern gesagt", "day_1"),
        ("what did I tell you the day before yesterday", "day_2"),
    ],
)
async def test_a_day_is_found_among_many_of_the_same_words(diary: MemoryEngine, query: str, key: str) -> None:
    for _ in range(2):  # the second time from memory
        found = await hits(diary, query, touch=False)
        assert found[0].memory.key == key
        assert found[0].score >= EngineSettings().threshold


async def test_a_week_is_found(diary: MemoryEngine) -> None:
    found = await hits(diary, "what did I say last week", limit=7)
    assert {hit.memory.key for hit in found} == {f"day_{back}" for back in range(6, 13)}


async def test_what_was_changed_then_counts_as_told_then(diary: MemoryEngine) -> None:
    await diary.async_update(ALICE, "day_80", MemoryChanges(value="The oven in the kitchen was repaired"))
    assert (await hits(diary, "what did we tell you today"))[0].memory.key == "day_80"


async def test_nobody_finds_what_was_told_by_somebody_else(diary: MemoryEngine, clock: Clock) -> None:
    clock.now = (TODAY - timedelta(days=1)).timestamp()
    await remember(diary, "The safe opens with 4711", BOB, key="safe")
    await remember(diary, "The gate opens with 0815", NOBODY, key="gate")
    clock.now = TODAY.timestamp()
    for query in ("yesterday", "what did Bob tell you yesterday", "2026-11-20"):
        assert {hit.memory.key for hit in await hits(diary, query, NOBODY)} == {"gate"}
        assert {hit.memory.key for hit in await hits(diary, query, BOB)} == {"gate", "safe"}
        assert "safe" not in {hit.memory.key for hit in await hits(diary, query, limit=50)}


async def test_filters_and_exclusions_hold(diary: MemoryEngine) -> None:
    before = MemoryFilter(created_before=(TODAY - timedelta(days=5)).timestamp())
    assert "day_1" not in {hit.memory.key for hit in await hits(diary, "yesterday", filter=before, limit=50)}
    assert "day_1" not in {hit.memory.key for hit in await hits(diary, "yesterday -cellar", syntax=True, limit=50)}


async def test_forgotten_and_expired_are_not_found(diary: MemoryEngine, clock: Clock) -> None:
    await remember(diary, "The parcel is in the shed", key="parcel", expires_in_days=1)
    assert (await hits(diary, "today"))[0].memory.key == "parcel"
    clock.pass_days(2)
    assert "parcel" not in {hit.memory.key for hit in await hits(diary, "two days ago", limit=50)}


async def test_a_time_at_which_nothing_was_told_costs_no_score(diary: MemoryEngine) -> None:
    without_times = {"meaning", "words", "own", "counterparts"}
    assert await parts(diary, "meter in the attic yesterday") == without_times | {"time"}
    assert await parts(diary, "meter in the attic in 1998") == without_times
    assert await parts(diary, "meter in the attic in 2030") == without_times


async def test_scores_stay_between_0_and_1(diary: MemoryEngine) -> None:
    for query in ("The meter in the cellar was read and cleaned yesterday", "yesterday, last week and last month"):
        assert all(0 <= hit.score <= 1 for hit in await hits(diary, query, limit=50, threshold=0))


async def test_days_are_those_of_the_home(tmp_path: Path, clock: Clock, built_in: StaticEmbedder) -> None:
    """When it is eleven in the morning in London, a day ends in Auckland."""
    engine = await MemoryEngine.async_open(
        tmp_path, EngineSettings(), clock=clock, zone=lambda: ZoneInfo("Pacific/Auckland")
    )
    try:
        await engine.async_start(built_in)
        for key, hour in (("before", 10), ("after", 12)):  # midnight there is 11 o'clock
            clock.now = TODAY.replace(day=20, hour=hour).timestamp()
            await remember(engine, f"The post came {key} the milk", key=key)
        clock.now = TODAY.timestamp()
        assert (await hits(engine, "yesterday"))[0].memory.key == "before"
        assert (await hits(engine, "today"))[0].memory.key == "after"
    finally:
        await engine.async_close()
