"""The one way to change memories: in a transaction, then everything kept in memory follows."""

import asyncio
from collections.abc import Callable, Sequence
import sqlite3

from .at_hand import MemoriesAtHand
from .listeners import Listeners
from .maps import Maps
from .models import Caller, EngineSettings, Memory
from .recalls import RecallLog
from .status import EngineEvent
from .storage import listing
from .storage.changes import Change
from .storage.database import Database
from .worker import EmbeddingWorker


class Writes:
    """Runs changes, and tells whoever has to know of them. What imports, restores or erases goes through it too."""

    def __init__(
        self,
        database: Database,
        worker: EmbeddingWorker,
        listeners: Listeners,
        settings: EngineSettings,
        clock: Callable[[], float],
    ) -> None:
        """Take what is written to, and who follows."""
        self.database = database
        self.worker = worker
        self.settings = settings
        self.clock = clock
        self.at_hand = MemoriesAtHand(database)
        self.recalls = RecallLog(clock())
        self.maps = Maps()
        self._listeners = listeners
        self._counting = asyncio.Lock()

    async def async_change[T](self, caller: Caller, work: Callable[[Change], T]) -> T:
        """Run a change in one transaction; it is durable when this returns. Raises StorageError, and what it raises.

        What expired on the way is told at once; of the rest the caller tells with :meth:`async_changed`.
        """
        index, now = self.worker.index, self.clock()
        expired: list[Memory] = []

        def change(connection: sqlite3.Connection) -> T:
            expired.clear()
            return work(Change(connection, index, self.settings, now, caller.actor, expired))

        result = await self.database.async_write(change)
        if expired:
            await self.async_changed("expire", expired, expired)
        return result

    async def async_changed(
        self,
        kind: str,
        now: Sequence[Memory],
        before: Sequence[Memory],
        *,
        actor: str | None = None,
        surface: str = "maintenance",
    ) -> None:
        """Bring what is kept in memory up to date, wake the worker and tell the listeners."""
        self.maps.clear()
        if kind == "purge":  # before anything is waited for: nobody may see it any more
            self.recalls.forget_memories(memory.id for memory in now)
        await self.at_hand.async_follow([*now, *before])
        await self.async_count()
        self.worker.note_changed(memory.id for memory in now)
        self._listeners.tell(
            EngineEvent(kind=kind, memories=tuple(now), before=tuple(before), actor=actor, surface=surface)
        )

    async def async_count(self) -> None:
        """Count the live memories anew."""
        # One after the other: of two counts side by side the older could be the last to answer.
        async with self._counting:
            self.worker.set_memories(await self.database.async_read(listing.count_live))
