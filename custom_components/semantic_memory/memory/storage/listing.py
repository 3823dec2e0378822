"""Lists and counts of memories. Functions of a reader's connection."""

import base64
from collections import Counter
from collections.abc import Sequence
import json
from math import isfinite
import sqlite3
from typing import Final

from ..answers import MemoryPage
from ..errors import InvalidInputError
from ..models import EXPIRING_DAYS, MAX_LIST_LIMIT, SECONDS_PER_DAY, Memory, SortKey
from ..status import EngineStatus, Stats
from ..text import storable
from .filters import Conditions
from .memories import LIVE, find, owner_condition

_NEVER: Final = 1e12
"""Stands for "never" among times when they are put in order; it lies 30,000 years ahead."""
EXPRESSIONS: Final = {
    SortKey.UPDATED: "updated_at",
    SortKey.CREATED: "created_at",
    SortKey.LAST_USED: "coalesce(last_used_at, 0)",
    SortKey.KEY: "key",
    SortKey.EXPIRES: f"coalesce(expires_at, {_NEVER})",
    SortKey.USE_COUNT: "use_count",
}
_CORE_FACTS: Final = 5
"""Of each person."""
_MAX_SEQ: Final = 2**63


def page(
    connection: sqlite3.Connection,
    conditions: Conditions,
    sort: SortKey,
    *,
    descending: bool,
    limit: int,
    cursor: str | None,
) -> MemoryPage:
    """Return one page. Raises InvalidInputError (``invalid_cursor``, ``invalid_limit``)."""
    if not 1 <= limit <= MAX_LIST_LIMIT:
        raise InvalidInputError("invalid_limit", max=MAX_LIST_LIMIT)
    expression, order = EXPRESSIONS[sort], "DESC" if descending else "ASC"
    sql, parameters = conditions.sql, dict(conditions.parameters)
    if cursor is not None:
        # The next page begins behind the last row, wherever rows were added or removed meanwhile.
        last_value, last_seq = _decoded(cursor, sort)
        sql += f" AND ({expression}, seq) {'<' if descending else '>'} (:last_value, :last_seq)"
        parameters |= {"last_value": last_value, "last_seq": last_seq}
    found = find(
        connection, sql, {**parameters, "limit": limit + 1}, f"ORDER BY {expression} {order}, seq {order} LIMIT :limit"
    )
    shown = found[:limit]
    following = None
    if len(found) > limit:
        seq, memory = shown[-1]
        following = _encoded(sort, _sort_value(memory, sort), seq)
    return MemoryPage(
        memories=tuple(memory for _, memory in shown), total=conditions.count(connection), cursor=following
    )


def _sort_value(memory: Memory, sort: SortKey) -> float | str:
    values: dict[SortKey, float | str] = {
        SortKey.UPDATED: memory.updated_at,
        SortKey.CREATED: memory.created_at,
        SortKey.LAST_USED: memory.last_used_at or 0,
        SortKey.KEY: memory.key,
        SortKey.EXPIRES: _NEVER if memory.expires_at is None else memory.expires_at,
        SortKey.USE_COUNT: memory.use_count,
    }
    return values[sort]


def _encoded(sort: SortKey, value: float | str, seq: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, value, seq]).encode()).decode()


def _decoded(cursor: str, sort: SortKey) -> tuple[float | str, int]:
    try:
        named, value, seq = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        last_value = storable(value) if sort is SortKey.KEY else float(value)
        last_seq = int(seq)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as err:
        raise InvalidInputError("invalid_cursor") from err
    if named != sort or not (isinstance(last_value, str) or isfinite(last_value)) or not 0 < last_seq < _MAX_SEQ:
        raise InvalidInputError("invalid_cursor")
    return last_value, last_seq


def stats(
    connection: sqlite3.Connection, owners: Sequence[str] | None, now: float, status: EngineStatus, database_bytes: int
) -> Stats:
    """Count the memories of these owners, of everybody for ``None``."""
    sql, parameters = ("1", dict[str, object]()) if owners is None else owner_condition(owners)
    parameters |= {"now": now, "soon": now + EXPIRING_DAYS * SECONDS_PER_DAY}
    # In one go, by the index that has what is counted: the memories themselves are ten times as large.
    rows = connection.execute(
        "SELECT scope, category, owner, count(*), sum(pinned), count(*) FILTER (WHERE expires_at <= :soon)"
        f" FROM memory INDEXED BY memory_overview WHERE {sql} AND {LIVE} GROUP BY 1, 2, 3",
        parameters,
    ).fetchall()
    (forgotten,) = connection.execute(
        f"SELECT count(*) FROM memory WHERE {sql} AND deleted_at NOT NULL", parameters
    ).fetchone()

    def by(column: int) -> dict[str, int]:
        counts = Counter[str]()
        for row in rows:
            counts[row[column]] += row[3]
        return dict(sorted(counts.items()))

    return Stats(
        total=sum(row[3] for row in rows),
        pinned=sum(row[4] for row in rows),
        expiring=sum(row[5] for row in rows),
        forgotten=forgotten,
        by_scope=by(0),
        by_category=by(1),
        by_owner=by(2),
        database_bytes=database_bytes,
        status=status,
    )


def pinned(connection: sqlite3.Connection) -> list[Memory]:
    """Return every pinned memory, the oldest first."""
    return [memory for _, memory in find(connection, "pinned AND deleted_at IS NULL", {}, "ORDER BY seq")]


def core_facts(connection: sqlite3.Connection) -> list[Memory]:
    """Return each person's first facts about themselves that are not pinned, the oldest first.

    The oldest, because a choice by use or date would change the prompt that they are for all the time.
    """
    numbered = (
        "SELECT seq, row_number() OVER (PARTITION BY owner ORDER BY seq) AS place FROM memory"
        " WHERE category = 'user' AND scope = 'user' AND deleted_at IS NULL AND NOT pinned"
    )
    condition = f"seq IN (SELECT seq FROM ({numbered}) WHERE place <= :count)"
    return [memory for _, memory in find(connection, condition, {"count": _CORE_FACTS}, "ORDER BY seq")]


def count_live(connection: sqlite3.Connection) -> int:
    """Return how many memories there are in all, counting those that have expired since the last clean-up."""
    (count,) = connection.execute("SELECT count(*) FROM memory WHERE deleted_at IS NULL").fetchone()
    return int(count)
