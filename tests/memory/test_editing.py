"""Changing several memories at once, giving them to others, and undoing."""

import pytest

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import (
    InvalidInputError,
    KeyInUseError,
    MemoryNotFoundError,
    NotAllowedError,
)
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Caller,
    Category,
    ChangeKind,
    HistoryEntry,
    Memory,
    MemoryChanges,
    MemoryFilter,
    RecallRequest,
    Scope,
    Source,
)
from custom_components.semantic_memory.memory.status import EngineEvent

from .fakes import ALICE, BOB, DAY, NOBODY, Clock, assert_sound, remember

ADMIN = Caller(user_id=ALICE.user_id, trusted=True)
PANEL = Source(surface="panel")


@pytest.fixture
def told(engine: MemoryEngine) -> list[EngineEvent]:
    """Return what is told of memories."""
    events: list[EngineEvent] = []
    engine.subscribe(lambda event: None if event.kind == "status" else events.append(event))
    return events


async def update(engine: MemoryEngine, memory: Memory, caller: Caller = ALICE, **changes: object) -> Memory:
    """Change one memory."""
    (after,) = await engine.editor.async_update(caller, [memory.id], MemoryChanges(source=PANEL, **changes))  # type: ignore[arg-type]
    return after


async def code_of(call: object) -> str:
    """Return the code of the error that a call raises."""
    with pytest.raises(InvalidInputError) as caught:
        await call  # type: ignore[misc]
    return caught.value.code


async def history(engine: MemoryEngine, memory: Memory, caller: Caller = ALICE) -> list[HistoryEntry]:
    """Return the lines of a memory's history as a page shows them, the newest first."""
    shown = await engine.browser.async_show(caller, memory.id)
    return [line.entry for line in shown.history]


async def test_several_at_once(engine: MemoryEngine, told: list[EngineEvent], clock: Clock) -> None:
    before = [await remember(engine, f"Number {n}", key=f"n{n}", tags=f"n{n}, Old") for n in range(3)]
    told.clear()
    clock.pass_days(1)

    after = await engine.editor.async_update(
        ALICE,
        [memory.id for memory in before],
        MemoryChanges(add_tags=["new", "N1"], remove_tags=["OLD"], category="home", pinned=True, source=PANEL),
    )

    assert [memory.tags for memory in after] == [("n0", "new", "N1"), ("n1", "new"), ("n2", "new", "N1")]
    assert {(memory.category, memory.pinned, memory.updated_at) for memory in after} == {
        (Category.HOME, True, clock.now)
    }
    # Where they came from stays; who edited them is in the history.
    assert [memory.source for memory in after] == [memory.source for memory in before]
    assert [(await history(engine, memory))[0].surface for memory in after] == ["panel"] * 3
    assert told == [
        EngineEvent(kind="change", memories=after, before=tuple(before), actor=ALICE.user_id, surface="panel")
    ]
    assert [(await history(engine, memory))[0].kind for memory in after] == [ChangeKind.CHANGE] * 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (MemoryChanges(category="nonsense"), "invalid_category"),
        (MemoryChanges(confidence=2), "invalid_confidence"),
        (MemoryChanges(add_tags=["x" * 65]), "tag_too_long"),
        (MemoryChanges(add_tags=[str(number) for number in range(32)]), "too_many_tags"),
        (MemoryChanges(expires_at=1.0), "invalid_expiry"),
        (MemoryChanges(expires_at=float("nan")), "invalid_expiry"),
        (MemoryChanges(expires_at=9e12), "invalid_expiry"),
        (MemoryChanges(key="same"), "one_memory_only"),
        (MemoryChanges(value="the same"), "one_memory_only"),
        (MemoryChanges(owner=BOB.user_id), "move_to_other"),
    ],
)
async def test_all_or_none(engine: MemoryEngine, told: list[EngineEvent], changes: MemoryChanges, code: str) -> None:
    memories = [await remember(engine, "Number 1", tags="a"), await remember(engine, "Number 2", tags="b")]
    told.clear()

    assert await code_of(engine.editor.async_update(ALICE, [m.id for m in memories], changes)) == code

    assert [(await engine.browser.async_show(ALICE, m.id)).memory for m in memories] == memories
    assert told == []


async def test_none_if_one_is_not_there(engine: MemoryEngine) -> None:
    mine, theirs = await remember(engine, "Mine"), await remember(engine, "Theirs", BOB)

    for missing in (theirs.id, "01M7XHCTBXMBTQ5E58Z9NS5QBJ"):
        with pytest.raises(MemoryNotFoundError):
            await engine.editor.async_update(ALICE, [mine.id, missing], MemoryChanges(pinned=True))

    assert (await engine.browser.async_show(ALICE, mine.id)).memory == mine
    await assert_sound(engine)


async def test_expiry_is_when_it_was_said(engine: MemoryEngine, clock: Clock) -> None:
    memory = await remember(engine, "The milk is open", pinned=True)
    end = clock.now + 12.345 * DAY

    ending = await update(engine, memory, expires_at=end)
    assert ending.expires_at == end
    assert await update(engine, memory, expires_at=end) == ending
    assert (await update(engine, memory, expires_in_days=0)).expires_at is None
    assert len(await history(engine, memory)) == 3


async def test_giving_to_the_household_and_back(engine: MemoryEngine, told: list[EngineEvent]) -> None:
    memory = await remember(engine, "The code is 1234", key="code", expires_in_days=3)
    told.clear()

    shared = await update(engine, memory, owner=HOUSEHOLD)

    assert (shared.owner, shared.scope, shared.expires_at) == (HOUSEHOLD, Scope.HOUSEHOLD, memory.expires_at)
    assert (told[0].before, told[0].memories) == ((memory,), (shared,))
    assert (await engine.async_get(BOB, "code")).id == memory.id
    found = await engine.async_recall(BOB, RecallRequest(query="code", touch=False))
    assert [hit.memory.id for hit in found.hits] == [memory.id]
    # Whoever is not trusted cannot take it from the others again.
    assert await code_of(update(engine, memory, owner=ALICE.user_id)) == "household_move"
    assert (await update(engine, memory, ADMIN, owner=ALICE.user_id)).scope is Scope.USER
    await assert_sound(engine)


async def test_giving_to_somebody_else(engine: MemoryEngine) -> None:
    memory = await remember(engine, "The code is 1234", key="code")
    assert await code_of(update(engine, memory, owner=BOB.user_id)) == "move_to_other"

    given = await update(engine, memory, ADMIN, owner=BOB.user_id, value="The code is 4321")

    assert (given.owner, given.scope) == (BOB.user_id, Scope.USER)
    assert (await engine.async_get(BOB, "code")).id == memory.id
    assert await code_of(engine.async_get(ADMIN, "code")) == "not_found"
    assert [(entry.before, entry.kind) for entry in await history(engine, memory, BOB)] == [(None, ChangeKind.CHANGE)]
    await assert_sound(engine)


async def test_giving_what_somebody_has_already(engine: MemoryEngine) -> None:
    memory = await remember(engine, "The code is 1234", key="code")
    await remember(engine, "The code is 5678", BOB, key="code")

    with pytest.raises(KeyInUseError):
        await update(engine, memory, ADMIN, owner=BOB.user_id)


async def test_what_is_for_today_stays_so(engine: MemoryEngine) -> None:
    memory = await remember(engine, "Guests come at eight", scope=Scope.SESSION)

    given = await update(engine, memory, owner=HOUSEHOLD)

    assert (given.owner, given.scope, given.expires_at) == (HOUSEHOLD, Scope.SESSION, memory.expires_at)


async def undo(engine: MemoryEngine, memory: Memory, place: int = 0, caller: Caller = ALICE) -> Memory:
    """Undo a line of a memory's history, counted from the newest."""
    lines = await history(engine, memory, caller)
    return await engine.editor.async_undo(caller, memory.id, lines[place].id, source=PANEL)


def state(memory: Memory) -> tuple[object, ...]:
    """Return what people can change."""
    return (
        memory.key, memory.value, memory.owner, memory.scope, memory.category, memory.tags, memory.confidence,
        memory.pinned, memory.expires_at,
    )  # fmt: skip


async def test_undoing_a_change_of_everything(engine: MemoryEngine, told: list[EngineEvent], clock: Clock) -> None:
    before = await remember(engine, "Anna likes tea", key="tea", tags="drink", category="preference", expires_in_days=9)
    after = await update(
        engine, before, key="coffee", value="Anna likes coffee", owner=HOUSEHOLD, category="user", tags=["cup"],
        confidence=0.5, pinned=True, expires_in_days=0,
    )  # fmt: skip
    assert state(after) != state(before)
    told.clear()
    clock.pass_days(1)

    undone = await undo(engine, before, caller=ADMIN)

    assert state(undone) == state(before)
    assert (undone.updated_at, undone.source) == (clock.now, before.source)
    assert told == [
        EngineEvent(kind="change", memories=(undone,), before=(after,), actor=ALICE.user_id, surface="panel")
    ]
    lines = await history(engine, before)
    assert [line.kind for line in lines] == [ChangeKind.CHANGE, ChangeKind.CHANGE, ChangeKind.SET]
    found = await engine.async_recall(ALICE, RecallRequest(query="who likes tea", touch=False))
    assert [hit.memory.value for hit in found.hits] == ["Anna likes tea"]
    assert state(await undo(engine, before, caller=ADMIN)) == state(after)  # what was undone can be undone
    await assert_sound(engine)


async def test_undoing_what_was_said_again(engine: MemoryEngine) -> None:
    await remember(engine, "The car is in B2", key="car")
    await remember(engine, "The car is in C3", key="car")
    memory = await remember(engine, "The car is in D4", key="car")

    assert (await undo(engine, memory, 1)).value == "The car is in B2"


@pytest.mark.parametrize("forget", ["forget", "expire"])
async def test_undoing_brings_back(engine: MemoryEngine, told: list[EngineEvent], clock: Clock, forget: str) -> None:
    memory = await remember(engine, "Anna likes tea", key="tea", expires_in_days=1)
    if forget == "forget":
        await engine.async_forget(ALICE, [memory.id])
    else:
        clock.pass_days(2)
        await engine.async_run_maintenance()
    told.clear()

    back = await undo(engine, memory)

    assert (back.deleted_at, back.value) == (None, memory.value)
    assert back.expires_at is not None
    assert back.expires_at > clock.now
    assert [event.kind for event in told] == ["restore"]
    assert (await history(engine, memory))[0].kind is ChangeKind.RESTORE
    assert (await engine.async_get(ALICE, "tea")).id == memory.id


async def test_what_would_have_ended_since_gets_a_new_lease(engine: MemoryEngine, clock: Clock) -> None:
    memory = await remember(engine, "Anna likes tea", expires_in_days=1)
    await update(engine, memory, expires_in_days=30)
    clock.pass_days(2)

    undone = await undo(engine, memory)

    assert undone.expires_at == clock.now + engine.settings.default_expiry_days * DAY


async def test_nothing_before_a_new_memory(engine: MemoryEngine) -> None:
    memory = await remember(engine, "Anna likes tea")

    assert await code_of(undo(engine, memory)) == "undo_nothing_before"


async def test_undoing_what_was_undone_already(engine: MemoryEngine, told: list[EngineEvent]) -> None:
    memory = await remember(engine, "Anna likes tea")
    await engine.async_forget(ALICE, [memory.id])
    back = await engine.async_restore(ALICE, memory.id)
    assert await code_of(undo(engine, memory, 1)) == "undo_not_forgotten"
    assert await code_of(undo(engine, memory, 0)) == "undo_nothing_before"

    changed = await update(engine, memory, pinned=True)
    assert state(await undo(engine, changed)) == state(back)
    told.clear()
    assert state(await undo(engine, changed, 1)) == state(back)
    assert told == []


async def test_a_change_of_what_is_forgotten_cannot_be_undone_yet(engine: MemoryEngine) -> None:
    memory = await remember(engine, "Anna likes tea")
    await update(engine, memory, pinned=True)
    await engine.async_forget(ALICE, [memory.id])

    assert await code_of(undo(engine, memory, 1)) == "undo_forgotten"


async def test_lines_of_other_memories_are_not_undone(engine: MemoryEngine) -> None:
    memory, other = await remember(engine, "Anna likes tea"), await remember(engine, "The bins go out on Friday")
    await update(engine, other, pinned=True)
    (line, *_) = await history(engine, other)

    assert await code_of(engine.editor.async_undo(ALICE, memory.id, line.id, source=PANEL)) == "undo_unknown"
    assert await code_of(engine.editor.async_undo(ALICE, memory.id, 10**30, source=PANEL)) == "undo_unknown"


@pytest.mark.parametrize("gone", [False, True])
async def test_undoing_when_the_key_was_taken(engine: MemoryEngine, gone: bool) -> None:
    memory = await remember(engine, "Anna likes tea", key="tea")
    if gone:
        await engine.async_forget(ALICE, [memory.id])
    else:
        await update(engine, memory, key="annas tea")
    await remember(engine, "Tea is in the cupboard", key="tea")

    assert await code_of(undo(engine, memory)) == "key_in_use"


async def test_what_was_somebody_elses_does_not_come_back(engine: MemoryEngine) -> None:
    memory = await remember(engine, "The code is 1234", BOB, key="code")
    (shared,) = await engine.editor.async_update(BOB, [memory.id], MemoryChanges(owner=HOUSEHOLD))

    (line, *_) = (await engine.browser.async_show(ALICE, memory.id)).history
    assert (line.entry.before, line.undoable) == (None, False)
    for caller in (ALICE, ADMIN, NOBODY):
        call = engine.editor.async_undo(caller, memory.id, line.entry.id, source=PANEL)
        assert await code_of(call) == "undo_nothing_before"
    # Its former owner sees what it was, and may still not take it from the others.
    (line, *_) = (await engine.browser.async_show(BOB, memory.id)).history
    assert line.entry.before is not None
    assert not line.undoable
    with pytest.raises(NotAllowedError):
        await engine.editor.async_undo(BOB, memory.id, line.entry.id, source=PANEL)
    assert (await engine.browser.async_show(BOB, memory.id)).memory == shared


async def test_restoring_several(engine: MemoryEngine, told: list[EngineEvent]) -> None:
    memories = [await remember(engine, "Number 1", key="one"), await remember(engine, "Number 2", key="two")]
    gone = await engine.async_forget(ALICE, [memory.id for memory in memories])
    told.clear()

    back = await engine.editor.async_restore(ALICE, [memory.id for memory in memories], source=PANEL)

    assert [memory.id for memory in back] == [memory.id for memory in memories]
    assert told == [EngineEvent(kind="restore", memories=back, before=gone, actor=ALICE.user_id, surface="panel")]


async def test_restoring_all_or_none(engine: MemoryEngine) -> None:
    memories = [await remember(engine, "Number 1", key="one"), await remember(engine, "Number 2", key="two")]
    await engine.async_forget(ALICE, [memory.id for memory in memories])
    await remember(engine, "Another number 2", key="two")

    with pytest.raises(KeyInUseError):
        await engine.editor.async_restore(ALICE, [memory.id for memory in memories], source=PANEL)

    page = await engine.async_list(ALICE, MemoryFilter(forgotten=True))
    assert {memory.id for memory in page.memories} == {memory.id for memory in memories}
    await assert_sound(engine)


async def test_searching_as_somebody_types_is_no_use(engine: MemoryEngine, told: list[EngineEvent]) -> None:
    memory = await remember(engine, "Anna likes tea")
    told.clear()

    await engine.async_recall(ALICE, RecallRequest(query="tea", touch=False))
    await engine._uses.async_flush()

    assert told == []
    assert engine.status.last_recall_at is None
    assert (await engine.browser.async_show(ALICE, memory.id)).memory.use_count == 0
