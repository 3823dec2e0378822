"""What pages show: windows on lists, counts of each kind, all about one memory, and what resembles it."""

from itertools import product

import pytest

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import InvalidInputError, MemoryNotFoundError, NotAllowedError
from custom_components.semantic_memory.memory.models import (
    Category,
    ChangeKind,
    Memory,
    MemoryChanges,
    MemoryFilter,
    SortKey,
    Source,
)
from custom_components.semantic_memory.memory.views import Facets, GroupKey, Window

from .fakes import ALICE, BOB, DAY, NOBODY, START, Clock, FakeEmbedder, OpenEngine, remember

SURFACES = ("llm", "action", "panel")
CATEGORIES = ("home", "user", "general", "event")


@pytest.fixture
async def filled(open_engine: OpenEngine, clock: Clock) -> MemoryEngine:
    """Return an engine with many memories of all kinds, some of which have expired or are forgotten."""
    engine = await open_engine()
    for number in range(40):
        clock.pass_days(0.01)
        caller = (ALICE, NOBODY, BOB)[number % 3]
        memory = await remember(
            engine,
            f"Number {number} is even" if number % 2 else f"The number {number}",
            caller,
            key=f"key {(number * 37) % 100:02}",
            category=CATEGORIES[number % 4],
            tags=["Even", f"t{number % 5}"] if number % 2 else ["even"] if number % 7 == 0 else [],
            pinned=number % 10 == 0,
            expires_in_days=1 if number % 20 == 5 else 6 if number % 8 == 2 else 30 + number,
            source=Source(surface=SURFACES[number % len(SURFACES) if number < 25 else 0]),
        )
        if number % 10 == 4:
            await engine.async_forget(caller, [memory.id])
        elif number % 4 == 0:
            await engine.async_get(caller, memory.id)
    await engine._uses.async_flush()
    clock.pass_days(2)  # some have expired, and nobody has cleaned up yet
    return engine


async def everything(engine: MemoryEngine, where: MemoryFilter = MemoryFilter()) -> list[Memory]:
    """Return what Alice sees, in the order of the pages that follow each other."""
    return list((await engine.async_list(ALICE, where, limit=500)).memories)


WHERE = {
    "nothing": MemoryFilter(),
    "own": MemoryFilter(owner=ALICE.user_id),
    "category": MemoryFilter(category="home"),
    "tags": MemoryFilter(tags="even"),
    "text": MemoryFilter(text="number even"),
    "pinned": MemoryFilter(pinned=True),
    "expiring": MemoryFilter(expiring=True),
    "not expiring": MemoryFilter(expiring=False),
    "surface": MemoryFilter(surface="llm"),
    "scope": MemoryFilter(scope="household"),
    "forgotten": MemoryFilter(forgotten=True),
    "forgotten, by text": MemoryFilter(forgotten=True, text="number"),
    "dates": MemoryFilter(created_after=START + 0.1 * DAY, updated_before=START + 0.5 * DAY),
}


@pytest.mark.parametrize("where", WHERE.values(), ids=list(WHERE))
async def test_windows_are_parts_of_the_list(filled: MemoryEngine, where: MemoryFilter) -> None:
    for sort, descending in product(SortKey, (True, False)):
        page = await filled.async_list(ALICE, where, sort=sort, descending=descending, limit=500)
        assert page.memories
        for offset, limit in ((0, 500), (0, 3), (2, 5), (len(page.memories) - 1, 4), (1_000, 5)):
            window = await filled.browser.async_list(
                ALICE, where, sort=sort, descending=descending, offset=offset, limit=limit
            )
            assert window == Window(memories=page.memories[offset : offset + limit], total=page.total)


@pytest.mark.parametrize("group_by", GroupKey)
async def test_groups_follow_each_other(filled: MemoryEngine, group_by: GroupKey) -> None:
    for where in WHERE.values():
        await check_groups(filled, where, group_by)


async def check_groups(filled: MemoryEngine, where: MemoryFilter, group_by: GroupKey) -> None:
    """Check every window on a list that is grouped."""
    flat = await everything(filled, where)
    order: list[str] = (
        list(Category) if group_by is GroupKey.CATEGORY else ["user", "household", "action", "llm", "panel"]
    )

    def group_of(memory: Memory) -> str:
        return memory.source.surface if group_by is GroupKey.SURFACE else str(getattr(memory, group_by))

    expected = sorted(flat, key=lambda memory: order.index(group_of(memory)))
    names = [group_of(memory) for memory in expected]
    whole = await filled.browser.async_list(ALICE, where, group_by=group_by, limit=500)

    assert list(whole.memories) == expected
    assert whole.groups == tuple((name, names.count(name)) for name in dict.fromkeys(names))
    for offset, limit in product((0, 1, 7, len(flat) - 1, 500), (1, 9, 500)):
        window = await filled.browser.async_list(ALICE, where, group_by=group_by, offset=offset, limit=limit)
        assert list(window.memories) == expected[offset : offset + limit]
        assert (window.groups, window.total) == (whole.groups, whole.total)


@pytest.mark.parametrize(
    ("offset", "limit", "code"), [(-1, 5, "offset"), (2**70, 5, "offset"), (0, 0, "limit"), (0, 501, "limit")]
)
async def test_places_that_there_are_not(filled: MemoryEngine, offset: int, limit: int, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await filled.browser.async_list(ALICE, offset=offset, limit=limit)
    assert caught.value.code == f"invalid_{code}"


@pytest.mark.parametrize("where", WHERE.values(), ids=list(WHERE))
async def test_facets_count_what_is_listed(filled: MemoryEngine, where: MemoryFilter, clock: Clock) -> None:
    found = await everything(filled, where)

    facets = await filled.browser.async_facets(ALICE, where)

    def counted(names: list[str]) -> dict[str, int]:
        return {name: names.count(name) for name in names}

    forgotten = found if where.forgotten else await everything(filled, MemoryFilter(forgotten=True))
    soon = clock.now + 7 * DAY
    assert facets == Facets(
        total=len(found),
        pinned=sum(memory.pinned for memory in found),
        expiring=sum(memory.expires_at is not None and memory.expires_at <= soon for memory in found),
        forgotten=facets.forgotten if where != MemoryFilter() else len(forgotten),
        owners=counted([memory.owner for memory in found]),
        scopes=counted([memory.scope.value for memory in found]),
        categories=counted([memory.category.value for memory in found]),
        surfaces=counted([memory.source.surface for memory in found]),
        tags=facets.tags,
    )
    tags = [tag.casefold() for memory in found for tag in memory.tags]
    assert {tag.casefold(): count for tag, count in facets.tags} == counted(tags)
    assert [count for _, count in facets.tags] == sorted((count for _, count in facets.tags), reverse=True)


async def test_facets_of_what_is_forgotten(filled: MemoryEngine) -> None:
    where = MemoryFilter(category="general")
    forgotten = await everything(filled, MemoryFilter(category="general", forgotten=True))

    assert (await filled.browser.async_facets(ALICE, where)).forgotten == len(forgotten)


async def test_what_others_have_is_neither_listed_nor_counted(filled: MemoryEngine) -> None:
    with pytest.raises(NotAllowedError):
        await filled.browser.async_list(ALICE, MemoryFilter(owner=BOB.user_id))
    with pytest.raises(NotAllowedError):
        await filled.browser.async_facets(ALICE, MemoryFilter(owner=BOB.user_id))


async def test_all_about_one(engine: MemoryEngine, clock: Clock) -> None:
    memory = await remember(engine, "Anna likes tea", key="tea")
    clock.pass_days(1)
    changed = await engine.async_update(ALICE, memory.id, MemoryChanges(value="Anna likes coffee"))

    shown = await engine.browser.async_show(ALICE, memory.id)

    assert shown.memory == changed
    assert [line.entry.kind for line in shown.history] == [ChangeKind.CHANGE, ChangeKind.SET]
    assert [line.undoable for line in shown.history] == [True, False]
    assert shown.history[0].entry.id > shown.history[1].entry.id
    assert await engine.browser.async_show(ALICE, "tea") == shown


async def test_looking_is_no_use(engine: MemoryEngine) -> None:
    memory = await remember(engine, "Anna likes tea", key="tea")

    await engine.browser.async_show(ALICE, memory.id)
    await engine.browser.async_similar(ALICE, memory.id)
    await engine.browser.async_list(ALICE)
    await engine._uses.async_flush()

    assert (await engine.browser.async_show(ALICE, memory.id)).memory.use_count == 0


async def test_what_is_forgotten_can_be_looked_at(engine: MemoryEngine, clock: Clock) -> None:
    memory = await remember(engine, "Anna likes tea", key="tea", expires_in_days=1)
    clock.pass_days(2)  # not cleaned up yet: for all to see it is neither live nor forgotten
    with pytest.raises(MemoryNotFoundError):
        await engine.browser.async_show(ALICE, memory.id)

    await engine.async_run_maintenance()
    shown = await engine.browser.async_show(ALICE, memory.id)

    assert shown.memory.deleted_at == clock.now
    assert [(line.entry.kind, line.undoable) for line in shown.history] == [
        (ChangeKind.EXPIRE, True),
        (ChangeKind.SET, False),
    ]


async def test_the_live_one_rather_than_one_forgotten(engine: MemoryEngine, clock: Clock) -> None:
    old = await remember(engine, "Anna likes tea", key="tea")
    await engine.async_forget(ALICE, [old.id])
    clock.pass_days(1)
    newer = await remember(engine, "Anna likes milk", key="tea")
    assert (await engine.browser.async_show(ALICE, "tea")).memory == newer

    await engine.async_forget(ALICE, [newer.id])

    assert (await engine.browser.async_show(ALICE, "tea")).memory.id == newer.id
    assert (await engine.browser.async_show(ALICE, old.id)).memory.id == old.id


async def test_similar_memories(engine: MemoryEngine) -> None:
    tea = await remember(engine, "Anna likes green tea in the morning", key="tea")
    black = await remember(engine, "Anna likes black tea in the morning", NOBODY, key="black")
    await remember(engine, "Anna likes white tea in the morning", BOB, key="white")
    await remember(engine, "The bins are collected on Friday", key="bins")

    hits = await engine.browser.async_similar(ALICE, tea.id)

    assert [hit.memory.id for hit in hits] == [black.id]
    assert 0.4 < hits[0].score <= 1
    assert await engine.browser.async_similar(ALICE, tea.id, limit=1) == hits


async def test_similar_in_the_space_that_serves(open_engine: OpenEngine, built_in: StaticEmbedder) -> None:
    engine = await open_engine(built_in, FakeEmbedder())
    car = await remember(engine, "the automobile is red")
    same = await remember(engine, "the vehicle is red")
    while engine.status.pending:
        await engine._worker._async_pass()

    assert [hit.memory.id for hit in await engine.browser.async_similar(ALICE, car.id)] == [same.id]
    assert (await engine.browser.async_similar(ALICE, car.id))[0].vector_score == pytest.approx(1, abs=0.01)


async def test_similar_by_words_without_vectors(open_engine: OpenEngine) -> None:
    engine = await open_engine()
    tea = await remember(engine, "Anna likes green tea", key="tea")
    other = await remember(engine, "Green tea is in the cupboard", key="cupboard")
    await remember(engine, "The bins are collected on Friday", key="bins")

    assert [hit.memory.id for hit in await engine.browser.async_similar(ALICE, tea.id)] == [other.id]


async def test_nothing_resembles_what_is_not_there(engine: MemoryEngine) -> None:
    memory = await remember(engine, "Anna likes tea")
    await engine.async_forget(ALICE, [memory.id])

    with pytest.raises(MemoryNotFoundError):
        await engine.browser.async_similar(ALICE, memory.id)
