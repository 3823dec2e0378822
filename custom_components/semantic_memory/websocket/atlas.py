"""The command that answers with the map of the memories."""

from typing import Final

from homeassistant.util.json import JsonObjectType

from ..memory.maps import Map
from .base import Command, Request


async def _async_atlas(request: Request) -> JsonObjectType:
    return _as_dict(await request.engine.atlas.async_map(request.caller))


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


COMMANDS: Final = (Command("atlas", _async_atlas, {}),)
