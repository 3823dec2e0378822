"""What the bus and the event entity tell of memories, and what they do not."""

import json
import time
from typing import Any

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_capture_events

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.event import OF_ALL, OF_HOUSEHOLD
from custom_components.semantic_memory.events import EVENT_CHANGED
from custom_components.semantic_memory.happenings import MAX_IDS, Kind
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import (
    SECONDS_PER_DAY,
    Caller,
    Category,
    MemoryDraft,
    MemoryFilter,
    Scope,
    Source,
)
from custom_components.semantic_memory.memory.status import EngineEvent

from .service_helpers import async_act
from .test_translations import ICONS, TRANSLATIONS

ENTITY = "event.semantic_memory_change_of_memories"
SECRET = {"key": "diagnosis", "value": "I have asthma", "tags": "lungs, doctor", "category": "user"}
COMMON = {"key": "bins", "value": "Bins go out on Tuesday", "tags": "rubbish", "category": "routine"}


@pytest.fixture
def events(hass: HomeAssistant, setup_integration: MockConfigEntry) -> list[Event[Any]]:
    """Return the events on the bus from now on."""
    captured: list[Event[Any]] = async_capture_events(hass, EVENT_CHANGED)
    return captured


def attributes(hass: HomeAssistant) -> dict[str, Any]:
    """Return what the event entity shows."""
    state = hass.states.get(ENTITY)
    assert state is not None
    return dict(state.attributes)


async def test_what_belongs_to_the_household(
    hass: HomeAssistant, events: list[Event[Any]], hass_admin_user: MockUser
) -> None:
    memory = await async_act(hass, "set", hass_admin_user, scope="household", **COMMON)
    await hass.async_block_till_done()

    (event,) = events
    assert event.data == {
        "kind": "added",
        "count": 1,
        "household": 1,
        "personal": 0,
        "ids": [memory["id"]],
        "id": memory["id"],
        "owner": "household",
        "scope": "household",
        "category": "routine",
        "key": "bins",
        "tags": ["rubbish"],
        "surface": "action",
        "actor": hass_admin_user.id,
    }
    assert event.context.user_id == hass_admin_user.id
    shown = attributes(hass)
    assert {name: shown[name] for name in ("event_type", "count", "household", "personal", "surface")} == {
        "event_type": "added",
        "count": 1,
        "household": 1,
        "personal": 0,
        "surface": "action",
    }
    assert (shown["id"], shown["category"]) == (memory["id"], "routine")
    assert {"key", "tags", "value"}.isdisjoint(shown)


async def test_nothing_personal_is_told(
    hass: HomeAssistant, events: list[Event[Any]], hass_admin_user: MockUser
) -> None:
    user = hass_admin_user
    memory = await async_act(hass, "set", user, scope="user", **SECRET)
    await async_act(hass, "update", user, id=memory["id"], value="My inhaler is blue", new_key="inhaler")
    await async_act(hass, "forget", user, id=memory["id"])
    await async_act(hass, "restore", user, id=memory["id"])
    await async_act(hass, "forget", user, id=memory["id"], purge=True)
    await hass.async_block_till_done()

    assert [event.data["kind"] for event in events] == ["added", "changed", "forgotten", "restored", "purged"]
    for event in events:
        assert event.data.items() >= {"id": memory["id"], "owner": user.id, "personal": 1, "key": None}.items()
        assert event.data["tags"] == []
    told = json.dumps([event.data for event in events]) + json.dumps(attributes(hass), default=str)
    for word in ("diagnosis", "asthma", "inhaler", "blue", "lungs", "doctor"):
        assert word not in told
    assert {"id", "key", "category", "tags", "owner"}.isdisjoint(attributes(hass))
    assert user.id not in json.dumps(attributes(hass), default=str)


async def test_no_value_is_told(hass: HomeAssistant, events: list[Event[Any]]) -> None:
    await async_act(hass, "set", **COMMON)
    await hass.async_block_till_done()

    assert "Tuesday" not in json.dumps([event.data for event in events]) + json.dumps(attributes(hass), default=str)


async def test_what_is_purged_leaves_no_name(hass: HomeAssistant, events: list[Event[Any]]) -> None:
    await async_act(hass, "set", **COMMON)
    await async_act(hass, "forget", key="bins", purge=True)
    await hass.async_block_till_done()

    assert events[-1].data.items() >= {"kind": "purged", "key": None, "tags": [], "count": 1}.items()
    assert attributes(hass)["event_type"] == "purged"


async def test_what_became_personal_is_not_named(
    hass: HomeAssistant, events: list[Event[Any]], hass_admin_user: MockUser
) -> None:
    await async_act(hass, "set", scope="household", **COMMON)
    await async_act(hass, "update", hass_admin_user, key="bins", scope="user")

    assert events[-1].data.items() >= {"kind": "changed", "owner": hass_admin_user.id, "key": None}.items()


async def test_an_automation_acts(hass: HomeAssistant, events: list[Event[Any]]) -> None:
    await async_act(hass, "set", **COMMON)

    assert events[0].data["actor"] == "automation"
    assert events[0].context.user_id is None


async def test_said_again_is_no_event(hass: HomeAssistant, events: list[Event[Any]]) -> None:
    await async_act(hass, "set", **COMMON)
    await async_act(hass, "set", **COMMON)
    await async_act(hass, "set", **COMMON | {"value": "Bins go out on Friday"})

    assert [event.data["kind"] for event in events] == ["added", "changed"]


async def test_reading_is_no_event(hass: HomeAssistant, events: list[Event[Any]]) -> None:
    await async_act(hass, "search", query="bins")
    await async_act(hass, "list")
    await hass.async_block_till_done()

    assert events == []
    state = hass.states.get(ENTITY)
    assert state is not None
    assert state.state == STATE_UNKNOWN


async def test_expiry(hass: HomeAssistant, engine: MemoryEngine, events: list[Event[Any]]) -> None:
    await async_act(hass, "set", expiration_days=1, **COMMON)
    engine._writes.clock = lambda: time.time() + 2 * SECONDS_PER_DAY
    await engine.async_run_maintenance()

    assert events[-1].data.items() >= {"kind": "expired", "key": "bins", "actor": None}.items()
    assert attributes(hass)["event_type"] == "expired"


async def test_many_at_once(hass: HomeAssistant, engine: MemoryEngine, events: list[Event[Any]]) -> None:
    user = Caller(user_id="a" * 32)
    for number in range(MAX_IDS + 1):
        scope = Scope.HOUSEHOLD if number else Scope.USER
        await engine.async_remember(user, MemoryDraft(key=f"lamp_{number}", value=f"Lamp {number}", scope=scope))
    await engine.async_forget(user, where=MemoryFilter(text="lamp"), source=Source(surface="panel"))

    data = events[-1].data
    assert data.items() >= {"kind": "forgotten", "count": MAX_IDS + 1, "household": MAX_IDS, "personal": 1}.items()
    assert len(data["ids"]) == MAX_IDS
    assert {data[name] for name in ("id", "owner", "scope", "category", "key")} == {None}
    assert len(json.dumps(data)) < 32_768


async def test_nothing_is_told_after_unloading(
    hass: HomeAssistant, setup_integration: MockConfigEntry, engine: MemoryEngine, events: list[Event[Any]]
) -> None:
    memory = (await engine.async_remember(Caller(), MemoryDraft(value="Bins", scope=Scope.HOUSEHOLD))).memory
    events.clear()
    assert await hass.config_entries.async_unload(setup_integration.entry_id)
    engine._tell(EngineEvent(kind="set", memories=(memory,)))

    assert events == []


async def test_the_entity(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    entity = er.async_get(hass).async_get(ENTITY)

    assert entity is not None
    assert entity.unique_id == f"{setup_integration.entry_id}_change"
    assert entity.platform == DOMAIN
    assert entity.entity_category is None
    assert attributes(hass)["event_types"] == list(Kind)


def test_every_kind_has_a_text_and_an_icon() -> None:
    attributes = TRANSLATIONS["entity"]["event"]["change"]["state_attributes"]
    texts = attributes["event_type"]["state"]
    icons = ICONS["entity"]["event"]["change"]["state_attributes"]["event_type"]["state"]
    assert set(texts) == set(icons) == set(Kind)
    assert set(attributes) == {"event_type", *OF_ALL, *OF_HOUSEHOLD}
    assert set(attributes["category"]["state"]) == set(Category)
