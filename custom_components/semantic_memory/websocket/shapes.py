"""Shapes that several commands answer with, as ``frontend/src/api/types.ts`` names them."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.util.json import JsonObjectType

from ..memory.status import EngineStatus
from ..responses import moment

_STATE: Final = ("key", "value", "owner", "scope", "category", "tags", "confidence", "pinned")


def state_as_dict(state: Mapping[str, Any] | None) -> JsonObjectType | None:
    """Return what people can change about a memory, as it was at one time (``MemoryState``)."""
    if state is None:
        return None
    return {**{name: state[name] for name in _STATE}, "expires_at": moment(state["expires_at"])}


def status_as_dict(status: EngineStatus) -> JsonObjectType:
    """Return how the engine is doing (``EngineStatus``)."""
    return {
        "memories": status.memories,
        "pending": status.pending,
        "embedder": status.embedder.value,
        "model": status.model,
        "preferred_model": status.preferred_model,
        "embedder_error": status.embedder_error,
        "unavailable_since": moment(status.unavailable_since),
        "index": status.index,
        "index_error": status.index_error,
        "storage_error": status.storage_error,
        "last_recall_at": moment(status.last_recall_at),
    }
