"""The words in memory: they follow what is committed, and answer which memories a question's words bring up.

Words are tokens of FTS5, whatever reads them, so both ways of searching find the same.
"""

from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
import logging
import sqlite3
from typing import Final, NamedTuple

from ..text import Term
from . import words
from .fillings import WORDS, documents_of
from .postings import Found, Postings
from .ram import RamTier

_LOGGER = logging.getLogger(__name__)

_COLUMNS: Final = "key, value, tags, pieces, owner, expires_at, deleted_at"


class Matched(NamedTuple):
    """What the words of a question brought up."""

    visible: int
    """How many memories were searched."""
    scores: dict[int, float]
    """By seq, share of the question's weight, of the best."""


class WordTier:
    """Keeps the words of owners who are searched in memory."""

    def __init__(self, tier: RamTier) -> None:
        """Take what holds them."""
        self._tier = tier
        self._changed: set[int] = set()
        """By the transaction that is under way. Only the writer's thread touches it."""

    # For the writer

    def watch(self, connection: sqlite3.Connection) -> None:
        """Have the writer's connection note which memories change, whatever changes them."""
        connection.create_function("note_change", 1, self._changed.add)
        for name, event in (("insert", "INSERT"), ("update", f"UPDATE OF {_COLUMNS}"), ("delete", "DELETE")):
            row = "old" if event == "DELETE" else "new"
            connection.execute(
                f"CREATE TEMP TRIGGER IF NOT EXISTS note_{name} AFTER {event} ON main.memory"
                f" BEGIN SELECT note_change({row}.seq); END"
            )

    def stage(self, connection: sqlite3.Connection, committed: bool) -> None:
        """Read what a transaction has changed, once it has ended. Never raises: the transaction counts already."""
        changed, owners = list(self._changed), self._tier.followed(WORDS)
        self._changed.clear()
        if not committed or not changed or not owners:
            return
        try:
            documents = documents_of(connection, changed, owners)
        except sqlite3.Error:
            _LOGGER.exception("The word index in memory could not follow a change, it is made anew")
            self._tier.stage_drop(WORDS)
        else:
            self._tier.stage(WORDS, {**dict.fromkeys(changed), **{item.seq: item for item in documents}})

    # For readers

    def search(
        self,
        connection: sqlite3.Connection,
        terms: Sequence[Term],
        owners: Iterable[str],
        now: float,
        limit: int,
        also: AbstractSet[int] = frozenset(),
    ) -> Matched | None:
        """Return the memories that have the words that tell most; ``None`` while not all of the owners are in memory.

        ``terms`` that are several words each cannot be looked up here either. Of the memories in ``also``, those that
        have any of the words are returned too.
        """
        asked = [self._tier.ask(Postings, WORDS, owner) for owner in owners]
        held = [postings for postings in asked if postings is not None]
        stems = _stems(connection, terms) if len(held) == len(asked) else None
        if stems is None:
            return None
        found = [postings.find(stems, now) for postings in held]
        visible = sum(item.visible for item in found)
        counts = [sum(item.places[place].size for item in found) for place in range(len(stems))]
        weights = words.telling(counts, visible)
        scores: dict[int, float] = {}
        for item in found:
            scores.update(_best(item, weights, limit, also))
        return Matched(visible, words.best(scores, sum(weights.values()), limit, also))


def _stems(connection: sqlite3.Connection, terms: Sequence[Term]) -> list[list[str]] | None:
    """Return, for each of the terms, what may stand for it in the index; ``None`` where that is more than a word."""
    spellings = [(place, spelling) for place, term in enumerate(terms) for spelling in term]
    stems: list[list[str]] = [[] for _ in terms]
    for (place, _), found in zip(spellings, words.tokens(connection, [text for _, text in spellings]), strict=True):
        if len(found) > 1:
            return None
        stems[place] += found
    return [list(dict.fromkeys(found)) for found in stems if found]


def _best(found: Found, weights: Mapping[int, float], limit: int, also: AbstractSet[int]) -> dict[int, float]:
    """Return the sums of weights of the memories that have most, the newer one of two that have as much."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    sums = np.zeros(found.seqs.size)
    for place, weight in weights.items():
        sums[found.places[place]] += weight
    chosen = np.flatnonzero(sums)
    if chosen.size > limit:
        kept = sums[chosen]
        least = np.partition(kept, -limit)[-limit]
        above, equal = chosen[kept > least], chosen[kept == least]
        newest = np.argpartition(found.seqs[equal], above.size - limit)[above.size - limit :]
        marked = np.zeros(max(also, default=0) + 2, np.bool_)  # the last stands for all beyond
        marked[list(also)] = True
        wanted = chosen[marked.take(found.seqs[chosen], mode="clip")]
        chosen = np.concatenate((above, equal[newest], wanted))
    return dict(zip(found.seqs[chosen].tolist(), sums[chosen].tolist(), strict=True))
