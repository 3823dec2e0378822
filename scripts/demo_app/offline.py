"""The Ollama server goes away and comes back: recall stays semantic, and what waited is embedded."""

import asyncio
from collections.abc import Callable
import time
from typing import Any, Final

from .client import Api
from .ollama_server import OllamaChoice
from .screen import Screen
from .story import OFFLINE_ABOUT_IT, OFFLINE_QUESTION, OFFLINE_TELLING, Question
from .verdict import require

_CATCH_UP_TIMEOUT: Final = 120.0
"""Seconds. The engine looks every ten seconds at first; a new model may have to be loaded and every memory embedded."""
_NOTICE_TIMEOUT: Final = 15.0
_POLL: Final = 0.5


async def async_switch_off_and_on(screen: Screen, api: Api, ollama: OllamaChoice) -> None:
    """Switch the stand-in off and on again; a server of somebody's own is left alone."""
    screen.heading("Ollama switched off")
    await _async_caught_up(api)
    if ollama.stand_in is None:
        screen.aside(f"Skipped: {ollama.url} is your own server, and the demo does not switch it off.")
        return
    ollama.stand_in.switch_off()
    screen.done("The server is gone")
    answer = await _async_find(screen, api, OFFLINE_QUESTION)
    require(answer["embedder"] == "built_in", f"recall was served by {answer['embedder']}")
    screen.done("Still found by its meaning: the built-in model serves, inside Home Assistant")
    await api.act("memory_set", value=OFFLINE_TELLING.value, **OFFLINE_TELLING.details)
    await _async_find(screen, api, OFFLINE_ABOUT_IT)
    await _async_until(api, lambda stats: stats["pending"] == 1, "no memory waits for its vector", _NOTICE_TIMEOUT)
    screen.done("A new memory is found at once; one waits for its Ollama vector")

    screen.heading("Ollama back on")
    ollama.stand_in.switch_on()
    with screen.step("waiting for the engine to notice", "The engine noticed by itself: nothing is pending any more"):
        await _async_caught_up(api)
    answer = await _async_find(screen, api, OFFLINE_ABOUT_IT)
    require(answer["embedder"] == "ollama", f"recall is served by {answer['embedder']}")
    screen.done(f"{ollama.embedding_model} serves again")


async def _async_find(screen: Screen, api: Api, question: Question) -> dict[str, Any]:
    """Search, show the best result and check that it is the right one."""
    answer = await api.act("memory_search", query=question.text, limit=3)
    require(answer["results"], f"nothing was found for {question.text!r}")
    best = answer["results"][0]
    require(best["key"] == question.key, f"{best['key']} came first for {question.text!r}")
    by = f"{answer['embedder']}, {answer['model']}"
    screen.table(
        ("question", "best memory", "score", "by", "served by"),
        [(question.text, best["value"], f"{best['score']:.2f}", best["match"], by)],
    )
    return answer


async def _async_caught_up(api: Api) -> None:
    """Wait until no memory waits for a vector of the Ollama model, and that model serves."""
    await _async_until(
        api,
        lambda stats: stats["pending"] == 0 and stats["embedder"] == "ollama",
        "the memories were not embedded in time",
        _CATCH_UP_TIMEOUT,
    )


async def _async_until(api: Api, holds: Callable[[dict[str, Any]], bool], failure: str, timeout: float) -> None:
    """Wait up to ``timeout`` seconds until memory_stats is as it should be. Raises DemoError."""
    deadline = time.monotonic() + timeout
    while not holds(stats := await api.act("memory_stats")):
        require(time.monotonic() < deadline, f"{failure}: {stats}")
        await asyncio.sleep(_POLL)
