"""Reading memories: one by its key or id, lists of them, what happened to one, and how many there are."""

from sqlite3 import Connection

from . import policy
from .answers import MemoryPage
from .models import Caller, HistoryEntry, Memory, MemoryFilter, SortKey
from .status import EngineStatus, Stats
from .storage import changes, listing, memories
from .storage.filters import Conditions
from .uses import UseCounter
from .writes import Writes


class Reader:
    """Reads what a caller may see. Every coroutine may raise StorageError."""

    def __init__(self, writes: Writes, uses: UseCounter) -> None:
        """Take what is read, and what counts uses."""
        self._database = writes.database
        self._at_hand = writes.at_hand
        self._clock = writes.clock
        self._uses = uses

    async def async_get(self, caller: Caller, reference: str) -> Memory:
        """Return the memory with this key or id, and count that. Raises MemoryNotFoundError."""
        owners, now = policy.visible_owners(caller), self._clock()
        _, memory = await self._database.async_read(
            lambda connection: changes.require(connection, owners, reference, now)
        )
        self._uses.count([memory], now)
        return memory

    async def async_list(
        self, caller: Caller, where: MemoryFilter, sort: SortKey, *, descending: bool, limit: int, cursor: str | None
    ) -> MemoryPage:
        """Return a page of a list. Raises InvalidInputError."""
        conditions = Conditions(policy.visible_owners(caller, where.owner), where, self._clock())
        return await self._database.async_read(
            lambda connection: listing.page(
                connection, conditions, sort, descending=descending, limit=limit, cursor=cursor
            )
        )

    async def async_history(self, caller: Caller, reference: str) -> tuple[HistoryEntry, ...]:
        """Return what happened to a memory, the oldest first. Raises MemoryNotFoundError."""
        owners, now = policy.visible_owners(caller), self._clock()

        def read(connection: Connection) -> tuple[HistoryEntry, ...]:
            seq, _ = changes.require(connection, owners, reference, now)
            return memories.history(connection, seq, owners)

        return await self._database.async_read(read)

    async def async_stats(self, caller: Caller | None, status: EngineStatus, size: int) -> Stats:
        """Count what the caller may see, or everything; ``size`` is that of the file, in bytes."""
        owners, now = None if caller is None else policy.visible_owners(caller), self._clock()
        return await self._database.async_read(lambda connection: listing.stats(connection, owners, now, status, size))

    def pinned(self, caller: Caller) -> tuple[Memory, ...]:
        """Return the live pinned memories, the oldest first, without waiting."""
        return self._at_hand.pinned(policy.visible_owners(caller), self._clock())

    def core_facts(self, caller: Caller) -> tuple[Memory, ...]:
        """Return the first facts about the caller, the oldest first, without waiting; none about nobody."""
        owners = () if caller.user_id is None else (caller.user_id,)
        return self._at_hand.core_facts(owners, self._clock())
