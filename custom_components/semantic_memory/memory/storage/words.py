"""How much each word of a query tells. Functions of a reader's connection."""

from collections.abc import Mapping, Sequence
from math import log
import sqlite3
from typing import Final

from ..text import Term

_TOKENIZER: Final = "porter unicode61 remove_diacritics 2 categories ''L* M* N* Co''"
"""That of ``memory_fts``."""
_TELLING: Final = log(4.0)
"""The weight of a word that one memory in five has; one that more of them have tells nothing."""


def prepare(connection: sqlite3.Connection) -> None:
    """Give a connection what it takes to stem words as the index does: FTS5 shows its tokens only in a table."""
    connection.execute(f"CREATE VIRTUAL TABLE temp.query_word USING fts5 (word, tokenize = '{_TOKENIZER}')")
    connection.execute("CREATE VIRTUAL TABLE temp.query_stem USING fts5vocab ('temp', 'query_word', 'instance')")


def weight(occurrences: int, total: int) -> float:
    """Return a word's inverse document frequency as FTS5's ``bm25`` has it: at least 1e-6."""
    return max(1e-6, log((total - occurrences + 0.5) / (occurrences + 0.5)))


def frequencies(connection: sqlite3.Connection, terms: Sequence[Term]) -> dict[Term, int]:
    """Return how many memories have each word, by its stem."""
    connection.execute("DELETE FROM temp.query_word")
    connection.executemany("INSERT INTO temp.query_word (rowid, word) VALUES (?, ?)", enumerate(map(" ".join, terms)))
    counted = connection.execute(
        "SELECT s.doc, max(coalesce(v.doc, 0)) FROM temp.query_stem s"
        " LEFT JOIN memory_vocabulary v ON v.term = s.term GROUP BY s.doc"
    )
    return {terms[place]: count for place, count in counted}


def weights(connection: sqlite3.Connection, terms: Sequence[Term]) -> dict[Term, float]:
    """Return the inverse document frequency of each word; the highest where no memory has it."""
    (total,) = connection.execute("SELECT count(*) FROM memory WHERE deleted_at IS NULL").fetchone()
    return {term: weight(count, total) for term, count in frequencies(connection, terms).items()}


def telling(weighted: Mapping[Term, float]) -> list[Term]:
    """Leave out words that many memories have, unless no other is left.

    The frequencies stand for a list of stop words, and do so in any language.
    """
    return [term for term, weight_ in weighted.items() if weight_ >= _TELLING] or list(weighted)


def rarest(connection: sqlite3.Connection, terms: Sequence[Term], count: int) -> list[Term]:
    """Return those of the words that the fewest memories, but at least one, have."""
    known = {term: found for term, found in frequencies(connection, terms).items() if found}
    return sorted(known, key=lambda term: known[term])[:count]
