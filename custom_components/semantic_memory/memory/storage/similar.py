"""Which words are spelt almost like another one.

How far two words are apart is counted in letters that are missing, too many, wrong or swapped with their neighbour
(optimal string alignment), by bits: Hyyrö, "A Bit-Vector Algorithm for Computing Levenshtein and Damerau Edit
Distances", 2003.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from ..text import UNSPACED

if TYPE_CHECKING:
    from numpy import bool_, int64, uint32, uint64
    from numpy.typing import NDArray

SHORTEST: Final = 4
"""Letters of a word that may be misspelt: shorter ones are all alike."""
LONGEST: Final = 32
_TWICE_FROM: Final = 7
"""Letters of a word in which two mistakes are likelier than that another word is meant."""
_MOST_KNOWN: Final = 512
WORD_BYTES: Final = 20
"""What is noted of a word beside itself."""


def is_correctable(word: str) -> bool:
    """Return whether a word may be misspelt, or what a misspelt one means: no numbers, codes or pairs of characters."""
    return SHORTEST <= len(word) <= LONGEST and not any(map(str.isnumeric, word)) and not UNSPACED.search(word)


def most_mistakes(word: str) -> int:
    """Return how many mistakes are looked for."""
    return 2 if len(word) >= _TWICE_FROM else 1


class Spellings:
    """Words in order, and what tells quickly that most of them are not meant. Not for several threads at once."""

    def __init__(self) -> None:
        """Begin with none."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        self._words: list[str] = []
        self._known: dict[tuple[str, int], list[str]] = {}
        """What was found for a word and so many mistakes: the words in which questions differ from memories recur."""
        self._letters: NDArray[uint64] = np.zeros(0, np.uint64)
        """A bit for each letter that occurs, some for several letters."""
        self._first: NDArray[uint32] = np.zeros(0, np.uint32)
        self._lengths: NDArray[int64] = np.zeros(0, np.int64)

    def __len__(self) -> int:
        """Return how many words there are."""
        return len(self._words)

    def append(self, words: Sequence[str]) -> None:
        """Add words, none of them empty."""
        if not words:
            return
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        self._known.clear()
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        starts = np.cumsum(lengths) - lengths
        characters = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), "<u4")
        bits = np.left_shift(np.uint64(1), (characters & 63).astype(np.uint64))
        self._letters = np.concatenate((self._letters, np.bitwise_or.reduceat(bits, starts)))
        self._first = np.concatenate((self._first, characters[starts]))
        self._lengths = np.concatenate((self._lengths, lengths))
        self._words += words

    def near(self, word: str, mistakes: int) -> list[str]:
        """Return the words that are ``mistakes`` apart and begin alike, or with the first two letters swapped.

        People seldom mistake the first letter; words that differ in it are other words ("wood", "food").
        """
        found = self._known.get((word, mistakes))
        if found is None:
            if len(self._known) == _MOST_KNOWN:
                self._known.clear()
            found = self._known[word, mistakes] = self._look_for(word, mistakes)
        return found

    def forget_questions(self) -> None:
        """Forget which words were looked for."""
        self._known.clear()

    def _look_for(self, word: str, mistakes: int) -> list[str]:
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        letters = np.uint64(reduce(or_, (1 << (ord(letter) & 63) for letter in word)))
        added = np.abs(self._lengths - len(word))
        # A letter that is missing or too many changes one bit, a wrong one two.
        may_be: NDArray[bool_] = np.bitwise_count(self._letters ^ letters) + added <= 2 * mistakes
        may_be &= added <= mistakes
        may_be &= (self._first == ord(word[0])) | (self._first == ord(word[1]))
        candidates = [self._words[number] for number in np.flatnonzero(may_be).tolist()]
        apart = zip(candidates, distances(word, candidates), strict=True)
        return [
            candidate
            for candidate, distance in apart
            if distance == mistakes
            and (candidate[0] == word[0] or candidate[:2] == word[1::-1])
            and is_correctable(candidate)
        ]


def distances(word: str, candidates: Iterable[str]) -> list[int]:
    """Return how far each of the candidates is from a word.

    There are a handful of them, once :meth:`Spellings.near` has left out most: not worth an array.
    """
    places: dict[str, int] = {}
    for place, letter in enumerate(word):
        places[letter] = places.get(letter, 0) | 1 << place
    return [_distance(len(word), places, candidate) for candidate in candidates]


def _distance(length: int, places: Mapping[str, int], candidate: str) -> int:
    """Return how far a candidate is from a word of this length, whose letters have these places, a bit for each."""
    every, last, distance = (1 << length) - 1, length - 1, length
    more, fewer, diagonal, before = every, 0, 0, 0
    for letter in candidate:
        match = places.get(letter, 0)
        swapped = ((~diagonal & match) << 1) & before
        diagonal = (((match & more) + more) ^ more) | match | fewer | swapped
        rising, falling = fewer | ~(diagonal | more), diagonal & more
        distance += (rising >> last & 1) - (falling >> last & 1)
        rising = rising << 1 | 1
        more, fewer = (falling << 1 | ~(diagonal | rising)) & every, rising & diagonal & every
        before = match
    return distance
