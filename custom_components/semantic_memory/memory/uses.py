"""Counting how often memories are used, without a write for every question."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from .errors import StorageError
from .models import Memory
from .storage import memories
from .storage.database import Database

_FLUSH_SECONDS: Final = 5.0


class UseCounter:
    """Gathers uses in memory and writes them together: flash memory wears, and no answer has to wait for them."""

    def __init__(self, database: Database) -> None:
        """Take the database that the counts go to."""
        self._database = database
        self._uses: dict[str, tuple[int, float]] = {}
        self._used = asyncio.Event()

    def count(self, used: Iterable[Memory], now: float) -> None:
        """Note that these memories were of use."""
        for memory in used:
            times, _ = self._uses.get(memory.id, (0, 0.0))
            self._uses[memory.id] = times + 1, now
            self._used.set()

    async def async_run(self) -> None:
        """Write what was counted, every few seconds, until cancelled."""
        while True:
            await self._used.wait()
            await asyncio.sleep(_FLUSH_SECONDS)
            with suppress(StorageError):  # it shows at the next write that matters; the counts stay for another try
                await self.async_flush()

    async def async_flush(self) -> None:
        """Write what was counted. Raises StorageError, and keeps the counts then."""
        self._used.clear()
        if not self._uses:
            return
        # Taken out first, and shielded: if whoever waits is cancelled, the counts are still written, and only once.
        uses, self._uses = self._uses, {}
        rows = [(memory_id, times, last) for memory_id, (times, last) in uses.items()]
        try:
            write = self._database.async_write(lambda connection: memories.touch(connection, rows), minor=True)
            await asyncio.shield(write)
        except StorageError:
            for memory_id, (times, last) in self._uses.items():  # used again meanwhile
                uses[memory_id] = uses.get(memory_id, (0, 0.0))[0] + times, last
            self._uses = uses
            self._used.set()
            raise
