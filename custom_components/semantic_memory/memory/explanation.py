"""Where scores come from, for whoever asks: the parts of a hit's score, and what was searched for."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one signal adds to a hit's score."""

    name: str
    """``meaning``, ``words`` …"""
    value: float
    """How well the memory does by this signal, 0..1."""
    weight: float
    """How much the signal counts."""
    contribution: float
    """What it adds to the score; those of all parts together are the score."""
    details: Mapping[str, object] = field(default_factory=dict)
    """JSON values: where the value comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Where a hit's score comes from."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedWord:
    """A word that was searched for, among the memories that the caller may see and the filter means."""

    word: str
    weight: float
    """Its share of the query's weight, 0..1: the fewer memories have a word, the more it tells."""
    memories: int
    """How many have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchExplanation:
    """What was searched for."""

    text: str
    """The query without its operators."""
    required: tuple[str, ...]
    """Phrases, and prefixes with their star, that had to occur."""
    excluded: tuple[str, ...]
    """Those that must not."""
    words: tuple[SearchedWord, ...]
    common_words: tuple[str, ...]
    """Words that were left out because too many memories have them."""
    models: tuple[str, ...]
    """Models of the spaces in which meanings were compared, the one that serves first."""
    memories: int
    """How many memories were searched."""
    threshold: float | None
    """Least score, ``None`` where nothing was left out for its score because there are only a few memories."""
