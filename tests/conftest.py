"""What the tests of the integration share."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from hypothesis import settings
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.semantic_memory.const import CONF_EMBEDDER, DOMAIN, EMBEDDER_BUILT_IN
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine

type SetUp = Callable[..., Awaitable[MockConfigEntry]]

# How long an example takes says something about the machine, not about the project.
settings.register_profile("untimed", settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return snapshots that understand Home Assistant's objects."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant find the integration, in the tests that have one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(scope="session")
def built_in() -> StaticEmbedder:
    """Return the built-in model, loaded once."""
    return StaticEmbedder.load()


@pytest.fixture
def load_built_in(built_in: StaticEmbedder) -> Generator[None]:
    """Give every entry the model that is loaded already: its files take 0.3 s to read."""
    with patch.object(StaticEmbedder, "load", return_value=built_in):
        yield


@pytest.fixture
async def set_up(hass: HomeAssistant, tmp_path: Any, load_built_in: None) -> AsyncGenerator[SetUp]:
    """Return a function that sets up an entry with this data and these options, in a folder of the test's own."""
    entries: list[MockConfigEntry] = []
    hass.config.config_dir = str(tmp_path)

    async def set_up_entry(
        data: dict[str, Any] | None = None, options: dict[str, Any] | None = None
    ) -> MockConfigEntry:
        entry = MockConfigEntry(
            domain=DOMAIN,
            title="Semantic Memory",
            data=data or {CONF_EMBEDDER: EMBEDDER_BUILT_IN},
            options=options or {},
        )
        entry.add_to_hass(hass)
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        entries.append(entry)
        return entry

    assert await async_setup_component(hass, "homeassistant", {})
    yield set_up_entry
    for entry in entries:
        if hass.config_entries.async_get_entry(entry.entry_id) is not None:
            await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def setup_integration(set_up: SetUp) -> MockConfigEntry:
    """Return a loaded entry with the built-in model."""
    return await set_up()


@pytest.fixture
def engine(setup_integration: MockConfigEntry) -> MemoryEngine:
    """Return the engine of the loaded entry."""
    loaded: MemoryEngine = setup_integration.runtime_data.engine
    return loaded
