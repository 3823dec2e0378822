"""What the system information page says."""

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import AsyncMock, create_autospec, patch

from homeassistant.components.system_health import get_info
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory import system_health
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.embedding.ollama import OllamaClient
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import (
    DatabaseDamagedError,
    EmbedderAuthError,
    EmbedderUnavailableError,
    SemanticMemoryError,
)


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    """Return what the page shows about us."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info: dict[str, Any] = (await get_info(hass))[DOMAIN]
    return info


@pytest.fixture
def client(setup_integration: MockConfigEntry) -> Iterator[AsyncMock]:
    """Have the entry use an Ollama server."""
    client: AsyncMock = create_autospec(OllamaClient, instance=True)
    with patch.object(setup_integration.runtime_data, "ollama", client):
        yield client


async def test_built_in(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    info = await _info(hass)
    status = setup_integration.runtime_data.engine.status
    assert info.pop("database_size").endswith(" MB")
    assert info == {
        "loaded": True,
        "embedder": status.embedder.value,
        "model": status.model,
        "index": status.index,
        "memories": 0,
        "pending": 0,
    }


async def test_server_answers(hass: HomeAssistant, client: AsyncMock) -> None:
    client.async_version.return_value = "0.12.3"
    assert (await _info(hass))["server"] == "ok (0.12.3)"


@pytest.mark.parametrize(
    ("failure", "shown"),
    [
        (EmbedderUnavailableError(reason="refused"), "Failed: unreachable"),
        (EmbedderAuthError(), "Failed: invalid_auth"),
    ],
)
async def test_server_fails(hass: HomeAssistant, client: AsyncMock, failure: SemanticMemoryError, shown: str) -> None:
    client.async_version.side_effect = failure
    assert (await _info(hass))["server"] == shown


async def test_server_hangs(hass: HomeAssistant, client: AsyncMock) -> None:
    client.async_version.side_effect = asyncio.Event().wait
    with patch.object(system_health, "SERVER_TIMEOUT", 0):
        assert (await _info(hass))["server"] == "Failed: timeout"


async def test_database_fails(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    with patch.object(MemoryEngine, "async_stats", side_effect=DatabaseDamagedError(path="memory.db")):
        assert (await _info(hass))["database_size"] == "Failed: database_damaged"


async def test_not_loaded(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    assert await hass.config_entries.async_unload(setup_integration.entry_id)
    assert await _info(hass) == {"loaded": False}
