"""JSON Lines: our own export, and the knowledge graph of the MCP memory server."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
import hashlib
import json
from typing import ClassVar, Final, Never, override

from ...errors import InvalidInputError
from ...models import Category, Source
from .. import jsonl
from . import values
from .found import Format, Found, Note, Reason, Refused
from .lines import TextFile, is_utf8
from .values import UnusableError

_ENTITY_TYPES: Final = {
    "person": Category.RELATIONSHIP,
    "family": Category.RELATIONSHIP,
    "pet": Category.RELATIONSHIP,
    "event": Category.EVENT,
    "recurring_event": Category.EVENT,
    "preference": Category.PREFERENCE,
    "routine": Category.ROUTINE,
    "habit": Category.ROUTINE,
    "device": Category.DEVICE,
    "room": Category.HOME,
    "place": Category.HOME,
    "home": Category.HOME,
}
_SELF: Final = frozenset({"default_user", "user", "me"})
"""How the MCP server's instructions call whoever talks."""
_REASONS: Final = {
    "value_empty": Reason.EMPTY,
    "value_too_long": Reason.TOO_LONG,
    "key_empty": Reason.INVALID_KEY,
    "key_too_long": Reason.INVALID_KEY,
    "line_not_object": Reason.NOT_UNDERSTOOD,
}


class _JsonReader(ABC):
    """Objects, one on each line."""

    format: ClassVar[Format]

    def __init__(self, file: TextFile, now: float) -> None:
        """Take an open file and the time."""
        self.ignored: dict[str, None] = {}
        self.cut_short = False
        self._file = file
        self._now = now

    def read(self) -> Iterator[Found | Refused]:
        """Yield what is in the file."""
        for number, line in self._file.lines():
            if isinstance(line, Reason):
                yield Refused(number, line)
            elif line.strip():
                try:
                    yield from self._of_line(number, parse(line))
                except UnusableError as err:
                    yield Refused(number, err.reason, detail=err.detail)

    def progress(self) -> float:
        """Return how much has been read, 0..1."""
        return self._file.progress()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @abstractmethod
    def _of_line(self, number: int, record: object) -> Iterator[Found | Refused]:
        """Yield what a line says. Raises UnusableError."""

    def _ignore(self, record: object) -> None:
        kind = record.get("type") if isinstance(record, dict) else None
        self.ignored[values.shown(kind)] = None


class OwnReader(_JsonReader):
    """Our own export."""

    format = Format.OWN

    @override
    def _of_line(self, number: int, record: object) -> Iterator[Found | Refused]:
        if isinstance(record, dict) and record.get("format") == jsonl.FORMAT:
            return
        if not jsonl.is_memory(record):
            self._ignore(record)
            return
        try:
            memory, history = jsonl.load(record)
        except InvalidInputError as err:
            reason = _REASONS.get(err.code, Reason.INVALID_FIELD)
            named = record.get("key") if isinstance(record, dict) else None
            yield Refused(
                number,
                reason,
                values.shown(named) if isinstance(named, str) else "",
                values.shown(err.placeholders.get("field", err.code)) if reason is Reason.INVALID_FIELD else "",
            )
            return
        yield Found(
            where=number,
            identity=memory.id,
            id=memory.id,
            key=memory.key,
            value=memory.value,
            owner=memory.owner,
            scope=memory.scope,
            category=memory.category,
            tags=memory.tags,
            confidence=memory.confidence,
            pinned=memory.pinned,
            created_at=min(memory.created_at, self._now),
            updated_at=min(memory.updated_at, self._now),
            last_used_at=memory.last_used_at,
            use_count=memory.use_count,
            expires_at=memory.expires_at,
            forgotten=memory.deleted_at is not None,
            source=memory.source,
            history=history,
        )


class McpReader(_JsonReader):
    """Entities, each of whose observations becomes a memory, and relations."""

    format = Format.MCP

    @override
    def _of_line(self, number: int, record: object) -> Iterator[Found | Refused]:
        if not isinstance(record, dict):
            raise UnusableError(Reason.NOT_UNDERSTOOD)
        if record.get("type") == "entity":
            yield from self._of_entity(number, record)
        elif record.get("type") == "relation":
            parts = [_text(record.get(name)) for name in ("from", "relationType", "to")]
            if not all(part.strip() for part in parts):
                raise UnusableError(Reason.NOT_UNDERSTOOD)
            yield self._found(number, " ".join(map(_plain, parts)), parts, parts[:1], Category.RELATIONSHIP)
        else:
            self._ignore(record)

    def _of_entity(self, number: int, record: dict[str, object]) -> Iterator[Found | Refused]:
        name, kind = _text(record.get("name")), _text(record.get("entityType", ""))
        observations = record.get("observations")
        if not name.strip() or not isinstance(observations, list):
            raise UnusableError(Reason.NOT_UNDERSTOOD)
        if not observations:
            yield Refused(number, Reason.EMPTY, values.shown(name))
        category = Category.USER if name.strip().casefold() in _SELF else values.mapped_category([kind], _ENTITY_TYPES)
        for observation in observations:
            try:
                said = _text(observation).strip()
                if not said:
                    raise UnusableError(Reason.EMPTY)
                # "Speaks Spanish" says nothing without whom it is about.
                about = "" if _plain(name).casefold() in _plain(said).casefold() else f"{_plain(name)}: "
                yield self._found(number, f"{about}{said}", [name, said], [name, kind], category)
            except UnusableError as err:
                yield Refused(number, err.reason, values.shown(name), err.detail)

    def _found(self, number: int, value: str, parts: list[str], tags: list[str], category: Category | None) -> Found:
        kept, all_tags = values.tags(map(_plain, tags))
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
        return Found(
            where=number,
            identity=digest,
            value=values.value(value),
            category=category,
            tags=kept,
            source=Source(surface="import"),
            notes=() if all_tags else (Note.TAGS_LEFT_OUT,),
        )


def parse(line: str) -> object:
    """Return what a line of JSON says. Raises UnusableError."""
    if not is_utf8(line):
        raise UnusableError(Reason.NOT_UTF8)
    try:
        record: object = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as err:  # no JSON, thousands of digits, very deep
        raise UnusableError(Reason.NOT_UNDERSTOOD) from err
    return record


def _refuse(constant: str) -> Never:
    raise ValueError(constant)


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise UnusableError(Reason.NOT_UNDERSTOOD)
    return given


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").split())
