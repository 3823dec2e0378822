"""Maps of memories, and the last of them."""

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Final

from .storage.mapping import Place

_KEPT: Final = 2
"""Maps that are kept, of different callers: each takes up to 10 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """The memories of one space, by their first two principal components."""

    model: str | None
    """``None`` where nothing is embedded, and so nothing placed."""
    total: int
    """How many memories there are."""
    missing: int
    """How many of them have no vector in the space (yet), or none that is of use."""
    explained: float = 0.0
    """Share of the variance that the two axes hold, 0..1."""
    places: tuple[Place, ...] = ()
    """Those that are shown: all that have a vector, or as many as a map holds, from all times."""
    x: Sequence[float] = ()
    """Of each place, -1..1."""
    y: Sequence[float] = ()
    ends_at: float = math.inf
    """When one of them expires."""


@dataclass(frozen=True, slots=True)
class Version:
    """What a map was made of."""

    owners: tuple[str, ...]
    space_id: int
    database: int
    """Version of the database."""


class Maps:
    """The last maps. They hold copies of memories, so every change drops them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._maps: dict[Version, Map] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._maps)

    def get(self, version: Version, now: float) -> Map | None:
        """Return the map of just this, if it is there and none of its memories has expired since."""
        made = self._maps.get(version)
        return made if made is not None and now < made.ends_at else None

    def put(self, version: Version, made: Map) -> None:
        """Keep a map, in place of the oldest if there are many."""
        while len(self._maps) >= _KEPT:
            del self._maps[next(iter(self._maps))]
        self._maps[version] = made

    def clear(self) -> None:
        """Drop all."""
        self._maps.clear()
