"""What listeners are told: what happened, to which memories, by whom and through what."""

from collections.abc import Awaitable, Callable

import pytest

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import (
    Caller,
    Memory,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    Scope,
    Source,
)
from custom_components.semantic_memory.memory.status import EngineEvent

from .fakes import ALICE, NOBODY, Clock, remember

PANEL = Source(surface="panel")
FOR_ALICE = Caller(user_id=ALICE.user_id, actor_id="automation", trusted=True)


@pytest.fixture
def told(engine: MemoryEngine) -> list[EngineEvent]:
    """Return what is told of memories from now on."""
    events: list[EngineEvent] = []
    engine.subscribe(lambda event: events.append(event) if event.kind not in ("status", "recall") else None)
    return events


async def test_what_is_new_was_not_there_before(engine: MemoryEngine, told: list[EngineEvent]) -> None:
    new = await remember(engine, "Column B2", FOR_ALICE, key="car", source=PANEL)
    changed = await remember(engine, "Column C3", FOR_ALICE, key="car", source=PANEL)
    await remember(engine, "Column C3", FOR_ALICE, key="car", source=PANEL)

    assert told == [
        EngineEvent(kind="set", memories=(new,), actor="automation", surface="panel"),
        EngineEvent(kind="set", memories=(changed,), before=(new,), actor="automation", surface="panel"),
    ]


async def update(engine: MemoryEngine, memory: Memory) -> None:
    await engine.async_update(FOR_ALICE, memory.id, MemoryChanges(scope=Scope.HOUSEHOLD, source=PANEL))


async def forget(engine: MemoryEngine, memory: Memory) -> None:
    await engine.async_forget(FOR_ALICE, [memory.id], source=PANEL)


async def purge(engine: MemoryEngine, memory: Memory) -> None:
    await engine.async_forget(FOR_ALICE, [memory.id], purge=True, source=PANEL)


@pytest.mark.parametrize(("work", "kind"), [(update, "change"), (forget, "forget"), (purge, "purge")])
async def test_who_did_it_and_through_what(
    engine: MemoryEngine,
    told: list[EngineEvent],
    work: Callable[[MemoryEngine, Memory], Awaitable[None]],
    kind: str,
) -> None:
    memory = await remember(engine, "Column B2", key="car")
    await work(engine, memory)

    event = told[-1]
    assert (event.kind, event.actor, event.surface) == (kind, "automation", "panel")
    assert [before.id for before in event.before] == [memory.id]


async def test_restoring(engine: MemoryEngine, told: list[EngineEvent]) -> None:
    memory = await remember(engine, "Column B2", key="car")
    await engine.async_forget(ALICE, ["car"])
    await engine.async_restore(FOR_ALICE, "car", source=PANEL)

    event = told[-1]
    assert (event.kind, event.actor, event.surface) == ("restore", "automation", "panel")
    assert [(restored.id, restored.deleted_at) for restored in event.memories] == [(memory.id, None)]


async def write(engine: MemoryEngine) -> None:
    await remember(engine, "Something else", key="else")


@pytest.mark.parametrize("work", [write, MemoryEngine.async_run_maintenance])
async def test_what_expires_is_told_by_itself(
    engine: MemoryEngine, told: list[EngineEvent], clock: Clock, work: Callable[[MemoryEngine], Awaitable[None]]
) -> None:
    own = await remember(engine, "Column B2", key="car", expires_in_days=1)
    common = await remember(engine, "Bins on Tuesday", NOBODY, key="bins", expires_in_days=1)
    await remember(engine, "Stays", key="stays")
    told.clear()
    clock.pass_days(2)
    await work(engine)

    event = told[0]
    assert (event.kind, event.actor, event.surface) == ("expire", None, "maintenance")
    assert {memory.id for memory in event.memories} == {own.id, common.id}
    assert all(memory.deleted_at == clock.now for memory in event.memories)
    assert "expire" not in [later.kind for later in told[1:]]


async def test_a_refused_change_tells_nothing(engine: MemoryEngine, told: list[EngineEvent]) -> None:
    with pytest.raises(Exception, match="not_found"):
        await engine.async_update(ALICE, "nothing", MemoryChanges(value="x"))

    assert told == []


async def test_daily_purge_is_told_apart(engine: MemoryEngine, told: list[EngineEvent], clock: Clock) -> None:
    await remember(engine, "Column B2", key="car")
    await engine.async_forget(ALICE, ["car"])
    told.clear()
    clock.pass_days(31)
    await engine.async_run_maintenance()

    assert [(event.kind, event.actor, len(event.memories)) for event in told] == [("purge", None, 1)]


async def test_many_are_told_at_once(engine: MemoryEngine, told: list[EngineEvent]) -> None:
    for number in range(3):
        await engine.async_remember(ALICE, MemoryDraft(key=f"lamp_{number}", value=f"Lamp {number}"))
    told.clear()
    await engine.async_forget(ALICE, where=MemoryFilter(text="lamp"), source=PANEL)

    assert [(event.kind, len(event.memories)) for event in told] == [("forget", 3)]
