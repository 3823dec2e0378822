"""Lists: filters, orders and pages."""

import asyncio

import pytest

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.models import MemoryFilter, SortKey

from .fakes import ALICE, BOB, DAY, NOBODY, START, Clock, OpenEngine, remember


@pytest.fixture
async def filled(open_engine: OpenEngine, clock: Clock) -> MemoryEngine:
    """Return an engine with memories of different days."""
    engine = await open_engine()
    await remember(engine, "Anna likes tea", key="c", category="preference", tags="Food, drink", pinned=True)
    clock.pass_days(1)
    await remember(engine, "Straße 5", key="a", category="home", tags=["food"], expires_in_days=30)
    clock.pass_days(1)
    await remember(engine, "Milk & more", NOBODY, key="b", expires_in_days=10)
    await remember(engine, "theirs", BOB, key="d")
    return engine


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (MemoryFilter(), "abc"),
        (MemoryFilter(owner=ALICE.user_id), "ac"),
        (MemoryFilter(owner="household"), "b"),
        (MemoryFilter(scope="user"), "ac"),
        (MemoryFilter(scope="household"), "b"),
        (MemoryFilter(category="Home "), "a"),
        (MemoryFilter(tags="food"), "ac"),
        (MemoryFilter(tags="FOOD;Drink"), "c"),
        (MemoryFilter(text="lik te"), "c"),
        (MemoryFilter(text="ANNA"), "c"),
        (MemoryFilter(text="straße"), "a"),
        (MemoryFilter(text="&"), "b"),
        (MemoryFilter(text="food"), "ac"),
        (MemoryFilter(text="  "), "abc"),
        (MemoryFilter(pinned=True), "c"),
        (MemoryFilter(pinned=False), "ab"),
        (MemoryFilter(created_after=START + DAY), "ab"),
        (MemoryFilter(created_before=START + DAY), "c"),
        (MemoryFilter(updated_after=START + 2 * DAY), "b"),
        (MemoryFilter(updated_before=START + 2 * DAY), "ac"),
        (MemoryFilter(expires_before=START + 12 * DAY), ""),
        (MemoryFilter(expires_before=START + 13 * DAY), "b"),
        (MemoryFilter(expires_before=START + 32 * DAY), "ab"),
        (MemoryFilter(forgotten=True), ""),
    ],
)
async def test_filters(filled: MemoryEngine, where: MemoryFilter, expected: str) -> None:
    page = await filled.async_list(ALICE, where)
    assert (sorted(memory.key for memory in page.memories), page.total) == (list(expected), len(expected))


async def test_forgotten_ones(filled: MemoryEngine) -> None:
    await filled.async_forget(ALICE, ["a", "c"])
    for where, expected in (
        (MemoryFilter(forgotten=True), "ac"),
        (MemoryFilter(forgotten=True, text="anna TEA"), "c"),
        (MemoryFilter(forgotten=True, text="strasse"), "a"),
        (MemoryFilter(forgotten=True, owner="household"), ""),
        (MemoryFilter(), "b"),
    ):
        page = await filled.async_list(ALICE, where)
        assert sorted(memory.key for memory in page.memories) == list(expected)


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        (SortKey.UPDATED, "cab"),
        (SortKey.CREATED, "cab"),
        (SortKey.KEY, "abc"),
        (SortKey.EXPIRES, "bac"),
        (SortKey.USE_COUNT, "cba"),
        (SortKey.LAST_USED, "cab"),
    ],
)
async def test_orders(filled: MemoryEngine, clock: Clock, sort: SortKey, ascending: str) -> None:
    for key in "aab":
        await filled.async_get(ALICE, key)
        clock.pass_days(0.1)
    await filled._uses.async_flush()
    up = await filled.async_list(ALICE, sort=sort, descending=False)
    down = await filled.async_list(ALICE, sort=sort)
    assert "".join(memory.key for memory in up.memories) == ascending
    assert "".join(memory.key for memory in down.memories) == ascending[::-1]


@pytest.mark.parametrize("sort", SortKey)
@pytest.mark.parametrize("descending", [True, False])
async def test_pages_hold_everything_once(
    open_engine: OpenEngine, clock: Clock, sort: SortKey, descending: bool
) -> None:
    engine = await open_engine()
    # Most values are equal, so that the order rests on the tie-break.
    await asyncio.gather(*(remember(engine, f"v{number}", key=f"k{number}") for number in range(13)))
    seen: list[str] = []
    cursor = None
    while True:
        page = await engine.async_list(ALICE, sort=sort, descending=descending, limit=4, cursor=cursor)
        seen += [memory.key for memory in page.memories]
        if page.cursor is None:
            break
        cursor = page.cursor
        # A memory that comes or goes meanwhile moves no page.
        if len(seen) == 4:
            await engine.async_forget(ALICE, [seen[0]])
    assert sorted(seen) == sorted(f"k{number}" for number in range(13))


@pytest.mark.parametrize(
    "cursor", ["", "!!!", "é", "\ud800", "bnVsbA==", "WzEsMiwzXQ==", "e30=", "WyJrZXkiLCJhIiwiYiJd", "WyJrZXkiXQ=="]
)
async def test_bad_cursors(filled: MemoryEngine, cursor: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await filled.async_list(ALICE, sort=SortKey.KEY, cursor=cursor)
    assert caught.value.code == "invalid_cursor"


async def test_a_cursor_of_another_order(filled: MemoryEngine) -> None:
    page = await filled.async_list(ALICE, sort=SortKey.KEY, limit=1)
    with pytest.raises(InvalidInputError) as caught:
        await filled.async_list(ALICE, sort=SortKey.UPDATED, cursor=page.cursor)
    assert caught.value.code == "invalid_cursor"


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_bad_limits(filled: MemoryEngine, limit: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await filled.async_list(ALICE, limit=limit)
    assert (caught.value.code, caught.value.placeholders) == ("invalid_limit", {"max": "500"})
