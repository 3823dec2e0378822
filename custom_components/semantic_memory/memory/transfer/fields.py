"""The fields of one parsed record, taken out one by one and checked on the way."""

from collections.abc import Mapping
from typing import Final

from ..errors import InvalidInputError

type Record = dict[str, object]
"""A parsed JSON object."""

LATEST: Final = 253_402_300_799.0
"""The last second of the year 9999, the last that dates can name."""
MAX_COUNT: Final = 2**53
"""Whole numbers up to here survive every JSON parser."""
_MISSING: Final = object()


class Fields:
    """The fields of one record, each of which is taken out once and has to be what it ought to be."""

    def __init__(self, record: object, place: str = "") -> None:
        """Take a parsed record; ``place`` goes before the names of its fields in errors."""
        if not isinstance(record, Mapping):
            raise InvalidInputError("line_not_object")
        self._left = dict(record)
        self._place = place

    def take(self, name: str, default: object = _MISSING) -> object:
        """Take a field out. Raises InvalidInputError if it is not there and needs to be."""
        value = self._left.pop(name, default)
        if value is _MISSING:
            raise InvalidInputError("line_field_missing", field=self._place + name)
        return value

    def end(self) -> None:
        """Refuse what is left over."""
        for name in self._left:
            raise InvalidInputError("line_field_unknown", field=self._place + str(name))

    def text(self, name: str) -> str:
        """Take text that SQLite can hold."""
        value = self.take(name)
        if not isinstance(value, str) or not _encodable(value):
            raise self._refusal(name)
        return value

    def optional_text(self, name: str) -> str | None:
        """Take text or nothing."""
        return self.text(name) if self._given(name) else None

    def number(self, name: str, largest: float) -> float:
        """Take a number from 0."""
        value = self.take(name)
        # An integer can be too large to be compared as a float, hence the comparison first; NaN fails it too.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= largest:
            raise self._refusal(name)
        return float(value)

    def time(self, name: str) -> float:
        """Take seconds since the epoch."""
        return self.number(name, LATEST)

    def optional_time(self, name: str) -> float | None:
        """Take seconds since the epoch, or nothing."""
        return self.time(name) if self._given(name) else None

    def count(self, name: str) -> int:
        """Take a whole number from 0."""
        number = self.number(name, MAX_COUNT)
        if not number.is_integer():
            raise self._refusal(name)
        return int(number)

    def flag(self, name: str) -> bool:
        """Take yes or no."""
        value = self.take(name)
        if not isinstance(value, bool):
            raise self._refusal(name)
        return value

    def texts(self, name: str) -> list[str]:
        """Take a list of texts that SQLite can hold."""
        values = self.take(name)
        if not isinstance(values, list | tuple):
            raise self._refusal(name)
        texts = [value for value in values if isinstance(value, str) and _encodable(value)]
        if len(texts) < len(values):
            raise self._refusal(name)
        return texts

    def objects(self, name: str) -> list[object]:
        """Take a list whose items are looked at later, an empty one where there is none."""
        values = self.take(name, [])
        if not isinstance(values, list | tuple):
            raise self._refusal(name)
        return list(values)

    def optional_object(self, name: str) -> Record | None:
        """Take an object or nothing."""
        value = self.take(name)
        if value is not None and not isinstance(value, dict):
            raise self._refusal(name)
        return value

    def _given(self, name: str) -> bool:
        """Return whether an optional field, which has to be there, holds something; take it out if it does not."""
        if self._left.get(name, _MISSING) is not None:
            return True
        del self._left[name]
        return False

    def _refusal(self, name: str) -> InvalidInputError:
        return InvalidInputError("line_field_invalid", field=self._place + name)


def _encodable(text: str) -> bool:
    """Return whether a text has no halves of characters, which UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
