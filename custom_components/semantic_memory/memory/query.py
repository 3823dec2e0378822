"""What is asked for: the text of a query, and the operators in it. Pure functions.

``"exact words"``, also in typographic quotes, have to occur side by side; ``word*`` wants some word that begins so;
``-word``, ``-"exact words"`` and ``-word*`` leave out the memories that have them. People also just talk: hyphens
within words, dashes, negative numbers, apostrophes, inches, stars around or within words and quotes without a partner
are text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
import re
from typing import Final
import unicodedata

from .errors import InvalidInputError
from .text import words

MAX_OPERATOR_WORDS: Final = 48
"""In all operators of a query together, as many as are searched for in its text."""

_QUOTES: Final = '"\uff02\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a\u300c\u300d\u300e\u300f'
# Chinese, Japanese and Korean write no spaces around quotes.
_EAST_ASIAN: Final = "\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uff0f\uff1a-\uff20"
_BEFORE: Final = rf"(?<![^\s(\[{{<:=,;/{_EAST_ASIAN}-])"
_AFTER: Final = rf"(?![^\s)\]}}>.,;:!?\u2026/*{_EAST_ASIAN}-])"


def _same(mark: str, closing: str | None = None) -> str:
    """Return the pattern of quotes that open and close alike: only their surroundings tell which it is."""
    closing = closing or mark
    return rf"{_BEFORE}{mark}(?=\S)[^{mark}{closing}]+(?<=\S)[{closing}]{_AFTER}"


def _pair(opening: str, closing: str) -> str:
    return f"{opening}[^{opening}{closing}]+[{closing}]"


_QUOTED: Final = "|".join((
    _pair("\u201c", "\u201d"),  # English, Chinese
    _pair("\u201e", '\u201c\u201d"'),  # German, Polish
    _pair("\u00ab", "\u00bb"),  # French, Russian
    _pair("\u2039", "\u203a"),
    _pair("\u300c", "\u300d"),  # Japanese, Chinese
    _pair("\u300e", "\u300f"),
    _same('"'),
    _same("\uff02"),
    _same("\u201d"),  # Swedish
    _same("\u00bb", "\u00ab\u00bb"),  # German books, Finnish
))  # fmt: skip
_TOKEN: Final = re.compile(rf"(?P<minus>(?<!\S)-)?(?P<quoted>{_QUOTED})|(?P<bare>[^\s{_QUOTES}]+)")
_QUOTE: Final = re.compile(f"[{_QUOTES}]")
_OPENING: Final = "([{<'\u2018\u00bf\u00a1"
_CLOSING: Final = ")]}>'\u2019.,;:!?\u2026\u3002\u3001\uff0c\uff01\uff1f"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words that stand side by side, or the beginning of a word."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for."""

    text: str
    """What is embedded and searched by words: all but what is excluded, without operators."""
    required: tuple[Pattern, ...] = ()
    """All of these have to occur."""
    excluded: tuple[Pattern, ...] = ()
    """None of these may occur."""


def parse(text: str) -> Query:
    """Return a query with its operators; ``text`` as it is where there are none.

    Raises InvalidInputError (``query_only_exclusions``, ``query_too_complex``).
    """
    required, excluded = dict[Pattern, None](), dict[Pattern, None]()
    rest: list[str] = []
    end = 0
    for match in _TOKEN.finditer(text):
        starts = match.start() == 0 or text[match.start() - 1].isspace()
        pattern, minus, said = _quoted(match) if match["quoted"] else _bare(match["bare"], starts=starts)
        rest += text[end : match.start()], match[0] if pattern is None else said
        end = match.end()
        if pattern is not None:
            (excluded if minus else required)[pattern] = None
    if not required and not excluded:
        return Query(text)
    rest.append(text[end:])
    query = Query(" ".join(_plain("".join(rest))), tuple(required), tuple(excluded))
    _check(query)
    return query


def _check(query: Query) -> None:
    if query.excluded and not words(query.text):
        raise InvalidInputError("query_only_exclusions")
    if sum(len(words(pattern.text)) for pattern in (*query.required, *query.excluded)) > MAX_OPERATOR_WORDS:
        raise InvalidInputError("query_too_complex", max=MAX_OPERATOR_WORDS)


def _quoted(match: re.Match[str]) -> tuple[Pattern | None, bool, str]:
    """Return the words in quotes, if any, whether they are excluded, and how they stand in the text."""
    content = match["quoted"][1:-1].strip()
    if not words(content):
        return None, False, ""
    minus = match["minus"] is not None
    return Pattern(content), minus, "" if minus else f" {content} "


def _plain(rest: str) -> Iterable[str]:
    """Yield what is left, which holds no operators: what looks like one comes out of a quote."""
    for part in _QUOTE.sub(" ", rest).split():
        pattern, _, said = _bare(part, starts=True)
        yield part if pattern is None else said or pattern.text


def _bare(token: str, *, starts: bool) -> tuple[Pattern | None, bool, str]:
    """Return the operator that a word without spaces is, whether it excludes, and how it stands in the text."""
    minus = starts and token[0] == "-" and token[1:2].isalpha()
    core = token[1:] if minus else token.lstrip(_OPENING)
    core = core.rstrip(_CLOSING)
    prefix = core.count("*") == 1 and core[-1] == "*" and _begins_a_word(core[:-1])
    if not minus and not prefix:
        return None, False, ""
    return Pattern(core[:-1] if prefix else core, prefix), minus, "" if minus else token.replace("*", "")


def _begins_a_word(text: str) -> bool:
    """Return whether a star behind it can mean the rest of a word: four stars ("4*") are a number."""
    inside = bool(text) and all(unicodedata.category(char)[0] in "LMN" for char in (text[0], text[-1]))
    return inside and any(char.isalpha() for char in text)
