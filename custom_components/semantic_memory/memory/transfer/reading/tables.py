"""The two tools that keep memories in SQLite."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any, ClassVar, Final, override

from ...models import Category, Scope, Source
from . import values
from .found import Format, Found, Note, Reason, Refused
from .lines import is_utf8
from .sqlite import ForeignDatabase, Row
from .values import UnusableError

_SOURCE: Final = Source(surface="import")
_HOUSEHOLD_SCOPE: Final = "common"
_NOTHING: Final = frozenset({"", "general", "none"})
_ROOMS: Final = {
    "devices": Category.DEVICE,
    "preferences": Category.PREFERENCE,
    "routines": Category.ROUTINE,
    "people": Category.RELATIONSHIP,
    "family": Category.RELATIONSHIP,
    "events": Category.EVENT,
}
_WINGS: Final = {"household": Category.HOME, "automation": Category.ROUTINE, "personal": Category.USER}
"""Rooms tell more than wings. These are the ones that ha-ai-memory makes by itself."""


class _TableReader(ABC):
    """Rows of the tables that a tool keeps."""

    format: ClassVar[Format]
    tables: ClassVar[Mapping[str, tuple[str, ...]]]
    """The tables that memories are made of, with the columns that are of use."""
    known: ClassVar[frozenset[str]]
    """Tables and columns that hold nothing to keep: indexes, embeddings, settings."""

    def __init__(self, database: ForeignDatabase, now: float, zone: tzinfo | None) -> None:
        """Take an open file, the time, and the time zone of times without one."""
        self.ignored: dict[str, None] = {}
        self._database = database
        self._now = now
        self._zone = zone
        self._present = [table for table in self.tables if table in database.tables]
        self._total = sum(database.last(table) for table in self._present)
        self._done = 0
        for table, columns in database.tables.items():
            if table not in self.tables:
                self._ignore(table)
            for column in columns if table in self.tables else ():
                if column not in self.tables[table]:
                    self._ignore(column, f"{table}.{column}")

    @property
    def cut_short(self) -> bool:
        """Return whether rows could not be read."""
        return self._database.cut_short

    def read(self) -> Iterator[Found | Refused]:
        """Yield what is in the tables."""
        for table in self._present:
            before = self._done
            for row in self._database.rows(table, self.tables[table]):
                if isinstance(row, Refused):
                    yield row
                    continue
                self._done = before + row[0]
                yield self._found_or_refused(table, row)

    def progress(self) -> float:
        """Return how much has been read, 0..1."""
        return min(1.0, self._done / self._total) if self._total else 1.0

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _ignore(self, name: str, shown: str | None = None) -> None:
        if name not in self.known:
            self.ignored[values.shown(shown or name)] = None

    def _found_or_refused(self, table: str, row: Row) -> Found | Refused:
        number, fields = row
        try:
            if not all(is_utf8(field) for field in fields.values() if isinstance(field, str)):
                raise UnusableError(Reason.NOT_UTF8)
            return self._found(table, number, fields)
        except UnusableError as err:
            named = fields.get("key")
            return Refused(number, err.reason, values.shown(named) if isinstance(named, str) else "", err.detail)

    @abstractmethod
    def _found(self, table: str, number: int, fields: Mapping[str, Any]) -> Found:
        """Return what a row says. Raises UnusableError."""

    def _known(self, given: object) -> float | None:
        return values.known_moment(given, self._now, self._zone)


class LuuquangvuReader(_TableReader):
    """``memory.db`` of luuquangvu's memory tool: the table ``mem``, whose keys are unique."""

    format = Format.LUUQUANGVU
    tables: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mem": ("key", "value", "scope", "tags", "created_at", "last_used_at", "expires_at")
    }
    known = frozenset({"id", "tags_search", *(f"mem_fts_{part}" for part in ("data", "idx", "docsize", "config"))})

    @override
    def _found(self, table: str, number: int, fields: Mapping[str, Any]) -> Found:
        value = values.value(fields.get("value"))
        key = values.key(fields.get("key"))
        tags, all_tags = values.tags(values.without_words_of(values.split_tags(fields.get("tags")), key))
        scope, known_scope = values.scope(fields.get("scope"))
        created_at = self._known(fields.get("created_at"))
        notes = _notes(all_tags=all_tags, known_scope=known_scope, created_at=created_at)
        return Found(
            where=number,
            identity=f"{key} {created_at}",
            value=value,
            key=key,
            scope=scope,
            tags=tags,
            created_at=created_at,
            last_used_at=self._known(fields.get("last_used_at")),
            expires_at=values.moment(fields.get("expires_at"), self._zone),
            source=_SOURCE,
            notes=notes,
        )


class AiMemoryReader(_TableReader):
    """``ai_memory.db`` of ha-ai-memory: ``memories``, and in newer ones the facts of ``knowledge_graph``.

    Its times have no time zone: they are those of the machine. ``private`` memories are an agent's, not a person's.
    """

    format = Format.HA_AI_MEMORY
    tables: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "memories": (
            *("id", "content", "scope", "agent_id", "created_at"),
            *("summary", "wing", "room", "updated_at", "accessed_at", "access_count"),
        ),
        "knowledge_graph": (
            *("id", "subject", "relationship", "object", "valid_from", "valid_to", "confidence", "created_at"),
        ),
    }
    known = frozenset({"embedding", "metadata", "layer", "source_memory_id", "_meta", "palace_structure"})

    @override
    def _found(self, table: str, number: int, fields: Mapping[str, Any]) -> Found:
        return self._memory(number, fields) if table == "memories" else self._fact(number, fields)

    def _memory(self, number: int, fields: Mapping[str, Any]) -> Found:
        value = values.value(fields.get("content"))
        written = values.text(fields.get("scope")).strip().casefold()
        wing, room = (values.text(fields.get(name)) for name in ("wing", "room"))
        places = [place for place in (wing, room) if place.strip().casefold() not in _NOTHING]
        tags, all_tags = values.tags([*places, *values.split_tags(fields.get("summary"))])
        created_at = self._known(fields.get("created_at"))
        agent = values.text(fields.get("agent_id"))
        return Found(
            where=number,
            identity=values.text(fields.get("id")) or f"{value} {created_at}",
            value=value,
            scope=Scope.HOUSEHOLD if written == _HOUSEHOLD_SCOPE else Scope.USER,
            category=values.mapped_category([room], _ROOMS) or values.mapped_category([wing], _WINGS),
            tags=tags,
            created_at=created_at,
            updated_at=self._known(fields.get("updated_at")),
            last_used_at=self._known(fields.get("accessed_at")),
            use_count=_count(fields.get("access_count")),
            source=Source(surface="import", agent_id=values.shown(agent) or None),
            notes=_notes(
                all_tags=all_tags, known_scope=written in {_HOUSEHOLD_SCOPE, "private", ""}, created_at=created_at
            ),
        )

    def _fact(self, number: int, fields: Mapping[str, Any]) -> Found:
        parts = [values.text(fields.get(name)).strip() for name in ("subject", "relationship", "object")]
        if not all(parts):
            raise UnusableError(Reason.EMPTY)
        subject, relationship, thing = parts
        created_at = self._known(fields.get("valid_from")) or self._known(fields.get("created_at"))
        tags, all_tags = values.tags([subject])
        return Found(
            where=number,
            identity=f"fact {values.text(fields.get('id'))} {' '.join(parts)}",
            value=values.value(f"{subject} {relationship.replace('_', ' ')} {thing}"),
            category=Category.RELATIONSHIP,
            tags=tags,
            confidence=_share(fields.get("confidence")),
            created_at=created_at,
            expires_at=values.moment(fields.get("valid_to"), self._zone),
            source=_SOURCE,
            notes=_notes(all_tags=all_tags, known_scope=True, created_at=created_at),
        )


def _notes(*, all_tags: bool, known_scope: bool, created_at: float | None) -> tuple[Note, ...]:
    """Return what could not be kept."""
    left = ((all_tags, Note.TAGS_LEFT_OUT), (known_scope, Note.SCOPE_UNKNOWN), (created_at, Note.TIME_UNKNOWN))
    return tuple(note for fine, note in left if fine is None or fine is False)


def _count(given: object) -> int:
    """Return how often something was used."""
    return min(given, 1_000_000_000) if isinstance(given, int) and given > 0 else 0


def _share(given: object) -> float | None:
    """Return a confidence, 0..1."""
    return float(given) if isinstance(given, int | float) and 0 <= given <= 1 else None
