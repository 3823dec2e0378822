"""The repairs, through the API that the frontend uses."""

from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from pathlib import Path
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.semantic_memory import issues
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.status import EmbedderState
from custom_components.semantic_memory.memory.storage.restoring import set_aside
from scripts.ollama_stand_in import Faults, StandIn

from .conftest import SetUp
from .glue_helpers import (
    MODEL,
    content,
    damage,
    impatient,
    issues_of,
    remove,
    sensor_state,
    state_of,
    until,
    with_ollama,
)
from .repair_helpers import FIX, Frontend, aside
from .service_helpers import async_act


@pytest.fixture(autouse=True)
async def _repairs(hass: HomeAssistant, set_up: SetUp) -> None:
    for component in ("repairs", "file_upload", DOMAIN):  # they register addresses: once it serves, it is too late
        assert await async_setup_component(hass, component, {})


@pytest.fixture
async def frontend(
    hass: HomeAssistant, _repairs: None, hass_client: ClientSessionGenerator, hass_ws_client: WebSocketGenerator
) -> Frontend:
    """Return the page."""
    socket = await hass_ws_client(hass)  # first: it registers its address
    return Frontend(await hass_client(), socket)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the database is."""
    folder = tmp_path / "semantic_memory"
    folder.mkdir()
    return folder / "memory.db"


@pytest.fixture
async def damaged(set_up: SetUp, file: Path) -> MockConfigEntry:
    """Return an entry with a damaged database."""
    damage(file)
    entry = await set_up()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    return entry


async def test_a_damaged_database_is_set_aside(
    hass: HomeAssistant, frontend: Frontend, damaged: MockConfigEntry, file: Path
) -> None:
    before = content(file)
    assert await frontend.issues() == [issues.ISSUE_DAMAGED]
    flow = await frontend.open(issues.ISSUE_DAMAGED)
    assert (flow["type"], flow["step_id"]) == ("form", "confirm")
    assert flow["description_placeholders"] == {"path": str(file)}

    result = await frontend.submit(flow)
    assert result["type"] == "create_entry"
    assert state_of(damaged) is ConfigEntryState.LOADED
    assert await frontend.issues() == []
    assert aside(file) == {"damaged-T-memory.db": before}
    assert (await async_act(hass, "list"))["memories"] == []
    assert (await async_act(hass, "set", key="cat", value="The cat is called Tom"))["status"] == "ok"


async def test_a_database_that_came_back_meanwhile_is_left_alone(
    hass: HomeAssistant, frontend: Frontend, damaged: MockConfigEntry, file: Path
) -> None:
    """Somebody restored a backup while the question was open."""
    flow = await frontend.open(issues.ISSUE_DAMAGED)
    remove(file)
    assert await hass.config_entries.async_reload(damaged.entry_id)
    await async_act(hass, "set", key="cat", value="The cat is called Tom")

    result = await frontend.submit(flow)
    assert (result["type"], result["reason"]) == ("abort", "mended")
    assert aside(file) == {}
    assert (await async_act(hass, "get", key="cat"))["status"] == "ok"


async def test_a_file_that_cannot_be_moved(
    hass: HomeAssistant, frontend: Frontend, damaged: MockConfigEntry, file: Path
) -> None:
    before = content(file)
    flow = await frontend.open(issues.ISSUE_DAMAGED)
    with patch.object(Path, "rename", side_effect=PermissionError(13, "Permission denied")):
        result = await frontend.submit(flow)
    assert (result["type"], result["reason"]) == ("abort", "not_moved")
    assert result["description_placeholders"]["reason"] == "Permission denied"
    assert state_of(damaged) is ConfigEntryState.SETUP_ERROR
    assert await frontend.issues() == [issues.ISSUE_DAMAGED]
    assert content(file) == before


def test_what_belongs_to_a_database_stays_with_it(file: Path) -> None:
    """SQLite finds the log of a file by its name."""
    names = ("memory.db", "memory.db-wal", "memory.db-shm")
    for name in names:
        file.with_name(name).write_text(name)
    set_aside(file, "damaged", 0.0)
    assert aside(file) == {f"damaged-T-{name}": name.encode() for name in names}
    assert not file.exists()


async def test_only_administrators_repair(
    hass: HomeAssistant,
    damaged: MockConfigEntry,
    file: Path,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    client = await hass_client(hass_read_only_access_token)
    response = await client.post(FIX, json={"handler": DOMAIN, "issue_id": issues.ISSUE_DAMAGED})
    assert response.status == HTTPStatus.UNAUTHORIZED
    assert aside(file) == {}


@pytest.fixture
def hurried() -> Iterator[None]:
    """Do not wait long for a server."""
    with impatient():
        yield


@pytest.fixture
async def stand_in(socket_enabled: None) -> AsyncIterator[StandIn]:
    """Start a server without the model."""
    async with StandIn(models=["llama3.2"]) as server:
        yield server


@pytest.fixture
async def without_model(set_up: SetUp, stand_in: StandIn, hurried: None) -> MockConfigEntry:
    """Return an entry whose model its server does not have."""
    entry = await set_up(with_ollama(stand_in))
    await until(entry.runtime_data.engine, lambda status: status.embedder_error == "model_missing")
    return entry


async def test_a_missing_model_is_downloaded(
    hass: HomeAssistant, frontend: Frontend, without_model: MockConfigEntry, stand_in: StandIn
) -> None:
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    assert await frontend.issues() == [issues.ISSUE_MODEL_MISSING]
    flow = await frontend.open(issues.ISSUE_MODEL_MISSING)
    assert flow["description_placeholders"] == {"model": MODEL}

    result = await frontend.submit(flow)
    assert result["type"] == "create_entry"
    await until(
        without_model.runtime_data.engine,
        lambda status: status.embedder is EmbedderState.OLLAMA and not status.pending,
    )
    await hass.async_block_till_done()
    assert await frontend.issues() == []
    assert len(stand_in.requests_to("/api/pull")) == 1
    assert sensor_state(hass, "embedder") == "ollama"


@pytest.mark.parametrize("faults", [Faults(pull_error="no space left on device"), Faults(pull_breaks=True)])
async def test_a_download_that_fails_is_reported_again(
    hass: HomeAssistant,
    frontend: Frontend,
    without_model: MockConfigEntry,
    stand_in: StandIn,
    faults: Faults,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stand_in.faults = faults
    result = await frontend.submit(await frontend.open(issues.ISSUE_MODEL_MISSING))
    assert result["type"] == "create_entry"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issues_of(hass) == {issues.ISSUE_MODEL_MISSING}
    assert "could not be downloaded" in caplog.text


async def test_unload_ends_the_download(
    hass: HomeAssistant, frontend: Frontend, without_model: MockConfigEntry, stand_in: StandIn
) -> None:
    stand_in.faults = Faults(hang=True, path="/api/pull")
    await frontend.submit(await frontend.open(issues.ISSUE_MODEL_MISSING))
    assert await hass.config_entries.async_unload(without_model.entry_id)
    assert issues_of(hass) == set()


async def test_a_model_that_nobody_needs_any_more(
    hass: HomeAssistant, frontend: Frontend, without_model: MockConfigEntry, stand_in: StandIn
) -> None:
    """The entry uses the built-in model by now, or is not loaded: nothing is downloaded."""
    flow = await frontend.open(issues.ISSUE_MODEL_MISSING)
    hass.config_entries.async_update_entry(without_model, data={"embedder": "built_in"})
    assert await hass.config_entries.async_reload(without_model.entry_id)
    result = await frontend.submit(flow)
    assert (result["type"], result["reason"]) == ("abort", "mended")

    for reason in ("built in", "not loaded"):
        issues.async_report_model(hass, MODEL)
        result = await frontend.submit(await frontend.open(issues.ISSUE_MODEL_MISSING))
        assert result["type"] == "create_entry", reason
        await hass.config_entries.async_unload(without_model.entry_id)
    assert stand_in.requests_to("/api/pull") == []
