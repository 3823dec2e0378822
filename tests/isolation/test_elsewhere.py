"""Everything else that Home Assistant shows or lets people do: nothing there tells what anybody has stored."""

from collections.abc import Awaitable, Callable
import json
from pathlib import Path
from typing import Any, Final

import homeassistant.components
from homeassistant.components import repairs, system_health, websocket_api
from homeassistant.components.button.const import SERVICE_PRESS
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.json import json_dumps
from homeassistant.setup import async_setup_component
import pytest

from custom_components.semantic_memory import issues
from custom_components.semantic_memory.backup import async_post_backup, async_pre_backup
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.diagnostics import async_get_config_entry_diagnostics
from custom_components.semantic_memory.memory.errors import DatabaseDamagedError
from custom_components.semantic_memory.memory.models import HOUSEHOLD
from custom_components.semantic_memory.repairs import async_create_fix_flow
from custom_components.semantic_memory.websocket import COMMANDS

from .home import KINDS, Home, shown_in

type Look = Callable[[Home], Awaitable[Any]]
COMPONENT: Final = Path(issues.__file__).parent
DISCOVERED: Final = {path.name for path in Path(homeassistant.components.__file__).parent.iterdir()} | {
    "condition", "config_flow", "device_action", "device_condition", "device_trigger", "significant_change", "trigger",
}  # fmt: skip
"""Names under which Home Assistant looks for modules of an integration."""


async def diagnostics(home: Home) -> Any:
    """Download the diagnostics."""
    return await async_get_config_entry_diagnostics(home.hass, home.entry)


async def system_information(home: Home) -> Any:
    """Look at the system information."""
    assert await async_setup_component(home.hass, "system_health", {})
    await home.hass.async_block_till_done()
    return (await system_health.get_info(home.hass))[DOMAIN]


def entity_ids(home: Home, domain: str) -> list[str]:
    """Return the entities of ours in a domain."""
    found = er.async_entries_for_config_entry(er.async_get(home.hass), home.entry.entry_id)
    return [entity.entity_id for entity in found if entity.domain == domain]


def states(home: Home, domain: str) -> Any:
    """Read every state of ours with its attributes."""
    found = [home.hass.states.get(entity_id) for entity_id in entity_ids(home, domain)]
    assert found
    return [state.as_dict() if state else None for state in found]


async def sensors(home: Home) -> Any:
    """Read what is counted."""
    return states(home, "sensor")


async def event_entities(home: Home) -> Any:
    """Read what happened last, which tells of a memory of the household by its id, and of others nothing at all."""
    (last,) = states(home, "event")
    attributes = dict(last["attributes"])
    assert attributes.pop("id", None) in {None, *(memory.id for memory in home.memories[HOUSEHOLD].values())}
    return {**last, "attributes": attributes}


async def buttons(home: Home) -> Any:
    """Press every button."""
    for entity_id in entity_ids(home, "button"):
        await home.hass.services.async_call("button", SERVICE_PRESS, {ATTR_ENTITY_ID: entity_id}, blocking=True)
    await home.hass.async_block_till_done()
    return [home.hass.states.get(entity_id) for entity_id in entity_ids(home, "button")]


async def flows(home: Home) -> Any:
    """Open the options, and the reconfiguration as far as it goes without a server."""
    context: Any = {"source": SOURCE_RECONFIGURE, "entry_id": home.entry.entry_id}
    shown = [
        await home.hass.config_entries.options.async_init(home.entry.entry_id),
        await home.hass.config_entries.flow.async_init(DOMAIN, context=context),
    ]
    schemas = [flow["data_schema"] for flow in shown if flow.get("data_schema") is not None]
    return [repr(part) for part in (*shown, *(schema.schema for schema in schemas if schema))]


async def repairing(home: Home) -> Any:
    """Read every issue that there can be, and open its flow."""
    assert await async_setup_component(home.hass, repairs.DOMAIN, {})
    issues.async_report_model(home.hass, "model")
    issues.async_report_packages(home.hass)
    issues.async_report_index(home.hass, "reason")
    issues.async_report_damage(home.hass, DatabaseDamagedError(path="memory.db"))
    shown: list[Any] = []
    for issue in list(ir.async_get(home.hass).issues.values()):
        if issue.domain == DOMAIN and issue.is_fixable:
            flow = await async_create_fix_flow(home.hass, issue.issue_id, None)
            flow.hass, flow.issue_id, flow.data = home.hass, issue.issue_id, None
            begin: Callable[[], Awaitable[Any]] = getattr(flow, "async_step_init")  # noqa: B009 - the base class has none
            shown.append(repr(await begin()))
        shown.append(repr(issue))
    issues.async_clear(home.hass)
    return shown


async def backing_up(home: Home) -> Any:
    """Make a backup of Home Assistant, as far as this is ours."""
    before = len(home.events)
    await async_pre_backup(home.hass)
    await async_post_backup(home.hass)
    await home.hass.async_block_till_done()
    return [home.events[before:], "done"]


ROWS: Final[dict[str, Look]] = {
    "backup": backing_up,
    "button": buttons,
    "config_flow": flows,
    "diagnostics": diagnostics,
    "event": event_entities,
    "repairs": repairing,
    "sensor": sensors,
    "system_health": system_information,
}
ELSEWHERE: Final = {"api": "tests/test_api.py", "frontend": "files without data", "llm": "test_tools.py"}
"""What is tried in another file, or holds nothing."""


def test_every_platform_has_a_row() -> None:
    modules = {path.stem for path in COMPONENT.iterdir() if path.suffix == ".py" or path.is_dir()}

    assert modules & DISCOVERED == set(ROWS) | set(ELSEWHERE)


@pytest.mark.parametrize("name", ROWS)
async def test_nothing_is_shown_and_nothing_changed(home: Home, name: str) -> None:
    before = await home.async_stored()

    shown = await ROWS[name](home)

    text = json_dumps(shown)
    assert len(text) > len("[]")
    assert shown_in(text) == set()
    assert not any(memory.id in text for memory in home.all_memories)
    assert not any(parts["value"].format("").strip() in text for parts in KINDS.values())
    if name != "config_flow":  # the options show which satellite is whose
        assert home.ids_in(text) == set()
    assert await home.async_stored() == before


async def test_there_are_no_other_ways_in(hass: HomeAssistant, home: Home) -> None:
    """What comes later in any of these ways needs rows of its own."""
    assert await async_setup_component(hass, "websocket_api", {})
    await hass.async_block_till_done()

    commands = [name for name in hass.data[websocket_api.DOMAIN] if name.startswith(f"{DOMAIN}/")]
    views = [str(resource.canonical) for resource in hass.http.app.router.resources() if DOMAIN in resource.canonical]

    assert commands == [f"{DOMAIN}/{command.name}" for command in COMMANDS]  # test_websocket.py
    assert views == [f"/api/{DOMAIN}/download/{{token}}"]  # test_overviews.py
    assert home.entry.supported_subentry_types == {}
    assert {entity.domain for entity in er.async_get(hass).entities.values() if entity.platform == DOMAIN} == {
        "button",
        "event",
        "sensor",
    }


async def test_events_tell_that_something_happened(home: Home) -> None:
    """The fixture looks into all of them for what memories say; here, that there are none of ours by another name."""
    await home.async_plant()
    await home.hass.async_block_till_done()

    ours = {json.loads(event)[0] for event in home.events if event.startswith(f'["{DOMAIN}')}
    assert ours == {f"{DOMAIN}_changed"}
    told = [json.loads(event)[1] for event in home.events if event.startswith(f'["{DOMAIN}')]
    assert not any(event["key"] or event["tags"] for event in told if event["personal"])
