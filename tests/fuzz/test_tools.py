"""Every argument of every tool, with whatever models make up."""

from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.llm import ToolInput, ToolResult
from homeassistant.setup import async_setup_component
from hypothesis import given, strategies as st
import pytest

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.llm_tools import MEMORY_TOOLS

from ..isolation.home import KINDS, Home
from ..isolation.test_tools import APIS, async_ask
from ..isolation.who import SPEAKERS
from .conftest import Looked
from .outcomes import CASES, check_answer, long, short
from .values import Sent, Values, anything, texts

USEFUL: Final[dict[str, tuple[Any, ...]]] = {
    "value": ("The combination of the safe is new", "Bea likes tea"),
    "key": tuple(KINDS),
    "category": ("user", "general", "food"),
    "scope": ("user", "household", "everyone"),
    "tags": ("vault, tea", ["vault"]),
    "expires_in_days": (0, "7 days", "never"),
    "query": ("combination of the safe", "tea"),
    "limit": (1, "20", 100),
    "what": (*KINDS, "the hidden gift"),
}
WHO: Final = sorted(name for name, speaker in SPEAKERS.items() if speaker.user != "ada")


@pytest.fixture(autouse=True)
async def llm(hass: HomeAssistant) -> None:
    """Set up what offers the Assist API."""
    assert await async_setup_component(hass, "llm", {})


def argument_values(name: str) -> Values:
    """Return what is sent for an argument."""
    return st.sampled_from(USEFUL[name]) | anything


def calls(number: int) -> Values:
    """Return arguments of a tool under all their names; also what is no arguments at all."""
    tool = MEMORY_TOOLS[number]
    fields = {
        spelling: argument_values(name)
        for name, argument in tool.wanted.items()
        for spelling in (name, *argument.aliases)
    }
    required = next(iter(tool.wanted))
    known = st.fixed_dictionaries({required: fields.pop(required)}, optional=fields)
    unknown = st.dictionaries(texts | st.integers() | st.none(), anything, max_size=3)
    return known | known | known | st.builds(lambda first, second: first | second, known, unknown) | unknown | anything


cases: Final = st.integers(0, len(MEMORY_TOOLS) - 1).flatmap(
    lambda number: st.builds(Sent, st.just(number), calls(number))
)


async def async_try(home: Home, looked: Looked, case: Sent, who: str, api_id: str) -> None:
    """Call a tool, which never raises, and look at everything that came of it."""
    CASES["tool calls"] += 1
    api = await async_ask(home, SPEAKERS[who], api_id)
    call = ToolInput(tool_name=MEMORY_TOOLS[case.to].name, tool_args=case.data)
    result = await api.async_call_tool(call)
    assert isinstance(result, ToolResult)
    assert isinstance(result.data, dict)
    check_answer(result.data)
    if result.error:
        assert set(result.data) == {"error", "message"}
        assert len(str(result.data["message"])) > 10
        assert len(str(result.data)) < 2_000
    else:
        assert result.data["status"]
    await looked()


async def test_the_tools_are_those_that_agents_get(home: Home) -> None:
    for api_id in APIS:
        api = await async_ask(home, SPEAKERS["user"], api_id)
        ours = [tool.name for tool in api.tools if tool.integration == DOMAIN]
        assert ours == [tool.name for tool in MEMORY_TOOLS]
    assert set(USEFUL) == {name for tool in MEMORY_TOOLS for name in tool.wanted}


@short(300)
@given(case=cases, who=st.sampled_from(WHO), api_id=st.sampled_from(APIS))
async def test_tools(home: Home, looked: Looked, case: Sent, who: str, api_id: str) -> None:
    await async_try(home, looked, case, who, api_id)


@pytest.mark.long
@pytest.mark.timeout(3_600)
@long(10_000)
@given(case=cases, who=st.sampled_from(WHO), api_id=st.sampled_from(APIS))
async def test_many_more_tools(home: Home, looked: Looked, case: Sent, who: str, api_id: str) -> None:
    await async_try(home, looked, case, who, api_id)
