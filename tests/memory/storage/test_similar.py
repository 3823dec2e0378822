"""How far words are apart."""

from hypothesis import given, strategies as st
import pytest

from custom_components.semantic_memory.memory.storage import similar
from custom_components.semantic_memory.memory.storage.similar import Spellings, distances, is_correctable

WORDS = st.text("abé字", min_size=1, max_size=12)


def distance(one: str, other: str) -> int:
    """Return the optimal string alignment distance by its definition."""
    table = [[max(row, column) for column in range(len(other) + 1)] for row in range(len(one) + 1)]
    for row, first in enumerate(one, 1):
        for column, second in enumerate(other, 1):
            ways = [
                table[row - 1][column] + 1,
                table[row][column - 1] + 1,
                table[row - 1][column - 1] + (first != second),
            ]
            if row > 1 and column > 1 and first == other[column - 2] and second == one[row - 2]:
                ways.append(table[row - 2][column - 2] + 1)
            table[row][column] = min(ways)
    return table[-1][-1]


@given(WORDS, st.lists(WORDS, max_size=20))
def test_distances_are_those_of_the_definition(word: str, candidates: list[str]) -> None:
    assert distances(word, candidates) == [distance(word, candidate) for candidate in candidates]


@given(st.text("abé", min_size=4, max_size=8), st.lists(WORDS, max_size=30), st.integers(1, 2))
def test_every_near_word_is_found(word: str, vocabulary: list[str], mistakes: int) -> None:
    spellings = Spellings()
    spellings.append(vocabulary[:7])
    spellings.append(vocabulary[7:])
    assert spellings.near(word, mistakes) == [
        candidate
        for candidate in vocabulary
        if distance(word, candidate) == mistakes
        and (candidate[0] == word[0] or candidate[:2] == word[1::-1])
        and is_correctable(candidate)
    ]


def test_what_was_looked_for_is_kept_until_it_is_to_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "_MOST_KNOWN", 2)
    spellings = Spellings()
    spellings.append(["lamp", "lump"])
    for word in ("lamb", "limp", "lamo", "lamb"):
        assert spellings.near(word, 1) == [near for near in ("lamp", "lump") if distance(word, near) == 1]
        assert 1 <= len(spellings._known) <= 2
    spellings.append(["lambs"])
    assert spellings.near("lamb", 1) == ["lamp", "lambs"]
    spellings.forget_questions()
    assert not spellings._known


def test_codes_and_short_words_are_not_correctable() -> None:
    assert [word for word in ("tea", "lamp", "lamp2", "x" * 33) if is_correctable(word)] == ["lamp"]
