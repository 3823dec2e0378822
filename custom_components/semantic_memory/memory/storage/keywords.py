"""Finding memories by the words of a question: in memory where its owners' words are there, else by the index on disk.

Both ways find the same, with the same scores, but for words that nothing has: in memory, words that are spelt almost
like them are taken instead.
"""

from collections.abc import Iterator, Sequence, Set as AbstractSet
import sqlite3
from typing import Final

from .. import text
from . import words
from .filters import Conditions
from .word_tier import Matched, WordTier

CANDIDATES: Final = 64
NOTHING: Final = Matched(0, {})


def search(
    connection: sqlite3.Connection,
    terms: Sequence[text.Term],
    conditions: Conditions,
    tier: WordTier | None,
    also: AbstractSet[int] = frozenset(),
) -> Matched:
    """Return the best candidates with the share of the question's weight that their words carry, 0..1.

    Of the memories in ``also``, those that have any of the words are returned too.

    A word's weight is its inverse document frequency among the visible memories, not among all as FTS5's ``bm25``
    would have it: scores must not tell what others have stored. Memories are so short that how often a word stands in
    one, and its length, only added noise (LoCoMo, recall@5: 0.650 against 0.643 with BM25).
    """
    matched = None
    if tier is not None and is_by_owner(conditions):
        matched = tier.search(connection, terms, conditions.owners, conditions.now, CANDIDATES, also)
    return matched or _search_on_disk(connection, terms, conditions, also)


def owners_of(
    connection: sqlite3.Connection, seqs: AbstractSet[int], conditions: Conditions, tier: WordTier | None
) -> dict[int, str]:
    """Return those of the memories that meet the conditions, with their owners, from memory or else from the file.

    What is in memory may be ahead of what the connection reads, and never behind it.
    """
    found = None
    if tier is not None and is_by_owner(conditions):
        found = tier.owners_of(seqs, conditions.owners, conditions.now)
    return conditions.allowed(connection, seqs) if found is None else found


def is_by_owner(conditions: Conditions) -> bool:
    """Return whether all memories of some owners are searched: what is in memory knows of no other conditions."""
    return not conditions.narrow and not conditions.excluded


def is_known(connection: sqlite3.Connection, term: text.Term, conditions: Conditions, tier: WordTier | None) -> bool:
    """Return whether any memory has a word, from memory or else from the file."""
    known = None
    if tier is not None and is_by_owner(conditions):
        known = tier.knows(connection, term, conditions.owners, conditions.now)
    return next(having(connection, term, conditions), None) is not None if known is None else known


def _search_on_disk(
    connection: sqlite3.Connection, terms: Sequence[text.Term], conditions: Conditions, also: AbstractSet[int]
) -> Matched:
    visible = conditions.count(connection)
    found = _telling(connection, terms, conditions, visible) if terms else {}
    read = list(found)
    telling = words.telling([len(seqs) for seqs in found.values()], visible)
    weights = {read[place]: weight for place, weight in telling.items()}
    scores: dict[int, float] = {}
    for term, weight in weights.items():
        for seq in found[term]:
            scores[seq] = scores.get(seq, 0.0) + weight
    return Matched(visible, words.best(scores, sum(weights.values()), CANDIDATES, also), weights)


def _telling(
    connection: sqlite3.Connection, terms: Sequence[text.Term], conditions: Conditions, visible: int
) -> dict[text.Term, list[int]]:
    """Return the memories that have each word, without most of the words that :func:`words.telling` leaves out.

    What others have stored decides nothing of that, or a query could find out which words they use.
    """
    counts = words.frequencies(connection, terms)
    common = words.common_from(visible)
    hidden = words.count_all(connection) - visible
    seen = conditions if hidden else None
    # If more memories have a word than there are hidden ones, the difference is visible: no need to look.
    read = {
        term: _with_word(connection, term, seen) if count else []
        for term, count in counts.items()
        if count - hidden <= common
    }
    if any(seqs for seqs in read.values() if len(seqs) <= common):
        return read
    return {term: read[term] if term in read else _with_word(connection, term, seen) for term in counts}


def _with_word(connection: sqlite3.Connection, term: text.Term, conditions: Conditions | None) -> list[int]:
    """Return the memories that have a word; ``None`` where there are no others than those that are searched."""
    if conditions is None:
        rows = connection.execute("SELECT rowid FROM memory_fts WHERE memory_fts MATCH ?", (text.match_any([term]),))
        return [seq for (seq,) in rows.fetchall()]
    return list(having(connection, term, conditions))


def having(connection: sqlite3.Connection, term: text.Term, conditions: Conditions) -> Iterator[int]:
    """Yield the memories that have a word."""
    rows = connection.execute(
        "SELECT seq FROM memory_fts JOIN memory ON seq = memory_fts.rowid"
        f" WHERE memory_fts MATCH :match AND {conditions.by_seq}",
        {**conditions.parameters, "match": text.match_any([term])},
    )
    return (seq for (seq,) in rows)
