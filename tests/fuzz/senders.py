"""Makes up what a browser sends, which is JSON, from a seed."""

import random
from typing import Any, Final

from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import BooleanSelector, NumberSelector, SelectSelector
from hypothesis import strategies as st
import voluptuous as vol

from ..isolation.home import BEA, Home
from .values import FIXED_TEXTS

seeds: Final = st.integers(0, 2**32)
TEXTS: Final = tuple(text for text in FIXED_TEXTS if not any("\ud800" <= char <= "\udfff" for char in text))
"""Halves of characters are nothing that Home Assistant reads in JSON."""
USEFUL: Final[dict[str, tuple[Any, ...]]] = {
    "url": ("http://ollama.test:11434", "ollama.test", "https://a@b/c"),
    "api_key": ("key", ""),
    "model": ("nomic-embed-text", "bge-m3:567m", "missing"),
    "path": ("semantic_memory/memory.db", "missing.jsonl", "memory.jsonl"),
    "prompt": ("Speak like a captain", ""),
    "filter": (
        {},
        {"text": "safe"},
        {"tags": ["vault"], "forgotten": True},
        {"expiring": True},
        {"owner": "household"},
    ),
    "sort": ("updated", "key", "use_count"),
    "group_by": ("category", "scope", "surface"),
    "offset": (0, 1, 3, 2**53, 2**53 + 1),
    "limit": (1, 5, 50, 501),
    "threshold": (0, 0.5, 1),
    "descending": (True, False),
    "force_new": (True, False),
    "query": ("combination of the safe", "alarm*", '"the passport" -gift'),
    "memory_id": ("safe", "alarm", "gift", "passport"),
    "ids": (["safe"], ["alarm", "passport"], ["gift"], ["safe", "safe", "missing"]),
    "changes": (
        {"pinned": True, "add_tags": ["x"], "remove_tags": ["VAULT"]},
        {"value": "It is somewhere else", "expires_at": "2999-01-01T00:00:00Z"},
        {"owner": "household"},
        {"key": "safe"},
        {"expires_at": None, "tags": [], "confidence": 0.5},
    ),
    "entry": tuple(range(1, 30)),
    "scope": ("user", "household", "session"),
}
WRONG: Final = 0.12
"""Share of the fields that get anything at all."""
SCALARS: Final = (None, True, False, 0, -1, 1.5, 2**63, 10**30, float("nan"), float("inf"))


class Sender:
    """Makes up what is sent: something else for each seed, and the same again for the same."""

    def __init__(self, seed: int, home: Home | None = None) -> None:
        """Begin."""
        self._random = random.Random(seed)  # noqa: S311 - the same every time
        self._home = home

    def pick[T](self, *values: T) -> T:
        """Return one of these."""
        return self._random.choice(values)

    def anything(self, depth: int = 0) -> Any:
        """Return anything that can be written as JSON."""
        kind = self._random.random()
        if kind < 0.1 and depth < 3:
            return [self.anything(depth + 1) for _ in range(self._random.randrange(4))]
        if kind < 0.2 and depth < 3:
            return {self.pick(*TEXTS): self.anything(depth + 1) for _ in range(self._random.randrange(4))}
        return self.pick(*TEXTS) if kind < 0.8 else self.pick(*SCALARS)

    def form(self, schema: vol.Schema) -> dict[str, Any]:
        """Return what is sent for a form: mostly its fields, mostly one of them wrong."""
        if self._random.random() < 0.05:
            return {self.pick(*TEXTS): self.anything()}
        sent = {
            str(marker.schema): self.field(str(marker.schema), inner)
            for marker, inner in schema.schema.items()
            if isinstance(marker, vol.Required) or self._random.random() < 0.7
        }
        if sent and self._random.random() < WRONG:
            sent.pop(self.pick(*sent))
        return sent

    def field(self, name: str, selector: Any) -> Any:
        """Return what is sent in a field: mostly something that can be chosen."""
        if self._random.random() < WRONG:
            sent = self.anything()
            # Home Assistant's ObjectSelector fails itself over a list of numbers, before anything of ours is asked.
            return sent if name != "satellites" or not isinstance(sent, list) else {}
        if isinstance(selector, section):
            return self.form(selector.schema)
        return self.pick(*self._useful(name, selector))

    def _useful(self, name: str, selector: Any) -> list[Any]:
        if isinstance(selector, SelectSelector) and self._random.random() < 0.8:
            options = selector.config["options"]
            return [option["value"] if isinstance(option, dict) else option for option in options] or [""]
        if isinstance(selector, NumberSelector):
            return [selector.config["min"], selector.config["max"], selector.config["max"] + 1, 1.5]
        if isinstance(selector, BooleanSelector):
            return [True, False]
        if name == "satellites" and self._home is not None:
            known = {"device": self._home.satellites[BEA], "person": self.pick("person.bea", "person.guest", "y")}
            return [[], [known], [known, known], [{"device": "x", "person": "y"}], [{}], known]
        return [*USEFUL.get(name, ()), self.anything()]
