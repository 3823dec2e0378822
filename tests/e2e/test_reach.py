"""How else the memory is reached: a script for Assist, Home Assistant's MCP server, automations, and a backup."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import shutil
import time
from typing import Any

import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent, Tool
import pytest
import pytest_asyncio

from scripts.demo_app.client import DOMAIN, Api, ApiError
from scripts.demo_app.flows import (
    async_config_flow,
    async_entry,
    async_loaded_entry,
    async_options_flow,
    async_set_up_ollama_agent,
)
from scripts.demo_app.ollama_server import CHAT_MODEL, StandInServer
from scripts.demo_app.processes import ROOT

from ..houses import House, MakeInstance, async_house, async_set_up_built_in
from ..smoke.log_check import complaints
from .marks import E2E

pytestmark = E2E
_BLUEPRINT = Path("blueprints/script/semantic_memory/memory_tool.yaml")
_CONFIGURATION = "automation: !include automations.yaml\nscript: !include scripts.yaml\n"
"""As Home Assistant writes it for everybody: where what is made in the frontend is kept."""
_TIMEOUT = 20.0
_TOOLS = {f"{DOMAIN}__{name}" for name in ("remember", "recall", "forget")}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(make_instance: MakeInstance) -> House:
    """Return a house with the built-in model. Its tests need no browser."""
    instance = make_instance(configuration=_CONFIGURATION)
    instance.folder.mkdir()
    for name in ("automations.yaml", "scripts.yaml"):
        (instance.folder / name).touch()
    target = instance.folder / _BLUEPRINT
    target.parent.mkdir(parents=True)
    shutil.copy(ROOT / _BLUEPRINT, target)
    house = await async_house(instance)
    async with Api(house.instance.url, house.owner_token) as api:
        await async_set_up_built_in(api)
        await async_loaded_entry(api)
    return house


@pytest_asyncio.fixture(loop_scope="session")
async def owner(house: House) -> AsyncIterator[Api]:
    """Return the API as the owner of the house has it."""
    async with Api(house.instance.url, house.owner_token) as api:
        yield api


@asynccontextmanager
async def _client(house: House, token: str, api: str) -> AsyncIterator[ClientSession]:
    """Connect the reference client to Home Assistant's MCP server."""
    url = f"{house.instance.url}/api/mcp/{api}"
    async with (
        httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as http,
        streamable_http_client(url, http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


async def _call(session: ClientSession, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await session.call_tool(f"{DOMAIN}__{tool}", arguments)
    assert not answer.isError
    (content,) = answer.content
    assert isinstance(content, TextContent)
    data: dict[str, Any] = json.loads(content.text)
    return data


async def test_mcp_client_calls_our_tools(house: House, owner: Api) -> None:
    flow = await async_config_flow(owner, "mcp_server")
    await flow.fill("user", {})
    flow.created()
    async with _client(house, house.owner_token, "assist") as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert set(tools) >= _TOOLS
        _check_described(tools)
        stored = await _call(session, "remember", value="The telescope is in the attic", key="telescope")
        assert stored["key"] == "telescope"
        found = await _call(session, "recall", query="where do we keep what I watch the stars with?")
        assert found["memories"][0]["value"] == "The telescope is in the attic"
    (listed,) = (await owner.act("memory_list", text="telescope"))["memories"]
    assert listed["owner"] == house.owner_id
    assert listed["source"]["surface"] == "llm"


def _check_described(tools: dict[str, Tool]) -> None:
    """Check that the client learns what each tool is for, what it takes, and whether it changes anything."""
    recall, forget = tools[f"{DOMAIN}__recall"], tools[f"{DOMAIN}__forget"]
    assert recall.description
    assert "query" in recall.inputSchema["properties"]
    assert recall.annotations is not None
    assert recall.annotations.readOnlyHint is True
    assert forget.annotations is not None
    assert forget.annotations.readOnlyHint is False


async def test_mcp_client_of_somebody_else(house: House, owner: Api) -> None:
    async with _client(house, house.guest_token, "assist") as session:
        found = await _call(session, "recall", query="where is the telescope in the attic?")
        assert found["memories"] == []
    async with _client(house, house.owner_token, DOMAIN) as session:
        assert {tool.name for tool in (await session.list_tools()).tools} == _TOOLS
        await _call(session, "forget", what="telescope")
    assert (await owner.act("memory_list", text="telescope"))["memories"] == []


async def test_script_of_the_blueprint_serves_assist(house: House, owner: Api, stand_in: StandInServer) -> None:
    """As its description says: made from the blueprint, exposed, and our own tools switched off."""
    use = {"path": "semantic_memory/memory_tool.yaml", "input": {}}
    await owner.post("/api/config/script/config/memory_tool", {"alias": "Memory tool", "use_blueprint": use})
    await _async_until(owner, "script.memory_tool", "off")  # Home Assistant answers before it has loaded it
    async with owner.connect() as connection:
        await connection.command(
            "homeassistant/expose_entity",
            assistants=["conversation"],
            entity_ids=["script.memory_tool"],
            should_expose=True,
        )
    await _async_expose_tools(owner, expose=False)
    agent = await async_set_up_ollama_agent(owner, stand_in.url, f"{CHAT_MODEL}:latest")
    await owner.ask(agent, "Remember that our car is parked at column B2E9")
    (stored,) = (await owner.act("memory_list", text="B2E9"))["memories"]
    assert stored["owner"] == house.owner_id
    assert stored["value"] == "Our car is parked at column B2E9"
    answer, _ = await owner.ask(agent, "Where is our car parked?")
    assert answer == "Your car is parked at column B2E9."
    await _async_expose_tools(owner, expose=True)


async def _async_expose_tools(api: Api, *, expose: bool) -> None:
    """Change the option that gives every Assist agent our tools."""
    flow = await async_options_flow(api, (await async_entry(api))["entry_id"])
    await flow.choose("settings")
    await flow.fill(
        "settings",
        {
            "recall": {"limit": 5, "threshold": 0.18, "keyword_weight": 0.4},
            "retention": {},
            "people": {},
            "llm": {"expose_tools": expose, "prompt": ""},
        },
    )
    flow.created()
    await async_loaded_entry(api)


async def test_automation_uses_the_response(house: House, owner: Api) -> None:
    """What one step of an automation finds, a condition looks at, and the next step writes down."""
    await owner.act("memory_set", key="bins", value="The paper bins go out on Tuesday", scope="household")
    automation = {
        "alias": "Ask the memory",
        "triggers": [{"trigger": "event", "event_type": "asked"}],
        "actions": [
            {
                "action": f"{DOMAIN}.memory_search",
                "data": {"query": "{{ trigger.event.data.question }}", "limit": 1},
                "response_variable": "found",
            },
            {"condition": "template", "value_template": "{{ found.count > 0 }}"},
            {
                "action": f"{DOMAIN}.memory_set",
                "data": {"key": "answer", "value": "{{ found.results[0].value }}", "scope": "household"},
            },
        ],
    }
    await owner.post("/api/config/automation/config/ask_memory", automation)
    await _async_until(owner, "automation.ask_the_memory", "on")
    await owner.post("/api/events/asked", {"question": "when do I put the old newspapers outside?"})
    deadline = time.monotonic() + _TIMEOUT
    while (answer := await owner.act("memory_get", key="answer"))["status"] != "ok":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)
    assert answer["value"] == "The paper bins go out on Tuesday"
    assert answer["owner"] == "household"


async def _async_until(api: Api, entity_id: str, wanted: str) -> None:
    """Wait until an entity is there and in this state."""
    deadline = time.monotonic() + _TIMEOUT
    while True:
        states: list[dict[str, Any]] = await api.get("/api/states")
        if any(state["entity_id"] == entity_id and state["state"] == wanted for state in states):
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


async def test_nobody_without_a_login(house: House) -> None:
    async with Api(house.instance.url, "nonsense") as stranger:
        with pytest.raises(ApiError):
            await stranger.post("/api/mcp/assist", {})


async def test_log_is_clean(house: House) -> None:
    assert complaints(house.instance) == []
