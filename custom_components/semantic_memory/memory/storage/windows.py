"""Parts of long lists, and counts of each kind. Functions of a reader's connection."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
import json
import sqlite3
from types import MappingProxyType
from typing import Final, NamedTuple

from ..errors import InvalidInputError
from ..models import EXPIRING_DAYS, MAX_LIST_LIMIT, SECONDS_PER_DAY, Category, Memory, Scope, SortKey
from ..text import fold
from ..views import Facets, GroupKey, Window
from .filters import Conditions
from .listing import EXPRESSIONS

_MAX_OFFSET: Final = 2**53
_MOST_TAGS: Final = 200
_INDEXED: Final = (SortKey.UPDATED, SortKey.CREATED, SortKey.KEY)
"""There is an index for each owner in these orders."""
_PLACES: Final[dict[GroupKey, Sequence[str]]] = {
    GroupKey.CATEGORY: tuple(Category),
    GroupKey.SCOPE: tuple(Scope),
    GroupKey.SURFACE: (),
}
"""In which order the groups come; those that are not named come by name."""


def window(
    connection: sqlite3.Connection,
    conditions: Conditions,
    sort: SortKey,
    *,
    descending: bool,
    group_by: GroupKey | None,
    offset: int,
    limit: int,
) -> Window:
    """Return a part of a list. Raises InvalidInputError (``invalid_limit``, ``invalid_offset``)."""
    if not 1 <= limit <= MAX_LIST_LIMIT:
        raise InvalidInputError("invalid_limit", max=MAX_LIST_LIMIT)
    if not 0 <= offset <= _MAX_OFFSET:
        raise InvalidInputError("invalid_offset")
    order = _Order(sort, "DESC" if descending else "ASC")
    if group_by is None:
        seqs = _seqs(connection, conditions, order, limit, offset)
        return Window(memories=_in_order(connection, conditions, seqs), total=conditions.count(connection))
    groups = _groups(connection, conditions, group_by)
    seqs = [
        seq
        for name, first, count in _parts(groups, offset, limit)
        for seq in _seqs_where(connection, conditions, order, count, first, f"AND {group_by} = :group", {"group": name})
    ]
    return Window(
        memories=_in_order(connection, conditions, seqs),
        total=sum(count for _, count in groups),
        groups=tuple(groups),
    )


class _Order(NamedTuple):
    """How a list is sorted."""

    sort: SortKey
    direction: str

    @property
    def sql(self) -> str:
        """Return it as SQL."""
        return f"ORDER BY {EXPRESSIONS[self.sort]} {self.direction}, seq {self.direction} LIMIT :limit OFFSET :offset"


def _seqs(connection: sqlite3.Connection, conditions: Conditions, order: _Order, limit: int, offset: int) -> list[int]:
    """Return which memories are shown; what they say is read of these only."""
    if conditions.narrow or conditions.forgotten or order.sort not in _INDEXED:
        return _seqs_where(connection, conditions, order, limit, offset)
    # Each owner has an index in this order, so that nothing needs to be sorted, only merged. Those that have expired
    # since the last clean-up are few, and have an index too.
    expired = "SELECT seq FROM memory WHERE deleted_at IS NULL AND expires_at <= :now"
    column = EXPRESSIONS[order.sort]
    live = f"deleted_at IS NULL AND seq NOT IN ({expired})"
    parts = " UNION ALL ".join(
        f"SELECT seq, {column} FROM memory WHERE owner = :owner_{place} AND {live}"
        for place, _ in enumerate(conditions.owners)
    )
    rows = connection.execute(
        f"{parts} ORDER BY 2 {order.direction}, 1 {order.direction} LIMIT :limit OFFSET :offset",
        {**conditions.parameters, "limit": limit, "offset": offset},
    )
    return [seq for seq, _ in rows]


def _seqs_where(
    connection: sqlite3.Connection,
    conditions: Conditions,
    order: _Order,
    limit: int,
    offset: int,
    group: str = "",
    parameters: Mapping[str, object] = MappingProxyType({}),
) -> list[int]:
    table = "memory" if order.sort is SortKey.KEY else conditions.table  # keys are in no overview
    rows = connection.execute(
        f"SELECT seq FROM {table} WHERE {conditions.sql} {group} {order.sql}",
        {**conditions.parameters, **parameters, "limit": limit, "offset": offset},
    )
    return [seq for (seq,) in rows]


def _in_order(connection: sqlite3.Connection, conditions: Conditions, seqs: Sequence[int]) -> tuple[Memory, ...]:
    found = dict(conditions.memories(connection, seqs))
    return tuple(found[seq] for seq in seqs)


def _groups(connection: sqlite3.Connection, conditions: Conditions, group_by: GroupKey) -> list[tuple[str, int]]:
    """Return the groups in their order, with how many memories they have."""
    rows: list[tuple[str, int]] = connection.execute(
        f"SELECT {group_by}, count(*) FROM {conditions.table} WHERE {conditions.sql} GROUP BY 1", conditions.parameters
    ).fetchall()
    places = {name: place for place, name in enumerate(_PLACES[group_by])}
    return sorted(rows, key=lambda row: (places.get(row[0], len(places)), row[0]))


def _parts(groups: Sequence[tuple[str, int]], offset: int, limit: int) -> Iterator[tuple[str, int, int]]:
    """Yield of which groups how much is in the window: the name, the first place and how many."""
    start = 0
    for name, count in groups:
        first, last = max(offset - start, 0), min(offset + limit - start, count)
        if first < last:
            yield name, first, last - first
        start += count


def facets(connection: sqlite3.Connection, conditions: Conditions, forgotten: Conditions) -> Facets:
    """Count the memories that meet the condition, and those of them that are ``forgotten``."""
    soon = conditions.now + EXPIRING_DAYS * SECONDS_PER_DAY
    rows = connection.execute(
        "SELECT owner, scope, category, surface, count(*), sum(pinned),"
        " count(*) FILTER (WHERE expires_at <= :facets_soon)"
        f" FROM {conditions.table} WHERE {conditions.sql} GROUP BY 1, 2, 3, 4",
        {**conditions.parameters, "facets_soon": soon},
    )
    kinds: tuple[Counter[str], ...] = tuple(Counter() for _ in range(4))
    pinned = expiring = 0
    for *names, count, pinned_here, expiring_here in rows:
        for counter, name in zip(kinds, names, strict=True):
            counter[name] += count
        pinned += pinned_here
        expiring += expiring_here
    owners, scopes, categories, surfaces = kinds
    return Facets(
        total=owners.total(),
        pinned=pinned,
        expiring=expiring,
        forgotten=forgotten.count(connection),
        owners=dict(owners),
        scopes=dict(scopes),
        categories=dict(categories),
        surfaces=dict(surfaces),
        tags=_tags(connection, conditions),
    )


def _tags(connection: sqlite3.Connection, conditions: Conditions) -> tuple[tuple[str, int], ...]:
    """Return the most frequent tags; those that differ in case only are one, in the spelling that comes first."""
    rows = connection.execute(
        f"SELECT tags, count(*) FROM {conditions.table} WHERE {conditions.sql} AND tags <> '[]' GROUP BY 1 ORDER BY 1",
        conditions.parameters,
    )
    counts, spellings = Counter[str](), dict[str, str]()
    for tags, count in rows:
        for tag in json.loads(tags):
            counts[spellings.setdefault(fold(tag), tag)] += count
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_TAGS])
