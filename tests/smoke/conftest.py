"""A real Home Assistant of the current release, from .venv-demo, for every test of this folder."""

from collections.abc import AsyncIterator

import pytest

from scripts.demo_app.client import Api

from ..houses import House, make_instance, stand_in

__all__ = ["make_instance", "stand_in"]


@pytest.fixture(autouse=True)
def _network(socket_enabled: None) -> None:
    """Let tests talk to 127.0.0.1, and only there."""


@pytest.fixture
async def owner(house: House) -> AsyncIterator[Api]:
    """Return the API as the owner of the house has it."""
    async with Api(house.instance.url, house.owner_token) as api:
        yield api


@pytest.fixture
async def guest(house: House) -> AsyncIterator[Api]:
    """Return the API as a user without administrator's rights has it."""
    async with Api(house.instance.url, house.guest_token) as api:
        yield api
