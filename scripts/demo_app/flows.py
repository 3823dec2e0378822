"""Config, options and subentry flows over the API, the way the frontend drives them."""

import asyncio
from collections.abc import Callable, Mapping
import time
from typing import Any, Final

from .client import DOMAIN, Api, ApiError

_POLL: Final = 0.2
PROGRESS_TIMEOUT: Final = 900.0
"""Seconds. A model of some gigabytes takes a while to download."""
LOAD_TIMEOUT: Final = 30.0
"""Seconds."""

type Step = dict[str, Any]


class FlowError(Exception):
    """A flow showed something else than was expected."""


class Flow:
    """One flow, standing at ``step``."""

    def __init__(self, api: Api, path: str, step: Step) -> None:
        """Take a started flow; ``path`` is that of its kind."""
        self._api = api
        self._path = path
        self.step = step

    async def submit(self, data: Mapping[str, Any] | None = None) -> Step:
        """Send a form or the choice of a menu, and return the next step."""
        self.step = await self._api.post(f"{self._path}/{self.step['flow_id']}", data)
        return self.step

    async def choose(self, option: str) -> Step:
        """Choose from a menu."""
        if self.step["type"] != "menu" or option not in self.step["menu_options"]:
            raise FlowError(f"expected a menu that offers {option!r}, got {describe(self.step)}")
        return await self.submit({"next_step_id": option})

    async def fill(self, step_id: str, data: Mapping[str, Any]) -> Step:
        """Send the form ``step_id``."""
        if self.step["type"] != "form" or self.step["step_id"] != step_id:
            raise FlowError(f"expected the form {step_id!r}, got {describe(self.step)}")
        return await self.submit(data)

    async def finish_progress(self, on_step: Callable[[Step], None] = lambda _: None) -> Step:
        """Wait until the flow shows no progress bar any more. ``on_step`` is called for every look at it."""
        deadline = time.monotonic() + PROGRESS_TIMEOUT
        while self.step["type"] in ("progress", "progress_done"):
            if time.monotonic() > deadline:
                raise FlowError(f"no end of {describe(self.step)}")
            on_step(self.step)
            await asyncio.sleep(_POLL)
            self.step = await self._api.get(f"{self._path}/{self.step['flow_id']}")
        return self.step

    def created(self) -> Any:
        """Return what the flow created, ``None`` for options. Raises FlowError when it created nothing."""
        if self.step["type"] != "create_entry":
            raise FlowError(f"expected an entry, got {describe(self.step)}")
        return self.step.get("result")

    def ended(self, reason: str) -> None:
        """Raise FlowError unless the flow has ended for ``reason``."""
        if self.step["type"] != "abort" or self.step["reason"] != reason:
            raise FlowError(f"expected the end {reason!r}, got {describe(self.step)}")


async def async_config_flow(api: Api, handler: str, entry_id: str | None = None) -> Flow:
    """Start setting up an integration, or reconfiguring an entry of it."""
    path = "/api/config/config_entries/flow"
    data = {"handler": handler, "show_advanced_options": False} | ({"entry_id": entry_id} if entry_id else {})
    return Flow(api, path, await api.post(path, data))


async def async_options_flow(api: Api, entry_id: str) -> Flow:
    """Start changing the options of an entry."""
    path = "/api/config/config_entries/options/flow"
    return Flow(api, path, await api.post(path, {"handler": entry_id}))


async def async_subentry_flow(api: Api, entry_id: str, kind: str) -> Flow:
    """Start adding a subentry."""
    path = "/api/config/config_entries/subentries/flow"
    return Flow(api, path, await api.post(path, {"handler": [entry_id, kind]}))


async def async_entry(api: Api, domain: str = DOMAIN) -> dict[str, Any]:
    """Return the only entry of an integration."""
    entries: list[dict[str, Any]] = await api.get(f"/api/config/config_entries/entry?domain={domain}")
    if len(entries) != 1:
        raise ApiError("entries", f"{len(entries)} entries of {domain}, expected one")
    return entries[0]


async def async_loaded_entry(api: Api) -> dict[str, Any]:
    """Return our entry once it is loaded: changed settings reload it in the background. Raises FlowError."""
    deadline = time.monotonic() + LOAD_TIMEOUT
    while (entry := await async_entry(api))["state"] != "loaded":
        if time.monotonic() > deadline:
            raise FlowError(f"the entry is {entry['state']}: {entry.get('reason')}")
        await asyncio.sleep(_POLL)
    return entry


async def async_set_up_ollama_agent(api: Api, url: str, model: str) -> str:
    """Add Home Assistant's own ollama integration with a conversation agent that may use Assist. Returns its entity."""
    flow = await async_config_flow(api, "ollama")
    await flow.fill("user", {"url": url})
    entry_id = flow.created()["entry_id"]
    before = await _agents(api)
    flow = await async_subentry_flow(api, entry_id, "conversation")
    await flow.fill("set_options", {"name": "Assistant", "model": model, "llm_hass_api": ["assist"]})
    await flow.finish_progress()
    if flow.step["type"] != "create_entry":
        raise FlowError(f"expected a conversation agent, got {describe(flow.step)}")
    deadline = time.monotonic() + 30
    while not (new := await _agents(api) - before):
        if time.monotonic() > deadline:
            raise FlowError("the ollama integration added no conversation agent")
        await asyncio.sleep(_POLL)
    return new.pop()


async def _agents(api: Api) -> set[str]:
    states: list[dict[str, Any]] = await api.get("/api/states")
    return {
        str(state["entity_id"])
        for state in states
        if state["entity_id"].startswith("conversation.") and state["state"] != "unavailable"
    }


def describe(step: Step) -> str:
    """Return what a flow shows, in one line."""
    parts = [str(step["type"]), *(str(step[name]) for name in ("step_id", "reason", "errors") if step.get(name))]
    return " ".join(parts)
