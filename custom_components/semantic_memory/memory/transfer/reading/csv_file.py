"""CSV with the columns of ha-semantic-memory's table ``memories``, or with those of our own."""

from collections.abc import Collection, Iterator, Mapping, Sequence
import csv
from dataclasses import replace
from datetime import tzinfo
import re
from typing import Final

from ...models import HOUSEHOLD, Scope, Source
from .. import jsonl
from . import values
from .found import Format, Found, Note, Reason, Refused
from .lines import TextFile, is_utf8
from .values import UnusableError

NEEDED: Final = frozenset({"key", "value"})
_KNOWN: Final = frozenset({"tags_search", "embedding", "search_text", "surface", "deleted_at"})
"""Columns that hold nothing to keep."""
_USED: Final = frozenset(
    {
        *NEEDED,
        *("id", "scope", "user_id", "owner", "tags", "category", "confidence", "pinned"),
        *("created_at", "updated_at", "last_used_at", "use_count", "expires_at"),
    }
)
_OURS: Final = frozenset({"id", "owner", "deleted_at", "surface"})
"""Columns that only our own CSV has: it says of more than others what it means."""
_APOSTROPHE: Final = re.compile("'(?='*\\s*[-=+@\t\r\n\uff0b\uff0d\uff1d\uff20])")
"""What our own CSV puts before texts that a spreadsheet would take for formulas, and before what looks like that."""
_OWNERS: Final = ("user_id", "owner")
_NOBODY: Final = frozenset({"", "default", "none"})
"""What ha-semantic-memory has for a caller without a user."""
_YES: Final = frozenset({"t", "true", "1", "yes", "on"})
_NO: Final = frozenset({"", "f", "false", "0", "no", "off"})
_MOST_COLUMNS: Final = 256
_DIGITS: Final = 9
_DELIMITERS: Final = ",;\t"
_FIELD_LIMIT: Final = "field larger than field limit"


class CsvReader:
    """Rows of a CSV file whose first line names its columns."""

    format = Format.HA_SEMANTIC_MEMORY

    def __init__(self, file: TextFile, now: float, zone: tzinfo | None) -> None:
        """Take an open file, the time, and the time zone of times without one."""
        self.ignored: dict[str, None] = {}
        self.cut_short = False
        self._file = file
        self._now = now
        self._zone = zone
        self._line = 0
        self._too_long = False

    def read(self) -> Iterator[Found | Refused]:
        """Yield what is in the file."""
        lines = self._lines()
        first = next(lines, "")
        columns = header(first) or []
        self.ignored.update((values.shown(name), None) for name in columns if name not in _USED | _KNOWN)
        rows = csv.reader(lines, delimiter=delimiter(first), strict=True)
        while True:
            begin = self._line + 1
            try:
                row = next(rows)
            except StopIteration:
                break
            except csv.Error as err:
                yield Refused(begin, Reason.NOT_UNDERSTOOD)
                if _FIELD_LIMIT in str(err):  # most likely a quote that is never closed
                    self.cut_short = True
                    return
                continue
            if row:
                yield self._found_or_refused(begin, columns, row)
        if self._too_long:
            self.cut_short = True
            yield Refused(self._line, Reason.LINE_TOO_LONG)

    def progress(self) -> float:
        """Return how much has been read, 0..1."""
        return self._file.progress()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _lines(self) -> Iterator[str]:
        """Yield lines up to one that is too long: where the row after it begins cannot be told."""
        for number, line in self._file.lines():
            self._line = number
            if isinstance(line, Reason):
                self._too_long = True
                return
            yield line

    def _found_or_refused(self, where: int, columns: Sequence[str], row: Sequence[str]) -> Found | Refused:
        if len(row) != len(columns):
            return Refused(where, Reason.NOT_UNDERSTOOD)
        ours = _is_ours(columns)
        fields = dict(zip(columns, map(_plain, row) if ours else row, strict=True))
        try:
            if not all(is_utf8(cell) for cell in row):
                raise UnusableError(Reason.NOT_UTF8)
            found = self._found(where, fields)
            return self._ours(found, fields) if ours else found
        except UnusableError as err:
            return Refused(where, err.reason, values.shown(fields["key"]), err.detail)

    def _found(self, where: int, fields: Mapping[str, str]) -> Found:
        """Return what a row says. Raises UnusableError."""
        key = values.key(fields["key"])
        tags, all_tags = values.tags(_tags(fields, key))
        scope, known_scope = values.scope(fields.get("scope"))
        owner = next((fields[name].strip() for name in _OWNERS if fields.get(name)), "")
        created_at = self._known(fields, "created_at")
        notes = (
            *(() if all_tags else (Note.TAGS_LEFT_OUT,)),
            *(() if known_scope else (Note.SCOPE_UNKNOWN,)),
            *(() if created_at is not None else (Note.TIME_UNKNOWN,)),
        )
        return Found(
            where=where,
            identity=f"{key} {owner} {created_at}",
            value=values.value(fields["value"]),
            key=key,
            owner=None if owner.casefold() in _NOBODY else owner,
            scope=Scope.HOUSEHOLD if owner == HOUSEHOLD and scope is Scope.USER else scope,
            category=values.category(fields["category"]) if fields.get("category") else None,
            tags=tags,
            confidence=_confidence(fields.get("confidence", "")),
            pinned=_flag(fields["pinned"]) if "pinned" in fields else None,
            created_at=created_at,
            updated_at=self._known(fields, "updated_at"),
            last_used_at=self._known(fields, "last_used_at"),
            expires_at=values.moment(fields.get("expires_at"), self._zone),
            source=Source(surface="import"),
            notes=notes,
        )

    def _ours(self, found: Found, fields: Mapping[str, str]) -> Found:
        """Add what only our own CSV tells. Raises UnusableError."""
        if not jsonl.is_id(fields["id"]):
            raise UnusableError(Reason.INVALID_FIELD, "id")
        uses = fields.get("use_count", "")
        return replace(
            found,
            id=fields["id"],
            identity=fields["id"],
            use_count=int(uses) if uses.isdecimal() and len(uses) <= _DIGITS else 0,
            forgotten=bool(fields["deleted_at"]),
        )

    def _known(self, fields: Mapping[str, str], name: str) -> float | None:
        return values.known_moment(fields.get(name), self._now, self._zone)


def header(line: str) -> list[str] | None:
    """Return the names of the columns, ``None`` for a line that is not the first of a file that we can read."""
    try:
        names = next(csv.reader([line], delimiter=delimiter(line), strict=True), [])
    except csv.Error:
        return None
    names = [name.strip().casefold() for name in names]
    if len(names) > _MOST_COLUMNS or len(set(names)) < len(names) or not NEEDED.issubset(names):
        return None
    return names


def delimiter(line: str) -> str:
    """Return what parts the columns."""
    return max(_DELIMITERS, key=line.count)


def _is_ours(columns: Collection[str]) -> bool:
    return _OURS.issubset(columns)


def _tags(fields: Mapping[str, str], key: str) -> list[str]:
    """Return the tags; in our own CSV they are as somebody gave them, with blanks, and words of the key among them."""
    if _is_ours(fields.keys()):
        return fields.get("tags", "").split(",")
    return values.without_words_of(values.split_tags(fields.get("tags")), key)


def _plain(cell: str) -> str:
    return _APOSTROPHE.sub("", cell, count=1) if _APOSTROPHE.match(cell) else cell


def _confidence(given: str) -> float | None:
    try:
        share = float(given)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None


def _flag(given: str) -> bool:
    """Return yes or no. Raises UnusableError."""
    written = given.strip().casefold()
    if written not in _YES | _NO:
        raise UnusableError(Reason.INVALID_FIELD, "pinned")
    return written in _YES
