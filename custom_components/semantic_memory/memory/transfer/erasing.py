"""Erasing everything about one person, wherever the engine has put it."""

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from ..errors import FileUnavailableError, SemanticMemoryError, StorageError
from ..models import Caller, Memory
from ..snapshots import Snapshots
from ..storage import erasing
from ..storage.changes import Change
from ..upkeep import Upkeep
from ..writes import Writes
from . import folder
from .exporting import require_person

_BATCH: Final = 200
"""Memories that are erased in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseReport:
    """What was erased."""

    memories: int
    history: int
    """Lines in the history of memories that are not the person's today."""
    exports: int
    """Files."""
    remaining: tuple[Path, ...]
    """Files in the engine's folder that still name the person: others have to look after them."""


class Eraser:
    """Erases people. Doing it again does what could not be done before."""

    def __init__(self, writes: Writes, upkeep: Upkeep, snapshots: Snapshots, files: asyncio.Lock) -> None:
        """Take everything that holds copies, and what is held by whoever writes or removes exports."""
        self._writes = writes
        self._upkeep = upkeep
        self._snapshots = snapshots
        self._files = files

    async def async_erase(self, caller: Caller) -> EraseReport:
        """Erase everything about the caller; see :meth:`.Transfer.async_erase_person`."""
        user_id = require_person(caller)
        if self._writes.database.held:
            raise StorageError("erase_during_backup")
        failures: list[SemanticMemoryError] = []
        async with self._files:  # an export that is under way ends first, and is removed too
            memories = await self._async_erase_memories(caller, user_id)
            history = await self._writes.async_change(caller, partial(_erase_history, user_id=user_id))
            self._writes.worker.serving.forget_queries()
            self._writes.recalls.forget_person(user_id)
            try:
                await self._snapshots.async_scrub(partial(erasing.erase_rows, owner=user_id))
            except StorageError as err:
                failures.append(err)
            # After the snapshots: taking one reads the database, and readers keep its log from being emptied.
            if not await self._upkeep.async_leave_no_trace():
                failures.append(StorageError(reason="the database file could not be rewritten"))
            exports, remaining = 0, tuple[Path, ...]()
            try:
                exports, remaining = await asyncio.get_running_loop().run_in_executor(None, self._files_of, user_id)
            except FileUnavailableError as err:
                failures.append(err)
        if failures:
            raise StorageError("erase_incomplete", reason="; ".join(map(_reason, failures)))
        return EraseReport(memories=memories, history=history, exports=exports, remaining=remaining)

    async def _async_erase_memories(self, caller: Caller, user_id: str) -> int:
        """Erase the person's memories; return how many. Others can write in between: removing words takes its time."""
        count = 0
        while gone := await self._writes.async_change(caller, partial(_erase_some, user_id=user_id)):
            await self._writes.async_changed("purge", gone, gone, actor=caller.actor, surface="erase")
            count += len(gone)
        return count

    def _files_of(self, user_id: str) -> tuple[int, tuple[Path, ...]]:
        """Remove the person's exports and their name from others'; return how many, and where the name is still."""
        parent = self._writes.database.path.parent
        try:
            removed = folder.remove_owner(parent / folder.FOLDER, user_id)
            folder.remove_actor(parent / folder.FOLDER, user_id)
            return removed, tuple(folder.files_with(parent, user_id))
        except OSError as err:
            raise FileUnavailableError(path=err.filename or parent, reason=err.strerror or err) from err


def _erase_some(change: Change, user_id: str) -> list[Memory]:
    doomed = erasing.owned(change.connection, user_id, _BATCH)
    change.purge(doomed)
    return [memory for _, memory in doomed]


def _erase_history(change: Change, user_id: str) -> int:
    return erasing.erase_history(change.connection, user_id)


def _reason(err: SemanticMemoryError) -> str:
    return err.placeholders.get("reason") or str(err)
