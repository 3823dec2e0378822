"""Makes usable arguments of what language models send.

Home Assistant hands the arguments of a tool call over unchecked, and small models send numbers as text, ``"null"`` for
nothing, lists where text is asked for, or another name for a parameter. Everything here is pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import json
import math
import re
from typing import Final

import voluptuous as vol

from .memory.models import Category, Scope

MAX_RECALLED: Final = 20
"""More results than this only confuse a small model."""

_NOTHING: Final = frozenset({"", "null", "none", "undefined"})
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_SCOPES: Final = {
    **dict.fromkeys(("user", "me", "my", "self", "own", "personal", "private", "individual"), Scope.USER),
    **dict.fromkeys(("household", "home", "house", "family", "shared", "everyone", "all", "public"), Scope.HOUSEHOLD),
}

type Cleaner = Callable[[object], object | None]


@dataclass(frozen=True, slots=True)
class Argument:
    """How one parameter is read: by which other names models call it, and what makes its value usable."""

    clean: Cleaner
    aliases: tuple[str, ...] = ()


def tidied(arguments: object, wanted: Mapping[str, Argument]) -> dict[str, object]:
    """Return the wanted arguments, each cleaned; those without a usable value are left out.

    Raises vol.Invalid with a sentence for the model where a value has no sensible reading.
    """
    if not isinstance(arguments, Mapping):
        return {}
    given = {str(name).strip().casefold(): value for name, value in arguments.items()}
    found: dict[str, object] = {}
    for name, argument in wanted.items():
        for spelling in (name, *argument.aliases):
            if (value := argument.clean(given.get(spelling))) is not None:
                found[name] = value
                break
    return found


def text(value: object) -> str | None:
    """Return the text of a value, ``None`` where nothing was said."""
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if value is None or (isinstance(value, list | tuple | dict) and not value):
        return None
    plain = (value if isinstance(value, str) else _as_json(value)).strip()
    return None if plain.casefold() in _NOTHING else plain


def _as_json(value: object) -> str:
    """Return a value as JSON: Ollama's integration decodes text that looks like it, and this puts it back."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError) as err:  # odd keys, thousands of digits, very deep
        message = "a value has to be plain text"
        raise vol.Invalid(message) from err


def tags(value: object) -> str | None:
    """Return tags as comma-separated text, whether they came as a list or as text."""
    if isinstance(value, list | tuple):
        return ", ".join(tag for item in value if (tag := text(item)) is not None) or None
    return text(value)


def category(value: object) -> str | None:
    """Return the category that is meant, ``general`` for one that does not exist."""
    if (name := text(value)) is None:
        return None
    name = name.casefold()
    return name if name in Category else Category.GENERAL.value


def scope(value: object) -> str | None:
    """Return the scope that is meant. An unknown one is nobody else's business: ``user``."""
    if (name := text(value)) is None:
        return None
    return _SCOPES.get(name.casefold(), Scope.USER).value


def limit(value: object) -> int | None:
    """Return a number of results within bounds, ``None`` for anything that is not a number."""
    number = _number(value)
    return None if number is None else int(min(max(number, 1), MAX_RECALLED))


def days(value: object) -> float | None:
    """Return a number of days; "never" is 0. Raises vol.Invalid for other words."""
    if (said := text(value)) is None:
        return None
    if said.casefold() in {"never", "forever", "permanent"}:
        return 0.0
    if (number := _number(value)) is None or number < 0:
        message = "expires_in_days has to be a number of days, for example 7, or 0 for never"
        raise vol.Invalid(message)
    return number


def _number(value: object) -> float | None:
    """Return the number that a value is or begins to say ("7 days")."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:  # an integer of hundreds of digits
            return None
        return number if math.isfinite(number) else None
    found = _NUMBER.match(text(value) or "")
    return float(found[0].replace(",", ".")) if found else None
