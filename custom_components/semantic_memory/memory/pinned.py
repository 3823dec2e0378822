"""The pinned memories at hand: prompts need them in the event loop, where nothing can be waited for."""

import asyncio
from collections.abc import Iterable, Sequence

from .models import Memory
from .storage import listing
from .storage.database import Database


class PinnedMemories:
    """A copy of the pinned memories of all owners, which are few."""

    def __init__(self, database: Database) -> None:
        """Begin empty."""
        self._database = database
        self._memories: tuple[Memory, ...] = ()
        self._reading = asyncio.Lock()

    def visible(self, owners: Sequence[str], now: float) -> tuple[Memory, ...]:
        """Return those of these owners that have not expired, the oldest first."""
        return tuple(
            memory
            for memory in self._memories
            if memory.owner in owners and (memory.expires_at is None or memory.expires_at > now)
        )

    async def async_follow(self, changed: Iterable[Memory]) -> None:
        """Read them anew if any of these memories, as it was or is, is one. Raises StorageError."""
        if any(memory.pinned for memory in changed):
            await self.async_read()

    async def async_read(self) -> None:
        """Read them anew. Raises StorageError."""
        # One after the other: of two reads side by side the older could be the last to answer.
        async with self._reading:
            self._memories = tuple(await self._database.async_read(listing.pinned))
