"""Storing: what is added, what is brought up to date, and what is refused."""

import asyncio
from pathlib import Path
import sqlite3

import pytest

from custom_components.semantic_memory.memory.answers import Outcome
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import InvalidInputError, StorageError
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Caller,
    Category,
    ChangeKind,
    EngineSettings,
    MemoryChanges,
    MemoryDraft,
    RecallRequest,
    Scope,
    Source,
)
from custom_components.semantic_memory.memory.status import EngineEvent

from .fakes import ALICE, BOB, DAY, NOBODY, START, Clock, FakeEmbedder, OpenEngine, remember


async def test_a_memory_has_everything_that_was_said(engine: MemoryEngine) -> None:
    source = Source(surface="llm", conversation_id="c", agent_id="agent", device_id="d", area_id="kitchen")
    draft = MemoryDraft(
        value="  Green tea, no sugar ",
        key="Favourite Drink",
        category="preference",
        tags="tea; kitchen, #Morning",
        confidence=0.75,
        pinned=True,
        expires_in_days=10,
        source=source,
    )
    result = await engine.async_remember(ALICE, draft)
    memory = result.memory
    assert result.outcome is Outcome.ADDED
    assert memory == await engine.async_get(ALICE, "favourite drink")
    assert (memory.key, memory.value, memory.tags) == (
        "favourite_drink",
        "Green tea, no sugar",
        ("tea", "kitchen", "Morning"),
    )
    assert (memory.owner, memory.scope, memory.category) == (ALICE.user_id, Scope.USER, Category.PREFERENCE)
    assert (memory.confidence, memory.pinned, memory.source) == (0.75, True, source)
    assert (memory.created_at, memory.updated_at, memory.expires_at) == (START, START, START + 10 * DAY)
    assert (memory.last_used_at, memory.use_count, memory.deleted_at) == (None, 0, None)


@pytest.mark.parametrize(
    ("draft", "days"),
    [
        (MemoryDraft(value="x"), 90),
        (MemoryDraft(value="x", expires_in_days=0), None),
        (MemoryDraft(value="x", expires_in_days=0.5), 0.5),
        (MemoryDraft(value="x", pinned=True), None),
        (MemoryDraft(value="x", pinned=True, expires_in_days=2), 2),
        (MemoryDraft(value="x", scope="session"), 1),
        (MemoryDraft(value="x", scope="session", pinned=True), None),
        (MemoryDraft(value="x", scope=Scope.SESSION, expires_in_days=3), 3),
    ],
)
async def test_how_long_a_memory_lives(open_engine: OpenEngine, draft: MemoryDraft, days: float | None) -> None:
    engine = await open_engine(settings=EngineSettings(default_expiry_days=90))
    memory = (await engine.async_remember(ALICE, draft)).memory
    assert memory.expires_at == (None if days is None else START + days * DAY)


@pytest.mark.parametrize(
    ("caller", "scope", "owner"),
    [
        (ALICE, Scope.USER, ALICE.user_id),
        (ALICE, Scope.HOUSEHOLD, HOUSEHOLD),
        (ALICE, Scope.SESSION, ALICE.user_id),
        (NOBODY, Scope.HOUSEHOLD, HOUSEHOLD),
        (NOBODY, Scope.SESSION, HOUSEHOLD),
    ],
)
async def test_whose_a_memory_becomes(open_engine: OpenEngine, caller: Caller, scope: Scope, owner: str) -> None:
    engine = await open_engine()
    memory = (await engine.async_remember(caller, MemoryDraft(value="x", scope=scope))).memory
    assert (memory.owner, memory.scope) == (owner, scope)


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (MemoryDraft(value=" \n"), "value_empty"),
        (MemoryDraft(value="x" * 16_385), "value_too_long"),
        (MemoryDraft(value="x", key="…!"), "key_empty"),
        (MemoryDraft(value="x", key="k" * 129), "key_too_long"),
        (MemoryDraft(value="x", category="food"), "invalid_category"),
        (MemoryDraft(value="x", scope="world"), "invalid_scope"),
        (MemoryDraft(value="x", confidence=1.5), "invalid_confidence"),
        (MemoryDraft(value="x", confidence=float("nan")), "invalid_confidence"),
        (MemoryDraft(value="x", expires_in_days=-1), "invalid_expiry"),
        (MemoryDraft(value="x", expires_in_days=float("inf")), "invalid_expiry"),
        (MemoryDraft(value="x", tags=[f"tag {number}" for number in range(33)]), "too_many_tags"),
        (MemoryDraft(value="x", tags=["t" * 65]), "tag_too_long"),
        (MemoryDraft(value="x", tags={"a": 1}), "invalid_tags"),
    ],
)
async def test_what_is_refused(open_engine: OpenEngine, draft: MemoryDraft, code: str) -> None:
    engine = await open_engine()
    with pytest.raises(InvalidInputError) as caught:
        await engine.async_remember(ALICE, draft)
    assert caught.value.code == code
    assert (await engine.async_list(ALICE)).total == 0


async def test_nobody_has_no_personal_memories(open_engine: OpenEngine) -> None:
    engine = await open_engine()
    with pytest.raises(InvalidInputError) as caught:
        await engine.async_remember(NOBODY, MemoryDraft(value="x"))
    assert caught.value.code == "scope_needs_person"


async def test_the_same_key_updates(engine: MemoryEngine, clock: Clock) -> None:
    first = await remember(engine, "blue", key="colour", tags="a,b", category="preference", confidence=0.5)
    clock.pass_days(1)
    result = await engine.async_remember(ALICE, MemoryDraft(value="green", key="Colour", source=Source(surface="llm")))
    memory = result.memory
    assert result.outcome is Outcome.UPDATED
    assert (memory.id, memory.value, memory.created_at, memory.updated_at) == (first.id, "green", START, START + DAY)
    assert (memory.tags, memory.category, memory.confidence) == (("a", "b"), Category.PREFERENCE, 0.5)
    assert memory.source.surface == "llm"
    assert (await engine.async_list(ALICE)).total == 1
    kinds = [
        (entry.kind, entry.before and entry.before["value"], entry.after and entry.after["value"])
        for entry in await engine.async_history(ALICE, "colour")
    ]
    assert kinds == [(ChangeKind.SET, None, "blue"), (ChangeKind.SET, "blue", "green")]


async def test_the_same_again_changes_nothing_but_how_long_it_lives(engine: MemoryEngine, clock: Clock) -> None:
    first = await remember(engine, "The bins go out on Tuesday")
    clock.pass_days(10)
    result = await engine.async_remember(ALICE, MemoryDraft(value="The bins go out on Tuesday."))
    assert result.outcome in (Outcome.UNCHANGED, Outcome.UPDATED)
    clock.pass_days(1)
    result = await engine.async_remember(ALICE, MemoryDraft(value=result.memory.value))
    assert result.outcome is Outcome.UNCHANGED
    assert result.memory.id == first.id
    assert result.memory.expires_at == START + (11 + 180) * DAY
    assert (await engine.async_list(ALICE)).total == 1


async def test_a_repetition_never_shortens_a_life(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "x", key="long", expires_in_days=1000)
    await remember(engine, "x", key="ever", expires_in_days=0)
    assert (await remember(engine, "x", key="long")).expires_at == START + 1000 * DAY
    assert (await remember(engine, "x", key="ever")).expires_at is None
    assert (await remember(engine, "x", key="long", expires_in_days=1)).expires_at == START + DAY


async def test_a_repetition_without_a_key_updates_unless_told_otherwise(engine: MemoryEngine) -> None:
    first = await remember(engine, "We park in bay 14")
    second = await engine.async_remember(ALICE, MemoryDraft(value="We park in bay 14, underground"))
    assert (second.outcome, second.memory.id, second.memory.key) == (Outcome.UPDATED, first.id, first.key)
    third = await engine.async_remember(ALICE, MemoryDraft(value="We park in bay 14", force_new=True))
    assert third.outcome is Outcome.ADDED
    assert third.memory.key != first.key


async def test_another_fact_with_the_same_first_words_gets_another_key(engine: MemoryEngine) -> None:
    sentence = "The code of the door in the long corridor is {}"
    made = [await remember(engine, sentence.format(number)) for number in (1, 2, 3)]
    assert len({memory.key for memory in made}) == 3
    assert made[1].key == f"{made[0].key}_2"
    assert [memory.value for memory in made] == [sentence.format(number) for number in (1, 2, 3)]


async def test_people_have_their_own_keys(engine: MemoryEngine) -> None:
    mine, theirs, ours = (
        await remember(engine, "blue", ALICE, key="colour"),
        await remember(engine, "red", BOB, key="colour"),
        await remember(engine, "green", NOBODY, key="colour"),
    )
    assert len({mine.id, theirs.id, ours.id}) == 3
    assert (await engine.async_get(ALICE, "colour")).value == "blue"
    assert (await engine.async_get(BOB, "colour")).value == "red"
    assert (await engine.async_get(NOBODY, "colour")).value == "green"


async def test_an_expired_key_is_free(engine: MemoryEngine, clock: Clock) -> None:
    old = await remember(engine, "blue", key="colour", tags="old", expires_in_days=1)
    derived = await remember(engine, "The plumber comes at noon", scope="session")
    clock.pass_days(2)
    result = await engine.async_remember(BOB, MemoryDraft(value="red", key="colour"))
    assert result.outcome is Outcome.ADDED
    result = await engine.async_remember(ALICE, MemoryDraft(value="blue", key="colour"))
    assert (result.outcome, result.memory.tags) == (Outcome.ADDED, ())
    assert result.memory.id != old.id
    again = await engine.async_remember(ALICE, MemoryDraft(value="The plumber comes at noon", scope="session"))
    assert (again.outcome, again.memory.key) == (Outcome.ADDED, derived.key)
    assert (await engine.async_list(ALICE)).total == 2
    assert engine.status.memories == 3
    # Bob's call took Alice's memory out; that is nobody's doing.
    await engine.async_forget(ALICE, ["colour"], purge=False)
    await engine.async_update(ALICE, again.memory.id, MemoryChanges(key="plumber"))
    restored = await engine.async_restore(ALICE, old.id)
    history = await engine.async_history(ALICE, restored.id)
    assert [(entry.kind, entry.actor) for entry in history] == [
        (ChangeKind.SET, ALICE.user_id),
        (ChangeKind.EXPIRE, None),
        (ChangeKind.RESTORE, ALICE.user_id),
    ]


async def test_who_really_acted_is_written_down(engine: MemoryEngine) -> None:
    acting = Caller(user_id=BOB.user_id, actor_id=ALICE.user_id)
    await remember(engine, "red", acting, key="colour", source=Source(surface="action"))
    (entry,) = await engine.async_history(BOB, "colour")
    assert (entry.actor, entry.surface, entry.at, entry.before) == (ALICE.user_id, "action", START, None)
    assert entry.after is not None
    assert entry.after["owner"] == BOB.user_id


async def test_similar_memories_are_pointed_out(engine: MemoryEngine) -> None:
    old = await remember(engine, "My sister's birthday is on the 3rd of May", key="sister")
    await remember(engine, "The washing machine is a Miele", key="washing_machine")
    await remember(engine, "My sister's birthday is on the 3rd of May", BOB, key="his")
    result = await engine.async_remember(
        ALICE, MemoryDraft(value="My sister's birthday is on the 4th of May", key="sisters_birthday")
    )
    assert [hit.memory.id for hit in result.similar] == [old.id]


async def test_it_is_durable_and_found_before_it_is_embedded(open_engine: OpenEngine, tmp_path: Path) -> None:
    engine = await open_engine(start=False)
    memory = await remember(engine, "The spare key is under the pot", key="spare_key")
    with sqlite3.connect(tmp_path / "memory" / "memory.db") as other:
        assert other.execute("SELECT id FROM memory").fetchall() == [(memory.id,)]
        assert other.execute("SELECT count(*) FROM vector").fetchone() == (0,)
    other.close()
    result = await engine.async_recall(ALICE, RecallRequest(query="spare key"))
    assert [hit.memory.id for hit in result.hits] == [memory.id]
    assert result.space is None


async def test_a_failing_built_in_model_keeps_nothing_from_being_stored(open_engine: OpenEngine) -> None:
    embedder = FakeEmbedder("built-in")
    embedder.poison = {"poison"}
    engine = await open_engine(embedder)
    assert (await remember(engine, "poison", key="p")).value == "poison"
    assert (await engine.async_get(ALICE, "p")).value == "poison"


async def test_listeners_hear_of_it_and_can_do_no_harm(engine: MemoryEngine, caplog: pytest.LogCaptureFixture) -> None:
    events: list[EngineEvent] = []

    def broken(event: EngineEvent) -> None:
        if event.kind == "set":
            raise ValueError("broken listener")

    stop_broken, stop = engine.subscribe(broken), engine.subscribe(events.append)
    memory = await remember(engine, "x", key="x")
    assert [event.memories for event in events if event.kind == "set"] == [(memory,)]
    assert "broken listener" in caplog.text
    stop_broken()
    stop()
    stop()
    events.clear()
    await remember(engine, "y", key="y")
    assert events == []


async def test_pins_are_fresh(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "call me Al", key="name", pinned=True, expires_in_days=1)
    await remember(engine, "no shoes indoors", NOBODY, key="shoes", pinned=True)
    await remember(engine, "not pinned", key="other")
    assert [memory.key for memory in engine.pinned(ALICE)] == ["name", "shoes"]
    assert [memory.key for memory in engine.pinned(BOB)] == ["shoes"]
    # The same again, for longer: nothing but the expiry changes.
    result = await engine.async_remember(ALICE, MemoryDraft(value="call me Al", key="name", expires_in_days=5))
    assert result.outcome is Outcome.UNCHANGED
    clock.pass_days(2)
    assert [memory.key for memory in engine.pinned(ALICE)] == ["name", "shoes"]
    clock.pass_days(4)
    assert [memory.key for memory in engine.pinned(ALICE)] == ["shoes"]
    await remember(engine, "no shoes indoors", NOBODY, key="shoes", pinned=False)
    assert engine.pinned(ALICE) == ()


async def test_pins_are_there_after_a_restart(open_engine: OpenEngine) -> None:
    engine = await open_engine()
    memory = await remember(engine, "call me Al", pinned=True)
    await engine.async_close()
    engine = await open_engine(start=False)
    assert engine.pinned(ALICE) == (memory,)
    assert engine.status.memories == 1


async def test_many_at_once_on_one_key(engine: MemoryEngine, built_in: StaticEmbedder) -> None:
    values = [f"colour number {number}" for number in range(30)]
    results = await asyncio.gather(
        *(engine.async_remember(ALICE, MemoryDraft(value=value, key="colour", pinned=True)) for value in values)
    )
    assert [result.outcome for result in results].count(Outcome.ADDED) == 1
    last = await engine.async_get(ALICE, "colour")
    assert engine.pinned(ALICE) == (last,)
    history = await engine.async_history(ALICE, "colour")
    assert sorted(str(entry.after and entry.after["value"]) for entry in history) == sorted(values)
    before = [entry.before and entry.before["value"] for entry in history[1:]]
    assert before == [entry.after and entry.after["value"] for entry in history[:-1]]


async def test_closing_while_writes_are_under_way(open_engine: OpenEngine, built_in: StaticEmbedder) -> None:
    engine = await open_engine(built_in)
    writes = [asyncio.create_task(remember(engine, f"value {number}", key=f"k{number}")) for number in range(20)]
    await asyncio.wait(writes, return_when=asyncio.FIRST_COMPLETED)
    await engine.async_close()
    results = await asyncio.gather(*writes, return_exceptions=True)
    with pytest.raises(StorageError) as caught:
        await remember(engine, "late")
    assert caught.value.code == "database_closed"
    await engine.async_close()
    engine = await open_engine()
    acknowledged = [result for result in results if not isinstance(result, BaseException)]
    assert acknowledged
    assert all(isinstance(result, StorageError) for result in results if isinstance(result, BaseException))
    for memory in acknowledged:
        assert (await engine.async_get(ALICE, memory.key)).id == memory.id
