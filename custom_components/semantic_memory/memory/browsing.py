"""What people look at on a page. Looking is no use of a memory, and is not counted as one."""

from collections.abc import Mapping
from dataclasses import replace
from sqlite3 import Connection
from typing import Final

from . import policy
from .answers import Hit
from .models import Caller, Memory, MemoryFilter, SortKey
from .query import Query
from .storage import changes, memories, search, spaces, windows
from .storage.candidates import Vector
from .storage.filters import Conditions
from .undoing import is_undoable
from .upkeep import Upkeep
from .views import Facets, GroupKey, Shown, ShownEntry, Window
from .writes import Writes

_SIMILAR: Final = 10
_SIMILAR_SCORE: Final = 0.4
"""Calibrated similarity, 0..1, below which memories have little in common but their language."""
_COMPARED: Final = 1_000
"""Characters of a memory whose words are looked for where there are no vectors."""


class Browser:
    """Reads what a caller may see. Every coroutine may raise StorageError, InvalidInputError and NotAllowedError."""

    def __init__(self, writes: Writes, upkeep: Upkeep) -> None:
        """Take what is read, and what compares memories."""
        self._database = writes.database
        self._worker = writes.worker
        self._settings = writes.settings
        self._clock = writes.clock
        self._upkeep = upkeep

    async def async_list(
        self,
        caller: Caller,
        where: MemoryFilter = MemoryFilter(),
        *,
        sort: SortKey = SortKey.UPDATED,
        descending: bool = True,
        group_by: GroupKey | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Window:
        """Return ``limit`` memories from the place ``offset`` of a list on, which may be grouped."""
        conditions = self._conditions(caller, where)
        return await self._database.async_read(
            lambda connection: windows.window(
                connection, conditions, sort, descending=descending, group_by=group_by, offset=offset, limit=limit
            )
        )

    async def async_facets(self, caller: Caller, where: MemoryFilter = MemoryFilter()) -> Facets:
        """Count the memories of each kind."""
        conditions = self._conditions(caller, where)
        forgotten = self._conditions(caller, replace(where, forgotten=True))
        return await self._database.async_read(lambda connection: windows.facets(connection, conditions, forgotten))

    async def async_show(self, caller: Caller, reference: str) -> Shown:
        """Return everything about the memory with this key or id, also a forgotten one. Raises MemoryNotFoundError."""
        owners, now = policy.visible_owners(caller), self._clock()

        def read(connection: Connection) -> Shown:
            seq, memory = changes.find_any(connection, owners, reference, now)
            lines = reversed(memories.history(connection, seq, owners))
            shown = (ShownEntry(entry=line, undoable=is_undoable(caller, memory, line)) for line in lines)
            return Shown(memory=memory, history=tuple(shown))

        return await self._database.async_read(read)

    async def async_similar(self, caller: Caller, reference: str, limit: int = _SIMILAR) -> tuple[Hit, ...]:
        """Return other live memories that resemble the one with this key or id, the most similar first.

        Raises MemoryNotFoundError.
        """
        owners, now = policy.visible_owners(caller), self._clock()
        index, tier = self._worker.index, self._upkeep.words

        def read(connection: Connection) -> tuple[Hit, ...]:
            seq, memory = changes.require(connection, owners, reference, now)
            vectors = self._vectors(connection, seq)
            wanted = search.Search(
                query=Query("" if vectors else memory.value[:_COMPARED]),
                owners=owners,
                where=MemoryFilter(),
                vectors=vectors,
                limit=limit + 1,
                threshold=_SIMILAR_SCORE if vectors else self._settings.threshold,
                strict=True,
                keyword_weight=0.0 if vectors else self._settings.keyword_weight,
                now=now,
            )
            return _others(search.run(connection, wanted, index, tier), memory, limit)

        found = await self._database.async_read(read)
        self._upkeep.note_search()
        return found

    def _vectors(self, connection: Connection, seq: int) -> Mapping[int, Vector]:
        """Return the vector of a memory, in the space that serves rather than in another; empty where it has none."""
        serving = self._worker.serving
        for served in (serving.main, *serving.filled):
            if served and (found := spaces.embeddings_of(connection, served.space.id, [seq])):
                import numpy as np  # noqa: PLC0415 - it is there: the vector was made with it

                return {served.space.id: np.frombuffer(found[seq], "<f4")}
        return {}

    def _conditions(self, caller: Caller, where: MemoryFilter) -> Conditions:
        return Conditions(policy.visible_owners(caller, where.owner), where, self._clock())


def _others(hits: tuple[Hit, ...], memory: Memory, limit: int) -> tuple[Hit, ...]:
    return tuple(hit for hit in hits if hit.memory.id != memory.id)[:limit]
