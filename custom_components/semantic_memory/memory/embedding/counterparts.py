"""How well the single words of a question are met by the words of a text, by what they mean.

A vector of a whole text is a mean: that one word of a question has nothing to answer it hardly moves it. Here every
word looks for the one that is nearest to it ("MaxSim" of Khattab and Zaharia, "ColBERT", SIGIR 2020, with a table of
words in the place of an encoder). It takes too long for all memories, so only the best of them are looked at.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
import re
from typing import TYPE_CHECKING, Final

from .words import WordTable

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

UNRELATED: Final = 0.2
"""Cosine of two words' vectors up to which they have nothing to do with each other."""
_MOST_CHARACTERS: Final = 2_048
"""Of a text: a longer one has a word like any other somewhere, and takes long."""
_KEPT_WORDS: Final = 8_192
_WORD: Final = re.compile(r"[^\W_]+")


class Counterparts:
    """Compares words by their rows in the table. Several threads may use it at once."""

    def __init__(self, table: WordTable) -> None:
        """Take the table of words."""
        self._table = table
        # A tokenizer takes as long for one word as this for a whole text.
        self._rows_of = lru_cache(_KEPT_WORDS)(table.rows_of)

    def shares(self, words: Mapping[str, float], texts: Sequence[str]) -> NDArray[float32] | None:
        """Return how much of what the words ask for each of the texts has, 0..1, shape (len(texts),).

        ``words`` have their weights. Each counts by these times the length of its row: the training has made rows of
        words that say little ("which", "have") short. ``None`` where no word is in the table.
        """
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        asked = [(row, weight) for word, weight in words.items() for row in self._rows(word)]
        rows = [row for row, _ in asked]
        weights = self._table.lengths(rows) * np.array([weight for _, weight in asked], np.float32)
        if not (whole := float(weights.sum())) or not texts:
            return None
        found = [self._rows(text) or (0,) for text in texts]
        starts = np.cumsum([0, *map(len, found[:-1])])
        cosines = self._table.units(rows) @ self._table.units([row for each in found for row in each]).T
        nearest = np.maximum.reduceat(cosines, starts, axis=1)
        shares: NDArray[float32] = weights @ np.clip((nearest - UNRELATED) / (1 - UNRELATED), 0, 1) / whole
        return shares

    def forget(self) -> None:
        """Forget every word that was compared: those of texts tell of what is purged."""
        self._rows_of.cache_clear()

    def _rows(self, text: str) -> tuple[int, ...]:
        """Return the distinct rows of a text's words."""
        words = _WORD.findall(text[:_MOST_CHARACTERS].lower())
        return tuple(dict.fromkeys(row for word in words for row in self._rows_of(word)))
