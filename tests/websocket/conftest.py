"""Connections of different users, and what they send."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

from custom_components.semantic_memory.const import DOMAIN

ADA, BEA, CARL, WALL = "ada", "bea", "carl", "wall"
"""An administrator, two users, and the tablet on the wall, which may only read."""
GROUPS: Final = {ADA: GROUP_ID_ADMIN, BEA: GROUP_ID_USER, CARL: GROUP_ID_USER, WALL: GROUP_ID_READ_ONLY}


@dataclass(slots=True)
class Client:
    """One user's connection."""

    user: User
    socket: MockHAClientWebSocket

    async def send(self, command: str, **fields: Any) -> dict[str, Any]:
        """Send a command of ours and return the whole answer."""
        await self.socket.send_json_auto_id({"type": f"{DOMAIN}/{command}", **fields})
        answer: dict[str, Any] = await self.socket.receive_json()
        return answer

    async def ask(self, command: str, **fields: Any) -> Any:
        """Return the result of a command."""
        answer = await self.send(command, **fields)
        assert answer["success"], answer
        return answer["result"]

    async def refused(self, command: str, **fields: Any) -> str:
        """Return the code of the error that a command is refused with, which says what to do."""
        answer = await self.send(command, **fields)
        assert not answer["success"], answer
        error = answer["error"]
        assert error["translation_domain"] == DOMAIN
        assert error["code"] == error["translation_key"]
        assert len(error["message"].split()) > 3
        return str(error["code"])

    async def event(self) -> Any:
        """Return what is told next."""
        told = await self.socket.receive_json()
        assert told["type"] == "event", told
        return told["event"]


type Connect = Callable[[str], Awaitable[Client]]


@pytest.fixture
async def users(hass: HomeAssistant) -> dict[str, User]:
    """Return the users."""
    return {name: await hass.auth.async_create_user(name.title(), group_ids=[group]) for name, group in GROUPS.items()}


@pytest.fixture
async def connect(
    hass: HomeAssistant, users: dict[str, User], hass_ws_client: WebSocketGenerator
) -> AsyncGenerator[Connect]:
    """Return what connects as somebody, whether an entry is loaded or not."""
    assert await async_setup_component(hass, DOMAIN, {})
    async with AsyncExitStack() as stack:

        async def open_(name: str) -> Client:
            client_id = None if users[name].system_generated else f"https://{name}.test/"
            token = await hass.auth.async_create_refresh_token(users[name], client_id)
            socket = await hass_ws_client(hass, hass.auth.async_create_access_token(token))
            stack.push_async_callback(socket.close)
            return Client(users[name], socket)

        yield open_


@pytest.fixture
async def ada(setup_integration: MockConfigEntry, connect: Connect) -> Client:
    """Return the administrator."""
    return await connect(ADA)


@pytest.fixture
async def bea(setup_integration: MockConfigEntry, connect: Connect) -> Client:
    """Return a user."""
    return await connect(BEA)


@pytest.fixture
async def carl(setup_integration: MockConfigEntry, connect: Connect) -> Client:
    """Return another user."""
    return await connect(CARL)


@pytest.fixture
async def wall(setup_integration: MockConfigEntry, connect: Connect) -> Client:
    """Return the user who may only read."""
    return await connect(WALL)
