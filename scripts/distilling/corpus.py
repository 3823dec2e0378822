"""The texts that the teacher reads: WordNet's glosses and examples, everyday sentences, Home Assistant's own texts.

All are free: WordNet under its licence, Home Assistant and its sentences for Assist under Apache-2.0, and the patterns
are our own. Nothing of a benchmark is among them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import json
from pathlib import Path
from random import Random
import re
from typing import Any, Final

from .everyday import Everyday
from .wordnet import Meaning, read

_SEED: Final = 7
HELD_OUT: Final = 2_500
_EVERYDAY: Final = 34_000
_WITH_WORD: Final = 16_000
_RARE: Final = 14_000
_HOME_ASSISTANT: Final = 12_000
_COMMANDS: Final = 3_500
_GLOSS_LENGTHS: Final = range(8, 111)
_TEXT_LENGTHS: Final = range(9, 120)
_MOST_STEPS: Final = 60


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is learnt from, and meanings with examples that are kept away from it to measure."""

    texts: tuple[str, ...]
    held_out: tuple[Meaning, ...]


def gather(wordnet: Path, packages: Path) -> Corpus:
    """Return the corpus, the same every time. Home Assistant and its sentences are in ``packages``."""
    random = Random(_SEED)  # noqa: S311 - the same in every run, not secret
    meanings = read(wordnet)
    random.shuffle(meanings)
    held_out = tuple(meaning for meaning in meanings if meaning.examples and meaning.gloss)[:HELD_OUT]
    learnt = [meaning for meaning in meanings if meaning not in set(held_out)]
    everyday = Everyday(meanings, random)
    texts = dict.fromkeys(_glosses(learnt, random))
    texts.update(dict.fromkeys(everyday.sentence() for _ in range(_EVERYDAY)))
    texts.update(dict.fromkeys(_home_assistant(packages, random)))
    texts.update(dict.fromkeys(_commands(packages, everyday, random)))
    cleaned = {re.sub(r"\s+", " ", text).strip() for text in texts}
    avoided = {text for meaning in held_out for text in (meaning.gloss, *meaning.examples)}
    ordered = sorted(cleaned - avoided - {""})
    random.shuffle(ordered)
    return Corpus(tuple(ordered), held_out)


def _glosses(meanings: list[Meaning], random: Random) -> Iterator[str]:
    """Yield every example, the glosses of common meanings and some of rare ones, alone and with their words."""
    for meaning in meanings:
        yield from meaning.examples
    fitting = [meaning for meaning in meanings if len(meaning.gloss) in _GLOSS_LENGTHS]
    common = [meaning for meaning in fitting if meaning.count or meaning.examples]
    rare = [meaning for meaning in fitting if not (meaning.count or meaning.examples)]
    yield from (meaning.gloss for meaning in common)
    for meaning in random.sample(common, _WITH_WORD):
        word, other = random.choice(meaning.words), random.choice(meaning.words)
        yield random.choice((word, f"{word}: {meaning.gloss}", f"What is {word}?", f"{word}, {other}"))
    for meaning in random.sample(rare, _RARE):
        yield random.choice((meaning.gloss, meaning.gloss, f"{random.choice(meaning.words)}: {meaning.gloss}"))


def _home_assistant(packages: Path, random: Random) -> list[str]:
    """Return texts of Home Assistant's own dialogs."""
    texts: set[str] = set()
    for file in packages.glob("homeassistant/components/*/strings.json"):
        texts.update(_strings(json.loads(file.read_text())))
    kept = sorted(
        re.sub(r"[{}*`]", "", text)
        for text in texts
        if len(text) in _TEXT_LENGTHS and not re.search(r"\[%key|://|\n|\{.*\{", text)
    )
    return random.sample(kept, _HOME_ASSISTANT)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for below in value.values():
            yield from _strings(below)
    elif isinstance(value, str):
        yield value


def _commands(packages: Path, everyday: Everyday, random: Random) -> Iterator[str]:
    """Yield sentences that Assist understands without a language model."""
    data = json.loads((packages / "home_assistant_intents/data/en.json").read_text())
    patterns = [
        sentence for intent in data["intents"].values() for block in intent["data"] for sentence in block["sentences"]
    ]
    lists = {
        "area": everyday.words["room"],
        "name": everyday.words["dev"],
        "floor": ["ground floor", "first floor", "basement"],
        "item": everyday.words["food"],
    }
    for _ in range(_COMMANDS):
        text = _expand(random.choice(patterns), data["expansion_rules"], lists, random)
        if not re.search(r"[<>\[\]{}|()]", text):
            yield text


def _expand(pattern: str, rules: dict[str, str], lists: dict[str, list[str]], random: Random) -> str:
    """Return one sentence of a pattern in hassil's notation: <rule>, [optional], (one|other), {list}."""
    for _ in range(_MOST_STEPS):
        if rule := re.search(r"<(\w+)>", pattern):
            filled = f"({rules.get(rule[1], rule[1].replace('_', ' '))})"
            pattern = pattern[: rule.start()] + filled + pattern[rule.end() :]
        elif group := re.search(r"\[([^\[\]()]*)\]|\(([^\[\]()]*)\)", pattern):
            left_out = group[1] is not None and random.random() < 0.5  # noqa: PLR2004
            chosen = "" if left_out else random.choice((group[1] or group[2] or "").split("|"))
            pattern = pattern[: group.start()] + chosen + pattern[group.end() :]
        else:
            break

    def value(slot: re.Match[str]) -> str:
        name: str = slot[1]
        return random.choice(lists.get(name, [str(random.randint(2, 90)), name.replace("_", " ")]))

    return re.sub(r"\{(\w+)(:\w+)?\}", value, pattern)
