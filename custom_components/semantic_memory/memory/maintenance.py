"""What is done every day: what has expired goes out of sight, what was forgotten long ago for good."""

import asyncio
from collections.abc import Awaitable, Callable
import logging

from .errors import StorageError
from .models import SECONDS_PER_DAY, Caller, Memory
from .storage import memories
from .storage.changes import Change
from .upkeep import Upkeep
from .writes import Writes

_LOGGER = logging.getLogger(__name__)


class Maintenance:
    """Takes out what is due."""

    def __init__(self, writes: Writes, upkeep: Upkeep) -> None:
        """Take the one way to change memories, and what cleans up after purges."""
        self._writes = writes
        self._upkeep = upkeep

    async def async_run(self) -> None:
        """Take expired memories out, and purge those that were forgotten or expired long enough ago."""
        now = self._writes.clock()
        forgotten_before = now - self._writes.settings.forgotten_days * SECONDS_PER_DAY

        def purge(change: Change) -> list[Memory]:
            due = memories.find(change.connection, "deleted_at <= :before", {"before": forgotten_before})
            change.purge(due)
            return [memory for _, memory in due]

        await self._writes.async_change(Caller(), lambda change: change.expire())
        purged = await self._writes.async_change(Caller(), purge)
        if purged:
            await self._writes.async_changed("purge", purged, purged)
            await self._upkeep.async_leave_no_trace()


async def async_repeat_daily(run: Callable[[], Awaitable[None]]) -> None:
    """Run something now and every day, until cancelled; a fault of the disk is logged."""
    while True:
        try:
            await run()
        except StorageError as err:
            _LOGGER.error("The daily clean-up failed: %s", err)
        await asyncio.sleep(SECONDS_PER_DAY)
