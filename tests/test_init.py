"""Lifecycle of the config entry."""

import threading

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, EmbedderState, MemoryDraft, RecallRequest


async def test_remembers_and_recalls(setup_integration: MockConfigEntry, engine: MemoryEngine) -> None:
    """A loaded entry stores and finds by meaning."""
    assert setup_integration.state is ConfigEntryState.LOADED
    caller = Caller("0" * 32)
    await engine.async_remember(caller, MemoryDraft(key="my_location", value="Portland, OR"))
    await engine.async_remember(caller, MemoryDraft(value="The cat is called Tom"))
    found = await engine.async_recall(caller, RecallRequest(query="where do I live"))
    assert found.hits[0].memory.key == "my_location"
    assert engine.status.embedder is EmbedderState.BUILT_IN


async def test_unload_leaves_nothing_running(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    """No thread of ours is left behind."""
    assert await hass.config_entries.async_unload(setup_integration.entry_id)
    assert setup_integration.state is ConfigEntryState.NOT_LOADED
    assert not [thread.name for thread in threading.enumerate() if "semantic_memory" in thread.name]
