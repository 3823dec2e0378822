"""How good a ranked list is. Pure functions of ids, best first, without repetitions; relevance is yes or no.

Definitions as in Manning, Raghavan and Schütze, "Introduction to Information Retrieval" (2008), chapter 8, and nDCG as
in Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (TOIS 2002).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import log2
from typing import Self


def recall_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Return the share of the relevant ids among the first ``k``: ``|relevant ∩ ranked[:k]| / |relevant|``."""
    return len(set(relevant).intersection(ranked[:k])) / len(set(relevant))


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str]) -> float:
    """Return ``1 / rank`` of the first relevant id, 0 where none was found (Voorhees, TREC-8, 1999)."""
    return next((1 / rank for rank, found in enumerate(ranked, 1) if found in relevant), 0.0)


def ndcg_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Return ``DCG / ideal DCG``, where ``DCG = Σ 1 / log2(rank + 1)`` over the relevant ids among the first ``k``.

    The ideal list begins with all relevant ids. With gains of 0 and 1, both usual forms of DCG are this one.
    """
    gained = sum(1 / log2(rank + 1) for rank, found in enumerate(ranked[:k], 1) if found in relevant)
    ideal = sum(1 / log2(rank + 1) for rank in range(1, min(len(set(relevant)), k) + 1))
    return gained / ideal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Means over questions, 0..1."""

    questions: int
    recall_1: float
    recall_5: float
    recall_10: float
    mrr: float
    ndcg_10: float

    @classmethod
    def of(cls, answers: Iterable[tuple[Sequence[str], Collection[str]]]) -> Self:
        """Average over pairs of a ranked list and the ids that are relevant, of which there has to be one at least."""
        rows = [
            (
                recall_at(ranked, relevant, 1),
                recall_at(ranked, relevant, 5),
                recall_at(ranked, relevant, 10),
                reciprocal_rank(ranked, relevant),
                ndcg_at(ranked, relevant, 10),
            )
            for ranked, relevant in answers
        ]
        means = [sum(column) / len(rows) for column in zip(*rows, strict=True)] if rows else [0.0] * 5
        return cls(
            questions=len(rows),
            recall_1=means[0],
            recall_5=means[1],
            recall_10=means[2],
            mrr=means[3],
            ndcg_10=means[4],
        )
