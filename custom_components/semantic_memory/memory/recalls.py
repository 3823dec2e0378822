"""What was recalled lately: kept in memory only, never on disk, and gone when Home Assistant ends.

It says what a language model was told, so it holds copies of memories. Whatever is purged takes the recalls that found
it along, and whoever is erased takes their own.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from .answers import Hit, Match, RecallResult
from .models import HOUSEHOLD, Caller, RecallRequest, Source

MOST: Final = 200
"""Recalls that are kept."""
_QUERY: Final = 1_000
_VALUE: Final = 300
"""Characters of a query and of a value that are kept: 200 recalls take 10 MB or so at most, whatever was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """A memory that was found, as it was then."""

    id: str
    key: str
    value: str
    """The beginning."""
    score: float
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """One question, and what it was answered with."""

    number: int
    """Grows with every recall, also from one start to the next."""
    at: float
    query: str
    owner: str
    """Who it was for: a user id, or the household where nobody was identified."""
    actor: str | None
    source: Source
    model: str | None
    threshold: float
    """The least score that was asked for."""
    took_ms: float
    hits: tuple[Recalled, ...]
    answer: Any = None
    """What a tool answered a language model, as JSON values."""


class RecallLog:
    """The last recalls, the newest first. Everything here is for the event loop."""

    def __init__(self, started: float) -> None:
        """Begin with none, at this time in seconds since the epoch."""
        self._recalls: deque[Recall] = deque(maxlen=MOST)
        self._number = int(started * 1_000)
        self._scrubs = 0

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._recalls)

    def begin(self) -> int:
        """Return what :meth:`add` has to be given: nothing is kept of a recall during which something was purged."""
        return self._scrubs

    def add(
        self,
        begun: int,
        caller: Caller,
        request: RecallRequest,
        result: RecallResult,
        *,
        at: float,
        threshold: float,
    ) -> int | None:
        """Keep a recall; return its number, ``None`` if it is not kept."""
        if begun != self._scrubs:
            return None
        self._number += 1
        self._recalls.appendleft(
            Recall(
                number=self._number,
                at=at,
                query=_shortened(request.query.strip(), _QUERY),
                owner=caller.user_id or HOUSEHOLD,
                actor=caller.actor,
                source=request.source,
                model=result.space,
                threshold=threshold,
                took_ms=result.took_ms,
                hits=tuple(map(_recalled, result.hits)),
            )
        )
        return self._number

    def answered(self, number: int | None, answer: object) -> None:
        """Keep what a language model was told, where the recall itself is kept still."""
        for place, recall in enumerate(self._recalls):
            if recall.number == number:
                self._recalls[place] = replace(recall, answer=deepcopy(answer))
                return

    def of(self, owners: Collection[str], before: int | None = None) -> Iterator[Recall]:
        """Yield the recalls for these owners, the newest first, only those with smaller numbers than ``before``."""
        for recall in tuple(self._recalls):
            if recall.owner in owners and (before is None or recall.number < before):
                yield recall

    def by(self, actor: str) -> Iterator[Recall]:
        """Yield what somebody asked on behalf of others, without what that found."""
        for recall in tuple(self._recalls):
            if recall.actor == actor != recall.owner:
                yield replace(recall, hits=(), answer=None)

    def forget_memories(self, ids: Iterable[str]) -> None:
        """Drop every recall that has found one of these memories, its query included: that may tell what they said."""
        gone = set(ids)
        self._keep(recall for recall in self._recalls if gone.isdisjoint(hit.id for hit in recall.hits))

    def forget_person(self, user_id: str) -> None:
        """Drop what was recalled for somebody, and who asked where it was they."""
        others = (recall for recall in self._recalls if recall.owner != user_id)
        self._keep(replace(recall, actor=None) if recall.actor == user_id else recall for recall in others)

    def _keep(self, recalls: Iterable[Recall]) -> None:
        self._scrubs += 1
        self._recalls = deque(recalls, maxlen=MOST)


def _recalled(hit: Hit) -> Recalled:
    memory = hit.memory
    return Recalled(
        id=memory.id, key=memory.key, value=_shortened(memory.value, _VALUE), score=hit.score, match=hit.match
    )


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
