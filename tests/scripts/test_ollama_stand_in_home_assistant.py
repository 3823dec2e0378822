"""Home Assistant's own ollama integration, unmodified, talks to the stand-in and uses its tools."""

from collections.abc import AsyncIterator
from typing import override

from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
from homeassistant.util.json import JsonObjectType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from scripts.ollama_stand_in import StandIn

AGENT = "conversation.assistant"


class NotebookTool(llm.Tool):
    """A tool that writes to, or reads from, a list."""

    def __init__(self, name: str, parameter: str, notebook: list[str]) -> None:
        """Take the list."""
        self.name = f"notebook__{name}"
        self.description = name
        self.parameters = vol.Schema({vol.Required(parameter): str, vol.Optional("key"): str})
        self._notebook = notebook

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: llm.ToolInput, llm_context: llm.LLMContext
    ) -> llm.ToolResult:
        """Write down the value, or return what was written."""
        if (value := tool_input.tool_args.get("value")) is not None:
            self._notebook.append(value)
            return llm.ToolResult(data={"status": "stored", "value": value})
        found: JsonObjectType = {"memories": [{"value": value} for value in self._notebook]}
        return llm.ToolResult(data=found)


class NotebookAPI(llm.API):
    """An API of two tools."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start with an empty notebook."""
        super().__init__(hass=hass, id="notebook", name="Notebook")
        self.notebook: list[str] = []

    @override
    async def async_get_api_instance(self, llm_context: llm.LLMContext) -> llm.APIInstance:
        """Return the tools."""
        tools: list[llm.Tool] = [
            NotebookTool("remember", "value", self.notebook),
            NotebookTool("recall", "query", self.notebook),
        ]
        return llm.APIInstance(self, "Use the tools.", llm_context, tools)


@pytest.fixture
async def stand_in(hass: HomeAssistant, socket_enabled: None) -> AsyncIterator[StandIn]:
    async with StandIn() as stand_in:
        yield stand_in


async def test_a_conversation(hass: HomeAssistant, stand_in: StandIn) -> None:
    api = NotebookAPI(hass)
    llm.async_register_api(hass, api)
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    entry = MockConfigEntry(
        domain="ollama",
        data={"url": stand_in.url},
        version=3,
        minor_version=3,
        subentries_data=[
            {
                "data": {"model": "llama3.2:latest", "llm_hass_api": ["notebook"]},
                "subentry_type": "conversation",
                "title": "Assistant",
                "unique_id": None,
            }
        ],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    async def ask(text: str) -> str:
        result = await conversation.async_converse(hass, text, None, Context(), agent_id=AGENT)
        speech: str = result.response.speech["plain"]["speech"]
        return speech

    assert await ask("Remember that I live in Portland") == "I will remember that: You live in Portland."
    assert api.notebook == ["I live in Portland"]
    assert await ask("Where do I live?") == "You live in Portland."
    assert await hass.config_entries.async_unload(entry.entry_id)
