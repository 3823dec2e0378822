"""Reading the times that a text speaks of. Pure functions.

There is no telling which language a text is in: the expressions of all are looked for, the longest first. Dates that
lie ahead are read as well, though nothing has been said then.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from itertools import takewhile
from typing import Final

from .calendar import WEEKDAY_WEIGHT, Now, is_date
from .names import HOMONYMS, LEADS, LEAST_STEM, LENGTHS, MONTH_STARTS, NAMES, NUMBER, STEM_STARTS, WEEKDAY_STARTS
from .numeric import numeric_dates
from .spans import Interval, Span, without
from .tokens import Kind, tokens

_CHARACTERS: Final = 2_048
"""As much of a text as is read."""
_FIRST_YEAR: Final = 1990
_YEARS_AHEAD: Final = 5
_LAST_DAY: Final = 31
_BETWEEN: Final = frozenset({"of", "de", "del", "d", "den", "the", "do", ".", ","})
"""What may stand between a day, its month and their year."""
_ORDINALS: Final = frozenset({"st", "nd", "rd", "th", "er", "re", "º", "ª"})
_LONG_STEM: Final = 5
_LONGEST_ENDING: Final = 4
_MOST_SPANS: Final = 16
_WORDS_OF_NO_MEANING: Final = 1
"""Such as "on" in "on Monday"."""

type Found = tuple[int, Sequence[Interval]]
"""How many tokens an expression has, and what it means."""


def time_spans(text: str, now: float, zone: tzinfo = UTC) -> tuple[Span, ...]:
    """Return the times that a text speaks of, in the order in which it does.

    ``now`` is in seconds since the epoch; days begin and end at midnight in ``zone``.
    """
    try:
        spans = tuple(_Reader(text[:_CHARACTERS], Now(now, zone)).spans())[:_MOST_SPANS]
    except OverflowError, ValueError, OSError:  # "now" is not within the years of the calendar
        return ()
    if spans and sum(token.kind is not Kind.MARK for token in tokens(without(text, spans))) <= _WORDS_OF_NO_MEANING:
        surely = max(span.weight for span in spans)  # for what else is there?
        return tuple(replace(span, weight=span.weight / surely) for span in spans)
    return spans


@dataclass(frozen=True, slots=True)
class _Month:
    """Name of a month, somewhere in a text."""

    number: int
    length: int
    certain: bool
    """Whether it is nothing else, as its ending or the word in front of it shows."""


class _Reader:
    """One text."""

    def __init__(self, text: str, now: Now) -> None:
        self._now = now
        self._text = text
        self._tokens = list(tokens(text))
        self._words = {token.text for token in self._tokens}

    def spans(self) -> Iterator[Span]:
        figures = self._figures()
        read = 0
        for place, token in enumerate(self._tokens):
            if token.begin in figures and token.begin >= read:
                end, dates = figures[token.begin]
                yield from _made(token.begin, end, dates)
                read = end
            elif token.begin >= read:
                length, intervals = self._longest(place)
                if length:
                    read = self._tokens[place + length - 1].end
                    yield from _made(token.begin, read, intervals)

    def _figures(self) -> dict[int, tuple[int, list[Interval]]]:
        """Return the dates in figures by the place where they begin, the longest of each."""
        found: dict[int, tuple[int, list[Interval]]] = {}
        for date in numeric_dates(self._text):
            end, known = found.get(date.begin, (0, []))
            if date.end < end or (date.year is not None and not self._is_year(date.year)):
                continue
            read = self._dates(date.year, date.month, date.day)
            found[date.begin] = date.end, list(dict.fromkeys([*known, *read])) if date.end == end else read
        return found

    def _dates(self, year: int | None, month: int | None, day: int | None) -> list[Interval]:
        with suppress(OverflowError, ValueError):
            if month is not None:
                return list(self._now.dates(year, month, day))
            if year is not None:
                return [self._now.year(year)]
        return []

    def _longest(self, place: int) -> Found:
        """Return the longest expression that begins at a place, of length 0 where there is none."""
        token = self._tokens[place]
        if token.kind is Kind.NUMBER:
            readings = [self._day_first, self._year_first, self._year, self._phrase]
        else:
            readings = []
            if token.text in MONTH_STARTS or token.text[:LEAST_STEM] in STEM_STARTS:
                readings.append(self._month_first)
            if token.text in WEEKDAY_STARTS:
                readings.append(self._weekday)
            if token.text in LENGTHS:
                readings.append(self._phrase)
            if not readings:  # as for nearly every word
                return 0, ()
        return max((reading(place) for reading in readings), key=lambda found: found[0])

    # Dates with the name of the month

    def _day_first(self, place: int) -> Found:
        """Read "16th of June, 2023"."""
        day = self._number(place, 1, _LAST_DAY)
        after = self._past(place + 1, _ORDINALS | _BETWEEN)
        month = self._month(after) if day else None
        if day is None or month is None:
            return 0, ()
        return self._date(place, after + month.length, month.number, day)

    def _month_first(self, place: int) -> Found:
        """Read "June 16th, 2023", "June 2023", and "in June" without "in"."""
        month = self._month(place)
        if month is None:
            return 0, ()
        end = place + month.length
        day = self._number(end, 1, _LAST_DAY)
        if day is not None and (month.certain or self._tokens[place].capital):
            return self._date(place, self._past(end + 1, _ORDINALS), month.number, day)
        if month.certain or self._year_at(end) is not None:
            return self._date(place, end, month.number, None)
        return 0, ()

    def _year_first(self, place: int) -> Found:
        """Read "2023. május 5."."""
        year = self._number(place, _FIRST_YEAR, self._last_year)
        after = self._past(place + 1, frozenset("."))
        month = self._month(after) if year else None
        if year is None or month is None:
            return 0, ()
        end = after + month.length
        day = self._number(end, 1, _LAST_DAY)
        return end + (day is not None) - place, self._dates(year, month.number, day)

    def _date(self, place: int, end: int, month: int, day: int | None) -> Found:
        """Return a date that may be followed by its year."""
        found = self._year_at(end)
        year, end = (None, end) if found is None else found
        if day is not None and not is_date(year, month, day):
            return 0, ()
        return end - place, self._dates(year, month, day)

    def _year_at(self, place: int) -> tuple[int, int] | None:
        """Return the year that follows, and the place behind it."""
        after = self._past(place, _BETWEEN)
        year = self._number(after, _FIRST_YEAR, self._last_year)
        return None if year is None else (year, after + 1)

    def _month(self, place: int) -> _Month | None:
        """Return the month that is named at a place."""
        for length in (3, 2, 1) if 0 <= place < len(self._tokens) and self._tokens[place].text in MONTH_STARTS else ():
            key = self._key(place, length)
            if key in NAMES.months:
                by_language = NAMES.months[key]
                leads = self._leads(place)
                led = any(leads in LEADS.get(language, ()) for language in by_language)
                certain = led or not by_language.keys() & LEADS.keys()
                return _Month(next(iter(by_language.values())), length, certain)
            if key in NAMES.short_months and (self._tokens[place].capital or self._year_behind(place + length)):
                return _Month(NAMES.short_months[key], length, certain=False)
        return self._inflected(place)

    def _inflected(self, place: int) -> _Month | None:
        """Return the month of which something at a place is a form with another ending than those that are known."""
        word = self._key(place, 1)
        for ending in range(1, min(_LONGEST_ENDING, len(word) - LEAST_STEM) + 1):
            for language, number in NAMES.stems.get(word[:-ending], {}).items():
                led = self._leads(place) in LEADS.get(language, ())
                if led or (language not in LEADS and ending < _LONGEST_ENDING and len(word) - ending >= _LONG_STEM):
                    return _Month(number, 1, certain=True)
        return None

    def _year_behind(self, place: int) -> bool:
        return self._year_at(place) is not None

    # Everything else

    def _phrase(self, place: int) -> Found:
        """Read "last week" and "three days ago"."""
        token = self._tokens[place]
        for length in LENGTHS.get(NUMBER if token.kind is Kind.NUMBER else token.text, ()):
            key = self._key(place, length)
            if key in NAMES.said and self._is_meant(key):
                return length, _if_possible(self._now.relative, *NAMES.said[key])
            for unit, count in self._counted(place, length):
                return length, _if_possible(self._now.ago, unit, count)
        return 0, ()

    def _counted(self, place: int, length: int) -> Iterator[tuple[str, int]]:
        """Yield the unit and number of an expression such as "# days ago", the number in figures or in words."""
        words = [token.text for token in self._tokens[place : place + length]]
        for at, word in enumerate(words) if len(words) == length else ():
            if not word.isdecimal() and word not in NAMES.numbers:
                continue
            pattern = NAMES.past.get(" ".join([*words[:at], NUMBER, *words[at + 1 :]]), {})
            for language, unit in pattern.items():
                count = int(word) if word.isdecimal() else NAMES.numbers[word].get(language)
                if count is not None:
                    yield unit, count
                    return

    def _weekday(self, place: int) -> Found:
        for length in (3, 2, 1):
            weekday = NAMES.weekdays.get(self._key(place, length))
            if weekday is not None:
                return length, _if_possible(self._now.weekday, weekday, WEEKDAY_WEIGHT)
        return 0, ()

    def _year(self, place: int) -> Found:
        """Read the year of "in 2022" and "im Jahr 2022"."""
        year = self._number(place, _FIRST_YEAR, self._last_year)
        before = self._key(place - 1, 1)
        if year is None or not (before in NAMES.years or any(before in leads for leads in LEADS.values())):
            return 0, ()
        return 1, self._dates(year, None, None)

    # Tokens

    @property
    def _last_year(self) -> int:
        return self._now.today.year + _YEARS_AHEAD

    def _is_year(self, year: int) -> bool:
        return _FIRST_YEAR <= year <= self._last_year

    def _is_meant(self, key: str) -> bool:
        """Return whether an expression that is an ordinary word elsewhere is meant as a time."""
        evidence = HOMONYMS.get(key)
        return evidence is None or not self._words.isdisjoint(evidence) or self._words == {key}

    def _number(self, place: int, least: int, most: int) -> int | None:
        """Return the number at a place if it is within these bounds."""
        if not 0 <= place < len(self._tokens):
            return None
        token = self._tokens[place]
        if token.kind is not Kind.NUMBER or len(token.text) > len(str(most)):
            return None
        number = int(token.text)
        return number if least <= number <= most else None

    def _past(self, place: int, skipped: frozenset[str]) -> int:
        """Return the place behind words that do not matter."""
        return place + sum(1 for _ in takewhile(lambda token: token.text in skipped, self._tokens[place:]))

    def _key(self, place: int, length: int) -> str:
        """Return so many tokens as they are looked up; empty where there are not that many."""
        found = self._tokens[place : place + length] if place >= 0 else ()
        return " ".join(token.text for token in found) if len(found) == length else ""

    def _leads(self, place: int) -> str:
        """Return the word in front of a place."""
        return self._key(place - 1, 1)


def _made(begin: int, stop: int, intervals: Sequence[Interval]) -> Iterator[Span]:
    for found in intervals:
        yield Span(found.start, found.end, found.precision, found.weight, found.exact, begin, stop)


def _if_possible[**P](make: Callable[P, Interval], *args: P.args, **kwargs: P.kwargs) -> Sequence[Interval]:
    """Return the time, none where the calendar does not reach that far."""
    with suppress(OverflowError, ValueError):
        return (make(*args, **kwargs),)
    return ()
