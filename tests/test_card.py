"""The dashboard card: which pages load it, and when."""

from homeassistant.components import frontend
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.semantic_memory.card import BUNDLE

from .conftest import SetUp


@pytest.fixture
async def _frontend(hass: HomeAssistant, socket_enabled: None) -> None:
    """Let Home Assistant have its frontend."""
    assert await async_setup_component(hass, "http", {"http": {}})
    assert await async_setup_component(hass, "frontend", {})


def modules(hass: HomeAssistant) -> list[str]:
    """Return the addresses of our bundle that every page loads."""
    return [url for url in hass.data[frontend.DATA_EXTRA_MODULE_URL].urls if url.endswith(BUNDLE)]


@pytest.mark.usefixtures("_frontend")
async def test_pages_load_the_card(hass: HomeAssistant, set_up: SetUp, hass_client: ClientSessionGenerator) -> None:
    entry = await set_up()
    (url,) = modules(hass)
    client = await hass_client()

    response = await client.get(url)
    assert response.status == 200
    assert "javascript" in response.headers["content-type"]
    assert "semantic-memory-card" in await response.text()

    assert await hass.config_entries.async_reload(entry.entry_id)
    assert modules(hass) == [url]
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert modules(hass) == []


async def test_without_a_frontend(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    assert frontend.DATA_EXTRA_MODULE_URL not in hass.data
    assert await hass.config_entries.async_unload(setup_integration.entry_id)
