"""The command that answers with the map of the memories."""

from typing import Final

from homeassistant.components.websocket_api.messages import construct_result_message
from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import JsonObjectType

from ..memory.maps import Map
from .base import Command, Request


async def _async_atlas(request: Request) -> None:
    made = await request.engine.atlas.async_map(request.caller)
    # Megabytes, for many memories: not in the event loop.
    message = await request.hass.async_add_executor_job(_message, request.message_id, made)
    request.connection.send_message(message)


def _message(message_id: int, made: Map) -> bytes:
    return construct_result_message(message_id, json_bytes(_as_dict(made)))


def _as_dict(made: Map) -> JsonObjectType:
    places = made.places
    return {
        "model": made.model,
        "total": made.total,
        "missing": made.missing,
        "explained": round(made.explained, 4),
        "points": {
            "id": [place.id for place in places],
            "x": list(made.x),
            "y": list(made.y),
            "category": [place.category.value for place in places],
            "owner": [place.owner for place in places],
            "pinned": [place.pinned for place in places],
            "key": [place.key for place in places],
            "value": [place.value for place in places],
        },
    }


COMMANDS: Final = (Command("atlas", _async_atlas, {}, answers=True),)
