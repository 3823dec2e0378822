"""How much a word of a query tells."""

from math import log
import sqlite3

import pytest

from custom_components.semantic_memory.memory.storage import words
from custom_components.semantic_memory.memory.text import query_words

from .stores import BOB, Store


def counts(store: Store, query: str) -> dict[str, int]:
    """Return how many memories have each word of a query."""
    return {term[0]: count for term, count in words.frequencies(store.connection, query_words(query)).items()}


@pytest.mark.parametrize(("occurrences", "total"), [(0, 0), (0, 1), (1, 1), (5, 10), (10, 10), (1, 10_000)])
def test_weights_are_positive(occurrences: int, total: int) -> None:
    assert words.weight(occurrences, total) > 0


def test_rarer_words_weigh_more() -> None:
    weights = [words.weight(occurrences, 100) for occurrences in (0, 1, 10, 100)]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == pytest.approx(log(1 + 100.5 / 0.5))


def test_words_are_counted_by_their_stems(store: Store) -> None:
    for number in range(40):
        store.remember(f"The lamp {number} shines" if number else "The lamp glows", BOB, key=f"k{number}")
    assert counts(store, "the glow lamps unknown") == {"the": 40, "glow": 1, "lamps": 40, "unknown": 0}
    assert words.count_all(store.connection) == 40


@pytest.mark.parametrize(
    ("visible", "common"), [(0, 10), (10, 10), (50, 10), (100, 20), (10_000, 2_000), (100_000, 4_000)]
)
def test_words_that_many_memories_have_are_common(visible: int, common: int) -> None:
    assert words.common_from(visible) == common


def test_forgotten_memories_do_not_count(store: Store) -> None:
    store.remember("unique", key="a")
    store.remember("other", key="b")
    store.forget("a")
    assert counts(store, "unique other") == {"unique": 0, "other": 1}


def test_either_spelling_counts(store: Store) -> None:
    store.remember("Die Straße", key="x")
    store.remember("nothing", key="strasse")
    assert counts(store, "Straße") == {"straße": 1}
    assert counts(store, "STRASSE") == {"strasse": 1}


def test_the_rarest_words_that_there_are(store: Store) -> None:
    for number in range(5):
        store.remember(f"common word {number}", key=f"k{number}")
    store.remember("rare common", key="k")
    terms = query_words("common absent word rare")
    assert words.rarest(store.connection, terms, 2) == [("rare",), ("word",)]
    assert words.rarest(store.connection, query_words("absent"), 2) == []
    assert words.rarest(store.connection, [], 2) == []


def test_one_query_leaves_nothing_to_the_next(store: Store) -> None:
    store.remember("x", key="x")
    assert list(counts(store, "one two three")) == ["one", "two", "three"]
    assert list(counts(store, "four")) == ["four"]
    assert counts(store, "🎉") == {}


def test_a_fault_while_words_are_read_is_told_as_it_is(store: Store) -> None:
    """SQLite ends the transaction by itself when a disk is full; nothing of that must hide the reason."""
    many = [" ".join(f"word{number}x{other}" for other in range(400)) for number in range(400)]
    store.connection.execute("PRAGMA temp.max_page_count = 12")
    try:
        with pytest.raises(sqlite3.OperationalError) as caught:
            words.tokens(store.connection, many)
        assert caught.value.sqlite_errorcode == sqlite3.SQLITE_FULL
        assert not store.connection.in_transaction
    finally:
        store.connection.execute("PRAGMA temp.max_page_count = 1000000")
    assert words.tokens(store.connection, ["lamps"]) == [["lamp"]]
