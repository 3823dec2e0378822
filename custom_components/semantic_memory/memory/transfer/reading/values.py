"""From what other tools store to what the engine stores. Pure functions."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
import math
import re
from typing import Final

from ...errors import InvalidInputError
from ...models import MAX_TAG_LENGTH, MAX_TAGS, MAX_VALUE_LENGTH, Category, Scope
from ...text import fold, normalise_key, parse_tags, storable, words
from ..fields import LATEST
from .found import Reason

_NUMBER: Final = re.compile(r"\d{1,12}(\.\d{1,9})?")
_NEVER: Final = frozenset({"", "infinity", "null", "none"})
_KEPT: Final = 64
"""Characters of a name from a file that a report repeats."""


class UnusableError(Exception):
    """Something in a file cannot be made a memory of."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        """Say why."""
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def text(given: object) -> str:
    """Return a value as text. Raises UnusableError for what is none."""
    if given is None:
        return ""
    if isinstance(given, bool | bytes | memoryview) or not isinstance(given, str | int | float):
        raise UnusableError(Reason.NOT_UNDERSTOOD)
    return given if isinstance(given, str) else str(given)


def value(given: object) -> str:
    """Return what is remembered. Raises UnusableError."""
    stripped = storable(text(given)).strip()
    if not stripped:
        raise UnusableError(Reason.EMPTY)
    if len(stripped) > MAX_VALUE_LENGTH:
        raise UnusableError(Reason.TOO_LONG)
    return stripped


def key(given: object) -> str:
    """Return a key. Raises UnusableError."""
    try:
        return normalise_key(storable(text(given)))
    except InvalidInputError as err:
        raise UnusableError(Reason.INVALID_KEY) from err


def moment(given: object, zone: tzinfo | None = None) -> float | None:
    """Return seconds since the epoch, ``None`` for never.

    Text without a time zone is meant in ``zone``, by default that of this machine. Raises UnusableError.
    """
    if isinstance(given, str) and given.strip().lower() in _NEVER:
        return None
    seconds = math.nan
    if isinstance(given, int | float) and not isinstance(given, bool):
        seconds = given if given <= LATEST else math.nan  # an integer can be too large for a float
    elif isinstance(given, str):
        seconds = _written(given.strip(), zone)
    elif given is None:
        return None
    if not 0 <= seconds <= LATEST:
        raise UnusableError(Reason.INVALID_TIME)
    return float(seconds)


def _written(given: str, zone: tzinfo | None) -> float:
    if _NUMBER.fullmatch(given):
        return float(given)
    try:
        parsed = datetime.fromisoformat(given)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=zone) if zone else parsed.astimezone()
        return parsed.astimezone(UTC).timestamp()
    except ValueError, OverflowError, OSError:
        return math.nan


def known_moment(given: object, now: float, zone: tzinfo | None = None) -> float | None:
    """Return a time in the past; ``None`` where it is not there or cannot be."""
    try:
        seconds = moment(given, zone)
    except UnusableError:
        return None
    return None if seconds is None else min(seconds, now)


def tags(given: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """Return as many tags as a memory can have, and whether any had to be left out."""
    kept: dict[str, str] = {}
    complete = True
    for part in given:
        try:
            (tag,) = parse_tags([part]) or ("",)
        except InvalidInputError, ValueError:
            complete = False
            continue
        if tag:
            kept.setdefault(fold(tag), tag)
    return tuple(kept.values())[:MAX_TAGS], complete and len(kept) <= MAX_TAGS


def split_tags(given: object) -> list[str]:
    """Return the tags in a text: parted by commas or semicolons, or by blanks where there are none of those."""
    written = storable(text(given)).strip().strip("[]{}")
    if re.search(r"[,;\n\u3001]", written):
        return [part.strip().strip("\"'") for part in re.split(r"[,;\n\u3001]", written)]
    parts = written.split()
    # Some tools take one text for one tag.
    return [written] if len(parts) > MAX_TAGS and len(written) <= MAX_TAG_LENGTH else parts


def without_words_of(given: Iterable[str], known: str) -> list[str]:
    """Leave out tags that only repeat words of a key: several tools make tags of the key where none are given."""
    repeated = set(words(known))
    return [tag for tag in given if not repeated.issuperset(words(tag))]


def scope(given: object) -> tuple[Scope, bool]:
    """Return a scope, and whether it is one that we know; what we do not know is personal."""
    written = str(given).strip().casefold() if isinstance(given, str) else ""
    try:
        return Scope(written), True
    except ValueError:
        return Scope.USER, not written


def category(given: object) -> Category | None:
    """Return a category if it is one of ours."""
    try:
        return Category(str(given).strip().casefold())
    except ValueError:
        return None


def mapped_category(names: Iterable[object], table: Mapping[str, Category]) -> Category | None:
    """Return the category that the first known of these names stands for."""
    return next((table[name] for name in map(_plain, names) if name in table), None)


def shown(name: object) -> str:
    """Return a name from a file as a report may repeat it."""
    return " ".join(storable(str(name)[: _KEPT * 4]).split())[:_KEPT]


def _plain(name: object) -> str:
    return name.strip().casefold() if isinstance(name, str) else ""
