"""What the tests of the integration's life share."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
import threading
import time
from typing import Any, Final
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_API_KEY, CONF_MODEL, CONF_URL
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from custom_components.semantic_memory.const import CONF_EMBEDDER, DOMAIN, EMBEDDER_OLLAMA
from custom_components.semantic_memory.memory import outage
from custom_components.semantic_memory.memory.embedding import ollama
from custom_components.semantic_memory.memory.embedding.breaker import CircuitBreaker
from custom_components.semantic_memory.memory.embedding.ollama import OllamaClient, OllamaEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.status import EngineStatus
from scripts.ollama_stand_in import StandIn

MODEL: Final = "nomic-embed-text"
_DEADLINE: Final = 30.0


def with_ollama(server: StandIn | str, **data: Any) -> dict[str, Any]:
    """Return the data of an entry that uses a server."""
    url = server if isinstance(server, str) else server.url
    return {CONF_EMBEDDER: EMBEDDER_OLLAMA, CONF_URL: url, CONF_MODEL: MODEL, CONF_API_KEY: None} | data


async def until(engine: MemoryEngine, condition: Callable[[EngineStatus], bool]) -> None:
    """Wait until the engine's status is as it should be."""
    changed = asyncio.Event()
    stop = engine.subscribe(lambda _: changed.set())
    try:
        async with asyncio.timeout(_DEADLINE):
            while not condition(engine.status):
                await changed.wait()
                changed.clear()
    finally:
        stop()


@contextmanager
def impatient(timeout: float = 2.0, query_timeout: float = 0.3) -> Iterator[None]:
    """Have the integration wait shortly for a server, and try again soon; timeouts of requests in seconds."""

    def embedder(client: OllamaClient, model: str) -> OllamaEmbedder:
        breaker = CircuitBreaker(time.monotonic, cooldown=0.05)
        return OllamaEmbedder(
            client, model, query_timeout=query_timeout, breaker=breaker, uniform=lambda _low, _high: 0.01
        )

    component = "custom_components.semantic_memory"
    with (
        patch.object(ollama, "_LOOK_TIMEOUT", timeout),
        patch.object(ollama, "_LOAD_TIMEOUT", timeout),
        patch.object(outage, "RETRY_SECONDS", (0.1, 0.1)),
        patch(f"{component}.OllamaClient", partial(OllamaClient, timeout=timeout)),
        patch(f"{component}.OllamaEmbedder", embedder),
    ):
        yield


def issues_of(hass: HomeAssistant) -> set[str]:
    """Return the ids of the integration's issues."""
    return {issue.issue_id for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN and issue.active}


def sensor_state(hass: HomeAssistant, key: str) -> str | None:
    """Return the state of one of the integration's sensors."""
    state = _sensor(hass, key)
    return None if state is None else state.state


def sensor_attributes(hass: HomeAssistant, key: str) -> Mapping[str, Any]:
    """Return the attributes of one of the integration's sensors."""
    state = _sensor(hass, key)
    return {} if state is None else state.attributes


def _sensor(hass: HomeAssistant, key: str) -> State | None:
    for entity in er.async_get(hass).entities.values():
        if entity.platform == DOMAIN and entity.domain == "sensor" and entity.translation_key == key:
            return hass.states.get(entity.entity_id)
    return None


def left_running() -> list[str]:
    """Return the names of threads and tasks of the engine."""
    tasks = [task.get_name() for task in asyncio.all_tasks() if DOMAIN in task.get_name()]
    return [thread.name for thread in threading.enumerate() if DOMAIN in thread.name] + tasks


def state_of(entry: ConfigEntry) -> ConfigEntryState:
    """Return an entry's state; type checkers do not know that it changes."""
    return entry.state


def damage(file: Path) -> None:
    """Write a file that is no database."""
    file.write_bytes(b"This is not a database, whatever its name says. " * 100)


def remove(file: Path) -> None:
    """Remove a file."""
    file.unlink()


def content(file: Path) -> bytes:
    """Return what is in a file."""
    return file.read_bytes()
