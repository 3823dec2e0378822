"""A stand-in server and a session to talk to it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from custom_components.semantic_memory.memory.embedding.ollama import OllamaClient
from scripts.ollama_stand_in import StandIn


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Return an HTTP session that may use loopback."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def stand_in(socket_enabled: None) -> AsyncIterator[StandIn]:
    """Return a running server."""
    async with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def client(session: aiohttp.ClientSession, stand_in: StandIn) -> OllamaClient:
    """Return a client of the running server."""
    return OllamaClient(session, stand_in.url, timeout=10)
