"""Words: keys, tags, and what is searched. Pure functions."""

from collections.abc import Iterable
from itertools import pairwise
import json
import re
from typing import Final
import unicodedata

from .errors import InvalidInputError
from .models import MAX_KEY_LENGTH, MAX_TAG_LENGTH, MAX_TAGS

type Term = tuple[str, ...]
"""The spellings of one word, any of which will do."""

_TAG_SEPARATOR: Final = re.compile(r"[,;\n\u3001]")
# Marks around words: quotes, brackets, and what ends or parts sentences, also in Chinese and Japanese.
_OPENING: Final = "\"'([{\u00bf\u00a1\u00ab\u201e\u201c\u2018\u201a"
_CLOSING: Final = "\"').,:;!?]}\u2026\u00bb\u201d\u201c\u2019\u2018\u3002\uff01\uff1f\uff0c\u3001\uff1b\uff1a"
# Thai, Lao, Burmese, Khmer, Japanese, Chinese, Korean.
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
"""Characters of scripts that write no spaces between words, or add particles to them."""
_PARTS: Final = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
# Vowels and tones of Thai, Lao, Burmese and Khmer stand on the letter before them.
_MARKS: Final = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u17b4-\u17d3"
    "\u3099\u309a"
)
_CHARACTER: Final = re.compile(f".[{_MARKS}]*")
_IDEOGRAPH: Final = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_ASCII_RUNS: Final = re.compile("[0-9A-Za-z]+")
_ID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_DERIVED_WORDS: Final = 8
_DERIVED_LENGTH: Final = 48
_QUERY_CHARACTERS: Final = 4_096
_LONGEST_TAGS: Final = 65_536
"""Characters, or tags, of what may be no more than so many tags once repetitions have gone."""
_LONGEST_KEY: Final = 8_192
"""Characters of what may be a key once it is normalised: nobody waits for megabytes to be taken apart."""
_QUERY_WORDS: Final = 48


def storable(text: str) -> str:
    """Return a text as SQLite and UTF-8 can hold it: composed, without NUL and lone surrogates."""
    return unicodedata.normalize("NFC", text.replace("\0", "").encode("utf-8", "replace").decode())


def fold(text: str) -> str:
    """Return the text in the form in which texts are compared: NFKC, casefolded, in single spaces.

    Unicode Standard, section 3.13 (D146): folding can undo normalisation, hence NFKC on both sides.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def words(text: str) -> list[str]:
    """Return the folded words of a text in order: runs of letters, marks and digits of any script.

    These are the characters that the word index makes tokens of, so a word here is a token there.
    """
    return _runs(fold(text))


def pieces(run: str) -> list[str]:
    """Return what a folded run of letters is found by, where it is in a script that writes no spaces between words.

    Those are its overlapping pairs of characters, its ideographs, which often are words, and its words of other
    scripts; for anything else nothing. Pairs find words without a dictionary, as the CJK analyzer of Lucene does.
    Korean has spaces, but adds particles to its words. Marks belong to the character before them.
    """
    if not UNSPACED.search(run):
        return []
    found: dict[str, None] = {}
    for part in _PARTS.findall(run):
        characters = _CHARACTER.findall(part) if UNSPACED.match(part) else [part]
        pairs = ["".join(pair) for pair in pairwise(characters)]
        singles = filter(_IDEOGRAPH.match, characters) if pairs else characters
        found |= dict.fromkeys([*pairs, *singles])
    return list(found)


def index_pieces(key: str, value: str, tags: Iterable[str]) -> str | None:
    """Return what a memory is found by beside its words, for the word index; ``None`` for most memories."""
    runs = [run for run in words(" ".join((key, value, *tags))) if UNSPACED.search(run)]
    found = dict.fromkeys(piece for run in runs for piece in (*pieces(run), *UNSPACED.findall(run)))
    return " ".join(found) or None


def _runs(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_RUNS.findall(text)
    runs = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in text).split()
    # What is left of an emoji is a mark without a letter.
    return [run for run in runs if any(unicodedata.category(char)[0] in "LN" for char in run)]


def normalise_key(key: str) -> str:
    """Return a key as it is stored: NFKC, casefolded, everything but letters, marks and digits as ``_``.

    Letters of any language stay: ``Địa chỉ nhà`` → ``địa_chỉ_nhà``. Raises InvalidInputError (``key_empty``,
    ``key_too_long``).
    """
    if len(key) > _LONGEST_KEY:
        raise InvalidInputError("key_too_long", max=MAX_KEY_LENGTH)
    normalised = "_".join(words(key))
    if not normalised:
        raise InvalidInputError("key_empty")
    if len(normalised) > MAX_KEY_LENGTH:
        raise InvalidInputError("key_too_long", max=MAX_KEY_LENGTH)
    return normalised


def is_id(text: str) -> bool:
    """Return whether a text is, or could be, the id of a memory: a ULID, in either case."""
    return _ID.fullmatch(text.strip().upper()) is not None


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
        tag = " ".join(raw.split()).lstrip("# ")
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
                return _split_list(json.loads(tags))
            except ValueError, RecursionError:
                tags = tags.strip().strip("[]")
        return _split_list([tags])
    return _split_list(tags)


def _split_list(tags: object) -> list[str]:
    if not isinstance(tags, (list, tuple, set, frozenset)) or not all(
        isinstance(tag, (str, int, float)) for tag in tags
    ):
        raise InvalidInputError("invalid_tags")
    if len(tags) + sum(len(tag) for tag in tags if isinstance(tag, str)) > _LONGEST_TAGS:
        raise InvalidInputError("too_many_tags", max=MAX_TAGS)
    try:
        texts = [unicodedata.normalize("NFKC", storable(str(tag))) for tag in tags]
    except ValueError as err:  # an integer with more digits than Python writes
        raise InvalidInputError("invalid_tags") from err
    return [part for text in texts for part in _TAG_SEPARATOR.split(text)]


def document_text(key: str, value: str, tags: Iterable[str]) -> str:
    """Return the text that is embedded for a memory: its key in words, its value, its tags.

    A key or tag that only repeats words of the value is left out, as is that of a key derived from the value.
    """
    in_value = set(words(value))
    key_words = words(key)
    lead = "" if in_value.issuperset(key_words) else f"{' '.join(key_words)}: "
    extra = [tag for tag in tags if not (in_value | set(key_words)).issuperset(words(tag))]
    return f"{lead}{value}" + (f" ({', '.join(extra)})" if extra else "")


def search_terms(text: str) -> list[Term]:
    """Return the distinct words of a text as they may stand in the word index.

    FTS5 folds case and accents by itself, but keeps what NFKC and casefold take apart: a value holds "Straße", a key
    "strasse". Each word is therefore looked for as it is written and, where that is something else, folded.
    """
    terms: dict[Term, None] = {}
    for word in _runs(storable(text).lower()):
        if word.isascii():
            terms[word,] = None
            continue
        folded = words(word)
        if split := [piece for run in folded for piece in pieces(run)]:
            terms |= dict.fromkeys((piece,) for piece in split)
            continue
        same = folded == [word.replace("\u03c2", "\u03c3")]  # both take the final sigma for the other one
        terms[(word,) if same or not folded else (word, " ".join(folded))] = None
    return list(terms)


def spellings(phrase: str) -> Term:
    """Return the words of a phrase side by side, as they may stand in the word index."""
    written, folded = (" ".join(found) for found in (_runs(storable(phrase).lower()), words(storable(phrase))))
    return (written,) if written == folded else (written, folded)


def query_words(query: str) -> list[Term]:
    """Return the distinct words of a query, bounded so that no query is too long to search for."""
    return search_terms(query[:_QUERY_CHARACTERS])[:_QUERY_WORDS]


def match_any(terms: Iterable[Term]) -> str:
    """Return an FTS5 expression that matches any of the words; quoted words hold nothing that FTS5 would interpret."""
    return " OR ".join(f'"{spelling}"' for term in terms for spelling in term)


def match_all(terms: Iterable[Term]) -> str:
    """Return an FTS5 expression that matches rows with words that begin with each of these."""
    return " AND ".join("({})".format(" OR ".join(f'"{spelling}"*' for spelling in term)) for term in terms)


def says_the_same(old: str, new: str) -> bool:
    """Return whether ``new`` repeats ``old``: the same words in the same order, perhaps with a little added at the end.

    Deliberately strict: "my mother's code is 12" and "my father's code is 12" are near in any vector space, and taking
    one for the other loses a memory, while a repetition that is not recognised costs a row. A word more in front or
    within makes another fact ("not", "mother in law", "garage door"); one at the end says more of the same. Signs that
    are no punctuation count as words: "-5" is not "5", nor "C++" the same as "C".
    """
    before, after = _statement(old), _statement(new)
    added = len(after) - len(before)
    return bool(before) and after[: len(before)] == before and added <= max(1, len(before) // 2)


def _statement(text: str) -> list[str]:
    """Return the words of a text without the punctuation around them; the whole text where that is all there is."""
    folded = fold(text)
    stripped = (word.lstrip(_OPENING).rstrip(_CLOSING) for word in folded.split())
    return [word for word in stripped if word] or [folded]
