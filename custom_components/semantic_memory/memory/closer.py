"""A second look at the best candidates: which single words of the query have a counterpart in them.

Functions of a reader's connection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
import json
import sqlite3
from typing import Final

from .. import ranking
from ..embedding.counterparts import Counterparts
from ..text import Term
from .memories import owner_condition

LOOKED_AT: Final = 12
"""Measured: 30 find no more than these, and all of them one question of 400 more."""


def rank(
    connection: sqlite3.Connection,
    ranked: Sequence[ranking.Ranked],
    weights: ranking.Weights,
    counterparts: Counterparts,
    words: Mapping[Term, float],
    owners: Sequence[str],
    limit: int,
) -> tuple[list[ranking.Ranked], ranking.Weights]:
    """Return the best in their new order, ``limit`` or more if there are, and what each signal counts then.

    ``words`` are those of the query that tell something, with their weights.
    """
    best = [item.candidate for item in ranked[: max(limit, LOOKED_AT)]]
    texts = _texts(connection, [candidate.seq for candidate in best], owners)
    shares = counterparts.shares(
        {term[0]: weight for term, weight in words.items()}, [texts.get(candidate.seq, "") for candidate in best]
    )
    if shares is None:
        return list(ranked), weights
    closer = zip(best, shares.tolist(), strict=True)
    weights = replace(weights, counterparts=ranking.COUNTERPARTS)
    return ranking.rank((replace(candidate, counterparts=share) for candidate, share in closer), weights), weights


def _texts(connection: sqlite3.Connection, seqs: Sequence[int], owners: Sequence[str]) -> dict[int, str]:
    """Return what is said in each of these owners' memories: key, tags, value."""
    theirs, parameters = owner_condition(owners)
    rows = connection.execute(
        "SELECT seq, key || ' ' || tags || ' ' || value FROM memory"
        f" WHERE seq IN (SELECT value FROM json_each(:seqs)) AND +{theirs}",
        {**parameters, "seqs": json.dumps(seqs)},
    )
    return dict(rows.fetchall())
