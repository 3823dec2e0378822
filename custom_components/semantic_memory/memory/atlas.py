"""The map of the memories: all that a caller sees, in two dimensions, near to each other where they mean alike."""

import asyncio
from functools import partial
import math
import sqlite3
from typing import Final

from . import policy
from .maps import Map, Version
from .models import Caller, MemoryFilter
from .projection import Projection, sample_size
from .storage import exports, mapping
from .storage.filters import Conditions
from .storage.mapping import Place
from .storage.spaces import Space
from .writes import Writes

MOST: Final = 20_000
"""Memories on a map."""


class Atlas:
    """Makes maps, one after the other, and keeps the last ones for as long as nothing has changed.

    Every coroutine may raise StorageError.
    """

    def __init__(self, writes: Writes) -> None:
        """Take what is read."""
        self._database = writes.database
        self._serving = writes.worker.serving
        self._clock = writes.clock
        self._maps = writes.maps
        self._making = asyncio.Lock()

    async def async_map(self, caller: Caller) -> Map:
        """Return the map of what the caller may see, in the space that serves now."""
        owners = policy.visible_owners(caller)
        async with self._making:
            now, served = self._clock(), self._serving.main
            if served is None:
                conditions = Conditions(owners, MemoryFilter(), now)
                total = await self._database.async_read(conditions.count)
                return Map(model=None, total=total, missing=total)
            version = Version(owners, served.space.id, self._database.version)
            if (known := self._maps.get(version, now)) is not None:
                return known
            made = await self._async_make(owners, served.space, now)
            if version.database == self._database.version:
                self._maps.put(version, made)
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
            missing=chosen.total - chosen.placed + len(chosen.seqs) - len(places),
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
