"""Which memories were told at a time, and how well. Functions of a reader's connection."""

from collections.abc import Iterable, Sequence
import json
import sqlite3
from typing import Final

from ..times.spans import Span, best_fit
from .filters import Conditions

CANDIDATES: Final = 160
"""Of each time: the newest that were told then, and as many that were last changed then."""

_LEAST_FIT: Final = 0.1


def candidates(connection: sqlite3.Connection, conditions: Conditions, spans: Sequence[Span]) -> set[int]:
    """Return memories that were told or changed within the spans, whatever they are about."""
    found: set[int] = set()
    for span in spans:
        for moment in ("created_at", "updated_at"):
            rows = connection.execute(
                f"SELECT seq FROM memory WHERE {moment} >= :start AND {moment} < :end AND {conditions.sql}"
                f" ORDER BY {moment} DESC LIMIT {CANDIDATES}",
                {**conditions.parameters, "start": span.start, "end": span.end},
            )
            found.update(seq for (seq,) in rows)
    return found


def scores(connection: sqlite3.Connection, seqs: Iterable[int], spans: Sequence[Span]) -> dict[int, float]:
    """Return how well each memory fits the spans, by when it was told or last changed: 0 to the weight of the spans.

    Empty where none fits: then the time is about what is told rather than when.
    """
    if not spans:
        return {}
    rows = connection.execute(
        "SELECT seq, created_at, updated_at FROM memory WHERE seq IN (SELECT value FROM json_each(?))",
        (json.dumps(list(seqs)),),
    )
    fits = {seq: best_fit(spans, moments) for seq, *moments in rows}
    return fits if any(fit >= _LEAST_FIT for fit in fits.values()) else {}
