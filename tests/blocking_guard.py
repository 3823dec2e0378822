"""Finds what blocks the event loop: files, databases and folders that are opened there by the integration.

Python's audit events tell of more than Home Assistant's own detector, which knows of neither imports nor SQLite.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
import linecache
from pathlib import Path
import sys
import threading
from typing import Final

import custom_components.semantic_memory

_COMPONENT: Final = str(Path(custom_components.semantic_memory.__file__).parent)
_EVENTS: Final = frozenset(
    {"open", "sqlite3.connect", "os.listdir", "os.scandir", "os.mkdir", "os.rename", "os.remove", "os.chmod"}
)


@dataclass(slots=True)
class _Guard:
    """What is watched, and what was found."""

    thread: int | None = None
    installed: bool = False
    found: list[str] = field(default_factory=list)


_GUARD: Final = _Guard()


def _audit(event: str, args: tuple[object, ...]) -> None:
    if _GUARD.thread != threading.get_ident() or event not in _EVENTS:
        return
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == linecache.__file__:
            return  # asyncio says in its debug mode where a task or future comes from
        if frame.f_code.co_filename.startswith(_COMPONENT):
            place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            _GUARD.found.append(f"{event} {args[0] if args else ''} by {place}")
            return
        frame = frame.f_back  # type: ignore[assignment] # None at the end


@contextmanager
def blocking_calls() -> Iterator[list[str]]:
    """Return a list that fills with what the integration opens in this thread."""
    if not _GUARD.installed:  # an audit hook cannot be taken away again
        sys.addaudithook(_audit)
        _GUARD.installed = True
    _GUARD.found.clear()
    _GUARD.thread = threading.get_ident()
    try:
        yield _GUARD.found
    finally:
        _GUARD.thread = None
