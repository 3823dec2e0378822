"""Keeping the file and its index in order."""

import asyncio
from collections.abc import Callable
import logging
import sqlite3

from .errors import StorageError
from .storage import spaces
from .storage.candidates import CandidateIndex
from .storage.database import Database
from .storage.fillings import Filling
from .storage.ram import RamTier, TieredIndex
from .storage.scan import NoIndex
from .storage.vec import LIB_FOLDER, IndexUnavailableError, load_extension
from .storage.vec0 import Vec0Index
from .storage.word_tier import WordTier
from .worker import EmbeddingWorker

_LOGGER = logging.getLogger(__name__)


class Upkeep:
    """Chooses the index, keeps it in line with the vectors, and cleans up after purges."""

    def __init__(self, database: Database, worker: EmbeddingWorker) -> None:
        """Take the file, and the worker whose index is kept."""
        self._database = database
        self._worker = worker
        self._tier = RamTier()
        self._words = WordTier(self._tier)
        self.words: WordTier | None = None
        """The words in memory, where there is what it takes."""
        self._searched = asyncio.Event()
        database.follow_transactions(self._follow)

    async def async_load_index(self) -> None:
        """Use sqlite-vec if it can be loaded, else the index in memory alone. Raises StorageError."""
        index: CandidateIndex = NoIndex()
        error: str | None = None
        try:
            await _off_loop(_import_numpy)
            await self._database.async_maintain(self._words.watch)
            self.words = self._words
            index = TieredIndex(self._tier, NoIndex())
            load = await _off_loop(load_extension, self._database.path.parent / LIB_FOLDER)
        except (ImportError, IndexUnavailableError) as err:
            error = str(err)
        else:
            index = TieredIndex(self._tier, Vec0Index())
            if self._worker.index.name != index.name:
                await self._database.async_prepare_also(load)
        await self._async_bring_in_line(index)
        self._worker.set_index(index, error)
        # Once more, for writes that were already on their way with the index from before.
        await self._async_bring_in_line(index)

    def note_search(self) -> None:
        """Look whether the last search would have liked something to be in memory that is not there."""
        if self._tier.wants:
            self._searched.set()

    async def async_run(self) -> None:
        """Read what searches want to have in memory, until cancelled."""
        while True:
            await self._searched.wait()
            self._searched.clear()
            while (filling := await _off_loop(self._tier.begin_wanted)) is not None:
                await self._async_fill(filling)

    async def _async_fill(self, filling: Filling) -> None:
        try:
            while await self._database.async_read(filling.read_on):
                pass
        except StorageError as err:  # the index behind answers; the next search asks for it again
            _LOGGER.debug("The index in memory could not be filled: %s", err)
        finally:
            await _off_loop(self._tier.end, filling)

    async def async_leave_no_trace(self) -> bool:
        """Rid the file of what a purge left between its rows, and the write-ahead log of the pages as they were.

        A full disk, which keeps the file from being rewritten, is logged and not raised: what was purged is gone from
        every table, and the next purge tries again. Returns whether the file was rewritten and the log emptied.
        """
        self._words.forget_questions()
        await _off_loop(self._tier.leave_no_trace)
        if (counterparts := self._worker.counterparts) is not None:
            counterparts.forget()
        try:
            complete = await self._database.async_rewrite()
        except StorageError as err:
            _LOGGER.warning("Memories were purged, but copies may stay in unused parts of the file: %s", err)
            return False
        if not complete and not self._database.held:
            _LOGGER.warning("Memories were purged, but copies may stay in the log of the database: it is being read")
        try:
            await self._async_bring_in_line(self._worker.index)
        except StorageError as err:  # the purge itself has happened; a check mends the index
            _LOGGER.warning("The index could not be brought in line after a purge: %s", err)
            self._database.on_index_damage()
        return complete

    async def async_size(self) -> int:
        """Return how many bytes the file takes, with its write-ahead log."""
        return await _off_loop(self._size)

    def _follow(self, connection: sqlite3.Connection, committed: bool) -> None:
        """Have what is in memory follow a transaction that has ended."""
        self._words.stage(connection, committed)
        self._tier.settle(committed)

    async def _async_bring_in_line(self, index: CandidateIndex) -> None:
        def bring_in_line(connection: sqlite3.Connection) -> None:
            for space_id in spaces.space_ids(connection):
                index.prepare(connection, space_id)

        await self._database.async_write(bring_in_line)

    def _size(self) -> int:
        path = self._database.path
        files = (path, path.with_name(f"{path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())


async def _off_loop[*Ts, T](work: Callable[[*Ts], T], *args: *Ts) -> T:
    """Do what may wait for a lock, or for the disk, on another thread."""
    return await asyncio.get_running_loop().run_in_executor(None, work, *args)


def _import_numpy() -> None:
    """Try whether there is NumPy, without which there are no vectors. Raises ImportError."""
    import numpy as np  # noqa: F401, PLC0415 - heavy, and not there on every machine
