"""How much each word of a query tells. Functions of a reader's connection."""

from collections.abc import Sequence
from math import log
import sqlite3
from typing import Final

from ..text import Term

_TOKENIZER: Final = "porter unicode61 remove_diacritics 2 categories ''L* M* N* Co''"
"""That of ``memory_fts``."""
_COMMON_SHARE: Final = 0.2
"""A word that more of the memories have tells nothing."""
_COMMON_LEAST: Final = 10
"""A word in so few memories always tells something: nobody minds reading them all."""


def prepare(connection: sqlite3.Connection) -> None:
    """Give a connection what it takes to stem words as the index does: FTS5 shows its tokens only in a table."""
    connection.execute(f"CREATE VIRTUAL TABLE temp.query_word USING fts5 (word, tokenize = '{_TOKENIZER}')")
    connection.execute("CREATE VIRTUAL TABLE temp.query_stem USING fts5vocab ('temp', 'query_word', 'instance')")


def weight(occurrences: int, total: int) -> float:
    """Return a word's inverse document frequency, always above 0.

    ``log(1 + (N - n + 0.5) / (n + 0.5))``, as in Lucene's BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
    Framework", 2009, with 1 added so that words of more than half of the memories do not count against them).
    """
    return log(1 + (total - occurrences + 0.5) / (occurrences + 0.5))


def frequencies(connection: sqlite3.Connection, terms: Sequence[Term]) -> dict[Term, int]:
    """Return how many memories of all owners together have each word, by its stem."""
    connection.execute("DELETE FROM temp.query_word")
    connection.executemany("INSERT INTO temp.query_word (rowid, word) VALUES (?, ?)", enumerate(map(" ".join, terms)))
    counted = connection.execute(
        "SELECT s.doc, max(coalesce(v.doc, 0)) FROM temp.query_stem s"
        " LEFT JOIN memory_vocabulary v ON v.term = s.term GROUP BY s.doc"
    )
    return {terms[place]: count for place, count in counted}


def common_from(visible: int) -> float:
    """Return how many of the visible memories may have a word that tells something."""
    return max(_COMMON_LEAST, visible * _COMMON_SHARE)


def count_all(connection: sqlite3.Connection) -> int:
    """Return how many memories there are in the index."""
    (total,) = connection.execute("SELECT count(*) FROM memory WHERE deleted_at IS NULL").fetchone()
    return int(total)


def rarest(connection: sqlite3.Connection, terms: Sequence[Term], count: int) -> list[Term]:
    """Return those of the words that the fewest memories, but at least one, have."""
    known = {term: found for term, found in frequencies(connection, terms).items() if found}
    return sorted(known, key=lambda term: known[term])[:count]
