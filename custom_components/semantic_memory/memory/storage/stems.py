"""Words of questions as they stand in the word index."""

from collections.abc import Sequence
import sqlite3
from typing import Final

from ..text import Term
from . import words

_MOST: Final = 4_096
"""Spellings whose tokens are remembered: less than a megabyte."""


class Stems:
    """Remembers what FTS5 makes of a spelling: it tells that only by way of a table, which takes 20 µs a word.

    Several threads may use it at once.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._tokens: dict[str, list[str]] = {}

    def of(self, connection: sqlite3.Connection, terms: Sequence[Term]) -> dict[Term, list[str]] | None:
        """Return, for each of the terms, what may stand for it in the index; ``None`` where that is more than a word.

        A term of which nothing is left is left out.
        """
        known = self._tokens
        missing = list(dict.fromkeys(spelling for term in terms for spelling in term if spelling not in known))
        if missing:
            if len(known) + len(missing) > _MOST:
                self._tokens = known = {}
                missing = list(dict.fromkeys(spelling for term in terms for spelling in term))
            known.update(zip(missing, words.tokens(connection, missing), strict=True))
        stems: dict[Term, list[str]] = {}
        for term in terms:
            found = [known[spelling] for spelling in term]
            if any(len(tokens) > 1 for tokens in found):
                return None
            if stem := list(dict.fromkeys(token for tokens in found for token in tokens)):
                stems[term] = stem
        return stems

    def forget(self) -> None:
        """Forget every word that was asked for: a person's questions tell of what is erased."""
        self._tokens = {}
