"""The second look at the best candidates."""

import pytest

from custom_components.semantic_memory.memory import closer
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.ranking import COUNTERPARTS, Candidate, Weights, rank
from custom_components.semantic_memory.memory.text import Term

WEIGHTS = Weights(0.4)
TEXTS = ["The tea is cold", "We bought a car", "my_ship The lamp is on"]


def looked_at(built_in: StaticEmbedder, words: dict[Term, float]) -> tuple[list[int], Weights]:
    """Return the numbers of the texts in their new order, and the weights."""
    ranked = rank([Candidate(number, 0.5 - number / 100, None) for number in range(len(TEXTS))], WEIGHTS)
    found, weights = closer.rank(ranked, TEXTS, WEIGHTS, built_in.counterparts, words)
    return [item.candidate.seq for item in found], weights


@pytest.mark.parametrize(("word", "first"), [("vehicle", 1), ("boat", 2)], ids=["value", "key"])
def test_a_memory_with_a_counterpart_comes_first(built_in: StaticEmbedder, word: str, first: int) -> None:
    found, weights = looked_at(built_in, {(word,): 1.0})
    assert found == [first, *(number for number in range(3) if number != first)]
    assert weights == Weights(0.4, counterparts=COUNTERPARTS)


@pytest.mark.parametrize("words", [{}, {("家",): 1.0}])
def test_without_known_words_all_stays(built_in: StaticEmbedder, words: dict[Term, float]) -> None:
    assert looked_at(built_in, words) == ([0, 1, 2], WEIGHTS)
