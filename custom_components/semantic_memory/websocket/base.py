"""What every websocket command has in common: who asks, what they sent, and how they are answered.

A refusal is an error whose ``message`` is a translated sentence, and whose ``code`` is the key of that translation.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, override

from homeassistant.components.websocket_api import async_register_command
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.decorators import async_response
from homeassistant.components.websocket_api.messages import BASE_COMMAND_MESSAGE_SCHEMA
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..const import DOMAIN
from ..data import SemanticMemoryConfigEntry
from ..errors import translated
from ..memory.engine import MemoryEngine
from ..memory.errors import InvalidInputError, NotAllowedError, SemanticMemoryError
from ..memory.models import Caller, Source
from ..people import caller_for_connection, may_change

SOURCE: Final = Source(surface="panel")
"""Where what people change by these commands comes from."""
_SENT_ALWAYS: Final = ("id", "type")


@dataclass(frozen=True, slots=True)
class Request:
    """A command with what it needs: for whom, what was sent, and the engine to ask."""

    hass: HomeAssistant
    entry: SemanticMemoryConfigEntry
    connection: ActiveConnection
    caller: Caller
    message_id: int
    """Names the command on its connection."""
    data: Mapping[str, Any]
    """What was sent, validated."""

    @property
    def engine(self) -> MemoryEngine:
        """Return the engine to ask."""
        return self.entry.runtime_data.engine


class Command(NamedTuple):
    """What makes a command: ``semantic_memory/<name>``."""

    name: str
    handler: Callable[[Request], Awaitable[JsonValueType]]
    """Returns the result, or raises an error of the engine or of Home Assistant."""
    fields: Mapping[vol.Marker, Any]
    """What it takes besides ``user_id``."""
    changes: bool = False
    """Not for users who may only read."""
    admin: bool = False
    """Only for administrators."""
    answers: bool = False
    """The handler sends the result itself, because events follow it, or because it is large."""


class _Unchecked(vol.Schema):
    """Tells Home Assistant, and whoever looks, what a command takes, and leaves the checking to :func:`_async_run`.

    What Home Assistant itself answers to what does not fit is not translated.
    """

    @override
    def __call__(self, data: Any, *, context: Any = None) -> Any:
        """Return what was sent."""
        return data


@callback
def register(hass: HomeAssistant, command: Command) -> None:
    """Register a command. It answers ``not_loaded`` while no entry is loaded."""
    name = f"{DOMAIN}/{command.name}"
    fields = {vol.Optional("user_id"): str, **command.fields}
    described = _Unchecked({**BASE_COMMAND_MESSAGE_SCHEMA.schema, vol.Required("type"): name, **fields})
    schema = vol.Schema(fields)

    async def run(hass: HomeAssistant, connection: ActiveConnection, message: dict[str, Any]) -> None:
        await _async_run(command, schema, hass, connection, message)

    async_register_command(hass, name, async_response(run), described)


async def _async_run(
    command: Command, schema: vol.Schema, hass: HomeAssistant, connection: ActiveConnection, message: dict[str, Any]
) -> None:
    """Run a command for whoever sent it, and answer."""
    try:
        request = _request(command, schema, hass, connection, message)
        result = await command.handler(request)
    except SemanticMemoryError as err:
        _refuse(connection, message, translated(err))
    except HomeAssistantError as err:
        if err.translation_key is None:
            raise
        _refuse(connection, message, err)
    else:
        if not command.answers:
            connection.send_result(message["id"], result)


def _request(
    command: Command, schema: vol.Schema, hass: HomeAssistant, connection: ActiveConnection, message: dict[str, Any]
) -> Request:
    """Return what a handler is called with. Raises InvalidInputError."""
    user = connection.user
    if command.admin and not user.is_admin:
        raise NotAllowedError("administrators_only")
    if command.changes and not may_change(user):
        raise NotAllowedError("read_only_user")
    data = _checked(schema, {name: value for name, value in message.items() if name not in _SENT_ALWAYS})
    entry = _loaded(hass)
    caller = caller_for_connection(hass, entry, user, data.get("user_id"))
    return Request(hass, entry, connection, caller, message["id"], data)


def _loaded(hass: HomeAssistant) -> SemanticMemoryConfigEntry:
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is ConfigEntryState.LOADED:
            return entry
    raise InvalidInputError("not_loaded")


def _checked(schema: vol.Schema, sent: dict[str, Any]) -> dict[str, Any]:
    """Return what was sent as the handlers take it. Raises InvalidInputError."""
    required = {str(marker): isinstance(marker, vol.Required) for marker in schema.schema}
    for field in sent.keys() - required.keys():
        raise InvalidInputError("field_unknown", field=field)
    for field in [name for name, needed in required.items() if needed and name not in sent]:
        raise InvalidInputError("field_missing", field=field)
    try:
        data: dict[str, Any] = schema(sent)
    except vol.MultipleInvalid as err:
        raise InvalidInputError("field_invalid", field=".".join(map(str, err.errors[0].path))) from err
    return data


def _refuse(connection: ActiveConnection, message: dict[str, Any], err: HomeAssistantError) -> None:
    """Answer with an error. Home Assistant would log it, with whatever was sent."""
    connection.send_error(
        message["id"],
        str(err.translation_key),
        str(err),
        translation_key=err.translation_key,
        translation_domain=err.translation_domain,
        translation_placeholders=err.translation_placeholders,
    )
