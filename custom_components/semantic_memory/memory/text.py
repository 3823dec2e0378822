"""Words: keys, tags, and what is searched. Pure functions."""

from collections.abc import Iterable
import json
import re
from typing import Final
import unicodedata

from .errors import InvalidInputError
from .models import MAX_KEY_LENGTH, MAX_TAG_LENGTH, MAX_TAGS

_TAG_SEPARATOR: Final = re.compile(r"[,;\n]")
_DERIVED_WORDS: Final = 8
_DERIVED_LENGTH: Final = 48
_QUERY_CHARACTERS: Final = 4_096
_QUERY_WORDS: Final = 48


def fold(text: str) -> str:
    """Return the text in the form in which texts are compared: NFKC, casefolded, in single spaces.

    Unicode Standard, section 3.13 (D146): folding can undo normalisation, hence NFKC on both sides.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def words(text: str) -> list[str]:
    """Return the folded words of a text in order: runs of letters, marks and digits of any script.

    These are the characters that FTS5's ``unicode61`` makes tokens of, so a word here is a token there.
    """
    return "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in fold(text)).split()


def normalise_key(key: str) -> str:
    """Return a key as it is stored: NFKC, casefolded, everything but letters, marks and digits as ``_``.

    Letters of any language stay: ``Địa chỉ nhà`` → ``địa_chỉ_nhà``. Raises InvalidInputError (``key_empty``,
    ``key_too_long``).
    """
    normalised = "_".join(words(key))
    if not normalised:
        raise InvalidInputError("key_empty")
    if len(normalised) > MAX_KEY_LENGTH:
        raise InvalidInputError("key_too_long", max=MAX_KEY_LENGTH)
    return normalised


def derive_key(value: str) -> str:
    """Return a key made of the first words of a value, ``note`` where it has none."""
    key = ""
    for word in words(value)[:_DERIVED_WORDS]:
        longer = f"{key}_{word}" if key else word[:_DERIVED_LENGTH]
        if len(longer) > _DERIVED_LENGTH:
            break
        key = longer
    return normalise_key(key or "note")


def parse_tags(tags: object) -> tuple[str, ...]:
    """Return tags from a list or from comma- or semicolon-separated text, also when that text is a JSON list.

    Order stays, repetitions (compared folded) go. Raises InvalidInputError (``invalid_tags``, ``too_many_tags``,
    ``tag_too_long``).
    """
    seen: dict[str, str] = {}
    for raw in _split_tags(tags):
        tag = " ".join(unicodedata.normalize("NFKC", raw).strip().lstrip("#").split())
        if not tag:
            continue
        if len(tag) > MAX_TAG_LENGTH:
            raise InvalidInputError("tag_too_long", max=MAX_TAG_LENGTH)
        seen.setdefault(fold(tag), tag)
    if len(seen) > MAX_TAGS:
        raise InvalidInputError("too_many_tags", max=MAX_TAGS)
    return tuple(seen.values())


def _split_tags(tags: object) -> Iterable[str]:
    if tags is None:
        return ()
    if isinstance(tags, str):
        if tags.strip().startswith("["):
            try:
                return _split_tags(json.loads(tags))
            except ValueError:
                tags = tags.strip().strip("[]")
        return _TAG_SEPARATOR.split(tags)
    if isinstance(tags, (list, tuple, set, frozenset)) and all(isinstance(tag, (str, int, float)) for tag in tags):
        return (part for tag in tags for part in _TAG_SEPARATOR.split(str(tag)))
    raise InvalidInputError("invalid_tags")


def document_text(key: str, value: str, tags: Iterable[str]) -> str:
    """Return the text that is embedded for a memory: its key in words, its value, its tags.

    A key or tag that only repeats words of the value is left out, as is that of a key derived from the value.
    """
    in_value = set(words(value))
    key_words = words(key)
    lead = "" if in_value.issuperset(key_words) else f"{' '.join(key_words)}: "
    extra = [tag for tag in tags if not (in_value | set(key_words)).issuperset(words(tag))]
    return f"{lead}{value}" + (f" ({', '.join(extra)})" if extra else "")


def query_words(query: str) -> list[str]:
    """Return the distinct words of a query, bounded so that no query is too long to search for."""
    return list(dict.fromkeys(words(query[:_QUERY_CHARACTERS])))[:_QUERY_WORDS]


def match_any(terms: Iterable[str]) -> str:
    """Return an FTS5 expression that matches any of the words; quoted words hold nothing that FTS5 would interpret."""
    return " OR ".join(f'"{term}"' for term in terms)


def match_all(terms: Iterable[str]) -> str:
    """Return an FTS5 expression that matches rows with words that begin with each of these."""
    return " AND ".join(f'"{term}"*' for term in terms)


def says_the_same(old: str, new: str) -> bool:
    """Return whether ``new`` repeats ``old``: the same words, or all of them in order with a little added.

    Deliberately strict: "my mother's code is 12" and "my father's code is 12" are near in any vector space, and taking
    one for the other loses a memory, while a repetition that is not recognised costs a row.
    """
    before, after = words(old), words(new)
    if not before or not after:
        return fold(old) == fold(new)
    if sorted(before) == sorted(after):
        return before == after or not _has_number(before)
    added = len(after) - len(before)
    remaining = iter(after)
    return 0 < added <= max(1, len(before) // 2) and all(word in remaining for word in before)


def _has_number(terms: Iterable[str]) -> bool:
    return any(char.isdigit() for term in terms for char in term)
