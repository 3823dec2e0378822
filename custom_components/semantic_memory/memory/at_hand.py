"""Memories at hand: prompts need them in the event loop, where nothing can be waited for."""

import asyncio
from collections.abc import Iterable, Sequence

from .models import Category, Memory
from .storage import listing
from .storage.database import Database


class MemoriesAtHand:
    """A copy of the pinned memories and core facts of all owners, which are few."""

    def __init__(self, database: Database) -> None:
        """Begin empty."""
        self._database = database
        self._pinned: tuple[Memory, ...] = ()
        self._core_facts: tuple[Memory, ...] = ()
        self._reading = asyncio.Lock()

    def pinned(self, owners: Sequence[str], now: float) -> tuple[Memory, ...]:
        """Return the live pinned memories of these owners, the oldest first."""
        return _visible(self._pinned, owners, now)

    def core_facts(self, owners: Sequence[str], now: float) -> tuple[Memory, ...]:
        """Return the first live facts about these owners that are not pinned, the oldest first."""
        return _visible(self._core_facts, owners, now)

    async def async_follow(self, changed: Iterable[Memory]) -> None:
        """Read them anew if any of these memories, as it was or is, is one. Raises StorageError."""
        if any(memory.pinned or memory.category is Category.USER for memory in changed):
            await self.async_read()

    async def async_read(self) -> None:
        """Read them anew. Raises StorageError."""
        # One after the other: of two reads side by side the older could be the last to answer.
        async with self._reading:
            self._pinned = tuple(await self._database.async_read(listing.pinned))
            self._core_facts = tuple(await self._database.async_read(listing.core_facts))


def _visible(memories: Iterable[Memory], owners: Sequence[str], now: float) -> tuple[Memory, ...]:
    return tuple(
        memory
        for memory in memories
        if memory.owner in owners and (memory.expires_at is None or memory.expires_at > now)
    )
