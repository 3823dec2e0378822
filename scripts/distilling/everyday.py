"""Sentences of everyday life, made of patterns and of words of WordNet. What they say need not be true, or likely."""

from collections.abc import Callable, Sequence
import json
from pathlib import Path
from random import Random
import re
from typing import Final

from .wordnet import Meaning

_FIELDS: Final = {
    4: "act", 5: "animal", 6: "artifact", 7: "attribute", 8: "body", 9: "cog", 10: "communication", 11: "evt",
    12: "feeling", 13: "food", 14: "group", 15: "loc", 18: "person", 20: "plant", 21: "possession", 26: "state",
    27: "subst",
}  # fmt: skip
_LONGEST_WORD: Final = 17
_RARE_KEPT: Final = 0.12
_THINGS: Final = ("artifact", "artifact", "food", "plant", "animal", "subst", "dev", "communication", "possession")
_NUMBERS: Final = (*range(2, 32), 40, 45, 50, 60, 90, 100, 120, 200, 365, 500, 1000, *range(2015, 2027))


class Everyday:
    """Fills the patterns in ``patterns.txt``, always alike for a seed."""

    def __init__(self, meanings: Sequence[Meaning], random: Random) -> None:
        """Take the words of WordNet that patterns may use."""
        folder = Path(__file__).parent
        self._random = random
        self._patterns = (folder / "patterns.txt").read_text().splitlines()
        self.words: dict[str, list[str]] = json.loads((folder / "words.json").read_text())
        for meaning in meanings:
            self._add(meaning)
        self._made: dict[str, Callable[[], str]] = {
            "date": self._date,
            "num": lambda: str(random.choice(_NUMBERS)),
            "obj": lambda: self._word(random.choice(_THINGS)),
            "per": self._person,
            "poss": self._owner,
            "who": lambda: random.choice((self._person(), "I", "we", "he", "she", "they")),
        }

    def _add(self, meaning: Meaning) -> None:
        if meaning.part == "noun" and meaning.field in _FIELDS:
            for word in meaning.words[:2]:
                plain = word.islower() and len(word) <= _LONGEST_WORD and word.count(" ") <= 1
                if plain and (meaning.count or self._random.random() < _RARE_KEPT):
                    self.words.setdefault(_FIELDS[meaning.field], []).append(word)
        elif (meaning.part == "verb" and meaning.count > 2) or (meaning.part == "adj" and meaning.count > 1):  # noqa: PLR2004
            self.words.setdefault(meaning.part, []).append(meaning.words[0])

    def sentence(self) -> str:
        """Return one sentence or question; four of five begin with a capital letter."""
        text = re.sub(r"\{(\w+)\}", lambda slot: self._word(slot[1]), self._random.choice(self._patterns))
        return text[0].upper() + text[1:] if self._random.random() < 0.8 else text  # noqa: PLR2004

    def _word(self, kind: str) -> str:
        made = self._made.get(kind)
        return made() if made else self._random.choice(self.words[kind])

    def _person(self) -> str:
        forms = ("{name}", "{name}", "my {rel}", "our {rel}", "the {person}", "{name}'s {rel}")
        return re.sub(r"\{(\w+)\}", lambda slot: self._word(slot[1]), self._random.choice(forms))

    def _owner(self) -> str:
        forms = ("{name}'s", "my", "our", "her", "his", "their", "my {rel}'s")
        return re.sub(r"\{(\w+)\}", lambda slot: self._word(slot[1]), self._random.choice(forms))

    def _date(self) -> str:
        random = self._random
        month = self._word("mon")
        return random.choice(
            (
                f"{random.randint(1, 31)} {month}",
                f"{month} {random.randint(1, 28)}",
                f"{month} {random.randint(1990, 2026)}",
                f"on {self._word('day')}",
                self._word("time"),
            )
        )
