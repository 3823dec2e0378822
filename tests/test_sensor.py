"""The diagnostic sensors."""

from datetime import UTC, datetime
import json
from pathlib import Path
from unittest.mock import PropertyMock, patch

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory import sensor
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, MemoryDraft, RecallRequest, Scope
from custom_components.semantic_memory.memory.status import EmbedderState, EngineEvent, EngineStatus
from custom_components.semantic_memory.memory.storage.ram import RamTier, TieredIndex
from custom_components.semantic_memory.memory.storage.scan import NoIndex
from custom_components.semantic_memory.memory.storage.vec0 import Vec0Index
from custom_components.semantic_memory.sensor import SENSORS

SECRET = "Anna's code word is heron"
DRAFT = MemoryDraft(key="code_word", value=SECRET, scope=Scope.HOUSEHOLD)


def _entity_id(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> str:
    """Return the entity of one description."""
    entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{entry.entry_id}_{key}")
    assert entity_id is not None
    return entity_id


def _state(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> str:
    """Return the state of one sensor."""
    state = hass.states.get(_entity_id(hass, entry, key))
    assert state is not None
    return state.state


def _notify(entry: MockConfigEntry, status: EngineStatus) -> None:
    """Have the engine report a status."""
    engine: MemoryEngine = entry.runtime_data.engine
    with patch.object(MemoryEngine, "status", PropertyMock(return_value=status)):
        engine._tell(EngineEvent(kind="status"))


async def test_entities(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    """One service device, diagnostic sensors with a name and a unique id each."""
    registry = er.async_get(hass)
    entries = [
        entity
        for entity in er.async_entries_for_config_entry(registry, setup_integration.entry_id)
        if entity.domain == "sensor"
    ]
    assert len(entries) == len(SENSORS)
    (device_id,) = {entity.device_id for entity in entries}
    assert device_id is not None
    device = dr.async_get(hass).async_get(device_id)
    assert isinstance(device, dr.DeviceEntry)
    assert device.identifiers == {(DOMAIN, setup_integration.entry_id)}
    assert device.entry_type is dr.DeviceEntryType.SERVICE
    for entity in entries:
        assert entity.entity_category is EntityCategory.DIAGNOSTIC
        assert entity.has_entity_name
        assert entity.translation_key
        assert entity.original_name


async def test_counts_follow_the_engine(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    engine: MemoryEngine = setup_integration.runtime_data.engine
    assert _state(hass, setup_integration, "memories") == "0"
    assert _state(hass, setup_integration, "last_recall") == "unknown"
    await engine.async_remember(Caller(), DRAFT)
    await hass.async_block_till_done()
    assert _state(hass, setup_integration, "memories") == "1"
    await engine.async_recall(Caller(), RecallRequest(query="heron"))
    await hass.async_block_till_done()
    last = datetime.fromisoformat(_state(hass, setup_integration, "last_recall"))
    assert abs((datetime.now(tz=UTC) - last).total_seconds()) < 60
    await engine.async_forget(Caller(), ("code_word",))
    await hass.async_block_till_done()
    assert _state(hass, setup_integration, "memories") == "0"


async def test_units_are_translated(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    for key in ("memories", "pending_embeddings"):
        state = hass.states.get(_entity_id(hass, setup_integration, key))
        assert state is not None
        assert state.attributes[ATTR_UNIT_OF_MEASUREMENT] == "memories"


@pytest.mark.parametrize("embedder", EmbedderState)
async def test_embedder_state(hass: HomeAssistant, setup_integration: MockConfigEntry, embedder: EmbedderState) -> None:
    status = EngineStatus(
        pending=3,
        embedder=embedder,
        model="wordllama",
        preferred_model="nomic-embed-text",
        index="sqlite-vec",
        embedder_error="cannot_connect",
    )
    _notify(setup_integration, status)
    state = hass.states.get(_entity_id(hass, setup_integration, "embedder"))
    assert state is not None
    assert state.state == embedder.value
    assert {key: state.attributes[key] for key in ("model", "preferred_model", "index", "error_code")} == {
        "model": "wordllama",
        "preferred_model": "nomic-embed-text",
        "index": "sqlite-vec",
        "error_code": "cannot_connect",
    }
    assert _state(hass, setup_integration, "pending_embeddings") == "3"


async def test_no_text_in_the_state_machine(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    engine: MemoryEngine = setup_integration.runtime_data.engine
    await engine.async_remember(Caller(), DRAFT)
    await engine.async_recall(Caller(), RecallRequest(query="what is the code word"))
    await hass.async_block_till_done()
    everything = str([state.as_dict() for state in hass.states.async_all()])
    assert "heron" not in everything
    assert "code" not in everything.replace("error_code", "")


async def test_entities_go_with_the_entry(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    entity_id = _entity_id(hass, setup_integration, "memories")
    engine: MemoryEngine = setup_integration.runtime_data.engine
    assert await hass.config_entries.async_unload(setup_integration.entry_id)
    state = hass.states.get(entity_id)
    assert state is not None
    assert state.state == "unavailable"
    assert not engine._listeners


def test_every_index_has_a_name() -> None:
    texts = json.loads((Path(sensor.__file__).parent / "translations" / "en.json").read_text())
    states = texts["entity"]["sensor"]["embedder"]["state_attributes"]["index"]["state"]
    tiered = {TieredIndex(RamTier(), behind).name for behind in (NoIndex(), Vec0Index())}
    assert states.keys() == {NoIndex.name, *tiered}
    assert EngineStatus().index in states
