"""What goes wrong with the Ollama server costs nobody a memory, and heals by itself."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
import logging

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.semantic_memory.issues import ISSUE_MODEL_MISSING, ISSUE_UNREACHABLE, UNREACHABLE_SECONDS
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.status import EmbedderState, EngineStatus
from scripts.ollama_stand_in import Faults, StandIn

from .conftest import SetUp
from .glue_helpers import impatient, issues_of, sensor_attributes, sensor_state, until, with_ollama
from .ollama_faults import EMBED, FAULTS, break_server, mend_server
from .service_helpers import async_act

IN_HOME_ASSISTANT = (
    "refused",
    "hangs",
    "slow",
    "dies-in-mid-answer",
    "failing",
    "busy",
    "gateway-page",
    "unauthorized",
    "without-model",
    "elsewhere",
    "garbage",
    "web-page",
    "error-with-200",
    "huge-vectors",
    "nan",
    "zero",
    "fewer",
)
"""All of them are tried with the engine alone."""

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture(autouse=True)
def _impatient(request: pytest.FixtureRequest) -> Iterator[None]:
    """Wait only so long for a server that shows by its slowness alone what is wrong."""
    fault = FAULTS.get(request.node.callspec.params["name"]) if hasattr(request.node, "callspec") else None
    seconds = 0.6 if fault and fault.slow else 10.0
    with impatient(timeout=seconds, query_timeout=seconds):
        yield


@pytest.fixture
async def stand_in(socket_enabled: None) -> AsyncIterator[StandIn]:
    """Start a server."""
    async with StandIn() as server:
        yield server


def _served(status: EngineStatus) -> bool:
    return status.embedder is EmbedderState.OLLAMA and not status.pending and status.embedder_error is None


def _told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the levels of everything that the integration has told people."""
    records = (record for record in caplog.records if record.name.startswith("custom_components"))
    return [record.levelname for record in records if record.levelno >= logging.INFO]


async def _remembers_and_finds(hass: HomeAssistant, key: str) -> None:
    """Store a memory and find it by its meaning, with the actions."""
    stored = await async_act(hass, "set", key=key, value="The cat is called Tom")
    assert stored["status"] == "ok"
    found = await async_act(hass, "search", query=f"what is our pet's name ({key})")
    assert found["status"] == "ok"
    assert found["results"][0]["key"] == key


async def _shows(hass: HomeAssistant, entry: MockConfigEntry, code: str) -> None:
    """Make sure that people can see what is wrong, at the latest half an hour later."""
    await until(entry.runtime_data.engine, lambda status: status.embedder_error == code)
    await hass.async_block_till_done()
    assert sensor_state(hass, "embedder") == "built_in"
    assert sensor_attributes(hass, "embedder")["error_code"] == code
    flows = list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))
    assert len(flows) == (1 if code == "invalid_auth" else 0)
    at_once = {"model_missing": {ISSUE_MODEL_MISSING}}.get(code, set())
    assert issues_of(hass) == at_once
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=UNREACHABLE_SECONDS + 1))
    await hass.async_block_till_done()
    later = set() if code in ("invalid_auth", "model_missing") else {ISSUE_UNREACHABLE}
    assert issues_of(hass) == at_once | later
    for flow in flows:
        hass.config_entries.flow.async_abort(flow["flow_id"])


async def _heals(hass: HomeAssistant, entry: MockConfigEntry, server: StandIn) -> None:
    """Mend the server, and make sure that nobody has to do anything more."""
    await mend_server(server)
    await until(entry.runtime_data.engine, _served)
    await hass.async_block_till_done()
    assert sensor_state(hass, "embedder") == "ollama"
    assert sensor_state(hass, "pending_embeddings") == "0"
    assert sensor_attributes(hass, "embedder")["error_code"] is None
    assert issues_of(hass) == set()


@pytest.mark.parametrize("name", IN_HOME_ASSISTANT)
async def test_a_server_that_breaks(
    hass: HomeAssistant, set_up: SetUp, stand_in: StandIn, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    entry = await set_up(with_ollama(stand_in))
    await until(entry.runtime_data.engine, _served)
    assert sensor_state(hass, "embedder") == "ollama"
    await break_server(stand_in, FAULTS[name])
    await _remembers_and_finds(hass, "cat")
    await _shows(hass, entry, FAULTS[name].code)
    await _remembers_and_finds(hass, "dog")
    await _heals(hass, entry, stand_in)
    assert _told(caplog) == ["WARNING", "INFO"]


@pytest.mark.parametrize("name", IN_HOME_ASSISTANT)
async def test_a_server_that_is_broken_from_the_start(
    hass: HomeAssistant, set_up: SetUp, stand_in: StandIn, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    await break_server(stand_in, FAULTS[name])
    entry = await set_up(with_ollama(stand_in))
    await _remembers_and_finds(hass, "cat")
    await _shows(hass, entry, FAULTS[name].code)
    await _heals(hass, entry, stand_in)
    assert _told(caplog) == ["WARNING", "INFO"]


async def test_another_dimension_is_another_model(hass: HomeAssistant, set_up: SetUp, stand_in: StandIn) -> None:
    """Vectors of another length are never compared with the old ones: everything is embedded again."""
    entry = await set_up(with_ollama(stand_in))
    engine: MemoryEngine = entry.runtime_data.engine
    await _remembers_and_finds(hass, "before")
    await until(engine, _served)

    stand_in.faults = Faults(wrong_dimension=True, path=EMBED)
    await async_act(hass, "forget", key="before")
    await _remembers_and_finds(hass, "meanwhile")
    await until(engine, _served)

    stand_in.faults = Faults()
    await async_act(hass, "forget", key="meanwhile")
    await _remembers_and_finds(hass, "after")
    await until(engine, _served)
