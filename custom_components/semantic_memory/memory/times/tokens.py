"""A text as words and numbers, each with its place. Pure functions."""

from collections.abc import Iterator
from enum import Enum
import re
from typing import Final, NamedTuple
import unicodedata

# Scripts that put no space between words; of Korean, what is put behind a noun is written together with it.
_WITHOUT_SPACES: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_TOKEN: Final = re.compile(rf"(\d+)|([{_WITHOUT_SPACES}]|[^\W\d_{_WITHOUT_SPACES}]+)|([^\s\w])")
_JOINING: Final = frozenset("'\u2019-\u2010\u2011\u00ad")
"""Marks within an expression: "avant-hier", "l'année dernière"."""
_WHOLE: Final = str.maketrans({"\u0131": "i", "\u0142": "l", "\u00f8": "o"})
"""Letters that Unicode does not take apart; the first is the Turkish one whose capital is I."""
_MARKS: Final = 0x300, 0x370
"""The block of combining accents."""


class Kind(Enum):
    """What a token is."""

    NUMBER = 1
    WORD = 2
    MARK = 3


class Token(NamedTuple):
    """A word, a number or a mark."""

    text: str
    """Folded: without case and accents."""
    kind: Kind
    begin: int
    end: int
    capital: bool = False
    """Whether it is written with a capital letter."""


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text but for marks that join words."""
    for match in _TOKEN.finditer(text):
        number, word, mark = match.groups()
        begin, end = match.span()
        if number:
            yield Token(number, Kind.NUMBER, begin, end)
        elif word:
            yield Token(fold(word), Kind.WORD, begin, end, word[0].isupper())
        elif mark not in _JOINING:
            yield Token(mark, Kind.MARK, begin, end)


def fold(word: str) -> str:
    """Return a word as it is compared: people leave accents out, and write months with and without a capital letter."""
    if word.isascii():
        return word.lower()
    taken_apart = unicodedata.normalize("NFD", word.casefold())
    bare = "".join(char for char in taken_apart if not _MARKS[0] <= ord(char) < _MARKS[1])
    return unicodedata.normalize("NFC", bare).translate(_WHOLE)


def phrase(text: str) -> str:
    """Return the words and numbers of an expression in the form in which expressions are looked up."""
    return " ".join(token.text for token in tokens(text) if token.kind is not Kind.MARK)
