"""Setting the integration up over its config flow, the way a person does in the frontend."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .client import DOMAIN, Api
from .flows import Flow, async_config_flow, async_loaded_entry, describe
from .ollama_server import OllamaChoice
from .screen import Screen
from .verdict import require


async def async_set_up_memory(screen: Screen, api: Api, ollama: OllamaChoice) -> None:
    """Add Semantic Memory with an Ollama model, which the server downloads on the way."""
    screen.heading("Setting up Semantic Memory (its config flow)")
    if ollama.stand_in is None:
        screen.done(f"Your Ollama server is used: {ollama.url}")
    else:
        with screen.step("starting the stand-in for Ollama", f"A stand-in for Ollama answers at {ollama.url}"):
            ollama.stand_in.switch_on()
    flow = await async_config_flow(api, DOMAIN)
    await flow.choose("ollama")
    await flow.fill("ollama", {"url": ollama.url})
    require(flow.step.get("step_id") == "model", f"after the address the flow shows {describe(flow.step)}")
    screen.done(f"Server checked; chosen from its models: {ollama.embedding_model}")
    with screen.step("", f"The model {ollama.embedding_model} is there and works"):
        async with _shown_progress(screen, api, f"downloading {ollama.embedding_model}"):
            await flow.fill("model", {"model": ollama.embedding_model})
            await flow.finish_progress()
    _require_created(flow)
    if ollama.stand_in is not None:
        ollama.stand_in.install(ollama.embedding_model)
    entry = await async_loaded_entry(api)
    screen.done(f"{entry['title']} is loaded")


def _require_created(flow: Flow) -> None:
    require(flow.step["type"] == "create_entry", f"the config flow ended with {describe(flow.step)}")


@asynccontextmanager
async def _shown_progress(screen: Screen, api: Api, text: str) -> AsyncIterator[None]:
    """Draw the progress that flows report while the block runs."""

    async def follow() -> None:
        async with api.connect() as connection:
            async for event in connection.stream("subscribe_events", event_type="data_entry_flow_progress_update"):
                screen.progress(text, float(event["data"]["progress"]))

    task = asyncio.create_task(follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
