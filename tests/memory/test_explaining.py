"""Where a hit's score comes from."""

import pytest

from custom_components.semantic_memory.memory.answers import Hit, RecallResult
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.explanation import Explanation, Part, SearchExplanation
from custom_components.semantic_memory.memory.models import Caller, EngineSettings, MemoryFilter, RecallRequest
from custom_components.semantic_memory.memory.policy import visible_owners
from custom_components.semantic_memory.memory.storage.fillings import WORDS

from .fakes import ALICE, BOB, NOBODY, FakeEmbedder, OpenEngine, remember, until

VALUES = (
    "Green tea is for the evening",
    "In the morning it is black tea with milk",
    "The milk is in the fridge",
    "The car is parked in Elm Street",
    "Die Katze heißt Minka",
)
QUESTIONS = ("When do we drink green tea?", "milk", "Where is the car?", "die Katze", "zebra", "the", '"green tea" e*')


async def explained(engine: MemoryEngine, query: str, caller: Caller = ALICE, **parts: object) -> RecallResult:
    """Search and ask why."""
    wanted = {"limit": 50, "threshold": 0.0, "syntax": True, "explain": True, **parts}
    return await engine.async_recall(caller, RecallRequest(query=query, **wanted))  # type: ignore[arg-type]


def of_search(result: RecallResult) -> SearchExplanation:
    """Return what was searched for."""
    assert result.explanation is not None
    return result.explanation


def parts(hit: Hit) -> dict[str, Part]:
    """Return the parts of a hit's score."""
    assert hit.explanation is not None
    return {part.name: part for part in hit.explanation.parts}


@pytest.fixture(params=["by meaning", "by word"])
async def engine(request: pytest.FixtureRequest, open_engine: OpenEngine, built_in: StaticEmbedder) -> MemoryEngine:
    """Return an engine with a few memories, with an embedder and without."""
    engine = await open_engine(built_in if request.param == "by meaning" else None)
    for number, value in enumerate(VALUES):
        await remember(engine, value, key=f"k{number}")
    for number in range(20):
        await remember(engine, f"The lamp with the number {number}", key=f"lamp{number}")
    return engine


@pytest.mark.parametrize("query", QUESTIONS)
async def test_the_parts_add_up(engine: MemoryEngine, query: str) -> None:
    result = await explained(engine, query)
    for hit in result.hits:
        found = parts(hit)
        assert sum(part.contribution for part in found.values()) == pytest.approx(hit.score)
        assert all(part.contribution == pytest.approx(part.weight * part.value) for part in found.values())
        words = found["words"]
        assert words.value == (hit.keyword_score or 0.0)
        matched = words.details["matched"]
        assert isinstance(matched, list)
        assert sum(word["weight"] for word in matched) == pytest.approx(words.value)
        assert ("meaning" in found) is (hit.vector_score is not None)
        if hit.vector_score is not None:
            assert found["meaning"].value == hit.vector_score


async def test_what_it_says_does_not_change_what_is_found(engine: MemoryEngine) -> None:
    for query in QUESTIONS:
        result = await explained(engine, query)
        plain = await explained(engine, query, explain=False)
        assert plain.explanation is None
        assert all(hit.explanation is None for hit in plain.hits)
        assert [(hit.memory.id, hit.score) for hit in plain.hits] == [(hit.memory.id, hit.score) for hit in result.hits]


async def test_what_was_searched_for(engine: MemoryEngine) -> None:
    result = await explained(engine, 'the milk "green tea" zebra -cof* -"black dog"')
    explanation = of_search(result)
    assert explanation.text == "the milk green tea zebra"
    assert (explanation.required, explanation.excluded) == (("green tea",), ("cof*", "black dog"))
    assert explanation.memories == 1
    assert explanation.models == ((result.space,) if result.space else ())
    assert explanation.threshold == 0.0


async def test_words_weigh_by_how_many_have_them(engine: MemoryEngine) -> None:
    explanation = of_search(await explained(engine, "the lamp with milk or zebra"))
    assert explanation.common_words == ("the", "lamp", "with")
    counted = {word.word: (word.memories, word.weight) for word in explanation.words}
    assert {word: memories for word, (memories, _) in counted.items()} == {"milk": 2, "or": 0, "zebra": 0}
    assert counted["zebra"][1] > counted["milk"][1] > 0
    assert sum(weight for _, weight in counted.values()) == pytest.approx(1)
    assert explanation.memories == len(VALUES) + 20
    (milk,) = [hit for hit in (await explained(engine, "milk fridge")).hits if hit.memory.key == "k2"]
    assert [word["word"] for word in parts(milk)["words"].details["matched"]] == ["fridge", "milk"]  # type: ignore[attr-defined]
    only_common = of_search(await explained(engine, "the lamp"))
    assert ([word.word for word in only_common.words], only_common.common_words) == (["the", "lamp"], ())


async def test_the_cosine_and_its_model(open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder("built-in"))
    await remember(engine, "kitten", key="kitten")
    result = await explained(engine, "unrelated")
    (hit,) = result.hits
    meaning = parts(hit)["meaning"]
    assert meaning.details["model"] == result.space == "built-in"
    same = parts((await explained(engine, "kitten")).hits[0])["meaning"]
    assert same.details["cosine"] == pytest.approx(1)
    assert same.value > meaning.value
    other = meaning.details["cosine"]
    assert isinstance(other, float)
    assert -1 <= other < 1


async def test_the_threshold_that_was_applied(open_engine: OpenEngine, built_in: StaticEmbedder) -> None:
    engine = await open_engine(built_in, settings=EngineSettings(threshold=0.3))
    await remember(engine, "kitten", key="a")
    assert of_search(await explained(engine, "feline", threshold=None)).threshold is None
    assert of_search(await explained(engine, "feline", threshold=0.5)).threshold == 0.5
    for number in range(10):
        await remember(engine, f"lamp {number}", key=f"k{number}")
    assert of_search(await explained(engine, "feline", threshold=None)).threshold == 0.3


async def test_it_tells_nothing_of_others(engine: MemoryEngine) -> None:
    await remember(engine, "Our submarine is yellow", NOBODY, key="submarine")
    before = [
        await explained(engine, query, caller) for query in ("yellow submarine", "sub*") for caller in (ALICE, NOBODY)
    ]
    for number in range(15):
        await remember(engine, f"I bought a yellow submarine, number {number}", BOB, key=f"secret {number}")
    after = [
        await explained(engine, query, caller) for query in ("yellow submarine", "sub*") for caller in (ALICE, NOBODY)
    ]
    for one, other in zip(before, after, strict=True):
        assert one.explanation == other.explanation
        assert [hit.explanation for hit in one.hits] == [hit.explanation for hit in other.hits]
        assert all(isinstance(hit.explanation, Explanation) for hit in other.hits)


async def test_nothing_forgotten_is_explained(engine: MemoryEngine) -> None:
    result = await explained(engine, "green tea", filter=MemoryFilter(forgotten=True))
    assert result.hits == ()
    assert of_search(result).memories == 0


async def test_a_misspelt_word_shows_what_it_was_taken_for(engine: MemoryEngine) -> None:
    question = "parkde near the fridge"
    await explained(engine, question)
    wanted = {(WORDS, owner) for owner in visible_owners(ALICE)}
    await until(lambda: wanted <= engine._upkeep._tier._held.keys())
    result = await explained(engine, question)
    (car,) = [hit for hit in result.hits if hit.memory.key == "k3"]
    words = parts(car)["words"]
    assert words.details["matched"] == [{"word": "parkde", "as": ["park"], "weight": pytest.approx(words.value)}]
    assert {word.word: word.memories for word in of_search(result).words}["parkde"] == 1
