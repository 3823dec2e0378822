"""Snapshots of the memory: taken every day and on demand, kept for some weeks, and kept free of what was purged."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
import logging
import threading
from typing import Final

from .errors import DatabaseClosedError, DatabaseDamagedError, StorageError
from .storage import purged, retention, snapshot_files, snapshots as storing
from .storage.database import Database
from .storage.faults import translated
from .storage.snapshots import Scrub, Snapshot

_LOGGER = logging.getLogger(__name__)

_FIRST_SECONDS: Final = 300.0
"""Home Assistant has enough to do while it starts."""
_LOOK_SECONDS: Final = 3_600.0


class Snapshots:
    """Looks after the snapshots of one database, on a thread of their own. Every coroutine may raise StorageError."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        """Take the open database, and the time in seconds since 1970."""
        self.folder = database.path.parent / snapshot_files.FOLDER
        self._database = database
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "semantic_memory_snapshots")
        self._ending = threading.Event()
        self._free = asyncio.Event()
        if not database.held:
            self._free.set()

    async def async_take(self, reason: str = retention.MANUAL) -> Snapshot:
        """Take a snapshot now, then delete those that are no longer kept. Waits while the files are being copied.

        Before a restore, none is deleted: it could be the one that is to be restored.
        Raises StorageError: ``no_room``, DatabaseDamagedError if the database turns out to be damaged.
        """
        await self._async_wait()
        now = self._clock()
        try:
            return await self._async_run(self._take, reason, now)
        except DatabaseDamagedError as err:
            self._database.note_fault(err)
            raise

    async def async_list(self) -> tuple[Snapshot, ...]:
        """Return the snapshots that can be restored, the newest first."""
        return await self._async_run(self._list)

    async def async_glance(self) -> tuple[Snapshot, ...]:
        """Return all snapshots, the newest first, at once: one that is damaged shows when it is to be restored."""
        # Not on the thread that may be taking one.
        return tuple(await asyncio.get_running_loop().run_in_executor(None, storing.glance, self.folder))

    async def async_scrub(self, work: Scrub) -> None:
        """Have ``work`` take something out of every snapshot, so that no trace is left of it. Tables may differ by age.

        A snapshot that is damaged is deleted: it can never be restored, and nobody could tell what is still in it.
        Waits while the files are being copied.
        """
        await self._async_wait()
        await self._async_run(self._scrub, work)

    async def async_note_purged(self, ids: Sequence[str]) -> None:
        """Write down what has been purged, so that it is taken out of the snapshots whatever happens next."""
        try:
            await self._async_run(self._note, ids)
        except StorageError as err:
            _LOGGER.warning("Memories were purged, but snapshots may still hold copies: %s", err)

    async def async_purge_noted(self) -> None:
        """Take what was noted out of every snapshot; what does not work now is logged and tried again every hour.

        While the files are being copied this is put off.
        """
        try:
            await self.async_catch_up()
        except StorageError as err:
            _LOGGER.warning("Memories were purged, but snapshots may still hold copies: %s", err)

    async def async_catch_up(self) -> None:
        """Take out of the snapshots what could not be taken out before."""
        if self._free.is_set():
            await self._async_run(self._purge_noted)

    async def async_take_if_due(self) -> None:
        """Take one if the newest is older than a day. A failure is logged: it is no reason to stop anything else."""
        try:
            await self.async_catch_up()
            if retention.is_due(await self._async_run(snapshot_files.files, self.folder), self._clock()):
                await self.async_take(retention.DAILY)
        except DatabaseClosedError:
            raise
        except StorageError as err:
            _LOGGER.warning("There is no new snapshot of the memory: %s", err)

    async def async_run(self) -> None:
        """Take a snapshot every day, the first one some minutes from now if it is due, until cancelled."""
        await asyncio.sleep(_FIRST_SECONDS)
        while True:
            await self.async_take_if_due()
            await asyncio.sleep(_LOOK_SECONDS)

    async def async_pause(self) -> None:
        """Leave every file as it is, after what is under way; see :meth:`Database.async_hold`."""
        self._free.clear()
        await self._async_run(lambda: None)

    def resume(self) -> None:
        """Go on."""
        self._free.set()

    def end(self) -> None:
        """Break off a snapshot that is being taken, and tell whoever waits that it is closed."""
        self._ending.set()
        self._free.set()

    async def async_close(self) -> None:
        """End the thread, after what is under way."""
        self.end()
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)

    async def _async_wait(self) -> None:
        await self._free.wait()
        self._raise_when_ending()

    async def _async_run[*Ts, T](self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        def translating() -> T:
            with translated(self.folder):
                return work(*args)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, translating)
        except RuntimeError as err:  # the executor is shut down
            raise DatabaseClosedError from err

    def _raise_when_ending(self) -> None:
        if self._ending.is_set():
            raise DatabaseClosedError

    def _take(self, reason: str, now: float) -> Snapshot:
        # In one go with what is deleted: somebody could begin to copy the files in between.
        taken = storing.take(self._database.path, self.folder, reason, now, self._raise_when_ending)
        if reason != retention.RESTORE:
            self._prune(now)
        return taken

    def _list(self) -> tuple[Snapshot, ...]:
        found = []
        for snapshot in storing.good(self.folder):  # each is read as a whole
            self._raise_when_ending()
            found.append(snapshot)
        return tuple(found)

    def _prune(self, now: float) -> None:
        for file in retention.outdated(snapshot_files.files(self.folder), now):
            try:
                (self.folder / file.name).unlink(missing_ok=True)
            except OSError as err:
                _LOGGER.warning("The old snapshot %s could not be deleted: %s", file.name, err)

    def _purge_noted(self) -> None:
        ids = purged.read(self.folder)
        if ids:
            self._scrub(partial(purged.delete, ids=ids), partial(purged.holds_any, ids=ids))
            purged.clear(self.folder)

    def _note(self, ids: Sequence[str]) -> None:
        if snapshot_files.files(self.folder) or snapshot_files.half_made(self.folder):
            purged.add(self.folder, ids)

    def _scrub(self, work: Scrub, concerns: storing.Concerns = lambda _: True) -> None:
        snapshot_files.remove_half_made(self.folder)
        for file in snapshot_files.files(self.folder):
            try:
                storing.scrub(self.folder, file.name, work, concerns)
            except DatabaseDamagedError:
                _LOGGER.warning("The snapshot %s is damaged and was deleted", file.name)
                (self.folder / file.name).unlink(missing_ok=True)
