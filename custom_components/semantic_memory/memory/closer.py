"""A second look at the best candidates: which single words of the query have a counterpart in them. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from . import ranking
from .embedding.counterparts import Counterparts
from .text import Term

LOOKED_AT: Final = 12
"""Measured: 30 find no more than these, and all of them one question of 400 more."""


def rank(
    ranked: Sequence[ranking.Ranked],
    texts: Sequence[str],
    weights: ranking.Weights,
    counterparts: Counterparts,
    words: Mapping[Term, float],
) -> tuple[list[ranking.Ranked], ranking.Weights]:
    """Return the candidates in their new order, and what each signal counts then.

    ``texts`` are what each of them says, ``words`` those of the query that tell something, with their weights.
    """
    shares = counterparts.shares({term[0]: weight for term, weight in words.items()}, texts)
    if shares is None:
        return list(ranked), weights
    weights = replace(weights, counterparts=ranking.COUNTERPARTS)
    for item, share in zip(ranked, shares.tolist(), strict=True):
        item.candidate.counterparts = share
    return ranking.rank((item.candidate for item in ranked), weights), weights
