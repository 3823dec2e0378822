"""Shapes that several commands answer with, as ``frontend/src/api/types.ts`` names them."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.util.json import JsonObjectType

from .. import responses
from ..memory.status import EngineStatus

_STATE: Final = ("key", "value", "owner", "scope", "category", "tags", "confidence", "pinned")


def state_as_dict(state: Mapping[str, Any] | None) -> JsonObjectType | None:
    """Return what people can change about a memory, as it was at one time (``MemoryState``)."""
    if state is None:
        return None
    return {**{name: state[name] for name in _STATE}, "expires_at": responses.moment(state["expires_at"])}


def status_as_dict(status: EngineStatus) -> JsonObjectType:
    """Return how the engine is doing (``EngineStatus``)."""
    return {
        **responses.status_as_dict(status),
        "memories": status.memories,
        "index_error": status.index_error,
        "storage_error": status.storage_error,
    }
