"""Days, months and years as spans of seconds, in a time zone. Pure functions.

All may raise OverflowError or ValueError for years that the calendar does not have.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from .spans import Interval, Precision

MAX_BACK: Final = 100
"""Years that an expression may reach back."""
EARLIER_YEARS: Final = 4
EARLIER_WEIGHT: Final = 0.5
"""What does not name its year most likely means the last time, and hardly one of the years before these."""
WEEKDAY_WEIGHT: Final = 0.5
"""Of a weekday alone, which may as well be when something happens every week."""
_MONTHS: Final = 12
_SATURDAY: Final = 5
_EVENING: Final = time(18)
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Now:
    """A moment in a time zone, from which expressions count."""

    def __init__(self, now: float, zone: tzinfo) -> None:
        """Take the moment in seconds since the epoch."""
        self._now = now
        self._zone = zone
        self.today = datetime.fromtimestamp(now, zone).date()

    def day(self, day: date, weight: float = 1.0) -> Interval:
        """Return a day; some have 23 or 25 hours."""
        return self._days(day, day + timedelta(days=1), Precision.DAY, weight)

    def month(self, year: int, month: int, weight: float = 1.0) -> Interval:
        """Return a month."""
        later = year + month // _MONTHS, month % _MONTHS + 1
        return self._days(date(year, month, 1), date(*later, 1), Precision.MONTH, weight)

    def year(self, year: int, weight: float = 1.0) -> Interval:
        """Return a year."""
        return self._days(date(year, 1, 1), date(year + 1, 1, 1), Precision.YEAR, weight)

    def dates(self, year: int | None, month: int, day: int | None) -> Iterator[Interval]:
        """Yield the day or month that is meant; without a year the last one, and weaker those before."""
        last = self.today.year if year is None else year
        if year is None and (month, day or 1) > (self.today.month, self.today.day):
            last -= 1
        for back in range(1 if year is not None else 1 + EARLIER_YEARS):
            weight = EARLIER_WEIGHT if back else 1.0
            if day is None:
                yield self.month(last - back, month, weight)
            elif _is_day(last - back, month, day):
                yield self.day(date(last - back, month, day), weight)

    def weekday(self, weekday: int, weight: float, *, today: bool = True) -> Interval:
        """Return the last such day; ``today`` says whether it may be today."""
        back = (self.today.weekday() - weekday) % 7 or (0 if today else 7)
        return self.day(self.today - timedelta(days=back), weight)

    def relative(self, unit: str, count: int) -> Interval:
        """Return the time that an expression means which counts from today."""
        return replace(self._relative(unit, count), exact=True)

    def _relative(self, unit: str, count: int) -> Interval:
        """Return the unit of the calendar that lies ``-count`` back: this year, last week, yesterday, last Monday."""
        if unit in _WEEKDAYS:
            return self.weekday(_WEEKDAYS.index(unit), 1.0, today=False)
        if unit == "day":
            return self.day(self.today + timedelta(days=count))
        if unit == "night":
            evening = datetime.combine(self.today + timedelta(days=count), _EVENING, self._zone).timestamp()
            return Interval(evening, max(evening, self._start(self.today) + 6 * 3600), Precision.DAY)
        if unit == "month":
            months = self.today.year * _MONTHS + self.today.month - 1 + count
            return self.month(months // _MONTHS, months % _MONTHS + 1)
        if unit == "year":
            return self.year(self.today.year + count)
        monday = self.today - timedelta(days=self.today.weekday(), weeks=-count)
        begin = monday + timedelta(days=_SATURDAY if unit == "weekend" else 0)
        return self._days(begin, monday + timedelta(weeks=1), Precision.WEEK)

    def ago(self, unit: str, count: int) -> Interval:
        """Return the time so long ago: the longer, the less exactly people mean it."""
        if count > MAX_BACK * 366 * 24:
            raise OverflowError
        if unit == "hour":
            middle = self._now - count * 3600.0
            return Interval(middle - 1800, middle + 1800, Precision.HOUR)
        if unit == "day":
            return self.day(self.today - timedelta(days=count))
        days, around, precision = {
            "week": (7.0, 3, Precision.WEEK),
            "month": (365.2425 / _MONTHS, 15, Precision.MONTH),
            "year": (365.2425, 183, Precision.YEAR),
        }[unit]
        middle_day = self.today - timedelta(days=round(days * count))
        begin, end = middle_day - timedelta(days=around), middle_day + timedelta(days=around + 1)
        return self._days(begin, min(end, max(self.today, begin + timedelta(days=1))), precision)

    def _days(self, begin: date, end: date, precision: Precision, weight: float = 1.0) -> Interval:
        return Interval(self._start(begin), self._start(end), precision, weight)

    def _start(self, day: date) -> float:
        return datetime.combine(day, time(), self._zone).astimezone(UTC).timestamp()


def is_date(year: int | None, month: int, day: int) -> bool:
    """Return whether there is such a day, in some year where none is given."""
    return _is_day(2000 if year is None else year, month, day)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
