"""Sentences that people have written: the English texts of Home Assistant's integrations, which are installed here."""

from collections.abc import Iterator
import importlib.util
import json
from pathlib import Path
import random
from typing import Final

_LEAST_WORDS: Final = 4
_SEED: Final = 9


def sentences(count: int) -> list[str]:
    """Return up to ``count`` distinct texts of several words, the same ones for the same release of Home Assistant.

    Raises RuntimeError where Home Assistant is not installed.
    """
    spec = importlib.util.find_spec("homeassistant")
    if spec is None or spec.origin is None:
        raise RuntimeError("Home Assistant is not installed: use the interpreter of .venv")
    files = sorted(Path(spec.origin).parent.glob("components/*/translations/en.json"))
    found = dict.fromkeys(
        text for file in files for text in _texts(json.loads(file.read_text(encoding="utf-8"))) if _is_sentence(text)
    )
    texts = list(found)
    random.Random(_SEED).shuffle(texts)
    return texts[:count]


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node.strip()
    elif isinstance(node, dict):
        for child in node.values():
            yield from _texts(child)


def _is_sentence(text: str) -> bool:
    return len(text.split()) >= _LEAST_WORDS and "{" not in text and "[%" not in text
