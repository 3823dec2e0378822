"""What tests of the config and options flows share."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
from string import Formatter
from typing import Any, Final, cast
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import ConfigFlowContext, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.semantic_memory
from custom_components.semantic_memory.const import CONF_EMBEDDER, DOMAIN, EMBEDDER_OLLAMA

COMPONENT: Final = Path(custom_components.semantic_memory.__file__).parent
TEXTS: Final[dict[str, Any]] = json.loads((COMPONENT / "translations" / "en.json").read_text())
URL: Final = "http://ollama.test:11434"


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {field for _, field, _, _ in Formatter().parse(text) if field}


def texts_of(node: Any) -> Iterator[str]:
    """Yield every text in a part of the translations."""
    if isinstance(node, str):
        yield node
    else:
        for part in node.values():
            yield from texts_of(part)


def checked(result: ConfigFlowResult, part: str = "config") -> ConfigFlowResult:
    """Return a step, having made sure that everything it shows has a text whose placeholders are filled."""
    given = set(result.get("description_placeholders") or {})
    texts = TEXTS[part]
    shown: list[Any] = []
    if result["type"] in {FlowResultType.FORM, FlowResultType.MENU}:
        shown.append(texts["step"][result["step_id"]])
    if result["type"] is FlowResultType.FORM:
        errors = result["errors"] or {}
        shown += [texts["error"][code] for code in errors.values()]
        # What belongs to no field of the form would not be shown.
        assert set(errors) <= {"base"} | {str(marker.schema) for marker in _fields(result)}
    if result["type"] is FlowResultType.MENU:
        assert isinstance(result["menu_options"], list)
        assert result["menu_options"] == list(shown[0]["menu_options"])
    if result["type"] is FlowResultType.SHOW_PROGRESS:
        shown.append(texts["progress"][result["progress_action"]])
    if result["type"] is FlowResultType.CREATE_ENTRY and part == "config":
        shown.append(texts["create_entry"][result["description"]])
    if result["type"] is FlowResultType.ABORT and part == "options":
        shown.append(texts["abort"][result["reason"]])
    for text in (text for node in shown for text in texts_of(node)):
        assert placeholders(text) <= given, text
    return result


def _fields(flow: ConfigFlowResult) -> list[Any]:
    schema = flow["data_schema"]
    return [] if schema is None else list(schema.schema)


async def start(hass: HomeAssistant, **context: Any) -> ConfigFlowResult:
    """Begin a config flow, by a user unless the context says otherwise."""
    given = {"source": "user"} | context
    return checked(await hass.config_entries.flow.async_init(DOMAIN, context=cast("ConfigFlowContext", given)))


async def answer(hass: HomeAssistant, flow: ConfigFlowResult, **user_input: Any) -> ConfigFlowResult:
    """Send a form, or look again at a step that shows progress."""
    return checked(await hass.config_entries.flow.async_configure(flow["flow_id"], user_input or None))


async def choose(hass: HomeAssistant, flow: ConfigFlowResult, step: str) -> ConfigFlowResult:
    """Choose from a menu."""
    return await answer(hass, flow, next_step_id=step)


async def wait_for(hass: HomeAssistant, flow: ConfigFlowResult) -> ConfigFlowResult:
    """Wait until a flow shows no progress any more."""
    while flow["type"] is FlowResultType.SHOW_PROGRESS:
        await hass.async_block_till_done(wait_background_tasks=True)
        flow = await answer(hass, flow)
    return flow


def suggested(flow: ConfigFlowResult) -> dict[str, Any]:
    """Return what the fields of a form show."""
    return {
        str(marker.schema): marker.description["suggested_value"]
        for marker in _fields(flow)
        if marker.description is not None
    }


def options_of(flow: ConfigFlowResult) -> dict[str, str]:
    """Return the values and labels of the choice of a model, in the order in which they are shown."""
    schema = flow["data_schema"]
    assert schema is not None
    return {option["value"]: option["label"] for option in schema.schema["model"].config["options"]}


def added_entry(hass: HomeAssistant, **data: Any) -> MockConfigEntry:
    """Add an entry of ours that uses an Ollama server, unless ``data`` says otherwise."""
    data = {CONF_EMBEDDER: EMBEDDER_OLLAMA, "url": URL, "model": "nomic-embed-text"} | data
    entry = MockConfigEntry(domain=DOMAIN, title="Semantic Memory", data=data)
    entry.add_to_hass(hass)
    return entry


@asynccontextmanager
async def no_engine(hass: HomeAssistant) -> AsyncGenerator[AsyncMock]:
    """Have entries of ours set up without an engine; yield what is called instead."""
    with (
        patch("custom_components.semantic_memory.async_setup_entry", return_value=True) as setup,
        patch("custom_components.semantic_memory.async_unload_entry", return_value=True),
    ):
        yield setup
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await hass.config_entries.async_unload(entry.entry_id)
