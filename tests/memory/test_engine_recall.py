"""Finding: by meaning, by word, within what the caller may see."""

import asyncio
from contextlib import suppress

import pytest

from custom_components.semantic_memory.memory import recalling
from custom_components.semantic_memory.memory.answers import Match
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import InvalidInputError, MemoryNotFoundError, NotAllowedError
from custom_components.semantic_memory.memory.models import Caller, EngineSettings, MemoryFilter, RecallRequest
from custom_components.semantic_memory.memory.policy import visible_owners
from custom_components.semantic_memory.memory.query import Query
from custom_components.semantic_memory.memory.ranking import FOLLOWING, UNKNOWN_NAMES
from custom_components.semantic_memory.memory.status import EngineEvent
from custom_components.semantic_memory.memory.storage.fillings import WORDS

from .fakes import ALICE, BOB, DAY, NOBODY, START, Clock, FakeEmbedder, OpenEngine, remember, until

FACTS = {
    "spare_key": "The spare key hangs in the shed behind the ladder",
    "wifi": "The guest network is called Fritz and its password is tangerine",
    "bins": "Rubbish is collected every Tuesday morning",
    "dentist": "Doctor Okafor's practice is on Elm Street",
    "cat": "Our cat Minka is fed at seven",
    "allergy": "Anna must not eat peanuts",
    "car": "The winter tyres are stored at the garage in town",
    "heating": "Bedrooms are kept at 18 degrees overnight",
    "birthday": "Grandmother turns ninety in June",
    "printer": "The printer needs cartridges of type 304",
    "school": "Lessons begin at ten past eight",
    "paint": "The living room walls are painted in eggshell white",
}


async def keys(engine: MemoryEngine, query: str, caller: Caller = ALICE, **parts: object) -> list[str]:
    """Return the keys of the hits."""
    result = await engine.async_recall(caller, RecallRequest(query=query, **parts))  # type: ignore[arg-type]
    return [hit.memory.key for hit in result.hits]


@pytest.fixture
async def facts(engine: MemoryEngine) -> MemoryEngine:
    """Return an engine that knows the facts."""
    for key, value in FACTS.items():
        await remember(engine, value, key=key)
    return engine


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("Where is the extra key for the house?", "spare_key"),
        ("when is the garbage picked up", "bins"),
        ("Which foods is Anna allergic to?", "allergy"),
        ("who is our dentist", "dentist"),
        ("What ink do I have to buy for printing?", "printer"),
    ],
)
async def test_questions_in_other_words(facts: MemoryEngine, query: str, key: str) -> None:
    assert key in (await keys(facts, query))[:2]


async def test_the_same_with_sqlite_vec_and_without(
    open_engine: OpenEngine, facts: MemoryEngine, without_sqlite_vec: pytest.MonkeyPatch
) -> None:
    assert facts.status.index == "sqlite-vec"
    found = [await facts.async_recall(ALICE, RecallRequest(query=value)) for value in FACTS.values()]
    await facts.async_load_index()
    assert (facts.status.index, facts.status.index_error) == ("memory", "sqlite-vec is not installed")
    again = [await facts.async_recall(ALICE, RecallRequest(query=value)) for value in FACTS.values()]
    for one, other in zip(found, again, strict=True):
        assert [hit.memory.id for hit in one.hits] == [hit.memory.id for hit in other.hits]
        assert [hit.score for hit in one.hits] == pytest.approx([hit.score for hit in other.hits])


async def test_each_hit_says_how_it_was_found(open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder("built-in"))
    await remember(engine, "kitten", key="a")
    await remember(engine, "feline", key="b")
    result = await engine.async_recall(ALICE, RecallRequest(query="kitten"))
    assert result.space == "built-in"
    both, meaning = result.hits
    assert (both.memory.key, both.match, both.keyword_score is not None) == ("a", Match.BOTH, True)
    assert (meaning.memory.key, meaning.match, meaning.keyword_score) == ("b", Match.MEANING, None)
    assert both.vector_score is not None
    assert meaning.vector_score == pytest.approx(both.vector_score, abs=0.2)
    assert 1 >= both.score > meaning.score > 0
    words_only = await open_engine()
    (hit,) = (await words_only.async_recall(ALICE, RecallRequest(query="kitten"))).hits
    assert (hit.match, hit.vector_score, hit.memory.key) == (Match.WORD, None, "a")


async def test_threshold_and_limit(facts: MemoryEngine) -> None:
    assert len(await keys(facts, "key", limit=3, threshold=0.0)) == 3
    assert len(await keys(facts, "key", limit=50, threshold=0.0)) == len(FACTS)
    assert await keys(facts, "quarterly dividends of mining companies", threshold=0.9) == []
    result = await facts.async_recall(ALICE, RecallRequest(query="peanuts", limit=50))
    assert result.hits[0].score >= 0.18
    assert all(hit.score >= 0.18 * FOLLOWING for hit in result.hits)
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)


async def test_a_small_store_loses_nothing_to_the_default_threshold(open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder("built-in"), settings=EngineSettings(threshold=0.99, recall_limit=10))
    for number in range(10):
        await remember(engine, f"fact{number}", key=f"k{number}")
    assert len(await keys(engine, "unrelated")) == 10
    assert await keys(engine, "unrelated", threshold=0.99) == []
    await remember(engine, "fact10", key="k10")
    assert await keys(engine, "unrelated") == []


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (RecallRequest(query=" \n\t"), "query_empty"),
        (RecallRequest(query=""), "query_empty"),
        (RecallRequest(query="x", limit=0), "invalid_limit"),
        (RecallRequest(query="x", limit=51), "invalid_limit"),
        (RecallRequest(query="x", threshold=1.1), "invalid_threshold"),
        (RecallRequest(query="x", threshold=float("nan")), "invalid_threshold"),
        (RecallRequest(query="x", filter=MemoryFilter(category="food")), "invalid_category"),
        (RecallRequest(query="x", filter=MemoryFilter(scope="world")), "invalid_scope"),
    ],
)
async def test_what_is_refused(engine: MemoryEngine, request_: RecallRequest, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await engine.async_recall(ALICE, request_)
    assert caught.value.code == code


async def test_every_query_is_safe(facts: MemoryEngine) -> None:
    queries = [
        '"', "'", "''; DROP TABLE memory; --", "key:value", "NEAR(a b)", "a AND", "OR", "NOT", "* ^ ( ) { } [ ] :", "-",
        "\0", "a\0b", "\ud800", "key \udfff", "🔑", "👩\u200d👩\u200d👧\u200d👦", "\u202eevil", "ключ", "chìa khóa",
        "鍵", "%", "_", "\\", "a" * 100_000, "key " * 25_000, "🔑" * 25_000, "(" * 10_000, '"' * 10_001, "é" * 50_000,
        "[" * 60,
    ]  # fmt: skip
    for query in queries:
        result = await facts.async_recall(ALICE, RecallRequest(query=query))
        assert all(0 <= hit.score <= 1 for hit in result.hits)
        with suppress(MemoryNotFoundError):
            await facts.async_get(ALICE, query)
        await facts.async_list(ALICE, MemoryFilter(text=query[:16_384], tags=[query[:60]]))


@pytest.mark.parametrize("syntax", [True, False])
async def test_of_a_query_of_any_length_as_much_is_looked_at(
    facts: MemoryEngine, monkeypatch: pytest.MonkeyPatch, syntax: bool
) -> None:
    looked_at: list[int] = []

    def note(text: str) -> Query:
        looked_at.append(len(text))
        return Query(text)

    monkeypatch.setattr(recalling, "parse" if syntax else "Query", note)

    found = await facts.async_recall(ALICE, RecallRequest(query="spare key " * 100_000, syntax=syntax))

    assert found.hits[0].memory.key == "spare_key"
    assert 0 < max(looked_at) <= 8_192


async def test_expired_and_forgotten_memories_stay_away(facts: MemoryEngine, clock: Clock) -> None:
    await remember(facts, "The spare key is with the neighbour today", key="neighbour", scope="session")
    assert "neighbour" in await keys(facts, "spare key")
    await facts.async_forget(ALICE, ["spare_key"])
    clock.pass_days(1)
    assert not {"neighbour", "spare_key"} & set(await keys(facts, "spare key", limit=50, threshold=0.0))
    for key in ("neighbour", "spare_key"):
        with pytest.raises(MemoryNotFoundError):
            await facts.async_get(ALICE, key)


async def test_a_filter_narrows(facts: MemoryEngine) -> None:
    await remember(facts, "The key of the bicycle is blue", key="bicycle", category="device", tags="key,blue")
    await remember(facts, "The key of the house is red", NOBODY, key="house", category="home", tags="key")
    for where, expected in (
        (MemoryFilter(category="device"), {"bicycle"}),
        (MemoryFilter(tags="KEY"), {"bicycle", "house"}),
        (MemoryFilter(tags=["key", "blue"]), {"bicycle"}),
        (MemoryFilter(owner="household"), {"house"}),
        (MemoryFilter(scope="household"), {"house"}),
        (MemoryFilter(text="bicyc"), {"bicycle"}),
        (MemoryFilter(pinned=True), set[str]()),
        (MemoryFilter(created_after=START + 1), set[str]()),
        (MemoryFilter(created_before=START), set[str]()),
    ):
        assert set(await keys(facts, "key", filter=where, limit=50)) == expected
    with pytest.raises(NotAllowedError):
        await keys(facts, "key", filter=MemoryFilter(owner=BOB.user_id))


async def test_a_filter_finds_what_hundreds_of_nearer_memories_hide(open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder("built-in"))
    await remember(engine, "something about a vehicle", key="wanted", category="event")
    for number in range(170):
        await remember(engine, f"car number{number}", key=f"k{number}")
    assert await keys(engine, "automobile", filter=MemoryFilter(category="event"), threshold=0.0) == ["wanted"]


async def test_a_recall_counts_as_a_use(facts: MemoryEngine, clock: Clock) -> None:
    events: list[EngineEvent] = []
    facts.subscribe(events.append)
    clock.pass_days(1)
    result = await facts.async_recall(ALICE, RecallRequest(query="peanuts", limit=1))
    await facts.async_recall(ALICE, RecallRequest(query="peanuts", limit=1, touch=False))
    await facts.async_get(ALICE, "allergy")
    assert [event.memories for event in events if event.kind == "recall"] == [(result.hits[0].memory,)]
    assert facts.status.last_recall_at == START + DAY
    await facts._uses.async_flush()
    memory = (await facts.async_list(ALICE, MemoryFilter(text="peanuts"))).memories[0]
    assert (memory.use_count, memory.last_used_at) == (2, START + DAY)
    assert memory.updated_at == START


async def test_uses_are_written_when_it_closes_and_never_twice(open_engine: OpenEngine) -> None:
    engine = await open_engine()
    await remember(engine, "x", key="x")
    await engine.async_get(ALICE, "x")
    flushing = asyncio.create_task(engine._uses.async_flush())
    await asyncio.sleep(0)
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    await engine.async_get(ALICE, "x")
    await engine.async_close()
    engine = await open_engine()
    assert (await engine.async_get(ALICE, "x")).use_count == 2


async def test_own_memories_come_before_the_households(engine: MemoryEngine) -> None:
    ours = await remember(engine, "Dinner is at seven", NOBODY, key="dinner")
    mine = await remember(engine, "Dinner is at seven", key="dinner")
    assert (await engine.async_get(ALICE, "dinner")).id == mine.id
    assert (await engine.async_get(ALICE, ours.id.lower())).id == ours.id
    assert (await engine.async_get(BOB, "dinner")).id == ours.id
    with pytest.raises(MemoryNotFoundError):
        await engine.async_get(BOB, mine.id)
    found = await engine.async_recall(BOB, RecallRequest(query="dinner at seven"))
    assert [hit.memory.id for hit in found.hits] == [ours.id]
    mine = await remember(engine, "Breakfast is at nine", key="breakfast")
    ours = await remember(engine, "Breakfast is at nine", NOBODY, key="breakfast")
    found = await engine.async_recall(ALICE, RecallRequest(query="breakfast at nine"))
    assert [hit.memory.id for hit in found.hits][:2] == [mine.id, ours.id]


async def test_a_question_about_somebody_unknown_is_not_answered(facts: MemoryEngine) -> None:
    assert (await keys(facts, "Which foods is Anna allergic to?"))[0] == "allergy"
    assert await keys(facts, "Which foods is Zacharias allergic to?") == []
    # Unless one of the names is known, by any memory or because it is the caller's own.
    assert "allergy" in await keys(facts, "Which foods are Anna and Zacharias allergic to?")
    me = Caller(ALICE.user_id, names=("Zacharias Doe",))
    assert "allergy" in await keys(facts, "Which foods is Zacharias allergic to?", me)
    # In German every noun has a capital.
    german = Caller(ALICE.user_id, language="de")
    assert "allergy" in await keys(facts, "Which foods is Zacharias allergic to?", german)
    # A threshold that somebody asked for shows what is left of the scores.
    result = await facts.async_recall(
        ALICE, RecallRequest(query="Which foods is Zacharias allergic to?", threshold=0.0, explain=True)
    )
    explanation = result.hits[0].explanation
    assert explanation is not None
    assert {part.name: part.weight for part in explanation.parts}["unknown_names"] == pytest.approx(UNKNOWN_NAMES - 1)


async def test_names_that_only_others_know_stay_unknown(facts: MemoryEngine) -> None:
    question = "Which foods is Zacharias allergic to?"
    await keys(facts, question)
    # Once the words are in memory, "allergic" finds "allergy", which the word index on disk does not do.
    wanted = {(WORDS, owner) for owner in visible_owners(ALICE)}
    await until(lambda: wanted <= facts._upkeep._tier._held.keys())
    before = await facts.async_recall(ALICE, RecallRequest(query=question, threshold=0.0))
    await remember(facts, "Zacharias must not eat walnuts", caller=BOB)
    after = await facts.async_recall(ALICE, RecallRequest(query=question, threshold=0.0))
    assert [(hit.memory.key, hit.score) for hit in after.hits] == [(hit.memory.key, hit.score) for hit in before.hits]


async def test_settings_are_used(open_engine: OpenEngine, built_in: StaticEmbedder) -> None:
    engine = await open_engine(built_in, settings=EngineSettings(recall_limit=2, threshold=0.0))
    for key, value in FACTS.items():
        await remember(engine, value, key=key)
    assert len(await keys(engine, "key")) == 2
