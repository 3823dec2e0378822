"""How well the single words of a question are met by the words of a text, by what they mean.

A vector of a whole text is a mean: that one word of a question has nothing to answer it hardly moves it. Here every
word looks for the one that is nearest to it ("MaxSim" of Khattab and Zaharia, "ColBERT", SIGIR 2020, with a table of
words in the place of an encoder). It takes too long for all memories, so only the best of them are looked at.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

from .words import WordTable

if TYPE_CHECKING:
    from numpy import float32, int64
    from numpy.typing import NDArray

UNRELATED: Final = 0.2
"""Cosine of two words' vectors up to which they have nothing to do with each other."""
_MOST_CHARACTERS: Final = 2_048
"""Of a text: a longer one has a word like any other somewhere, and takes long."""
_KEPT_WORDS: Final = 8_192
_KEPT_TEXTS: Final = 8_192
"""3 MB, with memories of a sentence each."""


class _Spaced(dict[int, int]):
    """Characters as they are where they belong to words, else as spaces: quicker than a regular expression."""

    def __missing__(self, character: int) -> int:
        self[character] = shown = character if chr(character).isalnum() else ord(" ")
        return shown


_SPACED: Final = _Spaced()


class Counterparts:
    """Compares words by their rows in the table. Several threads may use it at once."""

    def __init__(self, table: WordTable) -> None:
        """Take the table of words."""
        self._table = table
        # A tokenizer takes as long for one word as all the rest for a whole text, and the same memories are often near.
        self._rows_of = lru_cache(_KEPT_WORDS)(table.rows_of)
        self._rows = lru_cache(_KEPT_TEXTS)(self._distinct_rows)

    def shares(self, words: Mapping[str, float], texts: Sequence[str]) -> NDArray[float32] | None:
        """Return how much of what the words ask for each of the texts has, 0..1, shape (len(texts),).

        ``words`` have their weights. Each counts by these times the length of its row: the training has made rows of
        words that say little ("which", "have") short. ``None`` where no word is in the table.
        """
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        if not words or not texts:
            return None
        each = [self._rows(word) for word in words]
        asked = np.concatenate(each)
        weights = self._table.lengths(asked) * np.repeat(np.fromiter(words.values(), np.float32), [*map(len, each)])
        if not (whole := float(weights.sum())):
            return None
        # Row 0 is that of the unknown, which is like nothing.
        shown = (self._rows(text[:_MOST_CHARACTERS]) for text in texts)
        found = [rows if rows.size else np.zeros(1, np.int64) for rows in shown]
        starts = np.cumsum([0, *map(len, found[:-1])])
        nearest = np.maximum.reduceat(self._table.cosines(asked, np.concatenate(found)), starts, axis=1)
        above = np.maximum(nearest - np.float32(UNRELATED), 0)
        shares: NDArray[float32] = weights @ above / (whole * (1 - UNRELATED))
        return shares

    def forget(self) -> None:
        """Forget every word that was compared: those of texts tell of what is purged."""
        self._rows.cache_clear()
        self._rows_of.cache_clear()

    def _distinct_rows(self, text: str) -> NDArray[int64]:
        """Return the rows of a text's distinct words, (n,)."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        words = dict.fromkeys(text.lower().translate(_SPACED).split())  # a key repeats the words of its value
        return np.array([*chain.from_iterable(map(self._rows_of, words))], np.int64)
