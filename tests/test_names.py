"""What people call the ids that memories hold."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.semantic_memory.names import async_names


async def test_who_acted(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    person = MockUser(id="a" * 32, name="ada").add_to_hass(hass)
    MockUser(id="b" * 32, name="Bea").add_to_hass(hass)
    config = {"person": [{"id": "ada", "name": "Ada Lovelace", "user_id": person.id}]}
    assert await async_setup_component(hass, "person", config)

    names = await async_names(hass)

    assert names.actor("a" * 32) == "Ada Lovelace"
    assert names.actor("b" * 32) == "Bea"
    assert names.actor("c" * 32) is None  # deleted
    assert names.actor("automation") == "automation"
    assert names.actor("options") == "options"
    assert names.actor("semantic_memory") == "Semantic Memory"
    assert names.actor(None) is None


async def test_agents(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    hass.states.async_set("conversation.tom", "unknown", {"friendly_name": "Tom"})
    names = await async_names(hass)
    assert names.agent("conversation.tom") == "Tom"
    assert names.agent(setup_integration.entry_id) == setup_integration.title
    assert names.agent("semantic_memory") == "Semantic Memory"
    assert names.agent("conversation.gone") == "conversation.gone"
    assert names.agent(None) is None


async def test_devices_and_areas(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    devices, areas = dr.async_get(hass), ar.async_get(hass)
    device = devices.async_get_or_create(
        config_entry_id=setup_integration.entry_id, identifiers={("x", "speaker")}, name="Speaker"
    )
    area = areas.async_create("Kitchen")
    names = await async_names(hass)
    assert names.device(device.id) == "Speaker"
    assert names.area(area.id) == "Kitchen"
    devices.async_update_device(device.id, name_by_user="Kitchen speaker")
    assert names.device(device.id) == "Kitchen speaker"
    assert (names.device("gone"), names.device(None)) == (None, None)
    assert (names.area("gone"), names.area(None)) == (None, None)
