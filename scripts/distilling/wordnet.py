"""Reads WordNet 3.0 as Debian packages it: glosses, examples and how often a meaning was met."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Final

_PARTS: Final = {"noun": "1", "verb": "2", "adj": "3", "adv": "4"}
_SATELLITE: Final = "5"
_LEAST_EXAMPLE: Final = 9


@dataclass(frozen=True, slots=True)
class Meaning:
    """One synonym set. ``field`` is the number of its lexicographer file: 6 artefacts, 13 food, and so on."""

    part: str
    field: int
    words: tuple[str, ...]
    gloss: str
    examples: tuple[str, ...]
    count: int


def read(folder: Path) -> list[Meaning]:
    """Return every meaning below ``folder``, which holds ``data.noun`` and the like, in the order of the files."""
    counts: Counter[str] = Counter()
    for line in (folder / "cntlist.rev").read_text().splitlines():
        key, _, count = line.split()
        counts[key] += int(count)
    return [
        _meaning(line, part, counts)
        for part in _PARTS
        for line in (folder / f"data.{part}").read_text().splitlines()
        if not line.startswith(" ")
    ]


def _meaning(line: str, part: str, counts: Counter[str]) -> Meaning:
    """Return what a line of ``data.*`` says; wndb(5WN) describes it."""
    head, _, gloss = line.partition(" | ")
    fields = head.split()
    kind = _SATELLITE if fields[2] == "s" else _PARTS[part]
    words, count = [], 0
    for number in range(int(fields[3], 16)):
        word, sense = fields[4 + 2 * number : 6 + 2 * number]
        word = re.sub(r"\([a-z]+\)$", "", word)
        count += counts[f"{word.lower()}%{kind}:{int(fields[1]):02}:{int(sense, 16):02}::"]
        words.append(word.replace("_", " "))
    examples = [example.strip() for example in re.findall(r'"([^"]+)"', gloss)]
    gloss = re.split(r'; "|: "', gloss)[0].strip(" ;")
    return Meaning(
        part,
        int(fields[1]),
        tuple(words),
        re.sub(r'\s*"[^"]*$', "", gloss),
        tuple(example for example in examples if len(example) >= _LEAST_EXAMPLE),
        count,
    )
