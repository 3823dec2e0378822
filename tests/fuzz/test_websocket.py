"""Every field of every websocket command: those that come are found and tried by themselves."""

from collections.abc import AsyncGenerator
import json
from typing import Any, Final

from homeassistant.auth.const import GROUP_ID_USER
from homeassistant.components import websocket_api
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.messages import BASE_COMMAND_MESSAGE_SCHEMA
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.json import json_bytes
from homeassistant.setup import async_setup_component
from hypothesis import given
import pytest
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator
import voluptuous as vol

from custom_components.semantic_memory.const import DOMAIN

from ..isolation.home import BEA, Home
from .conftest import Looked
from .outcomes import CASES, check_answer, long, short
from .senders import Sender, seeds

PREFIX: Final = f"{DOMAIN}/"


@pytest.fixture
async def client(
    hass: HomeAssistant, home: Home, hass_ws_client: WebSocketGenerator
) -> AsyncGenerator[MockHAClientWebSocket]:
    """Return Bea's connection."""
    assert await async_setup_component(hass, "websocket_api", {})
    token = await hass.auth.async_create_refresh_token(home.users[BEA], "https://bea.test/")
    opened = await hass_ws_client(hass, hass.auth.async_create_access_token(token))
    yield opened
    await opened.close()


def commands(hass: HomeAssistant) -> dict[str, vol.Schema | None]:
    """Return our commands with what they take."""
    known = hass.data.get(websocket_api.DOMAIN, {})
    return {name: schema or None for name, (_, schema) in known.items() if name.startswith(PREFIX)}


def fields(schema: vol.Schema | None) -> vol.Schema:
    """Return what a command takes besides what every command does."""
    own = {} if schema is None else schema.schema
    return vol.Schema({marker: value for marker, value in own.items() if str(marker) not in {"id", "type"}})


async def async_send(client: MockHAClientWebSocket, name: str, sent: dict[str, Any]) -> None:
    """Send a command and look at what comes back: a result, or an error that says something."""
    try:
        sent = json.loads(json_bytes(sent))  # browsers send null for what is no number
    except TypeError, ValueError:
        return  # no browser could send it
    CASES["websocket commands"] += 1
    await client.send_json_auto_id({**sent, "type": name})
    while (answer := await client.receive_json())["type"] != "result":
        check_answer(answer)
    if answer["success"]:
        check_answer(answer["result"])
    else:
        assert answer["error"]["code"] not in {"unknown_error", "unknown_command"}, answer
        assert len(answer["error"]["message"]) > 10


async def async_try(hass: HomeAssistant, client: MockHAClientWebSocket, seed: int) -> None:
    """Send one of our commands."""
    sender, known = Sender(seed), commands(hass)
    name = sender.pick(*sorted(known))
    await async_send(client, name, sender.form(fields(known[name])))


@pytest.fixture
def with_commands(hass: HomeAssistant, client: MockHAClientWebSocket) -> None:
    """Go on where there are any."""
    if not commands(hass):
        pytest.skip("There are no websocket commands.")


@pytest.mark.usefixtures("with_commands")
@short(300)
@given(seed=seeds)
async def test_commands(hass: HomeAssistant, client: MockHAClientWebSocket, looked: Looked, seed: int) -> None:
    await async_try(hass, client, seed)
    await looked()


@pytest.mark.usefixtures("with_commands")
@pytest.mark.long
@pytest.mark.timeout(3_600)
@long(5_000)
@given(seed=seeds)
async def test_many_more_commands(
    hass: HomeAssistant, client: MockHAClientWebSocket, looked: Looked, seed: int
) -> None:
    await async_try(hass, client, seed)
    await looked()


async def test_a_command_that_fails_is_found(hass: HomeAssistant, client: MockHAClientWebSocket) -> None:
    """What comes later would be tried like this one, which only takes what is text."""

    @callback
    def shout(hass: HomeAssistant, connection: ActiveConnection, message: dict[str, Any]) -> None:
        connection.send_result(message["id"], {"louder": message["text"].upper()})

    for name in commands(hass):
        del hass.data[websocket_api.DOMAIN][name]
    schema = BASE_COMMAND_MESSAGE_SCHEMA.extend({"type": f"{PREFIX}shout", vol.Required("text"): object})
    websocket_api.async_register_command(hass, f"{PREFIX}shout", shout, schema)
    assert list(commands(hass)) == [f"{PREFIX}shout"]
    assert [str(marker) for marker in fields(schema).schema] == ["text"]
    await async_send(client, f"{PREFIX}shout", {"text": "'; DROP TABLE memory;--"})

    async def try_all() -> None:
        for seed in range(100):
            await async_try(hass, client, seed)

    with pytest.raises(AssertionError, match="unknown_error"):
        await try_all()


async def test_bea_is_no_administrator(home: Home) -> None:
    assert [group.id for group in home.users[BEA].groups] == [GROUP_ID_USER]
