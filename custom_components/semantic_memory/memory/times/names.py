"""Names of months, days and times in many languages, read from a file that scripts/build_calendar_names makes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import json
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("calendar_names.json")

NUMBER: Final = "#"
"""Stands for a number in an expression."""
LEAST_STEM: Final = 3
"""Letters of a month's name without its ending."""

LEADS: Final[Mapping[str, frozenset[str]]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "in of since during last until from early late mid on",
        "de": "im seit ende anfang mitte letzten vom bis",
        "fr": "en de d au fin debut mi depuis mois",
        "es": "en de desde mes",
        "it": "a ad in di da nel del dal mese",
        "nl": "in van sinds",
        "pl": "w we od z",
        "pt": "em de desde no do",
        "sv": "i under sedan",
        "da": "i under siden",
        "nb": "i under siden",
        "cs": "v ve od z",
        "ro": "in din",
        "ru": "в во с за",  # noqa: RUF001 - Cyrillic
        "uk": "у в з",  # noqa: RUF001
    }.items()
}
"""Folded words in front of a month or year that stands alone. CLDR has none. Without such a word "May" may be a name or
"may", and a number anything. Languages that are missing put an ending behind the name, which tells as much."""

_MISLEADING: Final = frozenset({("ro", "mai"), ("tr", "ocak"), ("cs", "led")})
"""Names of months that are another word behind those, too ("în mai multe" is "in several"), or with an ending: stove,
ice."""

HOMONYMS: Final[Mapping[str, frozenset[str]]] = {
    phrase: frozenset(words.split())
    for phrase, words in {
        "hier": "ai as a je tu que qu est la les des nous on il elle avons ont t m c soir matin",
        "ma": "mit az hol mikor hogy nem is mi",
    }.items()
}
"""Expressions that are a common word of another language ("hier" is "here" in German and Dutch, "ma" "but" in Italian),
with words of which one has to be in the text as well, unless it says nothing else."""


@dataclass(frozen=True, slots=True)
class Names:
    """What is looked up: folded expressions, and what they mean in which language."""

    said: dict[str, tuple[str, int]] = field(default_factory=dict)
    """"last week": unit and how many of it to go back, negative."""
    past: dict[str, dict[str, str]] = field(default_factory=dict)
    """"# weeks ago": unit by language."""
    months: dict[str, dict[str, int]] = field(default_factory=dict)
    """1..12 by language."""
    short_months: dict[str, int] = field(default_factory=dict)
    stems: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of months whose name takes endings that are not in the file."""
    weekdays: dict[str, int] = field(default_factory=dict)
    """0 for Monday."""
    numbers: dict[str, dict[str, int]] = field(default_factory=dict)
    """Written in words, by language."""
    years: set[str] = field(default_factory=set)
    """Words for "year"."""

    def lengths(self) -> dict[str, tuple[int, ...]]:
        """Return how many words the expressions have that begin with each word or a number, the longest first."""
        found: dict[str, set[int]] = {}
        for key in (*self.said, *self.past):
            words = key.split(" ")
            for first in (NUMBER, *self.numbers) if words[0] == NUMBER else (words[0],):
                found.setdefault(first, set()).add(len(words))
        return {first: tuple(sorted(lengths, reverse=True)) for first, lengths in found.items()}


def _read() -> Names:
    names = Names()
    languages: dict[str, dict[str, Any]] = json.loads(FILE.read_text("utf-8"))["languages"]
    for language, data in languages.items():
        for table, key, first in (
            (names.months, "months", 1),
            (names.stems, "stems", 1),
            (names.numbers, "numbers", 1),
        ):
            for name, number in _numbered(data.get(key, ()), first):
                if (language, name) not in _MISLEADING:
                    table.setdefault(name, {})[language] = number
        for name, number in _numbered(data["short_months"], 1):
            names.short_months.setdefault(name, number)
        for name, number in _numbered(data["weekdays"], 0):
            names.weekdays.setdefault(name, number)
        for phrase, (unit, count) in data["said"].items():
            names.said.setdefault(phrase, (unit, count))
        for phrase, unit in data["past"].items():
            names.past.setdefault(phrase, {})[language] = unit
        names.years.update(data["years"])
    return names


def _numbered(lists: Iterable[Iterable[str]], first: int) -> Iterable[tuple[str, int]]:
    for number, found in enumerate(lists, first):
        for name in found:
            yield name, number


NAMES: Final = _read()
LENGTHS: Final = NAMES.lengths()
"""By the first word or number of expressions, how many words they have."""
MONTH_STARTS: Final = frozenset(name.partition(" ")[0] for name in (*NAMES.months, *NAMES.short_months))
WEEKDAY_STARTS: Final = frozenset(name.partition(" ")[0] for name in NAMES.weekdays)
STEM_STARTS: Final = frozenset(stem[:LEAST_STEM] for stem in NAMES.stems)
"""How all words begin that may be a form of a month's name with another ending."""
