"""What a caller may see, and what of it is meant, as SQL. The only place where reads are narrowed to their owner."""

from collections.abc import Iterable, Sequence
import json
import sqlite3
from typing import Any

from ..errors import InvalidInputError
from ..models import EXPIRING_DAYS, MAX_VALUE_LENGTH, SECONDS_PER_DAY, Memory, MemoryFilter
from ..policy import parse_category, parse_scope
from ..query import Pattern, Query
from ..text import fold, match_all, parse_tags, search_terms, storable, words
from . import counting, patterns
from .memories import LIVE, memory_of, owner_condition, rows


class Conditions:
    """The condition on rows of ``memory`` for these owners and this filter, at this time."""

    def __init__(self, owners: Sequence[str], where: MemoryFilter, now: float) -> None:
        """Build the condition. Raises InvalidInputError for a filter that cannot be met by anything."""
        self.owners, self.now, self.forgotten = owners, now, where.forgotten
        owner_sql, self.parameters = owner_condition(owners)
        self.parameters["now"] = now
        self._parts = [owner_sql, "deleted_at NOT NULL" if where.forgotten else LIVE]
        self.table = "memory" if where.forgotten else "memory INDEXED BY memory_overview"
        """What to look through for all memories that meet the condition, where their text is not read."""
        always = len(self._parts)
        self._add_filter(where)
        self.narrow = len(self._parts) > always
        """Whether the filter, or what a query requires, leaves out any of the owners' live memories."""
        self.excluded = 0
        """How many memories a query excludes."""
        self.selective = self.narrow or where.owner is not None or where.forgotten
        """Whether the filter says anything at all."""

    def add_operators(self, connection: sqlite3.Connection, query: Query) -> None:
        """Add what a query requires and excludes. That is looked up once, for live memories only.

        Both are noted by the memories that meet the rest of the condition, so they tell nothing of others.
        """
        required = [self._having(connection, pattern) for pattern in query.required]
        excluded = set().union(*(self._having(connection, pattern) for pattern in query.excluded))
        if required:
            self.narrow = True
            self._are_few()
            self._add("seq IN (SELECT value FROM json_each(:required))", required=_as_json(set.intersection(*required)))
        if excluded:
            self.excluded = len(excluded)
            self._add("seq NOT IN (SELECT value FROM json_each(:excluded))", excluded=_as_json(excluded))

    def _are_few(self) -> None:
        """Find the memories by what they are named by, not by walking through all of an owner's."""
        self.table = "memory"
        self._parts[0] = f"+{self._parts[0]}"

    def _having(self, connection: sqlite3.Connection, pattern: Pattern) -> set[int]:
        found, parameters = patterns.condition(pattern)
        rows = connection.execute(
            f"SELECT seq FROM memory WHERE {found} AND {self.by_seq}", self.parameters | parameters
        )
        return {seq for (seq,) in rows}

    @property
    def sql(self) -> str:
        """Return the condition, with named parameters."""
        return " AND ".join(self._parts)

    @property
    def by_seq(self) -> str:
        """Return the condition for rows that are found by their seq.

        The unary plus keeps SQLite from walking through all of an owner's memories by index to find these few.
        """
        return f"+{self.sql}"

    def count(self, connection: sqlite3.Connection) -> int:
        """Return how many memories meet the condition.

        Without a filter the rows themselves are not looked at: those that are expired are few, and have an index.
        """
        if self.narrow or self.excluded or self.forgotten:
            return self._count(connection, self.sql, self.table)
        there = f"{self._parts[0]} AND deleted_at IS NULL"
        whose = owner_condition(self.owners)[1]
        return counting.count(connection, there, whose) - self._count(connection, f"+{there} AND expires_at <= :now")

    def _count(self, connection: sqlite3.Connection, condition: str, table: str = "memory") -> int:
        (count,) = connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}", self.parameters).fetchone()
        return int(count)

    def all_seqs(self, connection: sqlite3.Connection) -> list[int]:
        """Return every memory that meets the condition."""
        return [seq for (seq,) in connection.execute(f"SELECT seq FROM memory WHERE {self.sql}", self.parameters)]

    def allowed(self, connection: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, str]:
        """Return those of the memories that meet the condition, with their owners."""
        return dict(
            connection.execute(f"SELECT seq, owner FROM memory WHERE {self._among} AND {self.by_seq}", self._with(seqs))
        )

    def memories(self, connection: sqlite3.Connection, seqs: Iterable[int]) -> list[tuple[int, Memory]]:
        """Read those of the memories that meet the condition."""
        return [(seq, memory_of(row)) for seq, row in self.rows(connection, seqs).items()]

    def rows(self, connection: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, Sequence[Any]]:
        """Read the rows of those of the memories that meet the condition, see ``memories``."""
        return {seq: row for seq, *row in rows(connection, f"{self._among} AND {self.by_seq}", self._with(seqs))}

    _among = "seq IN (SELECT value FROM json_each(:seqs))"

    def _with(self, seqs: Iterable[int]) -> dict[str, object]:
        return {**self.parameters, "seqs": _as_json(seqs)}

    def _add_filter(self, where: MemoryFilter) -> None:
        if where.ids is not None:
            self._are_few()
            self._add("id IN (SELECT value FROM json_each(:ids))", ids=json.dumps(list(where.ids)))
        if where.scope is not None:
            self._add("scope = :scope", scope=str(parse_scope(where.scope)))
        if where.category is not None:
            self._add("category = :category", category=str(parse_category(where.category)))
        if where.pinned is not None:
            self._add("pinned = :pinned", pinned=int(where.pinned))
        if where.expiring is not None:
            soon = "expires_at NOT NULL AND expires_at <= :soon"
            until = self.now + EXPIRING_DAYS * SECONDS_PER_DAY
            self._add(soon if where.expiring else f"NOT ({soon})", soon=until)
        if where.surface is not None:
            self._add("surface = :surface", surface=storable(where.surface))
        for field in ("created", "updated"):
            _check_dates(where, f"{field}_after", f"{field}_before")
        for name, comparison, limit in (
            ("created_after", "created_at >=", where.created_after),
            ("created_before", "created_at <", where.created_before),
            ("updated_after", "updated_at >=", where.updated_after),
            ("updated_before", "updated_at <", where.updated_before),
            ("expires_before", "expires_at <", where.expires_before),
        ):
            if limit is not None:
                self._add(f"{comparison} :{name}", **{name: limit})
        for place, tag in enumerate(parse_tags(where.tags)):
            self._add(
                f"EXISTS (SELECT 1 FROM json_each(memory.tags) WHERE fold(value) = :tag_{place})",
                **{f"tag_{place}": fold(tag)},
            )
        if where.text and where.text.strip():
            self._add_text(where)

    def _add_text(self, where: MemoryFilter) -> None:
        """Want every word of the text; the word index knows live memories only.

        Raises InvalidInputError (``text_too_long``): taking megabytes apart would keep everybody waiting.
        """
        if len(where.text or "") > MAX_VALUE_LENGTH:
            raise InvalidInputError("text_too_long", max=MAX_VALUE_LENGTH)
        wanted = storable(where.text or "")
        terms = search_terms(wanted)
        if terms and not where.forgotten:
            self._are_few()
            self._add("seq IN (SELECT rowid FROM memory_fts WHERE memory_fts MATCH :text)", text=match_all(terms))
            return
        parts = dict.fromkeys(words(wanted)) or [fold(wanted)]
        self._add(
            "NOT EXISTS (SELECT 1 FROM json_each(:text)"
            " WHERE NOT instr(fold(memory.key || ' ' || memory.value || ' ' || memory.tags), json_each.value))",
            text=json.dumps(list(parts)),
        )

    def _add(self, sql: str, **parameters: object) -> None:
        self._parts.append(sql)
        self.parameters.update(parameters)


def _as_json(seqs: Iterable[int]) -> str:
    return json.dumps(list(seqs))


def _check_dates(where: MemoryFilter, after: str, before: str) -> None:
    first, last = getattr(where, after), getattr(where, before)
    if first is not None and last is not None and first >= last:
        raise InvalidInputError("dates_reversed", after=after, before=before)


def register_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the SQL functions that the conditions use."""
    connection.create_function("fold", 1, fold, deterministic=True)
    patterns.register_functions(connection)
