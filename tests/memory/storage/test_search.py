"""Recall in one snapshot: candidates of both kinds, exact scores, owners."""

from typing import Any

import numpy as np
import pytest

from custom_components.semantic_memory.memory.answers import Hit, Match
from custom_components.semantic_memory.memory.models import Caller, MemoryFilter
from custom_components.semantic_memory.memory.policy import visible_owners
from custom_components.semantic_memory.memory.query import Query
from custom_components.semantic_memory.memory.storage import search, spaces
from custom_components.semantic_memory.memory.storage.scan import NoIndex
from custom_components.semantic_memory.memory.storage.search import Search

from .stores import ANN, BOB, DAY, NOBODY, Store, unit


def recall(
    store: Store, query: str, caller: Caller = ANN, vectors: dict[int, list[float]] | None = None, **options: Any
) -> tuple[Hit, ...]:
    """Return the hits of a query."""
    wanted: dict[str, Any] = {
        "where": MemoryFilter(),
        "limit": 10,
        "threshold": 0.0,
        "strict": True,
        "keyword_weight": 0.4,
        **options,
    }
    known = {space_id: np.frombuffer(unit(vector), "<f4") for space_id, vector in (vectors or {}).items()}
    owners = visible_owners(caller, wanted["where"].owner)
    return search.run(
        store.connection, Search(query=Query(query), owners=owners, vectors=known, now=store.now, **wanted), store.index
    )


def keys(hits: tuple[Hit, ...]) -> list[str]:
    """Return the keys of hits."""
    return [hit.memory.key for hit in hits]


@pytest.fixture
def space(any_store: Store) -> spaces.Space:
    """Return a space with a few memories in it, and others without a vector."""
    space = any_store.add_space()
    for key, value, vector, caller in (
        ("tea", "Ann drinks green tea", [1, 1, 1, 1, 1, 1, 1, 1], ANN),
        ("milk", "Ann dislikes milk", [1, 1, 1, 1, 1, 1, -1, -1], ANN),
        ("router", "The router is in the hall", [-1, -1, -1, -1, -1, -1, -1, 1], NOBODY),
        ("beer", "Bob drinks beer and tea", [1, 1, 1, 1, 1, 1, 1, 1], BOB),
    ):
        scope = "user" if caller.user_id else "household"
        any_store.embed(space, any_store.remember(value, caller, key=key, scope=scope), vector)
    for number in range(12):
        any_store.remember(f"Filler number {number}", BOB, key=f"filler{number}")
    return space


def test_both_signals_count(any_store: Store, space: spaces.Space) -> None:
    hits = recall(any_store, "green tea", vectors={space.id: [1] * 8})
    assert keys(hits) == ["tea", "milk", "router"]
    tea, milk, router = hits
    assert tea.match is Match.BOTH
    assert tea.vector_score is not None
    assert tea.keyword_score is not None
    assert tea.vector_score > 0.9
    assert tea.score == pytest.approx(0.6 * tea.vector_score + 0.4 * tea.keyword_score)
    assert (milk.match, milk.keyword_score) == (Match.MEANING, None)
    assert router.score < 0.05
    assert all(0 <= hit.score <= 1 for hit in hits)


def test_words_alone(any_store: Store, space: spaces.Space) -> None:
    hits = recall(any_store, "green TEA?")
    assert keys(hits) == ["tea"]
    assert (hits[0].match, hits[0].vector_score) == (Match.WORD, None)
    assert hits[0].score == hits[0].keyword_score
    assert recall(any_store, "nothing of it") == ()
    assert recall(any_store, "🎉 !!!") == ()
    assert recall(any_store, '"tea" AND (NEAR') != ()


def test_a_memory_without_a_vector_is_found_by_word(any_store: Store, space: spaces.Space) -> None:
    any_store.remember("Ann keeps a zebra", key="zebra")
    hits = recall(any_store, "zebra", vectors={space.id: [1] * 8})
    zebra = next(hit for hit in hits if hit.memory.key == "zebra")
    assert (zebra.match, zebra.vector_score) == (Match.WORD, None)


def test_nobody_finds_what_is_somebody_elses(any_store: Store, space: spaces.Space) -> None:
    vectors = {space.id: [1.0] * 8}
    assert keys(recall(any_store, "tea beer filler", NOBODY, vectors)) == ["router"]
    assert "tea" not in keys(recall(any_store, "green tea", BOB, vectors, limit=50))
    assert keys(recall(any_store, "tea", vectors=vectors, where=MemoryFilter(owner="household"))) == ["router"]
    for where in (MemoryFilter(category="general"), MemoryFilter(text="tea")):
        assert "beer" not in keys(recall(any_store, "tea beer", vectors=vectors, where=where))


def test_filters_find_what_is_far_away(any_store: Store, space: spaces.Space) -> None:
    any_store.remember("Ann's umbrella", key="umbrella", tags="rare")
    vectors = {space.id: [1.0] * 8}
    assert keys(recall(any_store, "tea", vectors=vectors, where=MemoryFilter(tags="rare"))) == ["umbrella"]
    assert keys(recall(any_store, "tea", where=MemoryFilter(tags="rare"))) == []
    assert keys(recall(any_store, "tea", vectors=vectors, where=MemoryFilter(pinned=True))) == []


def test_what_is_forgotten_or_expired_is_never_recalled(any_store: Store, space: spaces.Space) -> None:
    vectors = {space.id: [1.0] * 8}
    any_store.forget("tea")
    assert keys(recall(any_store, "green tea", vectors=vectors)) == ["milk", "router"]
    for where in (MemoryFilter(forgotten=True), MemoryFilter(forgotten=True, category="general")):
        assert recall(any_store, "green tea", vectors=vectors, where=where) == ()
    any_store.now += 181 * DAY
    assert recall(any_store, "milk", vectors=vectors) == ()


def test_threshold_and_limit(any_store: Store, space: spaces.Space) -> None:
    vectors = {space.id: [1.0] * 8}
    assert keys(recall(any_store, "tea", vectors=vectors, threshold=0.5)) == ["tea"]
    assert keys(recall(any_store, "tea", vectors=vectors, threshold=0.99, strict=False)) == ["tea", "milk", "router"]
    assert keys(recall(any_store, "tea", vectors=vectors, limit=1)) == ["tea"]
    bob = recall(any_store, "tea", BOB, vectors, threshold=0.3, strict=False, limit=50)
    assert keys(bob) == ["beer"], "a store of more than ten is cut"


def test_the_first_space_that_has_a_vector_scores(any_store: Store, space: spaces.Space) -> None:
    better = any_store.add_space("better", dimension=4)
    tea = any_store.change().require(["ann"], "tea")[1]
    any_store.embed(better, tea, [-1, -1, -1, -1])
    vectors = {better.id: [1.0] * 4, space.id: [1.0] * 8}
    scores = {hit.memory.key: hit.vector_score for hit in recall(any_store, "drink", vectors=vectors)}
    assert scores["tea"] == pytest.approx(better.calibration.score(np.array([-1.0], np.float32))[0])
    assert scores["milk"] == pytest.approx(space.calibration.score(np.array([0.5], np.float32))[0])
    vectors = {space.id: [1.0] * 8, better.id: [1.0] * 4, 99: [1.0]}
    scores = {hit.memory.key: hit.vector_score for hit in recall(any_store, "drink", vectors=vectors)}
    assert scores["tea"] == pytest.approx(space.calibration.score(np.array([1.0], np.float32))[0])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_words_in_a_tiny_store(store: Store, count: int) -> None:
    facts = ["The guest code is sunflower", "Bins are collected on Tuesday", "Anna likes jazz"][:count]
    for fact in facts:
        store.remember(fact)
    for query, fact in zip(("guest code", "when are bins collected", "jazz"), facts, strict=False):
        hits = recall(store, query, strict=False, threshold=0.2)
        assert hits[0].memory.value == fact
        assert 0 < hits[0].score <= 1


def test_a_word_that_everything_has_is_no_good_match(store: Store) -> None:
    for number in range(40):
        store.remember(f"The lamp {number} is bright", key=f"k{number}")
    store.remember("The teapot is in the kitchen", key="pot")
    hits = recall(store, "the teapot", limit=50)
    assert hits[0].memory.key == "pot"
    assert hits[0].score > 0.5
    assert all(hit.score < 0.1 for hit in hits[1:])


@pytest.mark.parametrize(
    "query", ["tea " * 25_000, '"' * 1000, "\0", "\ud800 tea", "tea\0milk", "' OR 1=1 --", "x" * 100_000]
)
def test_any_query_is_safe(any_store: Store, space: spaces.Space, query: str) -> None:
    hits = recall(any_store, query, vectors={space.id: [1.0] * 8})
    assert {"beer"}.isdisjoint(keys(hits))
    assert len(hits) == 3


def test_the_indexes_lead_to_the_same_hits(store: Store) -> None:
    space = store.add_space(dimension=24)
    rng = np.random.default_rng(3)
    for number in range(400):
        store.remember(f"fact {number}", key=f"k{number}")
    waiting = spaces.waiting(store.connection, space.id, 0, 400)
    spaces.store(
        store.connection, space.id, waiting, [unit(rng.normal(size=24).tolist()) for _ in waiting], store.index
    )
    for _ in range(5):
        vectors = {space.id: rng.normal(size=24).tolist()}
        first = recall(store, "fact 17", vectors=vectors, limit=5)
        again = recall(Store(store.connection, NoIndex(), now=store.now), "fact 17", vectors=vectors, limit=5)
        assert [(hit.memory.id, hit.score) for hit in first] == [(hit.memory.id, hit.score) for hit in again]


@pytest.mark.parametrize("others", [0, 5, 60])
@pytest.mark.parametrize("query", ["swimming submarine", "swimming", "the swimming pool", "the lessons of swimming"])
def test_what_others_have_stored_decides_nothing(store: Store, query: str, others: int) -> None:
    """Neither which words are common, nor whether there is any other one."""
    for number in range(11):
        store.remember(f"Swimming lessons of the child, part {number}", key=f"k{number}")
    store.remember("The pool is closed", NOBODY, key="pool", scope="household")

    def found() -> list[tuple[str, float]]:
        return [(hit.memory.key, hit.score) for hit in recall(store, query, limit=50)]

    alone = found()
    assert alone
    for number in range(others):
        store.remember(f"The submarine {number} has a pool for swimming lessons", BOB, key=f"b{number}")
    assert found() == alone
