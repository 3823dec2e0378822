"""What of a memory's history can be undone, and by whom. Pure functions."""

from typing import Final

from . import policy
from .drafts import in_state
from .errors import InvalidInputError
from .models import Caller, ChangeKind, HistoryEntry, Memory

_GONE: Final = (ChangeKind.FORGET, ChangeKind.EXPIRE)


def require(caller: Caller, memory: Memory, entry: HistoryEntry | None) -> HistoryEntry:
    """Return a line of a memory's history, as its caller sees it, if the state from before it can be brought back.

    Raises InvalidInputError (``undo_unknown``, ``undo_not_forgotten``, ``undo_forgotten``, ``undo_nothing_before``),
    NotAllowedError (``household_move``).
    """
    if entry is None:
        raise InvalidInputError("undo_unknown")
    if entry.kind in _GONE:
        if memory.deleted_at is None:
            raise InvalidInputError("undo_not_forgotten")
        return entry
    if memory.deleted_at is not None:
        raise InvalidInputError("undo_forgotten")
    if entry.before is None:
        raise InvalidInputError("undo_nothing_before")
    policy.require_may_move(caller, memory, in_state(memory, entry.before))
    return entry


def is_undoable(caller: Caller, memory: Memory, entry: HistoryEntry) -> bool:
    """Return whether undoing a line of the history would do anything, unless the key has been taken meanwhile."""
    try:
        require(caller, memory, entry)
    except InvalidInputError:
        return False
    return memory.deleted_at is not None or in_state(memory, entry.before or {}) != memory
