"""What the commands take, field by field. Browsers send JSON, so nothing is guessed: text is text, a number a number.

A validator raises ``vol.Invalid`` for what has the wrong type, and InvalidInputError where more can be said. What
belongs to the engine's rules (lengths, vocabularies, ranges) the engine checks.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final

from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..memory.errors import InvalidInputError
from ..memory.models import MemoryFilter

MAX_IDS: Final = 1_000
"""As many memories as are changed at once."""
_LARGEST: Final = 2**53
"""Up to here a browser's numbers are exact."""


def number(value: object) -> float:
    """Return a number; yes and no are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST <= value <= _LARGEST:
        raise vol.Invalid("expected a number")
    return value


def whole_number(value: object) -> int:
    """Return a whole number."""
    given = number(value)
    if not isinstance(given, int):
        raise vol.Invalid("expected a whole number")
    return given


def texts(value: object) -> list[str]:
    """Return a list of texts."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise vol.Invalid("expected a list of texts")
    return value


def ids(value: object) -> list[str]:
    """Return the ids of memories, each once."""
    given = list(dict.fromkeys(texts(value)))
    if not given:
        raise InvalidInputError("no_ids")
    if len(given) > MAX_IDS:
        raise InvalidInputError("too_many_ids", max=MAX_IDS)
    return given


def moment(value: object) -> float:
    """Return a date with a time, in ISO 8601, as seconds since the epoch."""
    if isinstance(value, str):
        with suppress(ValueError, OverflowError):
            if (parsed := dt_util.parse_datetime(value)) is not None:
                return dt_util.as_utc(parsed).timestamp()
    raise InvalidInputError("invalid_date", value=value)


def moment_or_never(value: object) -> float | None:
    """Return a time, ``None`` for "never"."""
    return None if value is None else moment(value)


def choice[ChoiceT: StrEnum](options: type[ChoiceT], code: str) -> Callable[[object], ChoiceT]:
    """Return a validator of one of ``options``, which raises the error ``code`` for any other."""

    def validate(value: object) -> ChoiceT:
        try:
            return options(str(value))
        except ValueError as err:
            raise InvalidInputError(code, value=value, allowed=", ".join(options)) from err

    return validate


_FILTER: Final = vol.Schema(
    {
        vol.Optional("owner"): str,
        vol.Optional("scope"): str,
        vol.Optional("category"): str,
        vol.Optional("tags"): texts,
        vol.Optional("text"): str,
        vol.Optional("pinned"): bool,
        vol.Optional("expiring"): bool,
        vol.Optional("surface"): str,
        vol.Optional("forgotten"): bool,
    }
)


def memory_filter(value: object) -> MemoryFilter:
    """Return which memories are meant; parts that are null say nothing."""
    given = {name: part for name, part in value.items() if part is not None} if isinstance(value, Mapping) else value
    parts: dict[str, Any] = _FILTER(given)
    return MemoryFilter(**parts)


FILTER: Final[Mapping[vol.Marker, Any]] = {vol.Optional("filter", default=dict): memory_filter}
"""The field of commands that take a filter."""
