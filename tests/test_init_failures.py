"""Setting up where the database or something of Home Assistant fails: said in words, nothing left behind."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
import sqlite3
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntries, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir, llm
from homeassistant.helpers.translation import async_get_exception_message, async_load_integrations
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

import custom_components.semantic_memory
from custom_components.semantic_memory import issues
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import (
    DatabaseDamagedError,
    DatabaseUnavailableError,
    EmbeddingError,
    StorageError,
)
from custom_components.semantic_memory.memory.storage import database

from .conftest import SetUp
from .glue_helpers import content, damage, issues_of, left_running, remove, state_of
from .service_helpers import async_act


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the database is."""
    folder = tmp_path / "semantic_memory"
    folder.mkdir()
    return folder / "memory.db"


async def _shown(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return what the page of the integration says about an entry that is not loaded."""
    assert entry.error_reason_translation_key
    await async_load_integrations(hass, {DOMAIN})
    text = async_get_exception_message(
        DOMAIN, entry.error_reason_translation_key, entry.error_reason_translation_placeholders
    )
    assert "{" not in text
    return text


async def test_a_damaged_database(hass: HomeAssistant, set_up: SetUp, file: Path) -> None:
    damage(file)
    entry = await set_up()
    assert state_of(entry) is ConfigEntryState.SETUP_ERROR
    assert str(file) in await _shown(hass, entry)
    assert left_running() == []
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issues.ISSUE_DAMAGED)
    assert issue is not None
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.ERROR
    assert issue.translation_placeholders == {"path": str(file)}

    remove(file)  # as if it came from a backup
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert issues_of(hass) == set()
    assert await hass.config_entries.async_remove(entry.entry_id)


async def test_damage_that_shows_later_in_the_setup(hass: HomeAssistant, set_up: SetUp, file: Path) -> None:
    with patch.object(MemoryEngine, "async_start", side_effect=DatabaseDamagedError(path=file)):
        entry = await set_up()
    assert state_of(entry) is ConfigEntryState.SETUP_ERROR
    assert issues_of(hass) == {issues.ISSUE_DAMAGED}
    assert left_running() == []
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert issues_of(hass) == set()


async def test_a_locked_database(
    hass: HomeAssistant, set_up: SetUp, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has it: tried again, and loaded as soon as that has finished."""
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.05)
    other = sqlite3.connect(file, autocommit=True)
    try:
        other.execute("BEGIN EXCLUSIVE")
        entry = await set_up()
        assert state_of(entry) is ConfigEntryState.SETUP_RETRY
        assert "another process has locked it" in await _shown(hass, entry)
        assert left_running() == []
        assert issues_of(hass) == set()
    finally:
        other.close()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=2))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(entry) is ConfigEntryState.LOADED


async def test_a_database_of_a_newer_version(hass: HomeAssistant, set_up: SetUp, file: Path) -> None:
    entry = await set_up()
    await async_act(hass, "set", key="code", value="The code of the gate is 1234")
    await hass.config_entries.async_unload(entry.entry_id)
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO migration VALUES (999, 'm999_from_the_future', 0)")
    connection.close()
    before = content(file)

    assert not await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(entry) is ConfigEntryState.SETUP_ERROR
    assert "999" in await _shown(hass, entry)
    assert left_running() == []
    assert issues_of(hass) == set()
    assert content(file) == before


async def test_a_folder_that_cannot_be_made(hass: HomeAssistant, set_up: SetUp, tmp_path: Path) -> None:
    (tmp_path / "semantic_memory").write_text("a file is in the way")
    entry = await set_up()
    assert state_of(entry) is ConfigEntryState.SETUP_RETRY
    assert str(tmp_path) in await _shown(hass, entry)
    assert left_running() == []
    assert await hass.config_entries.async_unload(entry.entry_id)


def _no_users(hass: HomeAssistant) -> Any:
    return patch.object(hass.auth, "async_get_users", side_effect=RuntimeError("no users"))


def _no_platforms(_hass: HomeAssistant) -> Any:
    return patch.object(ConfigEntries, "async_forward_entry_setups", side_effect=RuntimeError("no platforms"))


def _no_api(_hass: HomeAssistant) -> Any:
    return patch.object(custom_components.semantic_memory, "async_register_llm_api", side_effect=RuntimeError("taken"))


def _no_start(_hass: HomeAssistant) -> Any:
    return patch.object(MemoryEngine, "async_start", side_effect=RuntimeError("bug"))


@pytest.mark.parametrize("breaking", [_no_users, _no_platforms, _no_api, _no_start])
async def test_a_failure_half_way_leaves_nothing(
    hass: HomeAssistant, set_up: SetUp, breaking: Callable[[HomeAssistant], Any]
) -> None:
    with breaking(hass):
        entry = await set_up()
    assert state_of(entry) is ConfigEntryState.SETUP_ERROR
    assert left_running() == []
    assert issues_of(hass) == set()
    assert DOMAIN not in {api.id for api in llm.async_get_apis(hass)}

    assert await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(entry) is ConfigEntryState.LOADED
    assert (await async_act(hass, "set", key="code", value="It is 1234"))["status"] == "ok"


@pytest.mark.parametrize(
    "error", [DatabaseUnavailableError(path="x", reason="the disk is full"), StorageError(reason="odd")]
)
async def test_a_storage_error_half_way_is_tried_again(hass: HomeAssistant, set_up: SetUp, error: StorageError) -> None:
    with patch.object(MemoryEngine, "async_start", side_effect=error):
        entry = await set_up()
    assert state_of(entry) is ConfigEntryState.SETUP_RETRY
    assert error.placeholders["reason"] in await _shown(hass, entry)
    assert left_running() == []
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=2))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(entry) is ConfigEntryState.LOADED


async def test_a_built_in_model_that_fails(hass: HomeAssistant, set_up: SetUp) -> None:
    """Its files are there but it does not work: memories are found by their words."""
    with patch(
        "custom_components.semantic_memory.memory.embedding.static.StaticEmbedder.embed",
        side_effect=EmbeddingError(reason="broken"),
    ):
        entry = await set_up()
        assert state_of(entry) is ConfigEntryState.LOADED
        await async_act(hass, "set", key="code", value="The code of the gate is 1234")
        found = await async_act(hass, "search", query="gate code")
        assert found["results"][0]["key"] == "code"
        await hass.config_entries.async_unload(entry.entry_id)


async def test_platforms_that_cannot_be_unloaded(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    """The engine goes on: entities of it are still there."""
    engine: MemoryEngine = setup_integration.runtime_data.engine
    with patch.object(hass.config_entries, "async_unload_platforms", return_value=False):
        assert not await hass.config_entries.async_unload(setup_integration.entry_id)
    assert state_of(setup_integration) is ConfigEntryState.FAILED_UNLOAD
    assert (await engine.async_stats(None)).total == 0
    setup_integration.mock_state(hass, ConfigEntryState.LOADED)  # so that it can be unloaded after the test
