"""Makes the file with the names of months, days and times from CLDR's data. Run by scripts/build_calendar_names."""

from collections.abc import Iterable, Iterator, Mapping
import json
from os.path import commonprefix
from pathlib import Path
import re
import sys
from typing import Any, Final

from custom_components.semantic_memory.memory.times import tokens
from custom_components.semantic_memory.memory.times.tokens import phrase

FILE: Final = Path(tokens.__file__).with_name("calendar_names.json")
LANGUAGES: Final = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "nl",
    "pl",
    "pt",
    "sv",
    "da",
    "nb",
    "fi",
    "cs",
    "hu",
    "ro",
    "tr",
    "ru",
    "uk",
    "zh",
    "ja",
    "ko",
)
_SPELLING: Final = {"nb": "no"}
"""Languages whose numbers CLDR has under another code."""
_INFLECTED: Final = frozenset({"cs", "fi", "hu", "pl", "ru", "tr", "uk"})
"""Languages that say "in May" by an ending, of which CLDR has the nominative and genitive only."""
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS: Final = ("hour", "day", "week", "month", "year")
_TO_SAY: Final = -2
"""As far back as days have names."""
_NUMBERS: Final = 10
_BEGINNING: Final = 3
"""As many letters of a weekday stay the same, whatever its ending."""
_ADDED: Final[Mapping[str, Mapping[tuple[str, int], tuple[str, ...]]]] = {
    "en": {
        ("day", -2): ("the day before yesterday", "day before yesterday"),
        ("night", -1): ("last night",),
        ("day", 0): ("this morning", "this afternoon", "this evening", "tonight"),
        ("weekend", -1): ("last weekend",),
        ("weekend", 0): ("this weekend",),
    },
    "de": {
        ("week", -1): ("letzter Woche", "vorige Woche", "voriger Woche", "vergangene Woche", "vergangener Woche"),
        ("week", 0): ("dieser Woche",),
        ("month", -1): ("letztem Monat", "vorigen Monat"),
        ("month", 0): ("diesem Monat",),
        ("year", -1): ("letztem Jahr", "letzten Jahr", "voriges Jahr"),
        ("year", 0): ("diesem Jahr",),
        ("weekend", -1): ("letztes Wochenende", "letzten Wochenende"),
    },
    "es": {("night", -1): ("anoche",)},
    "fr": {("weekend", -1): ("le week-end dernier",)},
    "it": {("week", -1): ("scorsa settimana",), ("month", -1): ("scorso mese",), ("day", 0): ("stamattina", "stasera")},
    "nl": {("week", -1): ("afgelopen week",), ("night", -1): ("gisteravond",), ("day", 0): ("vanavond", "vanmorgen")},
    "pl": {("day", 0): ("dzi\u015b",)},
    "sv": {("day", -1): ("ig\u00e5r",), ("day", 0): ("idag",)},
    "hu": {("week", -1): ("m\u00falt h\u00e9ten",), ("year", -1): ("tavaly",)},
    "uk": {("day", -1): ("\u0432\u0447\u043e\u0440\u0430",)},
    "zh": {("week", -1): ("\u4e0a\u661f\u671f", "\u4e0a\u4e2a\u661f\u671f"), ("night", -1): ("\u6628\u665a",)},
    "ja": {("day", -1): ("\u304d\u306e\u3046",), ("year", -1): ("\u53bb\u5e74",)},
}
"""Common expressions that CLDR has no field for, or has in one form only."""
_INDEFINITE: Final = {"en": {1: ("a", "an"), 2: ("a couple of",)}}
"""Words for numbers that are not how one counts."""
_CARDINAL: Final = re.compile(
    r"%spellout-(numbering|cardinal(-(masculine|feminine|neuter|common|[a-z]))?)(-(accusative|instrumental))?"
)


def main(packages: Path) -> int:
    """Write the file from the packages cldr-dates-full and cldr-rbnf below ``packages``."""
    version = json.loads((packages / "cldr-dates-full/package.json").read_text("utf-8"))["version"]
    data = {
        "source": f"Unicode CLDR {version}, copyright 1991-2025 Unicode, Inc. SPDX-License-Identifier: Unicode-3.0",
        "languages": {language: _language(packages, language) for language in LANGUAGES},
    }
    lines = json.dumps(data, ensure_ascii=False, indent=1, separators=(",", ":"))
    FILE.write_text(f"{lines}\n", "utf-8")
    return 0


def _language(packages: Path, language: str) -> dict[str, object]:
    folder = packages / "cldr-dates-full/main" / language
    calendar = _dates(folder / "ca-gregorian.json", language)["calendars"]["gregorian"]
    fields = _dates(folder / "dateFields.json", language)["fields"]
    months = [_unique(forms) for forms in zip(*_forms(calendar["months"], "wide"), strict=True)]
    said = dict(_said(fields))
    said |= {phrase(text): time for time, texts in _ADDED.get(language, {}).items() for text in texts}
    numbers = _numbers(packages, language)
    for number, texts in _INDEFINITE.get(language, {}).items():
        numbers[number - 1] = _unique([*numbers[number - 1], *texts])
    return {
        "months": months,
        "short_months": [
            [name for name in _unique(forms) if name not in wide and not name.isdigit()]
            for forms, wide in zip(zip(*_forms(calendar["months"], "abbreviated"), strict=True), months, strict=True)
        ],
        "stems": _stems(months) if language in _INFLECTED else [],
        "weekdays": _weekdays(calendar["days"], fields),
        "said": said,
        "past": dict(_past(fields)),
        "numbers": numbers,
        "years": _unique([fields["year"]["displayName"]]),
    }


def _dates(file: Path, language: str) -> dict[str, Any]:
    dates: dict[str, Any] = json.loads(file.read_text("utf-8"))["main"][language]["dates"]
    return dates


def _forms(named: Mapping[str, Mapping[str, Mapping[str, str]]], width: str) -> list[list[str]]:
    return [list(named[context][width].values()) for context in ("format", "stand-alone")]


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(phrase(text) for text in texts))


def _weekdays(days: Mapping[str, Any], fields: Mapping[str, Any]) -> list[list[str]]:
    """Return the names of each weekday, Monday first, also as "last Wednesday" and "this Wednesday" have them."""
    found = []
    for day in _WEEKDAYS:
        names = _unique(days[context]["wide"][day] for context in ("format", "stand-alone"))
        inflected = (
            word
            for relation in ("-1", "0")
            for word in phrase(fields[day][f"relative-type-{relation}"]).split()
            if any(word[:_BEGINNING] == name[:_BEGINNING] and " " not in name for name in names)
        )
        found.append(_unique([*names, *inflected]))
    return found


def _said(fields: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, int]]]:
    for unit in _UNITS[1:]:
        for count in range(_TO_SAY, 1):
            if text := fields[unit].get(f"relative-type-{count}"):
                yield phrase(text), (unit, count)
    for day in _WEEKDAYS:
        yield phrase(fields[day]["relative-type--1"]), (day, -1)


def _past(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield patterns such as "# days ago", in every grammatical number."""
    for unit in _UNITS:
        for pattern in fields[unit]["relativeTime-type-past"].values():
            before, number, after = pattern.partition("{0}")
            if number:
                yield " ".join(filter(None, (phrase(before), "#", phrase(after)))), unit


def _numbers(packages: Path, language: str) -> list[list[str]]:
    """Return the words of the numbers one to ten, of every gender and case."""
    file = packages / f"cldr-rbnf/rbnf/{_SPELLING.get(language, language)}.json"
    rules = json.loads(file.read_text("utf-8"))["rbnf"]["rbnf"]["SpelloutRules"]
    words: list[list[str]] = [[] for _ in range(_NUMBERS)]
    for name, lines in rules.items():
        if not _CARDINAL.fullmatch(name):
            continue
        for base, *texts in lines:
            word = "".join(texts).rstrip(";").partition("[")[0]
            if base.isdigit() and 1 <= int(base) <= _NUMBERS and word.replace("\u00ad", "").isalpha():
                words[int(base) - 1].append(word)
    return [_unique(found) for found in words]


def _stems(months: list[list[str]]) -> list[list[str]]:
    """Return what all forms of each month's name begin with, unless it may be another month's."""
    stems = [commonprefix(forms) for forms in months]  # noqa: RUF071 - of letters, not of paths
    return [
        [] if any(stem.startswith(other) or other.startswith(stem) for other in stems if other is not stem) else [stem]
        for stem in stems
    ]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
