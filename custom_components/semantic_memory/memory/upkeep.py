"""Keeping the file and its index in order."""

import asyncio
import logging
import sqlite3

from .errors import StorageError
from .storage import spaces
from .storage.candidates import CandidateIndex, ScanIndex, Vec0Index
from .storage.database import Database
from .storage.vec import IndexUnavailableError, load_extension
from .worker import EmbeddingWorker

_LOGGER = logging.getLogger(__name__)


class Upkeep:
    """Chooses the index, keeps it in line with the vectors, and cleans up after purges."""

    def __init__(self, database: Database, worker: EmbeddingWorker) -> None:
        """Take the file, and the worker whose index is kept."""
        self._database = database
        self._worker = worker

    async def async_load_index(self) -> None:
        """Use sqlite-vec if it can be loaded, else compare with every vector. Raises StorageError."""
        index: CandidateIndex = ScanIndex()
        error: str | None = None
        loop = asyncio.get_running_loop()
        try:
            load = await loop.run_in_executor(None, load_extension)
        except IndexUnavailableError as err:
            error = str(err)
        else:
            index = Vec0Index()
            if self._worker.index.name != index.name:
                await self._database.async_prepare_also(load)
        await self._async_bring_in_line(index)
        self._worker.set_index(index, error)
        # Once more, for writes that were already on their way with the index from before.
        await self._async_bring_in_line(index)

    async def async_leave_no_trace(self) -> bool:
        """Rid the file of what a purge left between its rows, and the write-ahead log of the pages as they were.

        A full disk, which keeps the file from being rewritten, is logged and not raised: what was purged is gone from
        every table, and the next purge tries again. Returns whether the file was rewritten.
        """
        try:
            await self._database.async_rewrite()
        except StorageError as err:
            _LOGGER.warning("Memories were purged, but copies may stay in unused parts of the file: %s", err)
            return False
        await self._async_bring_in_line(self._worker.index)
        return True

    async def async_size(self) -> int:
        """Return how many bytes the file takes, with its write-ahead log."""
        return await asyncio.get_running_loop().run_in_executor(None, self._size)

    async def _async_bring_in_line(self, index: CandidateIndex) -> None:
        def bring_in_line(connection: sqlite3.Connection) -> None:
            for space_id in spaces.space_ids(connection):
                index.prepare(connection, space_id)

        await self._database.async_write(bring_in_line)

    def _size(self) -> int:
        path = self._database.path
        files = (path, path.with_name(f"{path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())
