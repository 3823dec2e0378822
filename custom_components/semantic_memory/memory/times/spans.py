"""Spans of time, and how well a moment fits them. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
import math
from typing import Final

from ..models import SECONDS_PER_DAY


class Precision(StrEnum):
    """How exactly an expression says when."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_FADING: Final = {
    Precision.HOUR: 1 / 8,
    Precision.DAY: 3.0,
    Precision.WEEK: 5.0,
    Precision.MONTH: 10.0,
    Precision.YEAR: 30.0,
}
"""Days outside of a span in which the fit falls to 1/e: who says "on 16 June" may be a few days off."""
_OUTSIDE: Final = 0.7
"""Fit just outside of a span."""
_EXACT: Final = 3.0
"""How much faster the fit falls for "yesterday", of which nobody is unsure."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A time."""

    start: float
    """Seconds since the epoch."""
    end: float
    """The first moment after it."""
    precision: Precision
    weight: float = 1.0
    """0..1, how much it says about when something was told: "today" may as well be when something happens."""
    exact: bool = False
    """Whether whoever says it knows exactly when it was."""

    def fit(self, moment: float) -> float:
        """Return how well a moment fits, 0..weight."""
        if self.start <= moment < self.end:
            return self.weight
        outside = (self.start - moment if moment < self.start else moment - self.end) / SECONDS_PER_DAY
        fading = _FADING[self.precision] / (_EXACT if self.exact else 1.0)
        return self.weight * _OUTSIDE * math.exp(-outside / fading)


@dataclass(frozen=True, slots=True)
class Span(Interval):
    """A time that an expression may mean. One expression may have several."""

    begin: int = 0
    """Where the expression begins in the text."""
    stop: int = 0
    """The first character behind it."""


def best_fit(spans: Sequence[Span], moments: Iterable[float]) -> float:
    """Return how well the best of the moments fits the best of the spans, 0..1; 0 without spans."""
    return max((span.fit(moment) for moment in moments for span in spans), default=0.0)


def without(text: str, spans: Iterable[Span]) -> str:
    """Return a text without the expressions."""
    rest, place = "", 0
    for begin, stop in sorted({(span.begin, span.stop) for span in spans}):
        rest, place = f"{rest}{text[place:begin]} ", stop
    return " ".join((rest + text[place:]).split())
