"""What goes wrong with the Ollama server costs nobody a memory, and heals by itself."""

from collections.abc import AsyncIterator, Iterator

from homeassistant.core import HomeAssistant
import pytest

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import EmbedderState, EngineStatus
from scripts.ollama_stand_in import Faults, StandIn

from .conftest import SetUp
from .glue_helpers import impatient, issues_of, sensor_state, until, with_ollama
from .service_helpers import async_act

EMBED = "/api/embed"
FAULTS = {
    "slow": Faults(delay=1.0),
    "hangs": Faults(hang=True),
    "failing": Faults(status=500),
    "busy": Faults(status=429),
    "unauthorized": Faults(status=401),
    "forbidden": Faults(status=403),
    "without-model": Faults(model_missing=True, path=EMBED),
    "elsewhere": Faults(redirect="http://127.0.0.1:9/"),
    "web-page": Faults(not_json=True),
    "truncated": Faults(truncated_json=True),
    "huge-vectors": Faults(huge=True, path=EMBED),
    "disconnects": Faults(disconnect=True),
    "nan": Faults(nan=True, path=EMBED),
    "zero": Faults(zero=True, path=EMBED),
    "fewer": Faults(fewer=True, path=EMBED),
    "refused": None,
}
FROM_THE_START = FAULTS | {"huge-list": Faults(huge=True, path="/api/tags")}

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    with impatient(timeout=0.6):
        yield


@pytest.fixture
async def stand_in(socket_enabled: None) -> AsyncIterator[StandIn]:
    """Start a server."""
    async with StandIn() as server:
        yield server


async def _break(server: StandIn, faults: Faults | None) -> None:
    """Have the server do something wrong; ``None``: be gone."""
    if faults is None:
        await server.vanish()
    else:
        server.faults = faults


async def _mend(server: StandIn) -> None:
    server.faults = Faults()
    await server.come_back()


def _served(status: EngineStatus) -> bool:
    return status.embedder is EmbedderState.OLLAMA and not status.pending and status.embedder_error is None


async def _remembers_and_finds(hass: HomeAssistant, key: str) -> None:
    """Store a memory and find it by its meaning, with the actions."""
    stored = await async_act(hass, "set", key=key, value="The cat is called Tom")
    assert stored["status"] == "ok"
    found = await async_act(hass, "search", query=f"what is our pet's name ({key})")
    assert found["status"] == "ok"
    assert found["results"][0]["key"] == key


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
async def test_a_server_that_breaks(
    hass: HomeAssistant, set_up: SetUp, stand_in: StandIn, faults: Faults | None
) -> None:
    entry = await set_up(with_ollama(stand_in))
    engine: MemoryEngine = entry.runtime_data.engine
    await until(engine, _served)
    assert sensor_state(hass, "embedder") == "ollama"

    await _break(stand_in, faults)
    await _remembers_and_finds(hass, "cat")
    await until(engine, lambda status: status.embedder is EmbedderState.BUILT_IN)
    await hass.async_block_till_done()
    assert sensor_state(hass, "embedder") == "built_in"
    assert engine.status.embedder_error is not None

    await _mend(stand_in)
    await until(engine, _served)
    await hass.async_block_till_done()
    assert sensor_state(hass, "embedder") == "ollama"
    assert issues_of(hass) == set()


@pytest.mark.parametrize("faults", FROM_THE_START.values(), ids=FROM_THE_START)
async def test_a_server_that_is_broken_from_the_start(
    hass: HomeAssistant, set_up: SetUp, stand_in: StandIn, faults: Faults | None
) -> None:
    await _break(stand_in, faults)
    entry = await set_up(with_ollama(stand_in))
    engine: MemoryEngine = entry.runtime_data.engine
    await _remembers_and_finds(hass, "cat")
    await until(engine, lambda status: status.embedder_error is not None)
    await hass.async_block_till_done()
    assert sensor_state(hass, "embedder") == "built_in"

    await _mend(stand_in)
    await until(engine, _served)
    await hass.async_block_till_done()
    assert sensor_state(hass, "embedder") == "ollama"
    assert sensor_state(hass, "pending_embeddings") == "0"
    assert issues_of(hass) == set()


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
