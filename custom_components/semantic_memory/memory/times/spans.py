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


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time that an expression may mean. One expression may have several."""

    start: float
    """Seconds since the epoch."""
    end: float
    """The first moment after it."""
    precision: Precision
    begin: int
    """Where the expression begins in the text."""
    stop: int
    """The first character behind it."""
    weight: float = 1.0
    """0..1, how much it says about when something was told: "today" may as well be when something happens."""

    def fit(self, moment: float) -> float:
        """Return how well a moment fits, 0..1."""
        outside = max(self.start - moment, moment - self.end, 0.0) / SECONDS_PER_DAY
        return self.weight * math.exp(-outside / _FADING[self.precision])


def best_fit(spans: Sequence[Span], moments: Iterable[float]) -> float:
    """Return how well the best of the moments fits the best of the spans, 0..1; 0 without spans."""
    return max((span.fit(moment) for moment in moments for span in spans), default=0.0)


def without(text: str, spans: Iterable[Span]) -> str:
    """Return a text without the expressions."""
    rest, place = "", 0
    for begin, stop in sorted({(span.begin, span.stop) for span in spans}):
        rest, place = f"{rest}{text[place:begin]} ", stop
    return " ".join((rest + text[place:]).split())
