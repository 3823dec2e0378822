"""What people do to memories on a page: to several at once, and undoing."""

from collections.abc import Callable, Sequence

from . import policy
from .background import BackgroundTasks
from .errors import InvalidInputError
from .models import Caller, Memory, MemoryChanges, Source
from .storage.changes import Change
from .writes import Writes

type _Done = list[tuple[Memory, Memory]]
"""How memories were and are."""


class Editor:
    """Changes memories: all that are named, or none of them.

    Every coroutine runs to its end even if its caller is cancelled, and may raise StorageError, MemoryNotFoundError
    and KeyInUseError.
    """

    def __init__(self, writes: Writes, background: BackgroundTasks) -> None:
        """Take the one way to change memories, and what lets changes end."""
        self._writes = writes
        self._background = background

    async def async_update(
        self, caller: Caller, references: Sequence[str], changes: MemoryChanges
    ) -> tuple[Memory, ...]:
        """Change the memories with these keys or ids; return how they are now.

        Raises InvalidInputError (``one_memory_only`` for the key or value of several), NotAllowedError
        (``household_move``, ``move_to_other``).
        """
        if len(references) > 1 and (changes.key is not None or changes.value is not None):
            raise InvalidInputError("one_memory_only")
        owners = policy.visible_owners(caller)

        def edit(change: Change) -> _Done:
            return [change.edit(owners, reference, caller, changes) for reference in references]

        return await self._async_finish(caller, "change", changes.source, edit)

    async def async_undo(self, caller: Caller, reference: str, entry_id: int, *, source: Source) -> Memory:
        """Bring back how a memory was before a line of its history; that is a change of its own, in the history too.

        Raises InvalidInputError and NotAllowedError, see :func:`undoing.require`.
        """
        owners = policy.visible_owners(caller)

        def undo(change: Change) -> _Done:
            return [change.undo(owners, reference, caller, entry_id, source)]

        (memory,) = await self._async_finish(caller, "change", source, undo)
        return memory

    async def async_restore(self, caller: Caller, references: Sequence[str], *, source: Source) -> tuple[Memory, ...]:
        """Bring forgotten memories back; return how they are now."""
        owners = policy.visible_owners(caller)

        def restore(change: Change) -> _Done:
            return [change.restore(owners, reference, source) for reference in references]

        return await self._async_finish(caller, "restore", source, restore)

    async def _async_finish(
        self, caller: Caller, kind: str, source: Source, work: Callable[[Change], _Done]
    ) -> tuple[Memory, ...]:
        return await self._background.async_finish(self._async_run(caller, kind, source, work))

    async def _async_run(
        self, caller: Caller, kind: str, source: Source, work: Callable[[Change], _Done]
    ) -> tuple[Memory, ...]:
        done = await self._writes.async_change(caller, work)
        changed = [(before, after) for before, after in done if before != after]
        if changed:
            befores, afters = zip(*changed, strict=True)
            back = befores[0].deleted_at is not None
            await self._writes.async_changed(
                "restore" if back else kind, afters, befores, actor=caller.actor, surface=source.surface
            )
        return tuple(after for _, after in done)
