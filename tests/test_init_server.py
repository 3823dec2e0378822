"""Setting up with an Ollama server that does not do as it should: memories are there from the first moment."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory.issues import ISSUE_MODEL_MISSING
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.status import EmbedderState
from scripts.ollama_stand_in import Faults, StandIn

from .conftest import SetUp
from .glue_helpers import MODEL, impatient, issues_of, left_running, sensor_state, until, with_ollama
from .service_helpers import async_act

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def stand_in(socket_enabled: None) -> AsyncIterator[StandIn]:
    """Start a server."""
    async with StandIn() as server:
        yield server


@pytest.fixture
def hurried() -> Iterator[None]:
    """Do not wait long for a server."""
    with impatient():
        yield


def _reauth_flows(hass: HomeAssistant, entry: MockConfigEntry) -> list[str]:
    return [flow["flow_id"] for flow in entry.async_get_active_flows(hass, {SOURCE_REAUTH})]


async def test_a_server_that_is_there(hass: HomeAssistant, set_up: SetUp, stand_in: StandIn) -> None:
    entry = await set_up(with_ollama(stand_in, api_key="secret"))
    engine: MemoryEngine = entry.runtime_data.engine
    await until(engine, lambda status: status.embedder is EmbedderState.OLLAMA)
    assert {request.authorization for request in stand_in.requests} == {"Bearer secret"}
    assert engine.status.preferred_model == MODEL
    await hass.config_entries.async_unload(entry.entry_id)
    assert left_running() == []


async def test_a_server_that_is_down(hass: HomeAssistant, set_up: SetUp) -> None:
    entry = await set_up(with_ollama("http://127.0.0.1:9"))
    assert entry.state is ConfigEntryState.LOADED
    assert (await async_act(hass, "set", key="cat", value="The cat is called Tom"))["status"] == "ok"
    await until(entry.runtime_data.engine, lambda status: status.embedder_error == "cannot_connect")
    await hass.async_block_till_done()
    assert sensor_state(hass, "embedder") == "built_in"
    assert issues_of(hass) == set()  # not before half an hour has passed


async def test_a_server_that_hangs(hass: HomeAssistant, set_up: SetUp, stand_in: StandIn) -> None:
    """Neither setting up nor unloading waits for the 30 seconds that a request may take."""
    stand_in.faults = Faults(hang=True)
    async with asyncio.timeout(10):
        entry = await set_up(with_ollama(stand_in))
        assert entry.state is ConfigEntryState.LOADED
        assert (await async_act(hass, "set", key="cat", value="The cat is called Tom"))["status"] == "ok"
        found = await async_act(hass, "search", query="what is our pet's name")
        assert found["results"][0]["key"] == "cat"
        assert await hass.config_entries.async_unload(entry.entry_id)
    assert left_running() == []


async def test_reauthentication_is_started_once(
    hass: HomeAssistant, set_up: SetUp, stand_in: StandIn, hurried: None
) -> None:
    """Also where memories come and go meanwhile, and when somebody has closed it."""
    stand_in.api_key = "right"
    entry = await set_up(with_ollama(stand_in, api_key="wrong"))
    engine: MemoryEngine = entry.runtime_data.engine
    assert entry.state is ConfigEntryState.LOADED
    await until(engine, lambda status: status.embedder_error == "invalid_auth")
    await hass.async_block_till_done()
    (flow_id,) = _reauth_flows(hass, entry)

    hass.config_entries.flow.async_abort(flow_id)
    for number in range(5):
        await async_act(hass, "set", key=f"cat_{number}", value=f"Cat number {number} is called Tom")
        await async_act(hass, "search", query=f"cat {number}")
    await hass.async_block_till_done()
    assert _reauth_flows(hass, entry) == []
    assert issues_of(hass) == set()


async def test_reauthentication_with_the_right_key(
    hass: HomeAssistant, set_up: SetUp, stand_in: StandIn, hurried: None
) -> None:
    stand_in.api_key = "right"
    entry = await set_up(with_ollama(stand_in, api_key="wrong"))
    await until(entry.runtime_data.engine, lambda status: status.embedder_error == "invalid_auth")
    await hass.async_block_till_done()
    (flow_id,) = _reauth_flows(hass, entry)

    flow = await hass.config_entries.flow.async_configure(flow_id, {"api_key": "right"})
    assert flow["type"] is FlowResultType.ABORT
    assert flow["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    await until(entry.runtime_data.engine, lambda status: status.embedder is EmbedderState.OLLAMA)
    assert _reauth_flows(hass, entry) == []


async def test_the_model_is_missing(hass: HomeAssistant, set_up: SetUp, stand_in: StandIn, hurried: None) -> None:
    stand_in.models.remove(MODEL)
    entry = await set_up(with_ollama(stand_in))
    engine: MemoryEngine = entry.runtime_data.engine
    await until(engine, lambda status: status.embedder_error == "model_missing")
    assert entry.state is ConfigEntryState.LOADED
    assert issues_of(hass) == {ISSUE_MODEL_MISSING}

    stand_in.models.install(MODEL)
    await until(engine, lambda status: status.embedder is EmbedderState.OLLAMA)
    assert issues_of(hass) == set()


async def test_from_a_server_to_the_built_in_model(
    hass: HomeAssistant, set_up: SetUp, stand_in: StandIn, hurried: None
) -> None:
    """What was reported of the server that nobody uses any more is withdrawn."""
    stand_in.models.remove(MODEL)
    entry = await set_up(with_ollama(stand_in))
    await until(entry.runtime_data.engine, lambda status: status.embedder_error == "model_missing")
    assert issues_of(hass) == {ISSUE_MODEL_MISSING}

    hass.config_entries.async_update_entry(entry, data={"embedder": "built_in"})
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert issues_of(hass) == set()
    assert entry.runtime_data.ollama is None
    assert entry.runtime_data.engine.status.preferred_model is None
