"""What remembering, recalling and listing answer."""

from dataclasses import dataclass
from enum import StrEnum

from .explanation import Explanation, SearchExplanation
from .models import Memory


class Outcome(StrEnum):
    """What ``remember`` did."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class Match(StrEnum):
    """Which signal found a hit."""

    MEANING = "meaning"
    WORD = "word"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A memory that was found, and how."""

    memory: Memory
    score: float
    """0..1, comparable between models."""
    match: Match
    vector_score: float | None
    """0..1 calibrated similarity, ``None`` where only words were compared."""
    keyword_score: float | None
    """0..1, share of the question's weight that its words carry, ``None`` where no word matched."""
    explanation: Explanation | None = None
    """If it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallResult:
    """What a recall found, best first."""

    hits: tuple[Hit, ...]
    space: str | None
    """Model of the embedding space that served, ``None`` where only words were compared."""
    certain: bool
    """Whether the best hit most likely is the answer. If not, none of them may be."""
    explanation: SearchExplanation | None = None
    """If it was asked for."""
    took_ms: float = 0.0
    """Milliseconds, with embedding the question."""
    number: int | None = None
    """Of the recall in the log, ``None`` where it is not kept there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberResult:
    """What ``remember`` did."""

    outcome: Outcome
    memory: Memory
    similar: tuple[Hit, ...] = ()
    """Other memories close to this one: candidates for a contradiction or a merge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPage:
    """One page of a list."""

    memories: tuple[Memory, ...]
    total: int
    """How many match in all."""
    cursor: str | None
    """Pass it to get the next page; ``None`` on the last."""
