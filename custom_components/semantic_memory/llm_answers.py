"""What the tools answer: short JSON, sized for a small context window.

The text of a memory is always a value of its own, never part of a sentence.
"""

from collections.abc import Sequence
from typing import Any, Final

from homeassistant.helpers.llm import ToolResult
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from .memory.answers import Hit
from .memory.models import HOUSEHOLD, Caller, Memory

MAX_VALUE_LENGTH: Final = 2_000
"""Characters of one value that a model is shown."""


def error(code: str, message: str) -> ToolResult:
    """Return a failure as something a model can act on."""
    return ToolResult(data={"error": code, "message": message}, error=True)


def shortened(value: str) -> str:
    """Return a value that does not crowd out the rest of a conversation."""
    return value if len(value) <= MAX_VALUE_LENGTH else f"{value[: MAX_VALUE_LENGTH - 1]}…"


def _owner(memory: Memory, caller: Caller) -> str:
    """Return whose memory it is, as the model should say it."""
    return "you" if memory.owner == caller.user_id and memory.owner != HOUSEHOLD else "household"


def recalled(hit: Hit, caller: Caller) -> JsonObjectType:
    """Return a hit as JSON."""
    memory = hit.memory
    return {
        "key": memory.key,
        "value": shortened(memory.value),
        "score": round(hit.score, 2),
        "said_on": dt_util.as_local(dt_util.utc_from_timestamp(memory.updated_at)).date().isoformat(),
        "category": memory.category.value,
        "owner": _owner(memory, caller),
    }


def candidates(hits: Sequence[Hit], caller: Caller) -> list[Any]:
    """Return hits as things to choose from. Where a key occurs twice, only the id is exact."""
    keys = [hit.memory.key for hit in hits]
    return [
        {
            "key": memory.key,
            "value": shortened(memory.value),
            "owner": _owner(memory, caller),
            **({"id": memory.id} if keys.count(memory.key) > 1 else {}),
        }
        for memory in (hit.memory for hit in hits)
    ]
