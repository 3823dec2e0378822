"""Whether single words of a question are met by words of a text."""

import numpy as np
import pytest

from custom_components.semantic_memory.memory.embedding.counterparts import Counterparts
from custom_components.semantic_memory.memory.embedding.words import WordTable


@pytest.fixture(scope="module")
def table() -> WordTable:
    return WordTable.load()


@pytest.fixture(scope="module")
def counterparts(table: WordTable) -> Counterparts:
    return Counterparts(table)


def shares(counterparts: Counterparts, words: dict[str, float], *texts: str) -> list[float]:
    """Return what the texts have of the words."""
    found = counterparts.shares(words, texts)
    assert found is not None
    assert found.shape == (len(texts),)
    return [float(share) for share in found]


def test_a_word_is_met_by_itself_or_by_one_that_means_alike(counterparts: Counterparts) -> None:
    same, alike, other, nothing = shares(
        counterparts, {"vehicle": 1.0}, "My VEHICLE, again.", "The car is red", "A cup of tea", "🎉"
    )
    assert same == pytest.approx(1, abs=1e-5)
    assert 0.3 < alike < same
    assert other < 0.1
    assert nothing == 0


def test_every_word_looks_for_its_own(counterparts: Counterparts) -> None:
    both, one = shares(counterparts, {"blue": 1.0, "car": 1.0}, "The vehicle is green", "The vehicle is here")
    assert both > one


def test_words_that_weigh_more_count_more(counterparts: Counterparts) -> None:
    texts = ("The tea is cold", "The car is red")
    tea, car = shares(counterparts, {"tea": 3.0, "car": 1.0}, *texts)
    assert tea > car
    tea, car = shares(counterparts, {"tea": 1.0, "car": 3.0}, *texts)
    assert tea < car


def test_words_that_say_little_count_less(counterparts: Counterparts, table: WordTable) -> None:
    which, drawer = (float(table.lengths(np.array(table.rows_of(word))).sum()) for word in ("which", "drawer"))
    assert which < drawer / 2
    little, much = shares(counterparts, {"which": 1.0, "drawer": 1.0}, "which", "drawer")
    assert little < much


@pytest.mark.parametrize("words", [{}, {"家": 1.0}, {"tea": 0.0}])
def test_nothing_can_be_said_of_unknown_words(counterparts: Counterparts, words: dict[str, float]) -> None:
    assert counterparts.shares(words, ["green tea"]) is None
    assert counterparts.shares({"tea": 1.0}, []) is None


def test_pieces_stand_for_a_word_that_the_table_lacks(counterparts: Counterparts, table: WordTable) -> None:
    assert len(table.rows_of("thermostatically")) > 1
    (share,) = shares(counterparts, {"thermostatically": 1.0}, "It is thermostatically controlled")
    assert share == pytest.approx(1, abs=1e-5)


def test_a_word_counts_once_however_often_its_pieces_recur(counterparts: Counterparts, table: WordTable) -> None:
    rows = table.rows_of("1212121212")
    assert len(rows) == len(set(rows))
    once, twice = (shares(counterparts, {code: 1.0, "tea": 1.0}, "green tea")[0] for code in ("121212", "1212121212"))
    assert once == pytest.approx(twice, abs=0.1)


def test_a_row_is_like_itself_and_that_of_the_unknown_like_none(table: WordTable) -> None:
    rows = np.array([0, *table.rows_of("green tea")])
    cosines = table.cosines(rows, rows)
    assert np.diag(cosines).tolist() == pytest.approx([0, 1, 1], abs=1e-5)
    assert cosines == pytest.approx(cosines.T, abs=1e-5)
    assert cosines[1, 2] < 1


def test_texts_are_taken_apart_once(counterparts: Counterparts) -> None:
    counterparts.shares({"tea": 1.0}, ["green tea"])
    known = counterparts._rows.cache_info().misses
    counterparts.shares({"tea": 1.0}, ["green tea"])
    assert counterparts._rows.cache_info().misses == known
    counterparts.forget()
    assert counterparts._rows.cache_info().currsize == 0
