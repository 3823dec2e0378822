"""What people attach to a report."""

import json
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import paths

from custom_components.semantic_memory.diagnostics import _redacted_url, async_get_config_entry_diagnostics
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import DatabaseDamagedError
from custom_components.semantic_memory.memory.models import Caller, MemoryDraft, Scope

NAMES = ("heron", "code_word", "birds", "Anna", "a" * 32, "captain")


async def _fill(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Remember things of two people and of the household."""
    engine: MemoryEngine = entry.runtime_data.engine
    for user_id in ("a" * 32, "b" * 32):
        MockUser(id=user_id).add_to_hass(hass)
        draft = MemoryDraft(key="code_word", value="Anna's code word is heron", tags="birds", pinned=True)
        await engine.async_remember(Caller(user_id), draft)
    await engine.async_remember(Caller("a" * 32), MemoryDraft(key="city", value="Lives in Portland, OR"))
    await engine.async_remember(Caller(), MemoryDraft(value="Bins go out on Monday", scope=Scope.HOUSEHOLD))


async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    setup_integration: MockConfigEntry,
    snapshot: SnapshotAssertion,
) -> None:
    """Figures, settings and versions. What differs between machines is not compared."""
    assert await async_setup_component(hass, "homeassistant", {})
    await _fill(hass, setup_integration)
    await setup_integration.runtime_data.engine.async_run_maintenance()
    taken = await setup_integration.runtime_data.engine.snapshots.async_take()
    about = await get_diagnostics_for_config_entry(hass, hass_client, setup_integration)
    assert isinstance(about, dict)
    versions: dict[str, str] = about["versions"]
    assert versions["sqlite"]
    assert about["files"]["memory.db"] > 0
    assert about["snapshots"] == {taken.name: taken.size}
    assert about["engine"]["stats"]["database_bytes"] > 0
    assert about == snapshot(
        exclude=paths(
            "versions",
            "files",
            "snapshots",
            "engine.stats.database_bytes",
            "engine.last_check.at",
            "engine.last_check.seconds",
            # Depends on how far the background work has come, and on the machine.
            "engine.status.pending",
            "engine.status.index",
            "engine.status.index_error",
        )
    )


async def test_nothing_personal(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    await _fill(hass, setup_integration)
    hass.config_entries.async_update_entry(
        setup_integration,
        data={
            **setup_integration.data,
            "url": "http://anna:hunter2@ollama.local:11434/?token=hunter2",
            "api_key": "hunter2",
        },
        options={
            "people": {"satellites": [{"device": "d" * 32, "person": "person.anna"}]},
            "llm": {"expose_tools": True, "prompt": "Call Anna captain"},
        },
    )
    text = json.dumps(await async_get_config_entry_diagnostics(hass, setup_integration))
    for personal in (*NAMES, "hunter2", "person.anna", "Portland", "Monday"):
        assert personal not in text
    assert "http://ollama.local:11434/" in text


async def test_of_an_entry_that_is_not_loaded(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    assert await hass.config_entries.async_unload(setup_integration.entry_id)
    about = await async_get_config_entry_diagnostics(hass, setup_integration)
    assert about["entry"]["state"] == "not_loaded"
    assert "engine" not in about


async def test_of_a_damaged_database(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    with patch.object(MemoryEngine, "async_stats", side_effect=DatabaseDamagedError(path="memory.db")):
        about = await async_get_config_entry_diagnostics(hass, setup_integration)
    assert about["engine"]["stats"] == {"error": "database_damaged"}
    assert about["engine"]["status"]


async def test_without_folder_or_packages(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    module = "custom_components.semantic_memory.diagnostics"
    with patch(f"{module}.FOLDER", "elsewhere"), patch(f"{module}.PACKAGES", ("no-such-package",)):
        about: dict[str, Any] = await async_get_config_entry_diagnostics(hass, setup_integration)
    assert about["files"] == {}
    assert about["versions"]["no-such-package"] is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@example.org:11434/api?key=secret#secret", "https://example.org:11434/api"),
        ("http://192.168.1.5:11434", "http://192.168.1.5:11434"),
        ("secret", "**REDACTED**"),
        ("http://[secret", "**REDACTED**"),
    ],
)
def test_redacted_url(url: str, shown: str) -> None:
    assert _redacted_url(url) == shown
