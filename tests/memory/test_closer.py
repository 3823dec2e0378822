"""The second look at the best candidates."""

from typing import Any

import pytest

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.ranking import COUNTERPARTS, Candidate, Weights, rank
from custom_components.semantic_memory.memory.storage import closer

from .stores import Store

WEIGHTS = Weights(0.4)


@pytest.fixture
def seqs(any_store: Store) -> list[int]:
    """Return memories, of which the second one is about a car."""
    values = ("The tea is cold", "We bought a car", "The lamp is on")
    stored = [any_store.remember(value, key=f"k{number}") for number, value in enumerate(values)]
    rows = dict(any_store.connection.execute("SELECT id, seq FROM memory").fetchall())
    return [rows[memory.id] for memory in stored]


def looked_at(store: Store, built_in: StaticEmbedder, seqs: list[int], **options: Any) -> tuple[list[int], Weights]:
    """Return the memories in their new order, and the weights."""
    ranked = rank([Candidate(seq, 0.5 - place / 100, None) for place, seq in enumerate(seqs)], WEIGHTS)
    wanted: dict[str, Any] = {"words": {("vehicle",): 1.0}, "owners": ("ann",), "limit": 5, **options}
    found, weights = closer.rank(store.connection, ranked, WEIGHTS, built_in.counterparts, **wanted)
    return [item.candidate.seq for item in found], weights


def test_a_memory_with_a_counterpart_comes_first(any_store: Store, built_in: StaticEmbedder, seqs: list[int]) -> None:
    found, weights = looked_at(any_store, built_in, seqs)
    assert found == [seqs[1], seqs[0], seqs[2]]
    assert weights == Weights(0.4, counterparts=COUNTERPARTS)


def test_keys_count_too(any_store: Store, built_in: StaticEmbedder, seqs: list[int]) -> None:
    any_store.connection.execute("UPDATE memory SET key = 'my_vehicle' WHERE seq = ?", (seqs[2],))
    assert looked_at(any_store, built_in, seqs)[0][0] == seqs[2]


@pytest.mark.parametrize("words", [{}, {("家",): 1.0}])
def test_without_known_words_all_stays(
    any_store: Store, built_in: StaticEmbedder, seqs: list[int], words: dict[tuple[str, ...], float]
) -> None:
    assert looked_at(any_store, built_in, seqs, words=words) == (seqs, WEIGHTS)


def test_only_the_best_are_looked_at(
    any_store: Store, built_in: StaticEmbedder, seqs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closer, "LOOKED_AT", 1)
    assert looked_at(any_store, built_in, seqs, limit=1)[0] == seqs[:1]
    assert looked_at(any_store, built_in, seqs, limit=2)[0] == [seqs[1], seqs[0]]


def test_what_somebody_else_says_tells_nothing(any_store: Store, built_in: StaticEmbedder, seqs: list[int]) -> None:
    any_store.connection.execute("UPDATE memory SET owner = 'somebody else' WHERE seq = ?", (seqs[1],))
    assert looked_at(any_store, built_in, seqs)[0] == seqs
