"""Forgetting memories, so that they can be restored, or for good and without trace."""

from collections.abc import Callable, Sequence

from . import policy
from .errors import DatabaseUnavailableError, InvalidInputError
from .models import Caller, ChangeKind, Memory, MemoryFilter, Source
from .snapshots import Snapshots
from .storage.changes import Change
from .storage.filters import Conditions
from .upkeep import Upkeep
from .writes import Writes


class Forgetter:
    """Forgets the memories that are named and those that a filter means, all of them or none.

    Raises MemoryNotFoundError, InvalidInputError (``nothing_selected``), StorageError.
    """

    def __init__(self, writes: Writes, upkeep: Upkeep, snapshots: Snapshots) -> None:
        """Take the one way to change memories, and everything that holds copies."""
        self._writes = writes
        self._upkeep = upkeep
        self._snapshots = snapshots

    async def async_forget(
        self, caller: Caller, references: Sequence[str], where: MemoryFilter | None, source: Source
    ) -> tuple[Memory, ...]:
        """Take them out of sight; they can be restored for as long as the settings say."""
        owners, where = self._meant(caller, references, where)

        def forget(change: Change) -> list[Memory]:
            found = change.select(owners, references, where)
            live = [(seq, memory) for seq, memory in found.items() if memory.deleted_at is None]
            return change.forget(live, ChangeKind.FORGET, source.surface)

        gone = await self._writes.async_change(caller, forget)
        await self._writes.async_changed("forget", gone, gone, actor=caller.actor, surface=source.surface)
        return tuple(gone)

    async def async_purge(
        self, caller: Caller, references: Sequence[str], where: MemoryFilter | None, source: Source
    ) -> tuple[Memory, ...]:
        """Delete them, also named ones that were forgotten before. Raises NotAllowedError (``household_purge``)."""
        owners, where = self._meant(caller, references, where)

        def purge(change: Change) -> list[Memory]:
            doomed = change.require_purgeable(owners, references) | change.select(owners, (), where)
            policy.require_may_purge(caller, doomed.values())
            change.purge(list(doomed.items()))
            return list(doomed.values())

        gone = await self._async_with_room(caller, purge)
        # At once: what follows takes its time, and can fail.
        await self._snapshots.async_note_purged([memory.id for memory in gone])
        await self._writes.async_changed("purge", gone, gone, actor=caller.actor, surface=source.surface)
        await self._upkeep.async_leave_no_trace()
        await self._snapshots.async_purge_noted()
        return tuple(gone)

    async def _async_with_room(self, caller: Caller, purge: Callable[[Change], list[Memory]]) -> list[Memory]:
        try:
            return await self._writes.async_change(caller, purge)
        except DatabaseUnavailableError:
            # Where the disk was full, the log has been emptied since, and its room can be used.
            return await self._writes.async_change(caller, purge)

    def _meant(
        self, caller: Caller, references: Sequence[str], where: MemoryFilter | None
    ) -> tuple[tuple[str, ...], MemoryFilter | None]:
        """Return whose memories are meant, and the filter; one that says nothing means nothing, not everything."""
        owners = policy.visible_owners(caller, where.owner if where else None)
        if where is not None and not Conditions(owners, where, self._writes.clock()).selective:
            where = None
        if not references and where is None:
            raise InvalidInputError("nothing_selected")
        return owners, where
