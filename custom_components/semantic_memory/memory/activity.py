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
_CURSOR: Final = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")


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
        # Of what is not told yet, the next page begins with the newest of now, not with what happens until then.
        change = changes[0].entry.id + 1 if changes else 0
        recall = recalls[0].number + 1 if recalls else 0
        for entry in entries:  # the last of each is the oldest
            if isinstance(entry, Recall):
                recall = entry.number
            else:
                change = entry.entry.id
        return ActivityPage(entries=entries, cursor=f"{change}.{recall}")


def _at(entry: Entry) -> float:
    return entry.at if isinstance(entry, Recall) else entry.entry.at


def _decoded(cursor: str | None) -> tuple[int | None, int | None]:
    """Return from where changes and recalls go on. Raises InvalidInputError (``invalid_cursor``)."""
    if cursor is None:
        return None, None
    if (found := _CURSOR.fullmatch(cursor)) is None:
        raise InvalidInputError("invalid_cursor")
    change, recall = map(int, found.groups())
    return change, recall
