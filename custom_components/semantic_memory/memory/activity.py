"""What happened: changes of memories, which their histories tell, and what was recalled lately."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
import heapq
from itertools import islice
import re
from typing import Final

from . import policy
from .errors import InvalidInputError
from .models import MAX_LIST_LIMIT, Caller, ChangeKind
from .recalls import Recall
from .storage import timeline
from .storage.timeline import Line
from .writes import Writes

RECALL: Final = "recall"
"""The kind of what is no change."""
KINDS: Final = (*ChangeKind, RECALL)
_NUMBER: Final = re.compile("[0-9]{0,18}")


type Entry = Line | Recall


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPage:
    """One page, the newest first."""

    entries: tuple[Entry, ...]
    cursor: str | None
    """Pass it to get the next page; ``None`` on the last."""


class Activity:
    """Tells what happened. Every coroutine may raise StorageError."""

    def __init__(self, writes: Writes) -> None:
        """Take what is read."""
        self._database = writes.database
        self._recalls = writes.recalls

    async def async_page(
        self, caller: Caller, kinds: Collection[str] = KINDS, *, limit: int = 50, cursor: str | None = None
    ) -> ActivityPage:
        """Return a page of what happened to memories that the caller may see, and of what was recalled for the caller.

        A memory is told of while it was one of the owners' that the caller may see, and not before or after that.
        Raises InvalidInputError (``invalid_kind``, ``invalid_limit``, ``invalid_cursor``).
        """
        if unknown := next((kind for kind in kinds if kind not in KINDS), None):
            raise InvalidInputError("invalid_kind", kind=unknown, allowed=", ".join(KINDS))
        if not 1 <= limit <= MAX_LIST_LIMIT:
            raise InvalidInputError("invalid_limit", max=MAX_LIST_LIMIT)
        change, recall = _decoded(cursor)
        owners = policy.visible_owners(caller)
        wanted = [kind for kind in ChangeKind if kind in kinds]
        changes: list[Line] = []
        if wanted:
            changes = await self._database.async_read(
                lambda connection: timeline.changes(connection, owners, wanted, change, limit + 1)
            )
        recalls = list(islice(self._recalls.of(owners, recall), limit + 1)) if RECALL in kinds else []
        both: tuple[Iterable[Entry], Iterable[Entry]] = (changes, recalls)
        # Each keeps its own order, whatever the clock was set to.
        entries = tuple(islice(heapq.merge(*both, key=_at, reverse=True), limit))
        if len(changes) + len(recalls) == len(entries):
            return ActivityPage(entries=entries, cursor=None)
        for entry in entries:  # the last of each is the oldest
            if isinstance(entry, Recall):
                recall = entry.number
            else:
                change = entry.entry.id
        return ActivityPage(entries=entries, cursor=_encoded(change, recall))


def _at(entry: Entry) -> float:
    return entry.at if isinstance(entry, Recall) else entry.entry.at


def _encoded(change: int | None, recall: int | None) -> str:
    return f"{'' if change is None else change}.{'' if recall is None else recall}"


def _decoded(cursor: str | None) -> tuple[int | None, int | None]:
    """Return up to where changes and recalls have been told. Raises InvalidInputError (``invalid_cursor``)."""
    if cursor is None:
        return None, None
    change, dot, recall = cursor.partition(".")
    if not dot or not all(map(_NUMBER.fullmatch, (change, recall))):
        raise InvalidInputError("invalid_cursor")
    return (int(change) if change else None), (int(recall) if recall else None)
