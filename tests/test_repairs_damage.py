"""The repair of a damaged database where there is a backup of it."""

from pathlib import Path
import re
import sqlite3
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.semantic_memory import issues
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.storage import snapshot_files

from .conftest import SetUp
from .glue_helpers import content, damage, state_of
from .repair_helpers import Frontend, aside
from .service_helpers import async_act


@pytest.fixture
async def frontend(
    hass: HomeAssistant, set_up: SetUp, hass_client: ClientSessionGenerator, hass_ws_client: WebSocketGenerator
) -> Frontend:
    """Return the page."""
    for component in ("repairs", "file_upload", DOMAIN):
        assert await async_setup_component(hass, component, {})
    socket = await hass_ws_client(hass)  # first: it registers its address
    return Frontend(await hass_client(), socket)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the database is."""
    return tmp_path / "semantic_memory" / "memory.db"


@pytest.fixture
async def damaged(hass: HomeAssistant, set_up: SetUp, frontend: Frontend, file: Path) -> MockConfigEntry:
    """Return an entry whose database was damaged after a backup had been taken."""
    entry = await set_up()
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    await async_act(hass, "backup")
    await async_act(hass, "set", key="dog", value="The dog is called Rex")
    await hass.config_entries.async_unload(entry.entry_id)
    damage(file)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    return entry


async def _keys(hass: HomeAssistant) -> list[str]:
    return sorted(memory["key"] for memory in (await async_act(hass, "list"))["memories"])


async def test_the_newest_backup_is_restored(
    hass: HomeAssistant, frontend: Frontend, damaged: MockConfigEntry, file: Path
) -> None:
    before = content(file)
    flow = await frontend.open(issues.ISSUE_DAMAGED)
    assert (flow["type"], flow["step_id"], flow["menu_options"]) == ("menu", "init", ["restore", "confirm"])
    told = flow["description_placeholders"]
    assert (told["path"], told["memories"]) == (str(file), "1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", told["date"])

    flow = await frontend.choose(flow, "restore")
    assert (flow["type"], flow["step_id"], flow["description_placeholders"]) == ("form", "restore", told)
    assert content(file) == before
    result = await frontend.submit(flow)
    assert result["type"] == "create_entry"
    assert state_of(damaged) is ConfigEntryState.LOADED
    assert await frontend.issues() == []
    assert aside(file) == {"damaged-T-memory.db": before}
    assert await _keys(hass) == ["cat"]


async def test_an_empty_start_although_there_is_a_backup(
    hass: HomeAssistant, frontend: Frontend, damaged: MockConfigEntry, file: Path
) -> None:
    before = content(file)
    flow = await frontend.choose(await frontend.open(issues.ISSUE_DAMAGED), "confirm")
    assert (flow["type"], flow["step_id"]) == ("form", "confirm")
    result = await frontend.submit(flow)
    assert result["type"] == "create_entry"
    assert aside(file) == {"damaged-T-memory.db": before}
    assert await _keys(hass) == []
    name = (await async_act(hass, "backup"))["backups"][-1]["name"]
    await async_act(hass, "restore_backup", name=name)  # it can be restored later, too
    assert await _keys(hass) == ["cat"]


async def test_a_backup_that_is_damaged_too(
    hass: HomeAssistant, frontend: Frontend, damaged: MockConfigEntry, file: Path
) -> None:
    """It went between the question and the answer; then it is not offered any more."""
    before = content(file)
    flow = await frontend.choose(await frontend.open(issues.ISSUE_DAMAGED), "restore")
    folder = file.parent / snapshot_files.FOLDER
    (backup,) = (folder / found.name for found in snapshot_files.files(folder))
    damage(backup)
    result = await frontend.submit(flow)
    assert (result["type"], result["reason"]) == ("abort", "failed")
    assert str(backup) in result["description_placeholders"]["reason"]
    assert content(file) == before
    assert await frontend.issues() == [issues.ISSUE_DAMAGED]
    assert state_of(damaged) is ConfigEntryState.SETUP_ERROR
    assert (await frontend.open(issues.ISSUE_DAMAGED))["step_id"] == "confirm"


@pytest.mark.parametrize("choice", ["restore", "confirm"])
async def test_not_while_home_assistant_copies_the_files(
    hass: HomeAssistant, frontend: Frontend, damaged: MockConfigEntry, file: Path, choice: str
) -> None:
    flow = await frontend.choose(await frontend.open(issues.ISSUE_DAMAGED), choice)
    with patch("custom_components.semantic_memory.restoring.async_is_under_way", return_value=True):
        result = await frontend.submit(flow)
    assert (result["type"], result["reason"]) == ("abort", "failed")
    assert "making a backup" in result["description_placeholders"]["reason"]
    assert aside(file) == {}


async def test_damage_that_is_found_while_it_runs(
    hass: HomeAssistant, set_up: SetUp, frontend: Frontend, file: Path
) -> None:
    """The issue comes at once, not with the next restart; what can be read goes on being read."""
    entry = await set_up()
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    await async_act(hass, "backup")
    page = await entry.runtime_data.engine._database.async_maintain(_root_of_history)
    _overwrite(file, page)
    assert await frontend.issues() == []
    with pytest.raises(HomeAssistantError, match="is damaged"):
        await async_act(hass, "set", key="dog", value="The dog is called Rex")
    assert await frontend.issues() == [issues.ISSUE_DAMAGED]
    assert (await async_act(hass, "get", key="cat"))["status"] == "ok"

    flow = await frontend.choose(await frontend.open(issues.ISSUE_DAMAGED), "restore")
    assert (await frontend.submit(flow))["type"] == "create_entry"
    assert await frontend.issues() == []
    assert (await async_act(hass, "set", key="dog", value="The dog is called Rex"))["status"] == "ok"
    assert set(aside(file)) == {"damaged-T-memory.db"}


def _root_of_history(connection: sqlite3.Connection) -> int:
    """Empty the log and SQLite's cache, and return the page where a table begins that only writers read."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.execute("PRAGMA shrink_memory").fetchone()
    connection.execute("PRAGMA cache_size=0").fetchone()
    (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'history'").fetchone()
    return int(page)


def _overwrite(file: Path, page: int) -> None:
    with file.open("r+b") as opened:
        opened.seek((page - 1) * 4_096)
        opened.write(b"\xab" * 4_096)
