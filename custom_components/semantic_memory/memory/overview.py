"""What is in use to find memories, for people who look after the system."""

from dataclasses import dataclass
from functools import partial
import sqlite3

from . import policy
from .models import Caller, MemoryFilter
from .storage import mapping
from .storage.filters import Conditions
from .storage.vec0 import Vec0Index
from .writes import Writes


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceInUse:
    """The embedding space that serves."""

    model: str
    dimension: int
    vectors: int
    """How many of the caller's memories have one."""
    ready: bool
    """Whether it has been complete once."""


class Overview:
    """Looks at what serves. Every coroutine may raise StorageError."""

    def __init__(self, writes: Writes) -> None:
        """Take what is looked at."""
        self._database = writes.database
        self._worker = writes.worker
        self._clock = writes.clock

    async def async_space(self, caller: Caller) -> SpaceInUse | None:
        """Return the space that serves now, ``None`` where words only are compared."""
        served = self._worker.serving.main
        if served is None:
            return None
        space = served.space
        conditions = Conditions(policy.visible_owners(caller), MemoryFilter(), self._clock())
        count = partial(mapping.count_placed, conditions=conditions, space_id=space.id)
        vectors = await self._database.async_read(count)
        return SpaceInUse(model=space.key.model, dimension=space.key.dimension, vectors=vectors, ready=space.ready)

    async def async_index_version(self) -> str | None:
        """Return the version of sqlite-vec, ``None`` where it is not in use."""
        if self._worker.index.name != Vec0Index.name:
            return None
        return await self._database.async_read(_index_version)


def _index_version(connection: sqlite3.Connection) -> str:
    (version,) = connection.execute("SELECT vec_version()").fetchone()
    return str(version)
