"""Names in a query. Pure functions."""

from collections.abc import Iterable
import re
from typing import Final

from .text import Term, search_terms, words

_SENTENCE_END: Final = frozenset(".!?:\u2026\u3002\uff01\uff1f")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|[.!?:\u2026\u3002\uff01\uff1f]")
_POSSESSIVE: Final = re.compile(r"['\u2019]\w?$")
_NOUNS_ARE_CAPITALISED: Final = frozenset({"de", "gsw", "lb", "nds"})


def names_in(text: str, language: str | None = None, known: Iterable[str] = ()) -> list[Term]:
    """Return what a query names by a word with a capital, other than the first of a sentence, in search terms.

    Whoever writes everything with capitals, or a ``language`` (BCP 47) that gives one to every noun, tells nothing by
    them. Names in ``known``, those of whoever asks, are left out. A possessive ("Anna's") counts as the name.
    """
    if language is not None and language.split("-")[0].lower() in _NOUNS_ARE_CAPITALISED:
        return []
    said, capitalised = 0, list[str]()
    first = True
    for word in _WORD.findall(text):
        if word in _SENTENCE_END:
            first = True
            continue
        if not first:
            said += 1
            # Not "I", and not "TV": what is all capitals is short for something more often than it is a name.
            if word[0].isupper() and any(char.islower() for char in word[1:]):
                capitalised.append(_POSSESSIVE.sub("", word))
        first = False
    if len(capitalised) > max(2, said * 3 // 4):
        return []
    others = set(words(" ".join(known)))
    return [term for name in capitalised for term in search_terms(name) if others.isdisjoint(term)]
