"""Every tool and prompt, for everybody who may talk to an agent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.llm import LLM_API_ASSIST, APIInstance, LLMContext, ToolInput, ToolResult, async_get_api
from homeassistant.setup import async_setup_component
import pytest

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.models import HOUSEHOLD

from ..llm_helpers import llm_context
from .home import KINDS, Home, as_text, shown_in
from .who import SPEAKERS, Speaker

APIS: Final = (LLM_API_ASSIST, DOMAIN)


@pytest.fixture(autouse=True)
async def llm(hass: HomeAssistant) -> None:
    """Set up what offers the Assist API."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "llm", {})


def context_of(home: Home, speaker: Speaker) -> LLMContext:
    """Return what an agent says about who speaks."""
    device = None if speaker.satellite is None else home.satellites.get(speaker.satellite, "gone")
    return llm_context(home.users[speaker.user].id if speaker.user else None, device_id=device)


async def async_ask(home: Home, speaker: Speaker, api_id: str = LLM_API_ASSIST) -> APIInstance:
    """Return the tools and the prompt that an agent gets for somebody."""
    return await async_get_api(home.hass, api_id, context_of(home, speaker))


def recalling(home: Home) -> Iterator[dict[str, Any]]:
    """Ask for everything in its own words."""
    yield from ({"query": parts["value"].format(""), "limit": 20} for parts in KINDS.values())
    yield from ({"query": kind} for kind in KINDS)
    yield from ({"query": f"combination of {word}", "scope": word, "user_id": word} for word in home.users)


def remembering(home: Home) -> Iterator[dict[str, Any]]:
    """Say nearly what is there already, then overwrite it."""
    yield {"value": "The combination of the safe is", "key": "new"}
    for scope in ("user", "household", "session", "everyone", home.users["carl"].id):
        yield from ({"key": kind, "value": "overwritten", "scope": scope} for kind in KINDS)


def forgetting(home: Home) -> Iterator[dict[str, Any]]:
    """Describe everything, then name it."""
    yield from ({"what": parts["value"].format("")} for parts in KINDS.values())
    yield from ({"what": memory.id} for memory in home.all_memories if memory.key != "safe")
    yield from ({"what": kind} for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Row:
    """What is tried with a tool, and whether that changes what may be seen."""

    calls: Callable[[Home], Iterator[dict[str, Any]]]
    changes: bool


ROWS: Final[dict[str, Row]] = {
    "semantic_memory__recall": Row(recalling, changes=False),
    "semantic_memory__remember": Row(remembering, changes=True),
    "semantic_memory__forget": Row(forgetting, changes=True),
}


@pytest.mark.parametrize("api_id", APIS)
async def test_every_tool_has_a_row(home: Home, api_id: str) -> None:
    for speaker in SPEAKERS.values():
        api = await async_ask(home, speaker, api_id)
        assert {tool.name for tool in api.tools if tool.integration == DOMAIN} == set(ROWS)


@pytest.mark.parametrize("api_id", APIS)
@pytest.mark.parametrize("name", ROWS)
async def test_nobody_reaches_what_is_not_theirs(home: Home, name: str, api_id: str) -> None:
    row = ROWS[name]
    found: dict[str, object] = {}
    before = await home.async_stored()
    for title, speaker in SPEAKERS.items():
        api = await async_ask(home, speaker, api_id)
        calls = [ToolInput(tool_name=name, tool_args=arguments) for arguments in row.calls(home)]
        answers = [await api.async_call_tool(call) for call in calls]
        text = "\n".join(as_text(answer.data) for answer in answers)
        after = await home.async_stored()
        found[title] = (shown_in(text), home.changed(before, after, speaker.sees))
        assert home.ids_in(text) == set(), title
        if after != before:
            await home.async_plant()
            before = await home.async_stored()
    assert found == {
        title: (speaker.sees, speaker.sees if row.changes else set()) for title, speaker in SPEAKERS.items()
    }


@pytest.mark.parametrize("api_id", APIS)
async def test_prompts(home: Home, api_id: str) -> None:
    """What is pinned, for everybody; facts about oneself, for oneself."""
    before = await home.async_stored()
    for title, speaker in SPEAKERS.items():
        prompt = (await async_ask(home, speaker, api_id)).api_prompt
        lines = prompt.splitlines()
        assert {owner for line in lines if '"alarm"' in line for owner in shown_in(line)} == speaker.sees, title
        assert {owner for line in lines if '"passport"' in line for owner in shown_in(line)} == speaker.own, title
        assert '"safe"' not in prompt, title
        assert '"gift"' not in prompt, title
        assert shown_in(prompt) == speaker.sees, title
        assert home.ids_in(prompt) == set(), title
    assert await home.async_stored() == before


async def test_an_agent_without_a_context(home: Home) -> None:
    context = LLMContext(platform="x", context=None, language="en", assistant="conversation", device_id=None)

    api = await async_get_api(home.hass, DOMAIN, context)

    assert shown_in(api.api_prompt) == {HOUSEHOLD}


async def test_what_is_kept_between_turns_follows_nobody_else(home: Home) -> None:
    """Home Assistant may call a tool that it got for one person with the context of another."""
    api = await async_ask(home, SPEAKERS["user"])
    tool = next(tool for tool in api.tools if tool.name == f"{DOMAIN}__recall")
    call = ToolInput(tool_name=tool.name, tool_args={"query": "combination of the safe"})

    for title in ("user at another's satellite", "nobody"):
        answer = await tool.async_call(home.hass, call, context_of(home, SPEAKERS[title]))
        assert isinstance(answer, ToolResult)
        assert shown_in(as_text(answer.data)) == SPEAKERS[title].sees
