"""Dates written in figures. Pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass
import re
from typing import Final

from .calendar import is_date

_YEAR: Final = r"(?P<year>(?:19|20)\d\d)"
_MONTH: Final = r"(?P<month>\d{1,2})"
_DAY: Final = r"(?P<day>\d{1,2})"
_FORMS: Final = tuple(
    re.compile(rf"(?<![\w.:/-]){form}(?![\w/:-]|\.\w)")
    for form in (
        rf"{_YEAR}([-/.]\s?){_MONTH}\2{_DAY}(?:T[\d:.]+Z?)?",
        rf"{_YEAR}-(?P<month>0[1-9]|1[0-2])",
        rf"{_DAY}(\.\s?|-){_MONTH}\2{_YEAR}",
        r"(?P<day>\d\d)\.(?P<month>\d\d)\.(?P<short>\d\d)",
        rf"(?P<one>\d{{1,2}})/(?P<other>\d{{1,2}})/{_YEAR}",
        r"(?P<day>\d{1,2})\.(?P<month>0[1-9]|1[0-2])\.",
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.(?=\s\w)",
    )
)
_NAMED: Final = (
    re.compile(rf"(?<!\d)(?:{_YEAR}\s?[年년]\s?)?{_MONTH}\s?[月월](?!\s?[曜요])(?:\s?{_DAY}\s?[日일号號])?"),
    re.compile(rf"(?<!\d){_YEAR}\s?[年년](?!\s?[前전])"),
)
"""Chinese, Japanese and Korean dates, which name the year, the month and the day behind their numbers."""
_FIGURE: Final = re.compile(r"\d")
_THIS_CENTURY: Final = 2000


@dataclass(frozen=True, slots=True)
class NumericDate:
    """A date, or a month, or a year in a text."""

    begin: int
    end: int
    year: int | None
    month: int | None
    day: int | None


def numeric_dates(text: str) -> Iterator[NumericDate]:
    """Yield what may be a date; one that can be read in two ways comes twice."""
    for form in _FORMS + _NAMED if _FIGURE.search(text) else ():
        for match in form.finditer(text):
            for year, month, day in _readings({key: int(value) for key, value in match.groupdict().items() if value}):
                if month is None or is_date(year, month, day or 1):
                    yield NumericDate(*match.span(), year, month, day)


def _readings(found: dict[str, int]) -> Iterator[tuple[int | None, int | None, int | None]]:
    """Yield year, month and day. With slashes nobody knows which of both comes first."""
    if "one" in found:
        for month, day in {(found["one"], found["other"]), (found["other"], found["one"])}:
            yield found["year"], month, day
    else:
        year = _THIS_CENTURY + found["short"] if "short" in found else found.get("year")
        yield year, found.get("month"), found.get("day")
