"""Words of questions as the word index has them."""

from unittest.mock import Mock

import pytest

from custom_components.semantic_memory.memory.storage import stems, words
from custom_components.semantic_memory.memory.storage.stems import Stems
from custom_components.semantic_memory.memory.text import query_words

from .stores import Store


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Return what is asked for tokens, which it does answer."""
    spy = Mock(wraps=words.tokens)
    monkeypatch.setattr(words, "tokens", spy)
    return spy


def test_every_spelling_may_stand_for_a_term(store: Store) -> None:
    found = Stems().of(store.connection, query_words("lamps Straße")) or {}
    assert list(found.values()) == [["lamp"], ["straß", "strass"]]


def test_spellings_of_which_one_word_is_made_stand_for_it_once(store: Store) -> None:
    assert Stems().of(store.connection, [("lamp", "lamps")]) == {("lamp", "lamps"): ["lamp"]}


def test_what_the_index_takes_for_several_words_cannot_be_looked_up(store: Store) -> None:
    known = Stems()
    assert known.of(store.connection, [("lamp",), ("two words",)]) is None
    assert known.of(store.connection, [("lamp",)]) == {("lamp",): ["lamp"]}


def test_what_the_index_makes_nothing_of_is_left_out(store: Store) -> None:
    assert Stems().of(store.connection, [("?",), ("lamp",)]) == {("lamp",): ["lamp"]}


def test_each_spelling_is_asked_for_once(store: Store, tokens: Mock) -> None:
    known = Stems()
    for query in ("the lamps", "the doors", "lamps and doors"):
        known.of(store.connection, query_words(query))
    assert [call.args[1] for call in tokens.call_args_list] == [["the", "lamps"], ["doors"], ["and"]]


def test_forgotten_questions_leave_nothing(store: Store, tokens: Mock) -> None:
    known = Stems()
    known.of(store.connection, [("secret",)])
    known.forget()
    assert "secret" not in repr(vars(known))
    assert known.of(store.connection, [("secret",)]) == {("secret",): ["secret"]}
    assert tokens.call_count == 2


def test_no_more_is_remembered_than_there_is_room_for(
    store: Store, tokens: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stems, "_MOST", 3)
    known = Stems()
    for query, found in (("a b", [["a"], ["b"]]), ("b c d", [["b"], ["c"], ["d"]]), ("c d", [["c"], ["d"]])):
        assert list((known.of(store.connection, query_words(query)) or {}).values()) == found
    assert [call.args[1] for call in tokens.call_args_list] == [["a", "b"], ["b", "c", "d"]]
