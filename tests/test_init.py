"""Lifecycle of the config entry."""

from pathlib import Path
import subprocess
import sys
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import llm
from homeassistant.helpers.translation import async_get_exception_message
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory import issues
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import DATABASE, MemoryEngine
from custom_components.semantic_memory.memory.errors import DatabaseClosedError
from custom_components.semantic_memory.memory.models import Caller, MemoryDraft, RecallRequest
from custom_components.semantic_memory.memory.status import EmbedderState
from custom_components.semantic_memory.memory.storage import restoring

from .blocking_guard import blocking_calls
from .conftest import SetUp
from .glue_helpers import issues_of, left_running
from .service_helpers import async_act

OPTIONS: dict[str, Any] = {"recall": {}, "retention": {}, "people": {}, "llm": {}}


async def test_remembers_and_recalls(setup_integration: MockConfigEntry, engine: MemoryEngine) -> None:
    """A loaded entry stores and finds by meaning."""
    assert setup_integration.state is ConfigEntryState.LOADED
    caller = Caller("0" * 32)
    await engine.async_remember(caller, MemoryDraft(key="my_location", value="Portland, OR"))
    await engine.async_remember(caller, MemoryDraft(value="The cat is called Tom"))
    found = await engine.async_recall(caller, RecallRequest(query="where do I live"))
    assert found.hits[0].memory.key == "my_location"
    assert engine.status.embedder is EmbedderState.BUILT_IN


async def test_unload_leaves_nothing_running(
    hass: HomeAssistant, setup_integration: MockConfigEntry, engine: MemoryEngine
) -> None:
    """No thread, task, listener or API of ours is left behind."""
    assert left_running()
    listening = hass.bus.async_listeners()[EVENT_HOMEASSISTANT_FINAL_WRITE]
    assert await hass.config_entries.async_unload(setup_integration.entry_id)
    assert setup_integration.state is ConfigEntryState.NOT_LOADED
    assert left_running() == []
    assert not engine._listeners
    assert DOMAIN not in {api.id for api in llm.async_get_apis(hass)}
    assert hass.bus.async_listeners()[EVENT_HOMEASSISTANT_FINAL_WRITE] == listening - 1


async def test_reload_keeps_memories(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    await async_act(hass, "set", key="code", value="The code of the gate is 1234")
    for _ in range(3):
        assert await hass.config_entries.async_reload(setup_integration.entry_id)
        await hass.async_block_till_done()
    assert setup_integration.state is ConfigEntryState.LOADED
    assert (await async_act(hass, "get", key="code"))["value"] == "The code of the gate is 1234"
    assert len([name for name in left_running() if "writer" in name]) == 1


async def test_removal_keeps_the_database(
    hass: HomeAssistant, set_up: SetUp, setup_integration: MockConfigEntry
) -> None:
    await async_act(hass, "set", key="code", value="The code of the gate is 1234")
    assert await hass.config_entries.async_remove(setup_integration.entry_id)
    assert left_running() == []
    assert issues_of(hass) == set()

    await set_up()
    assert (await async_act(hass, "get", key="code"))["value"] == "The code of the gate is 1234"


def test_the_database_is_for_its_owner_only(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    database = Path(hass.config.path("semantic_memory", "memory.db"))
    assert database.stat().st_mode & 0o777 == 0o600
    assert database.parent.stat().st_mode & 0o777 == 0o700


async def test_shutdown_closes_the_engine(
    hass: HomeAssistant,
    setup_integration: MockConfigEntry,
    engine: MemoryEngine,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Home Assistant unloads nothing when it ends; what was used until then is still counted."""
    await async_act(hass, "set", key="code", value="The code of the gate is 1234")
    await async_act(hass, "get", key="code")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert left_running() == []
    with pytest.raises(DatabaseClosedError):
        await engine.async_get(Caller(), "code")
    with pytest.raises(ServiceValidationError) as error:
        await async_act(hass, "get", key="code")
    assert error.value.translation_key == "database_closed"

    assert await hass.config_entries.async_reload(setup_integration.entry_id)
    (item,) = (await async_act(hass, "list"))["memories"]
    assert item["use_count"] == 1
    assert "ERROR" not in {record.levelname for record in caplog.records}


async def test_stopping_home_assistant_closes_the_engine(
    hass: HomeAssistant, setup_integration: MockConfigEntry
) -> None:
    await hass.async_stop(force=True)
    assert left_running() == []


async def test_changed_options_take_effect(
    hass: HomeAssistant, setup_integration: MockConfigEntry, engine: MemoryEngine
) -> None:
    for room in ("kitchen", "garage", "attic"):
        await async_act(hass, "set", key=room, value=f"The key of the {room} is under the mat", force_new=True)
    assert len((await async_act(hass, "search", query="where is the key"))["results"]) == 3

    flow = await hass.config_entries.options.async_init(setup_integration.entry_id)
    await hass.config_entries.options.async_configure(flow["flow_id"], {"next_step_id": "settings"})
    given = OPTIONS | {"recall": {"limit": 2}, "retention": {"default_expiry_days": 7}}
    flow = await hass.config_entries.options.async_configure(flow["flow_id"], given)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()

    assert setup_integration.runtime_data.engine is not engine
    assert setup_integration.runtime_data.engine.settings.default_expiry_days == 7
    assert len((await async_act(hass, "search", query="where is the key"))["results"]) == 2


async def test_actions_without_an_entry(hass: HomeAssistant, set_up: SetUp) -> None:
    """They are there, and say in words why they cannot work."""
    assert await async_setup_component(hass, DOMAIN, {})
    with pytest.raises(ServiceValidationError) as error:
        await async_act(hass, "get", key="code")
    found = error.value
    assert found.translation_domain
    assert found.translation_key
    text = async_get_exception_message(found.translation_domain, found.translation_key, found.translation_placeholders)
    assert DOMAIN in text or "Semantic Memory" in text


async def test_a_disabled_entry_leaves_no_issue(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    issues.async_report_packages(hass)
    issues.async_report_index(hass, "no wheel")
    await hass.config_entries.async_set_disabled_by(setup_integration.entry_id, ConfigEntryDisabler.USER)
    assert issues_of(hass) == set()


async def test_nothing_blocks_the_event_loop(hass: HomeAssistant, set_up: SetUp) -> None:
    with blocking_calls() as found:
        entry = await set_up()
        await async_act(hass, "set", key="code", value="The code of the gate is 1234")
        await async_act(hass, "search", query="how do I open the gate")
        await async_act(hass, "stats")
        await async_act(hass, "forget", key="code")
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.config_entries.async_unload(entry.entry_id)
    assert found == []


def test_the_guard_sees_what_blocks(tmp_path: Path) -> None:
    (tmp_path / DATABASE).touch()
    with blocking_calls() as found:
        restoring.set_aside(tmp_path / DATABASE, "damaged", 0.0)
    (call,) = [call for call in found if call.startswith("os.rename")]  # formatting a date may import a module too
    assert "restoring.py" in call


def test_heavy_packages_are_not_imported_with_the_integration() -> None:
    """Home Assistant imports every module of the integration at start-up; NumPy alone takes 0.1 to 1 s."""
    component = Path(__file__).parent.parent / "custom_components" / DOMAIN
    names = [f"custom_components.{DOMAIN}.{path.stem}" for path in component.glob("[a-z]*.py")]
    script = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "heavy = {'numpy', 'safetensors', 'tokenizers', 'wordllama', 'sqlite_vec'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=component.parent.parent, capture_output=True, text=True, check=True
    )
    assert len(names) > 10
    assert result.stdout.strip() == "[]"
