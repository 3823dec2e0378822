"""A browser for all tests of this folder, and houses to visit with it."""

from collections.abc import AsyncIterator

from playwright.async_api import Browser
import pytest
import pytest_asyncio
import pytest_socket

from scripts.demo_app.client import Api
from scripts.demo_app.flows import async_set_up_ollama_agent
from scripts.demo_app.ollama_server import CHAT_MODEL, StandInServer

from ..houses import House, async_house, async_set_up_built_in, instances_under, make_instance, stand_in
from .browser import find_chromium, launched
from .furnishing import MARA, async_furnish

__all__ = ["make_instance", "stand_in"]


@pytest.fixture(autouse=True)
def _network(socket_enabled: None) -> None:
    """Let tests talk to 127.0.0.1, and only there."""


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Allow what lasts from one test to the next: the browser, and the loop that it belongs to."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave the loop as fast as it is."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Return a running browser."""
    pytest_socket.enable_socket()
    executable = find_chromium()
    assert executable, "no Chromium was found: install one, or name it in CHROMIUM"
    async with launched(executable) as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def furnished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Return a house that has been lived in, with the built-in model. Its owner is Mara, the other user Jonas."""
    with instances_under(tmp_path_factory) as make:
        house = await async_house(make(), MARA)
        ollama = StandInServer(tmp_path_factory.mktemp("ollama") / "ollama.log", models=(CHAT_MODEL,))
        ollama.switch_on()
        async with Api(house.instance.url, house.owner_token) as api:
            await async_set_up_built_in(api)
            agent = await async_set_up_ollama_agent(api, ollama.url, f"{CHAT_MODEL}:latest")
            await async_furnish(house, api, agent)
        ollama.switch_off()
        yield house
