"""The map of the memories: all that a caller sees, in two dimensions, near to each other where they mean alike."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
import math
import sqlite3
from typing import Final

from . import policy
from .listeners import Listeners
from .models import Caller, MemoryFilter
from .projection import Projection, sample_size
from .status import EngineEvent
from .storage import exports, mapping
from .storage.filters import Conditions
from .storage.mapping import Place
from .storage.spaces import Space
from .writes import Writes

MOST: Final = 20_000
"""Memories on a map."""
_KEPT: Final = 2
"""Maps that are kept, of different callers."""
_HARMLESS: Final = frozenset({"recall", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """The memories of one space, by their first two principal components."""

    model: str | None
    """``None`` where nothing is embedded, and so nothing placed."""
    total: int
    """How many memories there are."""
    missing: int
    """How many of them have no vector in the space (yet)."""
    explained: float = 0.0
    """Share of the variance that the two axes hold, 0..1."""
    places: tuple[Place, ...] = ()
    """Those that are shown, all that have a vector or as many of them as ``MOST``, from all times."""
    x: Sequence[float] = ()
    """Of each place, -1..1."""
    y: Sequence[float] = ()
    ends_at: float = math.inf
    """When one of them expires."""


type _Key = tuple[tuple[str, ...], int, int]
"""Owners, space, and version of the database."""


class Atlas:
    """Makes maps, one after the other, and keeps the last ones for as long as nothing has changed.

    Every coroutine may raise StorageError.
    """

    def __init__(self, writes: Writes, listeners: Listeners) -> None:
        """Take what is read, and who tells of changes."""
        self._database = writes.database
        self._serving = writes.worker.serving
        self._clock = writes.clock
        self._maps: dict[_Key, Map] = {}
        self._making = asyncio.Lock()
        listeners.add(self._follow)

    async def async_map(self, caller: Caller) -> Map:
        """Return the map of what the caller may see, in the space that serves now."""
        owners = policy.visible_owners(caller)
        async with self._making:
            now, served = self._clock(), self._serving.main
            if served is None:
                conditions = Conditions(owners, MemoryFilter(), now)
                total = await self._database.async_read(conditions.count)
                return Map(model=None, total=total, missing=total)
            key = owners, served.space.id, self._database.version
            if (known := self._maps.get(key)) is not None and now < known.ends_at:
                return known
            made = await self._async_make(owners, served.space, now)
            if key[-1] == self._database.version:
                while len(self._maps) >= _KEPT:
                    del self._maps[next(iter(self._maps))]
                self._maps[key] = made
            return made

    async def _async_make(self, owners: tuple[str, ...], space: Space, now: float) -> Map:
        conditions = Conditions(owners, MemoryFilter(), now)
        choose = partial(mapping.choose, conditions=conditions, space_id=space.id, limit=MOST)
        chosen = await self._database.async_read(choose)
        loop, dimension = asyncio.get_running_loop(), space.key.dimension
        sample = sample_size(dimension)
        projection = Projection(dimension, min(sample, len(chosen.seqs)))
        places = await self._async_place(projection, conditions, space, chosen.seqs[:sample])
        explained = await loop.run_in_executor(None, projection.find_axes)
        places += await self._async_place(projection, conditions, space, chosen.seqs[sample:])
        x, y = await loop.run_in_executor(None, projection.columns)
        return Map(
            model=space.key.model,
            total=chosen.total,
            missing=chosen.total - chosen.placed,
            explained=explained,
            places=tuple(places),
            x=x,
            y=y,
            ends_at=min((place.expires_at for place in places if place.expires_at is not None), default=math.inf),
        )

    async def _async_place(
        self, projection: Projection, conditions: Conditions, space: Space, seqs: exports.Seqs
    ) -> list[Place]:
        """Place these memories; return those of them that are still there."""
        places: list[Place] = []

        def read(connection: sqlite3.Connection, batch: exports.Seqs) -> list[Place]:
            found, embeddings = mapping.read(connection, conditions, space.id, batch)
            projection.add(embeddings)
            return found

        for batch in exports.batches(seqs):
            places += await self._database.async_read(partial(read, batch=batch))
        return places

    def _follow(self, event: EngineEvent) -> None:
        """Drop every map at a change: what was purged must not be kept anywhere."""
        if event.kind not in _HARMLESS:
            self._maps.clear()
