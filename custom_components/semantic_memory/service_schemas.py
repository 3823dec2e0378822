"""What the actions accept.

Automations send typed values; templates and language models send text: numbers as ``"5"``, flags as ``"false"``, tags
as one text, and empty text for what they do not want to give. All of that is accepted, ``None`` standing for "not
given". What cannot be understood raises a translated ServiceValidationError, so that scripts can go on after it.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
import json
import math
from typing import Any, Final

from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.template import ResultWrapper
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .errors import translated
from .memory.errors import InvalidInputError
from .memory.models import MAX_EXPIRY_DAYS, MAX_LIST_LIMIT, MAX_RECALL_LIMIT, SortKey
from .memory.transfer.formats import ExportFormat
from .memory.transfer.reading.found import Format

_NOTHING: Final = frozenset({"", "none", "null"})
"""How templates spell a number, flag or date that is not there."""


class Order(StrEnum):
    """Directions in which memories can be listed."""

    DESCENDING = "desc"
    ASCENDING = "asc"


def text(value: object) -> str | None:
    """Return ``value`` as text, as it was written where a template turned text into something else."""
    if isinstance(value, ResultWrapper) and value.render_result is not None:
        value = value.render_result
    try:
        if isinstance(value, bool | dict | list | tuple):
            value = json.dumps(value, ensure_ascii=False, default=str)
        # Templates can make halves of characters, which no answer could repeat.
        given = "" if value is None else str(value).encode("utf-8", "replace").decode()
    except (TypeError, ValueError, RecursionError) as err:  # odd keys, thousands of digits, very deep
        raise translated(InvalidInputError("invalid_text")) from err
    return given if given.strip() else None


def word(value: object) -> str | None:
    """Return a word of a fixed vocabulary, trimmed and in lower case."""
    given = text(value)
    return given.strip().lower() if given else None


def texts(value: object) -> list[str]:
    """Return one text or a list of them as a list, without the empty ones."""
    values = value if isinstance(value, list | tuple | set) else [value]
    return [given for item in values if (given := text(item))]


def tags(value: object) -> object:
    """Return tags as a list or as text; an empty list stands for "none at all", empty text for "not given"."""
    if isinstance(value, list | tuple | set):
        return texts(value)
    return value if isinstance(value, Mapping) else text(value)


def number(code: str, **placeholders: object) -> Callable[[object], float | None]:
    """Return a validator of numbers, which raises the error ``code`` for anything else."""

    def validate(value: object) -> float | None:
        given = word(value)
        if given is None or given in _NOTHING:
            return None
        try:
            result = float(given)
        except ValueError:
            result = math.nan
        if not math.isfinite(result):
            raise translated(InvalidInputError(code, **placeholders))
        return result

    return validate


def whole_number(code: str, **placeholders: object) -> Callable[[object], int | None]:
    """Return a validator of whole numbers; ``5.0`` is one, because templates write it so."""
    as_number = number(code, **placeholders)

    def validate(value: object) -> int | None:
        result = as_number(value)
        if result is not None and not result.is_integer():
            raise translated(InvalidInputError(code, **placeholders))
        return None if result is None else int(result)

    return validate


def flag(field: str) -> Callable[[object], bool | None]:
    """Return a validator of yes and no, in all the ways Home Assistant takes them."""

    def validate(value: object) -> bool | None:
        given = word(value)
        if given is None or given in _NOTHING:
            return None
        try:
            return cv.boolean(given)
        except vol.Invalid as err:
            raise translated(InvalidInputError("invalid_flag", field=field, value=given)) from err

    return validate


def moment(value: object) -> datetime | None:
    """Return a date, or a date with a time; without a time zone it is meant in Home Assistant's own."""
    given = text(value)
    if given is None or given.strip().lower() in _NOTHING:
        return None
    with suppress(ValueError, OverflowError):  # the 31st of February, the year 0, midnight of the year 1 further east
        if isinstance(value, datetime):
            return dt_util.as_utc(value)
        if (result := dt_util.parse_datetime(given.strip())) is not None:
            return dt_util.as_utc(result)
        if (day := dt_util.parse_date(given.strip())) is not None:
            return dt_util.as_utc(dt_util.start_of_local_day(day))
    raise translated(InvalidInputError("invalid_date", value=given))


def choice[ChoiceT: StrEnum](options: type[ChoiceT], code: str) -> Callable[[object], ChoiceT | None]:
    """Return a validator of one of ``options``, which raises the error ``code`` for any other."""

    def validate(value: object) -> ChoiceT | None:
        given = word(value)
        if given is None:
            return None
        try:
            return options(given)
        except ValueError as err:
            raise translated(InvalidInputError(code, value=given, allowed=", ".join(options))) from err

    return validate


_LEGACY: Final[dict[vol.Marker, Any]] = {vol.Remove("user_id"): object, vol.Remove("tags_search"): object}
"""Fields of the older scripts that have no meaning any more: who calls is known, tags are searched by themselves."""

_PERSON: Final[dict[vol.Marker, Any]] = {vol.Optional("person"): word}
_REFERENCE: Final[dict[vol.Marker, Any]] = {vol.Optional("key"): text, vol.Optional("id"): text}
_DETAILS: Final[dict[vol.Marker, Any]] = {
    vol.Optional("value"): text,
    vol.Optional("scope"): word,
    vol.Optional("tags"): tags,
    vol.Optional("category"): word,
    vol.Optional("confidence"): number("invalid_confidence"),
    vol.Optional("pinned"): flag("pinned"),
    vol.Optional("expiration_days"): number("invalid_expiry", max=MAX_EXPIRY_DAYS),
    vol.Optional("expires_at"): moment,
}
_GROUPS: Final[dict[vol.Marker, Any]] = {
    vol.Optional("scope"): word,
    vol.Optional("category"): word,
    vol.Optional("tags"): tags,
}
_NARROWING: Final[dict[vol.Marker, Any]] = {
    **_GROUPS,
    vol.Optional("pinned"): flag("pinned"),
    vol.Optional("created_after"): moment,
    vol.Optional("created_before"): moment,
    vol.Optional("updated_after"): moment,
    vol.Optional("updated_before"): moment,
}
_FILTER: Final[dict[vol.Marker, Any]] = {
    vol.Optional("text"): text,
    **_NARROWING,
    vol.Optional("expires_before"): moment,
    vol.Optional("forgotten"): flag("forgotten"),
}
_WHOSE: Final[dict[vol.Marker, Any]] = {**_PERSON, vol.Optional("user_id"): word}

SET_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("key"): text,
        **_DETAILS,
        vol.Optional("force_new"): flag("force_new"),
        **_PERSON,
        **_LEGACY,
    }
)
GET_SCHEMA: Final = vol.Schema({**_REFERENCE, **_PERSON, **_LEGACY})
SEARCH_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("query"): text,
        vol.Optional("limit"): whole_number("invalid_limit", max=MAX_RECALL_LIMIT),
        **_NARROWING,
        vol.Optional("threshold"): number("invalid_threshold"),
        vol.Optional("syntax"): flag("syntax"),
        vol.Optional("explain"): flag("explain"),
        **_PERSON,
        **_LEGACY,
    }
)
LIST_SCHEMA: Final = vol.Schema(
    {
        **_FILTER,
        vol.Optional("sort"): choice(SortKey, "invalid_sort"),
        vol.Optional("order"): choice(Order, "invalid_order"),
        vol.Optional("limit"): whole_number("invalid_limit", max=MAX_LIST_LIMIT),
        vol.Optional("cursor"): text,
        **_PERSON,
    }
)
UPDATE_SCHEMA: Final = vol.Schema({**_REFERENCE, vol.Optional("new_key"): text, **_DETAILS, **_PERSON})
FORGET_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("key"): texts,
        vol.Optional("id"): texts,
        vol.Optional("text"): text,
        **_GROUPS,
        vol.Optional("all_matching"): flag("all_matching"),
        vol.Optional("purge"): flag("purge"),
        **_PERSON,
        **_LEGACY,
    }
)
RESTORE_SCHEMA: Final = vol.Schema({**_REFERENCE, **_PERSON})
STATS_SCHEMA: Final = vol.Schema({**_PERSON})
BACKUP_SCHEMA: Final = vol.Schema({})
RESTORE_BACKUP_SCHEMA: Final = vol.Schema({vol.Optional("name"): text})
IMPORT_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("path"): text,
        vol.Optional("format"): choice(Format, "invalid_import_format"),
        vol.Optional("dry_run"): flag("dry_run"),
        vol.Optional("scope"): word,
        vol.Optional("keep_owners"): flag("keep_owners"),
        **_PERSON,
    }
)
EXPORT_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("format"): choice(ExportFormat, "invalid_export_format"),
        **_FILTER,
        vol.Optional("history"): flag("history"),
        vol.Optional("path"): text,
        vol.Optional("overwrite"): flag("overwrite"),
        **_PERSON,
    }
)
EXPORT_PERSON_SCHEMA: Final = vol.Schema({**_WHOSE, vol.Optional("path"): text})
ERASE_PERSON_SCHEMA: Final = vol.Schema({**_WHOSE, vol.Optional("confirm"): flag("confirm")})
