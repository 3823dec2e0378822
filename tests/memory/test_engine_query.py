"""Phrases, prefixes and exclusions in a query, and what they do to a recall."""

from contextlib import suppress
from dataclasses import replace
import re
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.semantic_memory.memory.answers import Match, RecallResult
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.models import Caller, EngineSettings, MemoryFilter, RecallRequest
from custom_components.semantic_memory.memory.storage import search

from .fakes import ALICE, BOB, NOBODY, START, FakeEmbedder, OpenEngine, remember

FACTS = {
    "green_tea": "Green tea is for the evening",
    "black_tea": "In the morning it is black tea with milk",
    "leaves": "The tea has leaves that are green",
    "television": "The television stands in the living room, and its remote control in the drawer",
    "parking": "We were parking the car in Elm Street",
    "email": "The e-mail address of the school is on the fridge",
    "cold": "The freezer is set to -18 degrees",
    "street": "Die Straße zur Schule ist gesperrt",
    "cafe": "The café at the corner opens at eight",
    "keys": "我的车钥匙在厨房的抽屉里",
    "umbrella": "우산이 현관에 있어요",
}


async def recall(engine: MemoryEngine, query: str, caller: Caller = ALICE, **parts: object) -> RecallResult:
    """Search as somebody who types a query does."""
    wanted = {"limit": 50, "syntax": True, **parts}
    return await engine.async_recall(caller, RecallRequest(query=query, **wanted))  # type: ignore[arg-type]


async def keys(engine: MemoryEngine, query: str, caller: Caller = ALICE, **parts: object) -> set[str]:
    """Return the keys of the hits."""
    return {hit.memory.key for hit in (await recall(engine, query, caller, **parts)).hits}


@pytest.fixture(params=["by meaning", "by word"])
async def facts(request: pytest.FixtureRequest, open_engine: OpenEngine, built_in: StaticEmbedder) -> MemoryEngine:
    """Return an engine that knows the facts, with an embedder and without."""
    engine = await open_engine(built_in if request.param == "by meaning" else None)
    for key, value in FACTS.items():
        await remember(engine, value, key=key, tags="fact,red thing")
    return engine


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('"green tea"', {"green_tea"}),
        ('where is "the car"', {"parking"}),
        ("“tea green”", set()),
        ('"tea has leaves" "are green"', {"leaves"}),
        ('"green tea" "are green"', set()),
        ('"were parked"', {"parking"}),  # the index knows stems
        ('"DIE STRAßE"', {"street"}),
        ('"die straße"', {"street"}),
        ('"the cafe at"', {"cafe"}),
        ('"red thing" "black tea"', {"black_tea"}),
        ('"school address"', set()),
        ("televisi*", {"television"}),
        ("TELE* set", {"television"}),
        ("tele* par*", set()),
        ("parki*", {"parking"}),
        ("e-m*", {"email"}),
        ("mai*", {"email"}),
        ("x-mai*", set()),
        ("straß*", {"street"}),
        ("stra*", {"street"}),
        ("stras*", {"street"}),
        ("caf*", {"cafe"}),
        ("café*", {"cafe"}),
        ("televisions*", set()),
        ("「钥匙」", {"keys"}),
        ("钥匙*", {"keys"}),
        ("「钥匙在 厨房」", {"keys"}),
        ("「厨房钥匙」", set()),
        ('"우산"', {"umbrella"}),
    ],
)
async def test_what_has_to_occur(facts: MemoryEngine, query: str, found: set[str]) -> None:
    assert await keys(facts, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tea -green", {"black_tea"}),
        ('tea -"green tea"', {"black_tea", "leaves"}),
        ("tea -mil*", {"green_tea", "leaves"}),
        ("tea* -milk -leaf", {"green_tea", "leaves"}),
        ('"tea" -milk -leaves', {"green_tea"}),
        ("tea -red", set()),
        ("tea -「钥匙」", {"green_tea", "black_tea", "leaves"}),
    ],
)
async def test_what_may_not_occur(facts: MemoryEngine, query: str, found: set[str]) -> None:
    teas = {"green_tea", "black_tea", "leaves"}
    assert await keys(facts, query) & teas == found
    assert await keys(facts, query.replace("-", "")) <= set(FACTS)


async def test_what_is_excluded_is_not_looked_for(open_engine: OpenEngine) -> None:
    embedder = FakeEmbedder("built-in")
    engine = await open_engine(embedder)
    await remember(engine, "kitten", key="a")
    embedder.queries.clear()
    await recall(engine, '"kitten" -"black dog" pur*')
    assert embedder.queries == ["kitten pur"]


async def test_without_syntax_it_is_all_text(facts: MemoryEngine) -> None:
    """A model that puts quotes around a name must not hear that nothing is known."""
    plain = await keys(facts, "green tea leaves", syntax=False, threshold=0.05)
    assert {"green_tea", "leaves"} <= plain
    for query in ('"green tea leaves"', "-green tea leaves", 'green tea" -leaves', "green* tea leaves"):
        assert {"green_tea", "leaves"} <= await keys(facts, query, syntax=False, threshold=0.05)
    assert await keys(facts, '"green tea leaves"') == set()


@pytest.mark.parametrize(
    ("query", "code"), [("-tea", "query_only_exclusions"), (f'"a{" a" * 48}"', "query_too_complex")]
)
async def test_what_is_refused(engine: MemoryEngine, query: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await recall(engine, query)
    assert caught.value.code == code
    await recall(engine, query, syntax=False)


async def test_what_was_asked_for_is_not_left_out_for_its_score(
    open_engine: OpenEngine, built_in: StaticEmbedder
) -> None:
    engine = await open_engine(built_in, settings=EngineSettings(threshold=0.99, recall_limit=50))
    for number in range(20):
        await remember(engine, f"The televisor in room {number}", key=f"k{number}")
    assert len(await keys(engine, "televiso*")) == len(await keys(engine, '"the televisor"')) == 20
    assert await keys(engine, "televiso*", threshold=0.99) == set()
    assert await keys(engine, "sheep -televisor") == set()


async def test_what_occurs_was_found_by_word(facts: MemoryEngine) -> None:
    (hit,) = (await recall(facts, "televisi*")).hits
    assert (hit.match in {Match.WORD, Match.BOTH}, hit.keyword_score) == (True, 0.0)


@pytest.mark.parametrize("most", [search.MOST_CANDIDATES, 200])
async def test_it_is_found_behind_hundreds_of_nearer_memories(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(search, "MOST_CANDIDATES", most)
    engine = await open_engine(FakeEmbedder("built-in"))
    await remember(engine, "something about a vehicle in red", key="wanted")
    for number in range(170):
        await remember(engine, f"car number{number}", key=f"k{number}")
    assert await keys(engine, "automobile -car", threshold=0.0) == {"wanted"}
    assert await keys(engine, '"in red" automobile', threshold=0.0) == {"wanted"}


async def test_no_more_candidates_than_the_index_gives(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_CANDIDATES", 110)
    engine = await open_engine(FakeEmbedder("built-in"))
    for number in range(180):
        await remember(engine, f"{'feline' if number % 10 else 'old car'} {number}", key=f"k{number}")
    found = await keys(engine, "kitten -old", threshold=0.0)
    assert len(found) == 50
    assert all(int(key[1:]) % 10 for key in found)


async def test_filters_and_owners_stay(facts: MemoryEngine) -> None:
    await remember(facts, "Green tea for the guests", NOBODY, key="guests", category="home")
    await remember(facts, "Green tea is what Bob hides", BOB, key="bobs")
    assert await keys(facts, '"green tea"') == {"green_tea", "guests"}
    assert await keys(facts, "gree* -leaves", filter=MemoryFilter(category="home")) == {"guests"}
    assert await keys(facts, '"green tea"', NOBODY) == {"guests"}
    assert await keys(facts, '"green tea"', BOB) == {"bobs", "guests"}
    assert await keys(facts, '"green tea"', filter=MemoryFilter(forgotten=True)) == set()


@pytest.mark.parametrize("field", ["created", "updated"])
async def test_dates_the_wrong_way_round(facts: MemoryEngine, field: str) -> None:
    between: dict[str, Any] = {f"{field}_after": START - 1, f"{field}_before": START + 1}
    assert await keys(facts, '"green tea"', filter=replace(MemoryFilter(), **between)) == {"green_tea"}
    for first, last in ((START, START), (START + 1, START)):
        dates: dict[str, Any] = {f"{field}_after": first, f"{field}_before": last}
        where = replace(MemoryFilter(), **dates)
        with pytest.raises(InvalidInputError) as caught:
            await keys(facts, "tea", filter=where)
        assert caught.value.code == "dates_reversed"
        assert caught.value.placeholders == {"after": f"{field}_after", "before": f"{field}_before"}


@pytest.fixture
async def odd(open_engine: OpenEngine) -> MemoryEngine:
    """Return an engine with a few memories of which each kind of text is in one."""
    engine = await open_engine()
    for number, value in enumerate(
        ("It is AND of NEAR(a b)", "Straße, ﬁsh; ½ C++", "我的钥匙 iPhone手机", "नमस्ते दुनिया")
    ):
        await remember(engine, value, key=f"k{number}")
    return engine


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=12)
    | st.sampled_from(("AND", "a b", "NEAR", "^a", "{a}", "a:b", "½", "ﬁsh", "İ", "a\0b", "नम")),
    form=st.sampled_from(('"{}"', "{}*", 'x -"{}"', "x -{}*", "「{}」")),
)
async def test_anything_can_be_asked(odd: MemoryEngine, text: str, form: str) -> None:
    with suppress(InvalidInputError):  # there is nothing to look for
        result = await recall(odd, form.format(text))
        assert {hit.memory.key for hit in result.hits} <= {"k0", "k1", "k2", "k3"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_every_beginning_of_a_word_finds_it(facts: MemoryEngine, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(["television", "parking", "leaves", "email", "cold", "cafe", "street"]))
    word = data.draw(st.sampled_from([word for word in FACTS[key].replace(",", "").split() if word.isalpha()]))
    begun = word[: data.draw(st.integers(1, len(word)))]
    found = await keys(facts, f"{begun}*")
    assert key in found
    for other in found:
        said = re.split(r"[^\w]|_", f"{FACTS[other]} {other} fact red thing".casefold().replace("é", "e"))
        assert any(part.startswith(begun.casefold().replace("é", "e")) for part in said)
