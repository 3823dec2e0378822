"""What happened to memories, across all of them. Functions of a reader's connection."""

from collections.abc import Collection, Sequence
import json
import sqlite3
from typing import NamedTuple

from ..models import ChangeKind, HistoryEntry
from .memories import HISTORY_COLUMNS, history_from_row, owner_condition


class Line(NamedTuple):
    """One line of the history of one memory."""

    memory_id: str | None
    """``None`` for a memory that these owners do not have today."""
    entry: HistoryEntry


def changes(
    connection: sqlite3.Connection,
    owners: Sequence[str],
    kinds: Collection[ChangeKind],
    before: int | None,
    limit: int,
) -> list[Line]:
    """Return lines about memories while they were these owners', the newest first, with ids smaller than ``before``.

    What was said anew under a key that was there counts as a change of it.
    """
    owned, parameters = owner_condition(owners)
    was, is_ = (owned.replace("owner", f"{state} ->> 'owner'", 1) for state in ("before", "after"))
    rows = connection.execute(
        f"SELECT (SELECT memory.id FROM memory WHERE seq = memory_seq AND {owned}), {HISTORY_COLUMNS} FROM history"
        # First what takes the least time: SQLite keeps to this order, and may have to look at every line.
        f" WHERE {_of_kinds(kinds)} AND ({was} OR {is_})"
        " AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit",
        {**parameters, "kinds": json.dumps(list(kinds)), "before": before, "limit": limit},
    )
    return [Line(memory_id, history_from_row(columns, owners)) for memory_id, *columns in rows]


def _of_kinds(kinds: Collection[ChangeKind]) -> str:
    """Return the condition on lines of these kinds, given as ``:kinds``."""
    condition = "kind IN (SELECT value FROM json_each(:kinds))"
    if ChangeKind.SET in kinds and ChangeKind.CHANGE not in kinds:
        return f"{condition} AND (kind <> 'set' OR before IS NULL)"
    if ChangeKind.CHANGE in kinds and ChangeKind.SET not in kinds:
        return f"({condition} OR (kind = 'set' AND before NOT NULL))"
    return condition
