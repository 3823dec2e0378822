"""Words side by side and beginnings of words, as conditions on rows of ``memory`` that are not forgotten.

The word index finds candidates. It knows stems ("park" for "parking"), so a phrase matches words of the same stems; of
beginnings it only says which memories are worth a look. Scripts without spaces between words it cannot take apart:
there the text itself is searched.
"""

from collections.abc import Iterator
from functools import lru_cache
import re
import sqlite3
from typing import Final
import unicodedata

from ..query import Pattern
from ..text import UNSPACED, fold, match_any, spellings, words

_MATCH: Final = "seq IN (SELECT rowid FROM memory_fts WHERE memory_fts MATCH :match)"
_TEXT: Final = "memory.key || ' ' || memory.value || ' ' || memory.tags"
_ASCII_WORDS: Final = re.compile("[a-z0-9]+")
_STEMMED_FROM: Final = 3
"""Shorter words have no other stem."""


def condition(pattern: Pattern) -> tuple[str, dict[str, object]]:
    """Return the condition that a memory has it, and its parameters."""
    if UNSPACED.search(pattern.text):
        return f"holds({_TEXT}, :pattern)", {"pattern": pattern.text}
    spelled = spellings(pattern.text)
    if not pattern.prefix:
        return _MATCH, {"match": match_any([spelled])}
    candidates = " OR ".join(found for spelling in spelled for found in _may_begin(spelling))
    return f"{_MATCH} AND begins({_TEXT}, :pattern)", {"match": candidates, "pattern": pattern.text}


def register_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the SQL functions that the conditions use."""
    connection.create_function("begins", 2, begins, deterministic=True)
    connection.create_function("holds", 2, holds, deterministic=True)


def begins(document: str, prefix: str) -> int:
    """Return 1 if some words of a text are those of the prefix, of whose last one the beginning is enough."""
    *lead, last = _wanted(prefix)
    there = _plain_words(document)
    return int(
        any(
            word.startswith(last) and there[place - len(lead) : place] == lead
            for place, word in enumerate(there)
            if place >= len(lead)
        )
    )


def holds(document: str, text: str) -> int:
    """Return 1 if a text stands in another, wherever words begin or end in either."""
    return int(not document.isascii() and "".join(words(text)) in "".join(words(document)))


def _plain_words(text: str) -> list[str]:
    """Return the words of a text without accents, which do not count in the word index either."""
    if text.isascii():
        return _ASCII_WORDS.findall(text.lower())
    return words("".join(char for char in unicodedata.normalize("NFKD", fold(text)) if not unicodedata.combining(char)))


@lru_cache(maxsize=32)
def _wanted(prefix: str) -> list[str]:
    return _plain_words(prefix)


def _may_begin(prefix: str) -> Iterator[str]:
    """Yield expressions of FTS5 that match, with others, every word that begins so.

    In the index there are stems, which Porter's algorithm makes by taking endings away: those of longer words begin
    with the prefix, or as much of it as is no ending itself; of the others a beginning of the prefix is left, perhaps
    with an "e" or "le" (televisi|on → televis, hopin|g → hope, sensibili|ty → sensibl). Of 68,600 beginnings of 15,000
    English words all were found but fragments such as "eing".
    """
    lead, _, last = prefix.rpartition(" ")
    lead = f"{lead} " if lead else ""
    whole = last
    while len(whole) >= _STEMMED_FROM and whole.endswith(("s", "y", "i", "ing", "ed")):
        whole = whole[:-1]
    yield f'"{lead}{whole}" *'
    yield from (f'"{lead}{last[:length]}{end}"' for length in range(2, len(last)) for end in ("", "e", "le"))
