"""Changing, forgetting, restoring, purging, and what is left to the daily clean-up."""

from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import (
    InvalidInputError,
    KeyInUseError,
    MemoryNotFoundError,
    NotAllowedError,
    StorageError,
)
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Category,
    ChangeKind,
    EngineSettings,
    MemoryChanges,
    MemoryFilter,
    RecallRequest,
    Scope,
    Source,
)
from custom_components.semantic_memory.memory.status import EngineEvent

from .fakes import ALICE, BOB, DAY, NOBODY, START, Clock, FakeEmbedder, OpenEngine, remember, until

SECRET = "Xylophonquartz"


async def found(engine: MemoryEngine, query: str) -> set[str]:
    """Return the keys of what is found."""
    result = await engine.async_recall(ALICE, RecallRequest(query=query, limit=50, threshold=0.05))
    return {hit.memory.key for hit in result.hits}


# Update


async def test_an_update_changes_what_it_names(engine: MemoryEngine, clock: Clock) -> None:
    old = await remember(engine, "Dinner is at seven", key="dinner", tags="food", confidence=0.5)
    clock.pass_days(1)
    events: list[EngineEvent] = []
    engine.subscribe(events.append)
    changes = MemoryChanges(value="Dinner is at eight", category="routine", source=Source(surface="action"))
    new = await engine.async_update(ALICE, "Dinner", changes)
    assert (new.id, new.key, new.tags, new.confidence) == (old.id, "dinner", ("food",), 0.5)
    assert (new.value, new.category, new.updated_at) == ("Dinner is at eight", Category.ROUTINE, START + DAY)
    assert new.source == old.source
    assert new.expires_at == old.expires_at
    assert [event.memories for event in events if event.kind == "change"] == [(new,)]
    entry = (await engine.async_history(ALICE, "dinner"))[-1]
    assert (entry.kind, entry.surface, entry.actor, entry.at) == (
        ChangeKind.CHANGE, "action", ALICE.user_id, START + DAY,
    )  # fmt: skip
    assert entry.before is not None
    assert entry.after is not None
    assert {name for name in entry.after if entry.after[name] != entry.before[name]} == {"value", "category"}
    await until(lambda: engine.status.pending == 0)
    assert "dinner" in await found(engine, "eight")


async def test_an_update_that_changes_nothing_leaves_no_trace(engine: MemoryEngine, clock: Clock) -> None:
    old = await remember(engine, "x", key="x", pinned=True, tags="a")
    clock.pass_days(1)
    same = MemoryChanges(value=" x ", tags=["a"], pinned=True, scope="user", confidence=1.0)
    assert await engine.async_update(ALICE, "x", same) == old
    assert len(await engine.async_history(ALICE, "x")) == 1


async def test_an_update_of_pin_and_expiry(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "x", key="x")
    assert (await engine.async_update(ALICE, "x", MemoryChanges(pinned=True))).expires_at is None
    assert [memory.key for memory in engine.pinned(ALICE)] == ["x"]
    new = await engine.async_update(ALICE, "x", MemoryChanges(expires_in_days=2))
    assert new.expires_at == START + 2 * DAY
    clock.pass_days(3)
    assert engine.pinned(ALICE) == ()
    with pytest.raises(MemoryNotFoundError):
        await engine.async_update(ALICE, "x", MemoryChanges(expires_in_days=0))
    await remember(engine, "y", key="y", pinned=True)
    assert (await engine.async_update(ALICE, "y", MemoryChanges(pinned=False))).expires_at is None
    assert engine.pinned(ALICE) == ()
    assert (await engine.async_update(ALICE, "y", MemoryChanges(scope="session"))).expires_at == START + 4 * DAY


async def test_keys_can_be_changed_unless_they_are_taken(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "1", key="one")
    await remember(engine, "2", key="two")
    await remember(engine, "3", BOB, key="three")
    await remember(engine, "4", key="four", scope="session")
    assert (await engine.async_update(ALICE, "one", MemoryChanges(key="Three"))).key == "three"
    with pytest.raises(KeyInUseError) as caught:
        await engine.async_update(ALICE, "three", MemoryChanges(key="two"))
    assert caught.value.placeholders == {"key": "two"}
    clock.pass_days(2)
    assert (await engine.async_update(ALICE, "two", MemoryChanges(key="four"))).value == "2"
    assert engine.status.memories == 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (MemoryChanges(value=" "), "value_empty"),
        (MemoryChanges(key="!"), "key_empty"),
        (MemoryChanges(category="food"), "invalid_category"),
        (MemoryChanges(scope="world"), "invalid_scope"),
        (MemoryChanges(confidence=-0.1), "invalid_confidence"),
        (MemoryChanges(expires_in_days=40_000), "invalid_expiry"),
        (MemoryChanges(tags=3), "invalid_tags"),
    ],
)
async def test_what_is_refused(engine: MemoryEngine, changes: MemoryChanges, code: str) -> None:
    old = await remember(engine, "x", key="x")
    with pytest.raises(InvalidInputError) as caught:
        await engine.async_update(ALICE, "x", changes)
    assert caught.value.code == code
    assert await engine.async_get(ALICE, "x") == old


async def test_a_memory_moves_between_a_person_and_the_household(engine: MemoryEngine) -> None:
    await remember(engine, "The alarm code was 1111", key="alarm")
    await engine.async_update(ALICE, "alarm", MemoryChanges(value="The alarm code is 2222"))
    with pytest.raises(MemoryNotFoundError):
        await engine.async_history(BOB, "alarm")
    shared = await engine.async_update(ALICE, "alarm", MemoryChanges(scope=Scope.HOUSEHOLD))
    assert (shared.owner, shared.scope) == (HOUSEHOLD, Scope.HOUSEHOLD)
    await until(lambda: engine.status.pending == 0)
    result = await engine.async_recall(BOB, RecallRequest(query="alarm code"))
    assert [hit.memory.id for hit in result.hits] == [shared.id]
    assert result.hits[0].vector_score is not None
    # What it was while it was personal stays personal.
    assert "1111" not in str(await engine.async_history(BOB, "alarm"))
    assert len(await engine.async_history(ALICE, "alarm")) == 3
    (entry,) = await engine.async_history(BOB, "alarm")
    assert (entry.kind, entry.before) == (ChangeKind.CHANGE, None)
    taken = await engine.async_update(replace(BOB, trusted=True), "alarm", MemoryChanges(scope="user"))
    assert taken.owner == BOB.user_id
    assert await found(engine, "alarm code") == set()
    with pytest.raises(MemoryNotFoundError):
        await engine.async_get(ALICE, "alarm")


async def test_only_trusted_callers_take_from_the_household_for_good(engine: MemoryEngine) -> None:
    await remember(engine, "The bins go out on Monday", NOBODY, key="bins", tags="week")
    mine = await remember(engine, "Yoga is on Tuesday", key="yoga", tags="week")
    for taking in (
        engine.async_update(ALICE, "bins", MemoryChanges(scope="user")),
        engine.async_forget(ALICE, ["bins"], purge=True),
        engine.async_forget(ALICE, ["yoga", "bins"], purge=True),
        engine.async_forget(ALICE, where=MemoryFilter(tags="week"), purge=True),
        engine.async_forget(NOBODY, ["bins"], purge=True),
    ):
        with pytest.raises(NotAllowedError):
            await taking
    assert (await engine.async_list(ALICE)).total == 2
    await engine.async_forget(ALICE, ["bins"])
    with pytest.raises(NotAllowedError):
        await engine.async_forget(ALICE, where=MemoryFilter(forgotten=True), purge=True)
    assert (await engine.async_restore(BOB, "bins")).key == "bins"
    assert await engine.async_forget(ALICE, where=MemoryFilter(tags="week", scope="user"), purge=True) == (mine,)
    assert len(await engine.async_forget(replace(ALICE, trusted=True), ["bins"], purge=True)) == 1
    assert (await engine.async_list(ALICE)).total == 0


# Forget


async def test_forgetting_and_restoring(engine: MemoryEngine, clock: Clock) -> None:
    old = await remember(engine, "The spare key is in the shed", key="spare_key", pinned=True)
    events: list[EngineEvent] = []
    engine.subscribe(events.append)
    clock.pass_days(1)
    (gone,) = await engine.async_forget(ALICE, ["spare_key"], source=Source(surface="llm"))
    assert (gone.id, gone.deleted_at) == (old.id, START + DAY)
    assert await found(engine, "where is the spare key") == set()
    assert engine.pinned(ALICE) == ()
    assert engine.status.memories == 0
    with pytest.raises(MemoryNotFoundError):
        await engine.async_get(ALICE, old.id)
    clock.pass_days(1)
    back = await engine.async_restore(ALICE, "spare_key", source=Source(surface="panel"))
    assert (back.id, back.deleted_at, back.expires_at) == (old.id, None, None)
    assert await found(engine, "where is the spare key") == {"spare_key"}
    (hit,) = (await engine.async_recall(ALICE, RecallRequest(query="where is the spare key"))).hits
    assert hit.vector_score is not None
    assert engine.pinned(ALICE) == (back,)
    assert [event.kind for event in events if event.kind in ("forget", "restore")] == ["forget", "restore"]
    assert [
        (entry.kind, entry.surface, entry.before is None, entry.after is None, entry.at)
        for entry in await engine.async_history(ALICE, "spare_key")
    ] == [
        (ChangeKind.SET, "engine", True, False, START),
        (ChangeKind.FORGET, "llm", False, True, START + DAY),
        (ChangeKind.RESTORE, "panel", True, False, START + 2 * DAY),
    ]


async def test_forgetting_is_all_or_nothing(engine: MemoryEngine) -> None:
    await remember(engine, "1", key="one")
    await remember(engine, "2", BOB, key="two")
    with pytest.raises(MemoryNotFoundError) as caught:
        await engine.async_forget(ALICE, ["one", "two"])
    assert caught.value.placeholders == {"reference": "two"}
    assert engine.status.memories == 2
    one = await engine.async_get(ALICE, "one")
    assert [memory.key for memory in await engine.async_forget(ALICE, ["one", "ONE", one.id])] == ["one"]
    assert (await engine.async_get(BOB, "two")).value == "2"


async def test_forgetting_by_filter(engine: MemoryEngine) -> None:
    for key, tags in (("a", "old"), ("b", "old"), ("c", "new")):
        await remember(engine, key, key=key, tags=tags)
    await remember(engine, "theirs", BOB, key="d", tags="old")
    await remember(engine, "ours", NOBODY, key="e", tags="old")
    gone = await engine.async_forget(ALICE, ["c"], where=MemoryFilter(tags="old", scope="user"))
    assert {memory.key for memory in gone} == {"a", "b", "c"}
    assert await engine.async_forget(ALICE, where=MemoryFilter(tags="nowhere")) == ()
    assert [memory.key for memory in await engine.async_forget(ALICE, where=MemoryFilter(owner=HOUSEHOLD))] == ["e"]
    with pytest.raises(NotAllowedError):
        await engine.async_forget(ALICE, where=MemoryFilter(owner=BOB.user_id))
    assert (await engine.async_get(BOB, "d")).value == "theirs"


@pytest.mark.parametrize(
    "where", [None, MemoryFilter(), MemoryFilter(text=" "), MemoryFilter(tags=""), MemoryFilter(tags=[], text="")]
)
@pytest.mark.parametrize("purge", [False, True])
async def test_nothing_said_means_nothing(engine: MemoryEngine, where: MemoryFilter | None, purge: bool) -> None:
    await remember(engine, "1", key="one")
    await remember(engine, "2", key="two")
    with pytest.raises(InvalidInputError) as caught:
        await engine.async_forget(ALICE, where=where, purge=purge)
    assert caught.value.code == "nothing_selected"
    assert [memory.key for memory in await engine.async_forget(ALICE, ["one"], where=where, purge=purge)] == ["one"]
    assert (await engine.async_get(ALICE, "two")).value == "2"


async def test_what_is_forgotten_stays_as_it_was_forgotten(engine: MemoryEngine, clock: Clock) -> None:
    old = await remember(engine, "1", key="one")
    await engine.async_forget(ALICE, ["one"])
    clock.pass_days(1)
    assert await engine.async_forget(ALICE, where=MemoryFilter(forgotten=True)) == ()
    (memory,) = (await engine.async_list(ALICE, MemoryFilter(forgotten=True))).memories
    assert (memory.id, memory.deleted_at) == (old.id, START)


# Restore


async def test_what_cannot_be_restored(engine: MemoryEngine) -> None:
    first = await remember(engine, "blue", key="colour")
    with pytest.raises(MemoryNotFoundError):
        await engine.async_restore(ALICE, "colour")
    await engine.async_forget(ALICE, ["colour"])
    with pytest.raises(MemoryNotFoundError):
        await engine.async_restore(BOB, first.id)
    second = await remember(engine, "green", key="colour")
    with pytest.raises(KeyInUseError):
        await engine.async_restore(ALICE, "colour")
    assert (await engine.async_get(ALICE, "colour")).id == second.id
    await engine.async_forget(ALICE, ["colour"])
    assert (await engine.async_restore(ALICE, first.id)).value == "blue"


async def test_the_last_forgotten_of_a_key_comes_back(engine: MemoryEngine, clock: Clock) -> None:
    for value in ("first", "second", "third"):
        await remember(engine, value, key="k")
        await engine.async_forget(ALICE, ["k"])
        clock.pass_days(1)
    assert (await engine.async_restore(ALICE, "k")).value == "third"


async def test_what_has_expired_comes_back_with_a_new_lease(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "The plumber comes at noon", key="plumber", scope="session")
    await remember(engine, "No shoes", key="shoes", pinned=True, expires_in_days=1)
    clock.pass_days(2)
    # The daily clean-up has not come by yet.
    back = await engine.async_restore(ALICE, "plumber")
    assert back.expires_at == START + 3 * DAY
    assert await found(engine, "plumber") == {"plumber"}
    await engine.async_run_maintenance()
    assert (await engine.async_restore(ALICE, "shoes")).expires_at is None
    assert [memory.key for memory in engine.pinned(ALICE)] == ["shoes"]


async def test_a_restored_memory_that_was_never_embedded_waits_again(open_engine: OpenEngine) -> None:
    engine = await open_engine(start=False)
    await remember(engine, "kitten", key="pet")
    await engine.async_forget(ALICE, ["pet"])
    await engine.async_start(FakeEmbedder("built-in"))
    await engine.async_restore(ALICE, "pet")
    await until(lambda: engine.status.pending == 0)
    (hit,) = (await engine.async_recall(ALICE, RecallRequest(query="feline"))).hits
    assert hit.memory.key == "pet"


# Purge


async def test_a_purge_leaves_no_trace(engine: MemoryEngine, tmp_path: Path) -> None:
    for number in range(30):
        await remember(engine, f"filler {number}", key=f"filler_{number}")
    await remember(engine, f"The word is {SECRET}", key="secret", tags=SECRET)
    await engine.async_update(ALICE, "secret", MemoryChanges(value=f"The word was {SECRET}", key=SECRET))
    memory = await engine.async_get(ALICE, SECRET)
    assert await engine.async_forget(ALICE, [SECRET], purge=True) == (memory,)
    for call in (engine.async_get, engine.async_restore, engine.async_history):
        with pytest.raises(MemoryNotFoundError):
            await call(ALICE, memory.id)
    await engine._uses.async_flush()
    files = [path.read_bytes().lower() for path in (tmp_path / "memory").iterdir()]
    assert len(files) >= 1
    assert not any(SECRET.lower().encode() in content for content in files)
    assert not any(memory.id.lower().encode() in content for content in files)
    assert engine.status.memories == 30


async def test_a_purge_also_takes_what_was_forgotten_or_has_expired(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "first", key="k")
    await engine.async_forget(ALICE, ["k"])
    await remember(engine, "second", key="k")
    await remember(engine, "third", key="gone", scope="session")
    clock.pass_days(2)
    assert {memory.value for memory in await engine.async_forget(ALICE, ["k", "gone"], purge=True)} == {
        "first", "second", "third",
    }  # fmt: skip
    assert (await engine.async_stats(None)).forgotten == 0
    with pytest.raises(MemoryNotFoundError):
        await engine.async_forget(ALICE, ["k"], purge=True)


async def test_the_bin_can_be_emptied(engine: MemoryEngine) -> None:
    await remember(engine, "1", key="one")
    await remember(engine, "2", key="two")
    await remember(engine, "3", BOB, key="three")
    await engine.async_forget(ALICE, ["one"])
    await engine.async_forget(BOB, ["three"])
    gone = await engine.async_forget(ALICE, where=MemoryFilter(forgotten=True), purge=True)
    assert [memory.key for memory in gone] == ["one"]
    stats = await engine.async_stats(None)
    assert (stats.total, stats.forgotten) == (1, 1)


# Maintenance


async def test_the_daily_clean_up(open_engine: OpenEngine, clock: Clock) -> None:
    engine = await open_engine(settings=EngineSettings(forgotten_days=30))
    await remember(engine, "now", key="session", scope="session")
    await remember(engine, "pin", key="pin", pinned=True, expires_in_days=1)
    await remember(engine, "later", key="later", expires_in_days=100)
    await remember(engine, "ever", key="ever", expires_in_days=0)
    await remember(engine, "gone", key="gone")
    await engine.async_forget(ALICE, ["gone"])
    events: list[EngineEvent] = []
    engine.subscribe(events.append)
    await engine.async_run_maintenance()
    assert [event for event in events if event.kind != "status"] == []
    clock.pass_days(2)
    await engine.async_run_maintenance()
    assert {memory.key for event in events for memory in event.memories} == {"session", "pin"}
    assert engine.status.memories == 2
    stats = await engine.async_stats(ALICE)
    assert (stats.total, stats.forgotten, stats.pinned) == (2, 3, 0)
    clock.pass_days(28)
    await engine.async_run_maintenance()
    assert (await engine.async_stats(ALICE)).forgotten == 2
    with pytest.raises(MemoryNotFoundError):
        await engine.async_restore(ALICE, "gone")
    entry = (await engine.async_history(ALICE, (await engine.async_restore(ALICE, "pin")).id))[1]
    assert (entry.kind, entry.actor, entry.surface) == (ChangeKind.EXPIRE, None, "maintenance")
    clock.pass_days(100)
    await engine.async_run_maintenance()
    assert engine.status.memories == 2
    assert {memory.key for memory in (await engine.async_list(ALICE)).memories} == {"ever", "pin"}


async def test_a_clean_up_that_fails_is_logged(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: MemoryEngine) -> None:
        raise StorageError(reason="it is broken")

    monkeypatch.setattr(MemoryEngine, "async_run_maintenance", fail)
    await open_engine()
    await until(lambda: "The daily clean-up failed: storage_failed (reason=it is broken)" in caplog.text)
