"""How much each word of a query tells. Functions of a reader's connection."""

from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from heapq import nlargest
from math import log
import sqlite3
from typing import Any, Final

from ..text import Term
from . import counting

_TOKENIZER: Final = "porter unicode61 remove_diacritics 2 categories ''L* M* N* Co''"
"""That of ``memory_fts``."""
_COMMON_SHARE: Final = 0.2
"""A word that more of the memories have tells nothing."""
_COMMON_LEAST: Final = 10
"""A word in so few memories always tells something: nobody minds reading them all."""
_COMMON_MOST: Final = 4_000
"""A word in more memories leads to none of them, and to look at them all takes long."""


def prepare(connection: sqlite3.Connection) -> None:
    """Give a connection what it takes to stem words as the index does: FTS5 shows its tokens only in a table."""
    connection.execute(
        "CREATE VIRTUAL TABLE temp.query_word USING fts5"
        f" (word, content = '', detail = none, tokenize = '{_TOKENIZER}')"
    )
    connection.execute("CREATE VIRTUAL TABLE temp.query_stem USING fts5vocab ('temp', 'query_word', 'instance')")


def weight(occurrences: int, total: int) -> float:
    """Return a word's inverse document frequency, always above 0.

    ``log(1 + (N - n + 0.5) / (n + 0.5))``, as in Lucene's BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
    Framework", 2009, with 1 added so that words of more than half of the memories do not count against them).
    """
    return log(1 + (total - occurrences + 0.5) / (occurrences + 0.5))


def frequencies(connection: sqlite3.Connection, terms: Sequence[Term]) -> dict[Term, int]:
    """Return how many memories of all owners together have each word, by its stem."""
    counted = _of_tokens(
        connection,
        map(" ".join, terms),
        "SELECT s.doc, max(coalesce(v.doc, 0)) FROM temp.query_stem s"
        " LEFT JOIN memory_vocabulary v ON v.term = s.term GROUP BY s.doc",
    )
    return {terms[place]: count for place, count in counted}


def tokens(connection: sqlite3.Connection, texts: Sequence[str]) -> list[list[str]]:
    """Return the distinct words of each text as they stand in the index."""
    found: list[list[str]] = [[] for _ in texts]
    for word, place in _of_tokens(connection, texts, "SELECT term, doc FROM temp.query_stem"):
        found[place].append(word)
    return found


def telling(counts: Sequence[int], visible: int) -> dict[int, float]:
    """Return the weights of those words, by place, that count: ``counts`` says how many visible memories have each.

    Words that many memories have are left out. That stands for a list of stop words, and does so in any language; they
    count where no other word is left.
    """
    common = common_from(visible)
    rare = [place for place, count in enumerate(counts) if count <= common]
    counted = rare if any(counts[place] for place in rare) else range(len(counts))
    return {place: weight(counts[place], visible) for place in counted}


def best(scores: Mapping[int, float], whole: float, count: int, also: AbstractSet[int]) -> dict[int, float]:
    """Return the memories with the highest sums of weights, as shares of the ``whole``; the newer of two equal ones.

    Those in ``also`` are returned in any case.
    """
    chosen = {*nlargest(count, scores, key=lambda seq: (scores[seq], seq)), *(also & scores.keys())}
    return {seq: scores[seq] / whole for seq in chosen}


def _of_tokens(connection: sqlite3.Connection, texts: Iterable[str], select: str) -> list[Any]:
    """Return what is selected while the tokens of the texts are in the table."""
    connection.execute("SAVEPOINT tokens")
    try:
        connection.executemany("INSERT INTO temp.query_word (rowid, word) VALUES (?, ?)", enumerate(texts))
        return connection.execute(select).fetchall()
    finally:
        if connection.in_transaction:  # a full disk may have ended it
            try:
                connection.execute("ROLLBACK TO tokens")  # takes half as long as emptying the table
            finally:
                connection.execute("RELEASE tokens")


def common_from(visible: int) -> float:
    """Return how many of the visible memories may have a word that tells something."""
    return min(max(_COMMON_LEAST, visible * _COMMON_SHARE), _COMMON_MOST)


def count_all(connection: sqlite3.Connection) -> int:
    """Return how many memories there are in the index."""
    return counting.count(connection, "deleted_at IS NULL", {})


def rarest(connection: sqlite3.Connection, terms: Sequence[Term], count: int) -> list[Term]:
    """Return those of the words that the fewest memories, but at least one, have."""
    known = {term: found for term, found in frequencies(connection, terms).items() if found}
    return sorted(known, key=lambda term: known[term])[:count]
