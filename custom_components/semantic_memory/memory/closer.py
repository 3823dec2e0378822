"""A second look at the best candidates: which single words of the query have a counterpart in them. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from . import ranking
from .embedding.counterparts import Counterparts
from .models import Memory
from .text import Term

LOOKED_AT: Final = 12
"""Measured: 30 find no more than these, and all of them one question of 400 more."""


def rank(
    ranked: Sequence[ranking.Ranked],
    weights: ranking.Weights,
    counterparts: Counterparts,
    words: Mapping[Term, float],
    memories: Mapping[int, Memory],
) -> tuple[list[ranking.Ranked], ranking.Weights]:
    """Return the candidates in their new order, and what each signal counts then.

    ``words`` are those of the query that tell something, with their weights, ``memories`` what the candidates say.
    """
    texts = [_text(memories[item.candidate.seq]) for item in ranked]
    shares = counterparts.shares({term[0]: weight for term, weight in words.items()}, texts)
    if shares is None:
        return list(ranked), weights
    weights = replace(weights, counterparts=ranking.COUNTERPARTS)
    for item, share in zip(ranked, shares.tolist(), strict=True):
        item.candidate.counterparts = share
    return ranking.rank((item.candidate for item in ranked), weights), weights


def _text(memory: Memory) -> str:
    """Return what is said in a memory."""
    return " ".join((memory.key, *memory.tags, memory.value))
