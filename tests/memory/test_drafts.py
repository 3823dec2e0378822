"""From what a caller sent to a memory that can be stored."""

from dataclasses import replace
from math import inf, nan
from typing import Any, Final

import pytest

from custom_components.semantic_memory.memory import drafts
from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    MAX_EXPIRY_DAYS,
    MAX_VALUE_LENGTH,
    SECONDS_PER_DAY,
    Caller,
    Category,
    EngineSettings,
    Memory,
    MemoryChanges,
    MemoryDraft,
    Scope,
    Source,
)

ANN: Final = Caller(user_id="ann")
NOW: Final = 1_800_000_000.0
LATER: Final = NOW + 10 * SECONDS_PER_DAY
SETTINGS: Final = EngineSettings(default_expiry_days=180)


def make(caller: Caller = ANN, settings: EngineSettings = SETTINGS, **draft: Any) -> Memory:
    """Return a new memory made from a draft."""
    return drafts.created(drafts.prepare(caller, MemoryDraft(**{"value": "Tea is green", **draft})), NOW, settings)


def again(memory: Memory, settings: EngineSettings = SETTINGS, **draft: Any) -> Memory:
    """Return a memory after its value was said again ten days later."""
    said = MemoryDraft(**{"value": memory.value, "key": memory.key, "scope": memory.scope, **draft})
    return drafts.updated(memory, drafts.prepare(ANN, said), LATER, settings)


def edit(memory: Memory, caller: Caller = ANN, **changes: Any) -> Memory:
    """Return a memory with changes made ten days later."""
    return drafts.edited(memory, caller, MemoryChanges(**changes), LATER, SETTINGS)


def days(memory: Memory, since: float = NOW) -> float | None:
    """Return how many days a memory has left."""
    return None if memory.expires_at is None else (memory.expires_at - since) / SECONDS_PER_DAY


def test_a_bare_value_gets_defaults() -> None:
    memory = make()
    assert memory == replace(
        memory,
        key="tea_is_green",
        value="Tea is green",
        owner="ann",
        scope=Scope.USER,
        category=Category.GENERAL,
        tags=(),
        confidence=1.0,
        pinned=False,
        created_at=NOW,
        updated_at=NOW,
        last_used_at=None,
        use_count=0,
        deleted_at=None,
    )
    assert len(memory.id) == 26
    assert days(memory) == 180


def test_everything_can_be_said() -> None:
    source = Source(surface="llm", device_id="d")
    memory = make(
        value="  x  ", key="My Key", scope="household", category="device", tags="a,b", confidence=0.0, pinned=True,
        expires_in_days=2, source=source,
    )  # fmt: skip
    assert (memory.value, memory.key, memory.owner) == ("x", "my_key", HOUSEHOLD)
    assert (memory.category, memory.tags, memory.confidence) == (Category.DEVICE, ("a", "b"), 0.0)
    assert memory.pinned
    assert memory.source is source
    assert days(memory) == 2


@pytest.mark.parametrize("key", [None, "", "  \t"])
def test_a_key_is_derived_where_none_is_given(key: str | None) -> None:
    prepared = drafts.prepare(ANN, MemoryDraft(value="Tea", key=key))
    assert (prepared.key, prepared.key_is_derived) == ("tea", True)


def test_a_given_key_is_not_derived() -> None:
    assert not drafts.prepare(ANN, MemoryDraft(value="Tea", key="tea")).key_is_derived


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        ({"value": ""}, "value_empty"),
        ({"value": " \n\t"}, "value_empty"),
        ({"value": "\0"}, "value_empty"),
        ({"value": " \0 \0"}, "value_empty"),
        ({"value": "v" * (MAX_VALUE_LENGTH + 1)}, "value_too_long"),
        ({"key": "???"}, "key_empty"),
        ({"key": "k" * 200}, "key_too_long"),
        ({"scope": "world"}, "invalid_scope"),
        ({"category": "thing"}, "invalid_category"),
        ({"tags": 5}, "invalid_tags"),
        ({"confidence": -0.01}, "invalid_confidence"),
        ({"confidence": 1.01}, "invalid_confidence"),
        ({"confidence": nan}, "invalid_confidence"),
        ({"expires_in_days": -1}, "invalid_expiry"),
        ({"expires_in_days": MAX_EXPIRY_DAYS + 1}, "invalid_expiry"),
        ({"expires_in_days": nan}, "invalid_expiry"),
        ({"expires_in_days": inf}, "invalid_expiry"),
    ],
)
def test_unusable_drafts(draft: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        make(**draft)
    assert caught.value.code == code


def test_unusable_drafts_of_nobody() -> None:
    with pytest.raises(InvalidInputError) as caught:
        make(Caller())
    assert caught.value.code == "scope_needs_person"
    assert make(Caller(), scope="session").owner == HOUSEHOLD


def test_values_are_made_storable() -> None:
    assert make(value="a\0b\ud800 e\u0301").value == "ab? é"
    assert len(make(value="v" * MAX_VALUE_LENGTH).value) == MAX_VALUE_LENGTH


@pytest.mark.parametrize(
    ("draft", "default", "expected"),
    [
        ({}, 180, 180),
        ({}, 0, None),
        ({"expires_in_days": 0}, 180, None),
        ({"expires_in_days": 0.5}, 180, 0.5),
        ({"expires_in_days": MAX_EXPIRY_DAYS}, 180, MAX_EXPIRY_DAYS),
        ({"scope": "session"}, 180, 1),
        ({"scope": "session"}, 0, 1),
        ({"scope": "session", "expires_in_days": 0}, 180, None),
        ({"pinned": True}, 180, None),
        ({"pinned": True, "scope": "session"}, 180, None),
        ({"pinned": True, "expires_in_days": 3}, 180, 3),
    ],
)
def test_expiry_of_new_memories(draft: dict[str, Any], default: float, expected: float | None) -> None:
    assert days(make(settings=EngineSettings(default_expiry_days=default), **draft)) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {}, 190),
        ({"expires_in_days": 400}, {}, 400),
        ({"expires_in_days": 400}, {"expires_in_days": 5}, 15),
        ({"expires_in_days": 0}, {}, None),
        ({"expires_in_days": 0}, {"expires_in_days": 5}, 15),
        ({"expires_in_days": 5}, {"expires_in_days": 0}, None),
        ({}, {"pinned": True}, None),
        ({"pinned": True}, {"pinned": False}, None),
        ({"scope": "session"}, {}, 11),
        ({"scope": "session"}, {"scope": "user"}, 190),
        ({}, {"scope": "session"}, 180),
        ({"expires_in_days": 0}, {"scope": "session"}, None),
    ],
)
def test_saying_it_again_never_shortens_its_life_unasked(
    first: dict[str, Any], second: dict[str, Any], expected: float | None
) -> None:
    assert days(again(make(**first), **second)) == expected


def test_saying_it_again_keeps_what_was_not_said() -> None:
    memory = make(category="event", tags="a", confidence=0.5, pinned=True, source=Source(surface="llm"))
    assert again(memory, source=Source(surface="action")) == memory
    changed = again(memory, value="Tea is black", source=Source(surface="action"))
    assert changed == replace(memory, value="Tea is black", source=Source(surface="action"), updated_at=LATER)
    everything = again(memory, category="user", tags=[], confidence=0.0, pinned=False)
    assert (everything.category, everything.tags, everything.confidence) == (Category.USER, (), 0.0)
    assert not everything.pinned
    assert everything.created_at == NOW


def test_editing_nothing_changes_nothing() -> None:
    memory = make(tags="a")
    assert edit(memory, source=Source(surface="panel")) == memory
    assert edit(memory, value="Tea is green ", tags=["a"], scope="user") == memory


def test_editing() -> None:
    told = Source(surface="llm", conversation_id="c", agent_id="a", device_id="d", area_id="r")
    changed = edit(
        make(source=told),
        key="Other Key", value="New", category="home", tags="x", confidence=0.2, source=Source(surface="panel"),
    )  # fmt: skip
    assert (changed.key, changed.value, changed.tags, changed.confidence) == ("other_key", "New", ("x",), 0.2)
    assert changed.category is Category.HOME
    assert changed.updated_at == LATER
    assert changed.source is told
    assert days(changed) == 180


@pytest.mark.parametrize(
    ("first", "changes", "expected"),
    [
        ({}, {"expires_in_days": 1}, 11),
        ({}, {"expires_in_days": 0}, None),
        ({}, {"pinned": True}, None),
        ({"pinned": True}, {"pinned": True, "value": "x"}, None),
        ({"pinned": True}, {"pinned": False}, None),
        ({}, {"scope": "session"}, 11),
        ({"scope": "session"}, {"scope": "user"}, 190),
        ({}, {"value": "x"}, 180),
    ],
)
def test_expiry_after_editing(first: dict[str, Any], changes: dict[str, Any], expected: float | None) -> None:
    assert days(edit(make(**first), **changes)) == expected


def test_editing_the_scope_moves_a_memory() -> None:
    assert edit(make(), scope="household").owner == HOUSEHOLD
    shared = make(scope="household")
    assert edit(shared, scope="user").owner == "ann"
    assert edit(shared, value="x").owner == HOUSEHOLD
    for_today = make(Caller(), scope="session")
    assert edit(for_today, scope="session", value="x").owner == HOUSEHOLD
    assert edit(for_today, scope="user").owner == "ann"
    with pytest.raises(InvalidInputError) as caught:
        edit(shared, Caller(), scope="user")
    assert caught.value.code == "scope_needs_person"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": " "}, "value_empty"),
        ({"key": "?"}, "key_empty"),
        ({"scope": "x"}, "invalid_scope"),
        ({"category": "x"}, "invalid_category"),
        ({"tags": [None]}, "invalid_tags"),
        ({"confidence": 2}, "invalid_confidence"),
        ({"expires_in_days": -0.1}, "invalid_expiry"),
    ],
)
def test_unusable_changes(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        edit(make(), **changes)
    assert caught.value.code == code


@pytest.mark.parametrize(("expires_in_days", "expected"), [(0, None), (100, 100), (5, 190), (10, 190)])
def test_restoring_gives_an_expired_memory_a_new_lease(expires_in_days: float, expected: float | None) -> None:
    forgotten = replace(make(expires_in_days=expires_in_days), deleted_at=NOW + 1)
    restored = drafts.restored(forgotten, LATER, SETTINGS)
    assert restored.deleted_at is None
    assert restored.updated_at == LATER
    assert days(restored) == expected
