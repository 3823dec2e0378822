"""Keeping the files as they are while somebody copies them."""

import asyncio
import logging
from typing import Final

from .errors import StorageError
from .snapshots import Snapshots
from .storage.database import Database
from .upkeep import Upkeep

_LOGGER = logging.getLogger(__name__)

LONGEST_SECONDS: Final = 6 * 3_600.0
"""A backup that takes longer has been given up by whoever made it; the log must not grow for ever."""


class Hold:
    """Holds database and snapshots still for a backup of their folder; memories are stored and found meanwhile."""

    def __init__(self, database: Database, upkeep: Upkeep, snapshots: Snapshots) -> None:
        """Take what is to be held."""
        self._database = database
        self._upkeep = upkeep
        self._snapshots = snapshots
        self._limit: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def active(self) -> bool:
        """Return whether the files are held."""
        return self._database.held

    async def async_begin(self) -> None:
        """Hold the files from now on: until :meth:`async_end` they stay, and only the log grows. Raises StorageError.

        What is raised says that the copy may not be sound; the files are held nevertheless.
        """
        self.watch()
        await self._snapshots.async_pause()
        await self._database.async_hold()

    async def async_end(self) -> None:
        """Go on as usual, and make up for what was put off. Raises StorageError."""
        self._stop_watching()
        try:
            owed = await self._database.async_release()
        finally:
            self._snapshots.resume()
        if owed:
            await self._upkeep.async_leave_no_trace()
        await self._snapshots.async_catch_up()

    def watch(self) -> None:
        """Limit how long files are held."""
        self._stop_watching()
        self._limit = asyncio.get_running_loop().call_later(LONGEST_SECONDS, self._give_up)

    async def async_close(self) -> None:
        """Stop the watch."""
        self._stop_watching()
        if self._ending is not None:
            await asyncio.gather(self._ending, return_exceptions=True)

    def _stop_watching(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _give_up(self) -> None:
        _LOGGER.warning("A backup was announced %d hours ago and never ended", LONGEST_SECONDS / 3_600)
        self._limit = None
        self._ending = asyncio.create_task(self._async_give_up(), name="semantic_memory end of hold")

    async def _async_give_up(self) -> None:
        try:
            await self.async_end()
        except StorageError as err:
            _LOGGER.warning("The database could not be tidied up after a backup: %s", err)
