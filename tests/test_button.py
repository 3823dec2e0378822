"""The button that embeds everything again."""

from unittest.mock import patch

from homeassistant.components.button.const import DOMAIN as BUTTON_DOMAIN, SERVICE_PRESS
from homeassistant.const import ATTR_ENTITY_ID, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import DatabaseUnavailableError
from custom_components.semantic_memory.memory.models import Caller, MemoryDraft, RecallRequest, Scope


@pytest.fixture
def button(hass: HomeAssistant, setup_integration: MockConfigEntry) -> str:
    """Return the button's entity id."""
    entity_id = er.async_get(hass).async_get_entity_id(BUTTON_DOMAIN, DOMAIN, f"{setup_integration.entry_id}_reembed")
    assert entity_id is not None
    return entity_id


async def _press(hass: HomeAssistant, entity_id: str) -> None:
    """Press it, as people do."""
    await hass.services.async_call(BUTTON_DOMAIN, SERVICE_PRESS, {ATTR_ENTITY_ID: entity_id}, blocking=True)


def test_entity(hass: HomeAssistant, button: str) -> None:
    entity = er.async_get(hass).async_get(button)
    assert entity is not None
    assert entity.entity_category is EntityCategory.CONFIG
    assert entity.original_name == "Embed all memories again"


async def test_press_keeps_memories_findable(
    hass: HomeAssistant, setup_integration: MockConfigEntry, button: str
) -> None:
    engine: MemoryEngine = setup_integration.runtime_data.engine
    draft = MemoryDraft(key="milk", value="Drinks oat milk", scope=Scope.HOUSEHOLD)
    await engine.async_remember(Caller(), draft)
    with patch.object(MemoryEngine, "async_reembed", autospec=True, side_effect=MemoryEngine.async_reembed) as reembed:
        await _press(hass, button)
    reembed.assert_awaited_once()
    await hass.async_block_till_done()
    result = await engine.async_recall(Caller(), RecallRequest(query="oat milk"))
    assert [hit.memory.key for hit in result.hits] == ["milk"]


async def test_press_says_what_went_wrong(hass: HomeAssistant, button: str) -> None:
    failure = DatabaseUnavailableError(path="memory.db", reason="disk full")
    with (
        patch.object(MemoryEngine, "async_reembed", side_effect=failure),
        pytest.raises(HomeAssistantError) as raised,
    ):
        await _press(hass, button)
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == "database_unavailable"
