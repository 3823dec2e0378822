"""Reads Home Assistant's log for what an integration must not leave there."""

import re
from typing import Final

from scripts.demo_app.instance import HomeAssistantInstance

_OURS: Final = re.compile(r"semantic[_ ]memory")
_BAD_LEVELS: Final = frozenset({"WARNING", "ERROR", "CRITICAL"})
_BAD_TEXT: Final = re.compile(
    r"deprecat|will stop working|will be removed|Traceback|blocking call|never awaited|unclosed|"
    r"exception was never retrieved|took longer than|is taking over",
    re.IGNORECASE,
)
NOT_TESTED: Final = "We found a custom integration semantic_memory which has not been tested by Home Assistant"
"""Home Assistant says so of every custom integration."""
UNREACHABLE: Final = "does not answer, recall goes on without it"
"""Ours, once, when a server goes away."""
NO_INDEX: Final = "sqlite-vec cannot be used, memories are found without it"
"""Ours, once, while sqlite-vec cannot be fetched."""
NOT_SET_UP: Final = "Could not find config entry for integration semantic_memory"
"""Home Assistant's own answer to an action while the entry is disabled."""


def complaints(instance: HomeAssistantInstance, *expected: str) -> list[str]:
    """Return every record about us that is a warning or worse, or speaks of trouble, and was not expected."""
    return [
        text
        for level, logger, text in instance.log_records()
        if _OURS.search(f"{logger} {text}")
        and (level in _BAD_LEVELS or _BAD_TEXT.search(text))
        and not any(known in text for known in (NOT_TESTED, *expected))
    ]
