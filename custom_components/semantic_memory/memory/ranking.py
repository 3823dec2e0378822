"""From candidates to ordered hits. Pure functions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from .answers import Match
from .explanation import Part

SMALL_STORE: Final = 10
"""With no more memories than this, a default threshold leaves nothing out: reading them all costs a model less than
missing the one that was meant."""
UNRELATED: Final = 0.2
"""Calibrated similarity below which two texts are taken to have nothing to do with each other."""
FOLLOWING: Final = 0.75
"""Share of a default threshold that the hits after the best one have to reach."""
RELATED: Final = 0.3
"""Meaning from which a word that is shared is not shared by chance."""
MANY_WORDS: Final = 0.5
"""Share of the query's weight from which words need no meaning beside them: a serial number, a name."""
OWN: Final = 0.02
"""Weight of a memory's being the caller's own and not the household's: no more than enough to decide between equals."""
TIME: Final = 0.3
"""Weight of having been said when the query says, beside the 1 of meaning and words together."""
COUNTERPARTS: Final = 0.25
"""Weight of the counterparts of the query's single words, beside the same 1."""
CERTAIN: Final = 0.5
"""Score from which the best hit most likely is the answer. Measured on the household set: of the best hits with more,
0.94 to 0.96 are right, of the others half; 0.82 to 0.94 of the questions that nothing answers stay below it."""
UNKNOWN_NAMES: Final = 0.25
"""What is left of every score if no memory knows any of the names in a query: then it asks about somebody else."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each signal counts."""

    words: float
    """Share of the words in what meaning and words say together, 0..1."""
    own: float = 0.0
    time: float = 0.0
    """Beside those two, which count 1 together."""
    counterparts: float = 0.0
    """Beside the same two."""
    factor: float = 1.0
    """What is left of the whole score, 0..1."""


@dataclass(slots=True)  # not frozen: there are hundreds in a search, and each would take twice the time
class Candidate:
    """A memory that one of the signals has brought up."""

    seq: int
    vector_score: float | None
    """0..1, calibrated."""
    keyword_score: float | None
    """0..1, share of the query's weight."""
    own: bool = False
    """It is the caller's own."""
    time_score: float = 0.0
    """0..1, how well it fits the time that the query names."""
    counterparts: float = 0.0
    """0..1, how well single words of the query are met by words of its own that mean alike."""


@dataclass(slots=True)
class Ranked:
    """A candidate with its place in the order."""

    candidate: Candidate
    score: float
    match: Match


def scorer(weights: Weights) -> Callable[[Candidate], float]:
    """Return what gives the convex combination of the signals, 0..1; words stand for the meaning where there is none.

    Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (TOIS 2023): it beats reciprocal rank
    fusion as soon as its one weight suits the data.
    """
    of_meaning, of_words, scale = 1 - weights.words, weights.words, weights.factor / _whole(weights)
    of_own, of_time, of_counterparts = weights.own, weights.time, weights.counterparts

    def score(candidate: Candidate) -> float:
        meaning, words = candidate.vector_score, candidate.keyword_score
        if meaning is None:
            said = words or 0.0
        elif words:
            said = of_meaning * meaning + of_words * _trust(meaning, words) * words
        else:
            said = of_meaning * meaning
        beside = of_own * candidate.own + of_time * candidate.time_score + of_counterparts * candidate.counterparts
        return scale * (said + beside)

    return score


def parts_of(candidate: Candidate, weights: Weights) -> tuple[Part, ...]:
    """Return what the score adds up."""
    words = candidate.keyword_score or 0.0
    if candidate.vector_score is None:
        signals = [("words", words, 1.0)]
    else:
        trusted = weights.words * _trust(candidate.vector_score, words)
        signals = [("meaning", candidate.vector_score, 1 - weights.words), ("words", words, trusted)]
    signals += [("own", float(candidate.own), weights.own)] if weights.own else []
    signals += [("time", candidate.time_score, weights.time)] if weights.time else []
    signals += [("counterparts", candidate.counterparts, weights.counterparts)] if weights.counterparts else []
    scale = 1 / _whole(weights)
    parts = [
        Part(name=name, value=value, weight=weight * scale, contribution=weight * scale * value)
        for name, value, weight in signals
    ]
    if weights.factor < 1:
        whole = sum(part.contribution for part in parts)
        lost = weights.factor - 1
        parts.append(Part(name="unknown_names", value=whole, weight=lost, contribution=lost * whole))
    return tuple(parts)


def rank(candidates: Iterable[Candidate], weights: Weights, most: int | None = None) -> list[Ranked]:
    """Return the candidates, or the first so many, best first; the newer memory of two that are equal."""
    score = scorer(weights)
    scored = [(score(candidate), candidate.seq, candidate) for candidate in candidates]
    scored.sort(key=itemgetter(0, 1), reverse=True)
    return [Ranked(candidate, score, _match_of(candidate)) for score, _, candidate in scored[:most]]


def cut(ranked: list[Ranked], limit: int, threshold: float, *, strict: bool, visible: int) -> list[Ranked]:
    """Return the hits that are good enough, at most ``limit``.

    If ``strict``, those that reach the threshold. By default the best one decides whether there is an answer at all,
    and the others follow if they come near to the threshold: among the answers to one question, how well one is worded
    like it says less than the order. A store in which ``visible``, all that the caller has, is up to SMALL_STORE, is
    not cut then.
    """
    if not strict and visible <= SMALL_STORE:
        return ranked[:limit]
    if not ranked or ranked[0].score < threshold:
        return []
    least = threshold if strict else FOLLOWING * threshold
    return [item for item in ranked[:limit] if item.score >= least]


def is_certain(best: float | None) -> bool:
    """Return whether the best hit, with this score, most likely is the answer; ``None`` where there is no hit."""
    return best is not None and best >= CERTAIN


def _whole(weights: Weights) -> float:
    """Return what all weights are together, so that the best score is 1."""
    return 1 + weights.own + weights.time + weights.counterparts


def _trust(meaning: float, words: float) -> float:
    """Return how much of their weight the words keep, 0..1.

    A few of a query's words in a memory about something else may be there by chance.
    """
    if words >= MANY_WORDS or meaning >= RELATED:
        return 1.0
    return max(meaning / RELATED, words / MANY_WORDS)


def _match_of(candidate: Candidate) -> Match:
    if candidate.keyword_score is None:
        return Match.MEANING
    near = candidate.vector_score is not None and candidate.vector_score >= UNRELATED
    return Match.BOTH if near else Match.WORD
