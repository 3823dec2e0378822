"""From candidates to ordered hits. Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .explanation import Part
from .models import Match

SMALL_STORE: Final = 10
"""With no more memories than this, a default threshold leaves nothing out: reading them all costs a model less than
missing the one that was meant."""


UNRELATED: Final = 0.2
"""Calibrated similarity below which two texts are taken to have nothing to do with each other."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory that one of the signals has brought up."""

    seq: int
    vector_score: float | None
    """0..1, calibrated."""
    keyword_score: float | None
    """0..1, share of the query's weight."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its place in the order."""

    candidate: Candidate
    score: float
    match: Match


def score_of(candidate: Candidate, keyword_weight: float) -> float:
    """Return the convex combination of both signals, 0..1; the words alone where there is no vector.

    Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (TOIS 2023): it beats reciprocal rank
    fusion as soon as its one weight suits the data.
    """
    words = candidate.keyword_score or 0.0
    if candidate.vector_score is None:
        return words
    return (1 - keyword_weight) * candidate.vector_score + keyword_weight * words


def parts_of(candidate: Candidate, keyword_weight: float) -> tuple[Part, ...]:
    """Return what ``score_of`` adds up."""
    words = candidate.keyword_score or 0.0
    if candidate.vector_score is None:
        return (Part(name="words", value=words, weight=1.0, contribution=words),)
    weighed = (("meaning", candidate.vector_score, 1 - keyword_weight), ("words", words, keyword_weight))
    return tuple(
        Part(name=name, value=value, weight=weight, contribution=weight * value) for name, value, weight in weighed
    )


def rank(candidates: Iterable[Candidate], keyword_weight: float) -> list[Ranked]:
    """Return the candidates, best first; the newer memory of two that are equal."""
    ranked = [Ranked(candidate, score_of(candidate, keyword_weight), _match_of(candidate)) for candidate in candidates]
    return sorted(ranked, key=lambda item: (-item.score, -item.candidate.seq))


def cut(ranked: list[Ranked], limit: int, threshold: float, *, strict: bool, visible: int) -> list[Ranked]:
    """Return the hits that are good enough, at most ``limit``.

    ``visible`` is how many memories the caller has in all. Unless ``strict``, a store of up to SMALL_STORE is not cut.
    """
    if not strict and visible <= SMALL_STORE:
        return ranked[:limit]
    return [item for item in ranked if item.score >= threshold][:limit]


def _match_of(candidate: Candidate) -> Match:
    if candidate.keyword_score is None:
        return Match.MEANING
    near = candidate.vector_score is not None and candidate.vector_score >= UNRELATED
    return Match.BOTH if near else Match.WORD
