"""The worker with an Ollama server on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import aiohttp
from aiohttp import web
import pytest

from custom_components.semantic_memory.memory.embedding.ollama import OllamaClient, OllamaEmbedder
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import RecallRequest
from custom_components.semantic_memory.memory.status import EmbedderState
from custom_components.semantic_memory.memory.storage import spaces
from scripts.ollama_stand_in import StandIn, handlers, models
from scripts.ollama_stand_in.models import Installed

from .fakes import ALICE, OpenEngine, remember, until

type Make = Callable[[str], OllamaEmbedder]

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
async def stand_in(socket_enabled: None) -> AsyncIterator[StandIn]:
    """Return a running server."""
    async with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def make(stand_in: StandIn) -> AsyncIterator[Make]:
    """Return what makes embedders of that server."""
    async with aiohttp.ClientSession() as session:
        client = OllamaClient(session, stand_in.url, timeout=10)

        def make_embedder(model: str) -> OllamaEmbedder:
            return OllamaEmbedder(client, model, query_timeout=10)

        yield make_embedder


async def spaces_of(engine: MemoryEngine) -> set[str]:
    """Return the models that have a space."""
    return {space.key.model for space in await engine._database.async_read(spaces.all_spaces)}


async def serves(engine: MemoryEngine, model: str) -> None:
    """Wait until a model serves and has every memory."""
    await until(lambda: engine.status.model == model and engine.status.pending == 0)


async def test_from_remembering_to_another_model(
    open_engine: OpenEngine, built_in: StaticEmbedder, stand_in: StandIn, make: Make
) -> None:
    engine = await open_engine(built_in, make("nomic-embed-text"), make)
    await remember(engine, "The spare key hangs in the shed", key="spare_key")
    await remember(engine, "Rubbish is collected on Tuesday", key="bins")
    await serves(engine, "nomic-embed-text")
    result = await engine.async_recall(ALICE, RecallRequest(query="When is the garbage picked up?"))
    assert (result.space, result.hits[0].memory.key) == ("nomic-embed-text", "bins")
    sent = [
        text
        for request in stand_in.requests_to("/api/embed")
        if isinstance(request.body, dict)
        for text in request.body["input"]
    ]
    assert "search_query: When is the garbage picked up?" in sent
    assert "search_document: bins: Rubbish is collected on Tuesday" in sent
    await engine.async_start(built_in, make("all-minilm"), make)
    await serves(engine, "all-minilm")
    async with asyncio.timeout(10):
        while await spaces_of(engine) != {"built-in", "all-minilm"}:
            await asyncio.sleep(0.01)
    await engine.async_start(built_in)
    async with asyncio.timeout(10):
        while await spaces_of(engine) != {"built-in"}:
            await asyncio.sleep(0.01)


async def test_the_server_comes_late_goes_and_comes_back(
    open_engine: OpenEngine, built_in: StaticEmbedder, stand_in: StandIn, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.semantic_memory.memory.embedding.breaker.CircuitBreaker.is_open", False)
    await stand_in.vanish()
    engine = await open_engine(built_in, make("nomic-embed-text"), make)
    await remember(engine, "Our cat is called Minka", key="cat")
    await until(lambda: engine.status.unavailable_since is not None)
    assert engine.status.embedder is EmbedderState.BUILT_IN
    await stand_in.come_back()
    await serves(engine, "nomic-embed-text")
    await stand_in.vanish()
    result = await engine.async_recall(ALICE, RecallRequest(query="What is the name of the cat?"))
    assert (result.space, [hit.memory.key for hit in result.hits]) == ("built-in", ["cat"])
    assert result.hits[0].vector_score is not None
    await remember(engine, "The dentist is on Elm Street", key="dentist")
    await stand_in.come_back()
    await serves(engine, "nomic-embed-text")
    result = await engine.async_recall(ALICE, RecallRequest(query="Where is the dentist?"))
    assert (result.space, result.hits[0].memory.key) == ("nomic-embed-text", "dentist")


async def test_a_text_that_the_model_makes_nan_of(
    open_engine: OpenEngine, built_in: StaticEmbedder, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = models.embed

    async def embed(model: Installed, texts: Sequence[str]) -> list[list[float]]:
        if any("quicksand" in text for text in texts):
            said = '{"error": "failed to encode response: json: unsupported value: NaN"}'
            raise web.HTTPInternalServerError(text=said, content_type="application/json")
        return await real(model, texts)

    monkeypatch.setattr(handlers, "embed", embed)
    engine = await open_engine(built_in)
    for value in ("Our cat is called Minka", "quicksand", "The dentist is on Elm Street", "quicksand again"):
        await remember(engine, value, force_new=True)
    await engine.async_start(built_in, make("nomic-embed-text"), make)
    await until(lambda: engine.status.model == "nomic-embed-text")
    assert (engine.status.pending, engine.status.embedder_error) == (2, None)
    result = await engine.async_recall(ALICE, RecallRequest(query="Where is the dentist?", limit=1))
    assert result.hits[0].memory.value == "The dentist is on Elm Street"
