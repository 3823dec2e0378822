"""Reading what is given out as a file. Functions of a reader's connection, each of which sees one moment.

What is given out is chosen in one query, and read in batches afterwards, each in a transaction of its own: a long one
would keep the write-ahead log from being emptied for as long as a slow disk takes. So a file holds each of the memories
that were there when it was begun, as it was then or a moment later, and none of those that were gone by then.
"""

from array import array
from collections.abc import Iterator, Sequence
import json
import sqlite3
from typing import Final, NamedTuple

from ..models import HOUSEHOLD, HistoryEntry, Memory
from .filters import Conditions
from .memories import HISTORY_COLUMNS, find, history, history_from_row, owner_condition

type Seqs = array[int]
"""Memories by seq, eight bytes each."""

_BATCH: Final = 500


class Given(NamedTuple):
    """A memory that is given out."""

    memory: Memory
    history: tuple[HistoryEntry, ...] | None


class Act(NamedTuple):
    """What somebody did to a memory that is not theirs, or was done to it while it was theirs."""

    id: int
    memory_id: str | None
    """``None`` for a memory that they do not see today."""
    entry: HistoryEntry


def choose(connection: sqlite3.Connection, conditions: Conditions, *, by_category: bool) -> Seqs:
    """Return the memories that meet the conditions, the oldest first, perhaps category by category."""
    order = "category, seq" if by_category else "seq"
    rows = connection.execute(f"SELECT seq FROM memory WHERE {conditions.sql} ORDER BY {order}", conditions.parameters)
    return array("q", (seq for (seq,) in rows))


def choose_all(connection: sqlite3.Connection, owner: str) -> Seqs:
    """Return all of an owner's memories, also those that are forgotten or expired."""
    rows = connection.execute("SELECT seq FROM memory WHERE owner = ? ORDER BY seq", (owner,))
    return array("q", (seq for (seq,) in rows))


def batches(seqs: Seqs) -> Iterator[Seqs]:
    """Return the memories in parts that are read at once."""
    return (seqs[start : start + _BATCH] for start in range(0, len(seqs), _BATCH))


def read(
    connection: sqlite3.Connection, owners: Sequence[str], seqs: Seqs, *, gone: bool | None, with_history: bool
) -> list[Given]:
    """Return those of the memories, in their order, that are still these owners'.

    ``gone`` is whether forgotten memories are meant or those that are not; ``None``: both.
    """
    sql, parameters = owner_condition(owners)
    if gone is not None:
        sql += " AND deleted_at NOT NULL" if gone else " AND deleted_at IS NULL"
    # The unary plus keeps SQLite from walking through all of an owner's memories by index to find these few.
    found = dict(
        find(
            connection,
            f"seq IN (SELECT value FROM json_each(:seqs)) AND +{sql}",
            {**parameters, "seqs": json.dumps(seqs.tolist())},
        )
    )
    there = [seq for seq in seqs if seq in found]
    return [Given(found[seq], history(connection, seq, owners) if with_history else None) for seq in there]


def acts(connection: sqlite3.Connection, user_id: str, after: int) -> list[Act]:
    """Return a person's part in memories that are not theirs today, the oldest first, from behind the id ``after``."""
    owners = (user_id, HOUSEHOLD)
    sql, parameters = owner_condition(owners)
    rows = connection.execute(
        f"SELECT id, CASE WHEN {sql} THEN memory_id END, {HISTORY_COLUMNS}"
        " FROM history JOIN (SELECT seq, id AS memory_id, owner FROM memory) ON seq = memory_seq"
        " WHERE owner <> :user AND id > :after"
        " AND (actor = :user OR before ->> 'owner' = :user OR after ->> 'owner' = :user)"
        " ORDER BY id LIMIT :limit",
        {**parameters, "user": user_id, "after": after, "limit": _BATCH},
    )
    return [Act(id_, memory_id, history_from_row(columns, owners)) for id_, memory_id, *columns in rows]
