"""What a caller may see, and what of it is meant."""

from typing import Any

import pytest

from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.models import MemoryFilter
from custom_components.semantic_memory.memory.storage.filters import Conditions

from .stores import ANN, BOB, DAY, NOBODY, NOW, Store


@pytest.fixture
def filled(store: Store) -> Store:
    """Return a store with memories of two people and of the household."""
    store.remember("Green tea in the morning", key="tea", tags=["Drink", "Küche"], category="preference", pinned=True)
    store.now += DAY
    store.remember("Die Straße ist gesperrt", key="street", tags=["a b", "100%"], category="event")
    store.remember("Party until ten", key="party", scope="session")
    store.now += DAY / 2
    store.remember("The router is in the hall", NOBODY, key="router", scope="household", tags=["drinking"])
    store.remember("Bob drinks beer", BOB, key="beer", tags=["drink"])
    store.now += 60
    return store


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["party", "router", "street", "tea"]),
        ({"scope": "user"}, ["street", "tea"]),
        ({"scope": "Household"}, ["router"]),
        ({"scope": "session"}, ["party"]),
        ({"category": "event"}, ["street"]),
        ({"category": "home"}, []),
        ({"pinned": True}, ["tea"]),
        ({"pinned": False}, ["party", "router", "street"]),
        ({"tags": "drink"}, ["tea"]),
        ({"tags": ["DRINK", "kÜche"]}, ["tea"]),
        ({"tags": "drink, a b"}, []),
        ({"tags": "A  B"}, ["street"]),
        ({"tags": "100%"}, ["street"]),
        ({"tags": "%"}, []),
        ({"tags": "\ud800"}, []),
        ({"text": "tea"}, ["tea"]),
        ({"text": "TEA morn"}, ["tea"]),
        ({"text": "tea evening"}, []),
        ({"text": "kuche"}, ["tea"]),
        ({"text": "straße"}, ["street"]),
        ({"text": "router hall"}, ["router"]),
        ({"text": "   "}, ["party", "router", "street", "tea"]),
        ({"text": "%"}, ["street"]),
        ({"text": "🎉"}, []),
        ({"text": "\ud800"}, []),
        ({"text": "\0"}, ["party", "router", "street", "tea"]),
        ({"text": '"tea" OR NEAR('}, []),
        ({"text": "in the " * 2_000}, ["router", "tea"]),
        ({"text": " ".join(f"w{number}" for number in range(2_000))}, []),
        ({"created_after": NOW + DAY}, ["party", "router", "street"]),
        ({"created_before": NOW + DAY}, ["tea"]),
        ({"updated_after": NOW + 1, "updated_before": NOW + DAY + 1}, ["party", "street"]),
        ({"tags": "drink", "pinned": True, "text": "green", "scope": "user"}, ["tea"]),
    ],
)
def test_filters(filled: Store, where: dict[str, Any], expected: list[str]) -> None:
    assert filled.keys(**where) == expected
    everything = set(filled.keys(ANN))
    assert set(filled.keys(BOB, **where)) - {"beer"} <= everything


def test_nobody_sees_what_is_somebody_elses(filled: Store) -> None:
    assert filled.keys(NOBODY) == ["router"]
    assert filled.keys(BOB) == ["beer", "router"]
    assert filled.keys(NOBODY, text="tea") == filled.keys(BOB, tags="küche") == []


def test_expired_memories_are_nowhere(filled: Store) -> None:
    filled.now = NOW + 2 * DAY
    assert filled.keys() == ["router", "street", "tea"]
    assert filled.keys(scope="session") == []
    assert filled.keys(forgotten=True) == []


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["street", "tea"]),
        ({"text": "tea"}, ["tea"]),
        ({"text": "GREEN kÜche"}, ["tea"]),
        ({"text": "tea evening"}, []),
        ({"text": "%"}, ["street"]),
        ({"tags": "drink"}, ["tea"]),
        ({"text": "a " * 8_000}, ["street", "tea"]),
        ({"text": " ".join(f"w{number}" for number in range(2_000))}, []),
    ],
)
def test_filters_on_what_was_forgotten(filled: Store, where: dict[str, Any], expected: list[str]) -> None:
    filled.forget("tea", "street")
    assert filled.keys(**where, forgotten=True) == expected
    assert filled.keys(BOB, **where, forgotten=True) == []
    assert filled.keys(**where, forgotten=False) in ([], ["party", "router"], ["party"], ["router"])


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ({"scope": "x"}, "invalid_scope"),
        ({"category": "x"}, "invalid_category"),
        ({"tags": 5}, "invalid_tags"),
        ({"tags": [str(number) for number in range(100)]}, "too_many_tags"),
        ({"text": "a " * 9_000}, "text_too_long"),
        ({"text": "a " * 9_000, "forgotten": True}, "text_too_long"),
    ],
)
def test_unusable_filters(where: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Conditions(["ann"], MemoryFilter(**where), NOW)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("where", "narrow", "selective"),
    [
        ({}, False, False),
        ({"text": " "}, False, False),
        ({"tags": " , "}, False, False),
        ({"owner": "ann"}, False, True),
        ({"forgotten": True}, False, True),
        ({"pinned": False}, True, True),
        ({"text": "x"}, True, True),
    ],
)
def test_filters_that_leave_something_out(where: dict[str, Any], narrow: bool, selective: bool) -> None:
    conditions = Conditions(["ann"], MemoryFilter(**where), NOW)
    assert (conditions.narrow, conditions.selective) == (narrow, selective)


def test_reading_by_seq(filled: Store) -> None:
    conditions = Conditions(["ann"], MemoryFilter(), filled.now)
    assert conditions.count(filled.connection) == 3
    assert sorted(conditions.all_seqs(filled.connection)) == [1, 2, 3]
    assert conditions.allowed(filled.connection, range(100_000)).keys() == {1, 2, 3}
    assert conditions.allowed(filled.connection, []) == {}
    assert [seq for seq, _ in conditions.memories(filled.connection, [2, 5, 4])] == [2]
