"""Our own format: JSON Lines that hold everything, so that what was given out can be taken in again.

One JSON object per line, UTF-8, lines ended by a line feed. The first is the header::

    {"type": "header", "format": "semantic_memory", "version": 1, "content": "memories", "exported_at": 1800000000.0,
     "filter": {"owner": null, "scope": "user", ...}}

Each ``{"type": "memory", ...}`` after it is a memory with every field of :class:`Memory`, ``source`` as an object,
times as seconds since the epoch, and its history if that was asked for. Lines of other types, as a file about one
person has them, say what cannot be taken in again. A reader refuses a version that it does not know, and fields that
it does not know: to drop them silently would lose what somebody meant to keep.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
import json
import re
from typing import Final, NamedTuple

from ..errors import InvalidInputError
from ..models import (
    HOUSEHOLD,
    MAX_VALUE_LENGTH,
    ChangeKind,
    HistoryEntry,
    Memory,
    MemoryFilter,
    Scope,
    Source,
)
from ..policy import parse_category, parse_scope
from ..text import normalise_key, parse_tags, storable
from .fields import Fields, Record

FORMAT: Final = "semantic_memory"
VERSION: Final = 1
_FIELDS: Final = tuple(field.name for field in fields(Memory))
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first line says about a file."""

    exported_at: float
    content: str = "memories"
    """``memories``, or ``person``: everything about one person."""
    filter: Record | None = None
    """What was asked for, as the fields of :class:`MemoryFilter`."""


class Loaded(NamedTuple):
    """One memory as a file has it."""

    memory: Memory
    history: tuple[HistoryEntry, ...]


def encode(record: Record) -> str:
    """Return a record as one line, with its end."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def dump_header(header: Header) -> Record:
    """Return the first line."""
    return {
        "type": "header",
        "format": FORMAT,
        "version": VERSION,
        "content": header.content,
        "exported_at": header.exported_at,
        "filter": header.filter,
    }


def dump_filter(where: MemoryFilter) -> Record:
    """Return a filter for the header."""
    tags = list(parse_tags(where.tags))
    return {field.name: getattr(where, field.name) for field in fields(where)} | {"tags": tags}


def dump(memory: Memory, history: Sequence[HistoryEntry] | None = None) -> Record:
    """Return everything about a memory; its history only if it is given."""
    record: Record = {"type": "memory"}
    record.update((name, getattr(memory, name)) for name in _FIELDS)
    record["source"] = asdict(memory.source)
    if history is not None:
        record["history"] = [_entry(entry) for entry in history]
    return record


def load_header(record: object) -> Header:
    """Read the first line. Raises InvalidInputError (``export_header_missing``, ``export_version_unknown``)."""
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise InvalidInputError("export_header_missing")
    if record.get("version") != VERSION:
        raise InvalidInputError("export_version_unknown", version=record.get("version"), known=VERSION)
    line = Fields({name: value for name, value in record.items() if name not in {"type", "format", "version"}})
    header = Header(
        exported_at=line.time("exported_at"), content=line.text("content"), filter=line.optional_object("filter")
    )
    line.end()
    return header


def is_memory(record: object) -> bool:
    """Return whether a line is, or ought to be, a memory; lines of other types cannot be taken in."""
    return not isinstance(record, dict) or record.get("type", "memory") == "memory"


def load(record: object) -> Loaded:
    """Read one memory, whose texts come out as the engine stores them.

    Raises InvalidInputError: ``line_not_object``, ``line_field_missing``, ``line_field_invalid`` or
    ``line_field_unknown`` with the ``field``, or the code that the engine has for such a key, value, scope or tag.
    """
    line = Fields(record)
    line.take("type", "memory")
    history = tuple(_load_entry(entry) for entry in line.objects("history"))
    memory = Memory(
        id=_id(line.text("id")),
        key=normalise_key(line.text("key")),
        value=_value(line.text("value")),
        owner=line.text("owner"),
        scope=parse_scope(line.text("scope")),
        category=parse_category(line.text("category")),
        tags=parse_tags(line.texts("tags")),
        confidence=line.number("confidence", 1),
        pinned=line.flag("pinned"),
        source=_load_source(line.take("source")),
        created_at=line.time("created_at"),
        updated_at=line.time("updated_at"),
        last_used_at=line.optional_time("last_used_at"),
        use_count=line.count("use_count"),
        expires_at=line.optional_time("expires_at"),
        deleted_at=line.optional_time("deleted_at"),
    )
    line.end()
    if not _belongs(memory.owner, memory.scope):
        raise InvalidInputError("line_field_invalid", field="owner")
    return Loaded(memory, history)


def _belongs(owner: str, scope: Scope) -> bool:
    """Return whether this owner can have memories of this scope; the household's can be ``session`` too."""
    if owner == HOUSEHOLD:
        return scope is not Scope.USER
    return bool(owner.strip()) and scope is not Scope.HOUSEHOLD


def is_id(given: str) -> bool:
    """Return whether a text can be the id of a memory."""
    return _ULID.fullmatch(given) is not None


def _id(given: str) -> str:
    if not is_id(given):
        raise InvalidInputError("line_field_invalid", field="id")
    return given


def _value(given: str) -> str:
    value = storable(given).strip()
    if not value:
        raise InvalidInputError("value_empty")
    if len(value) > MAX_VALUE_LENGTH:
        raise InvalidInputError("value_too_long", max=MAX_VALUE_LENGTH)
    return value


def _load_source(record: object) -> Source:
    line = Fields(record, "source.")
    source = Source(
        surface=line.text("surface"),
        conversation_id=line.optional_text("conversation_id"),
        agent_id=line.optional_text("agent_id"),
        device_id=line.optional_text("device_id"),
        area_id=line.optional_text("area_id"),
    )
    line.end()
    return source


def _entry(entry: HistoryEntry) -> Record:
    """Return a line of a history; its id names it here only."""
    return {name: value for name, value in asdict(entry).items() if name != "id"}


def _load_entry(record: object) -> HistoryEntry:
    line = Fields(record, "history.")
    kind = line.text("kind")
    if kind not in set(ChangeKind):
        raise InvalidInputError("line_field_invalid", field="history.kind")
    entry = HistoryEntry(
        at=line.time("at"),
        kind=ChangeKind(kind),
        actor=line.optional_text("actor"),
        surface=line.text("surface"),
        before=_load_state(line.optional_object("before")),
        after=_load_state(line.optional_object("after")),
    )
    line.end()
    return entry


def _load_state(record: Record | None) -> Record | None:
    """Check how a memory was once. It is returned as it stands: history is not put right afterwards."""
    if record is None:
        return None
    line = Fields(record, "history.")
    for name in ("key", "value", "owner", "scope", "category"):
        line.text(name)
    line.texts("tags")
    line.number("confidence", 1)
    line.flag("pinned")
    line.optional_time("expires_at")
    line.end()
    return record
