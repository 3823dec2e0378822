"""A browser for all tests of this folder, and houses to visit with it."""

from collections.abc import AsyncIterator

from playwright.async_api import Browser
import pytest
import pytest_asyncio
import pytest_socket

from ..houses import make_instance, stand_in
from .browser import find_chromium, launched

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
