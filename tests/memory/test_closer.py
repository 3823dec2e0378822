"""The second look at the best candidates."""

import pytest

from custom_components.semantic_memory.memory import closer
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.models import Memory
from custom_components.semantic_memory.memory.ranking import COUNTERPARTS, Candidate, Weights, rank
from custom_components.semantic_memory.memory.text import Term

from .storage.stores import Store, connect

WEIGHTS = Weights(0.4)


@pytest.fixture
def memories() -> dict[int, Memory]:
    """Return memories, of which the second one is about a car."""
    store = Store(connect(":memory:", extension=False))
    stored = [
        store.remember("The tea is cold", key="first"),
        store.remember("We bought a car", key="second"),
        store.remember("The lamp is on", key="my_ship", tags=["animal, dog"]),
    ]
    store.connection.close()
    return dict(enumerate(stored, 1))


def looked_at(
    memories: dict[int, Memory], built_in: StaticEmbedder, words: dict[Term, float]
) -> tuple[list[int], Weights]:
    """Return the memories in their new order, and the weights."""
    ranked = rank([Candidate(seq, 0.5 - seq / 100, None) for seq in memories], WEIGHTS)
    found, weights = closer.rank(ranked, WEIGHTS, built_in.counterparts, words, memories)
    return [item.candidate.seq for item in found], weights


@pytest.mark.parametrize(
    ("word", "expected"),
    [("vehicle", [2, 1, 3]), ("boat", [3, 1, 2]), ("puppy", [3, 1, 2])],
    ids=["value", "key", "tag"],
)
def test_a_memory_with_a_counterpart_comes_first(
    memories: dict[int, Memory], built_in: StaticEmbedder, word: str, expected: list[int]
) -> None:
    found, weights = looked_at(memories, built_in, {(word,): 1.0})
    assert found[0] == expected[0]
    assert sorted(found) == [1, 2, 3]
    assert weights == Weights(0.4, counterparts=COUNTERPARTS)


@pytest.mark.parametrize("words", [{}, {("家",): 1.0}])
def test_without_known_words_all_stays(
    memories: dict[int, Memory], built_in: StaticEmbedder, words: dict[Term, float]
) -> None:
    assert looked_at(memories, built_in, words) == ([1, 2, 3], WEIGHTS)
