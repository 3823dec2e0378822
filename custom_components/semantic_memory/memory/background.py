"""Work that goes on beside what callers ask for."""

import asyncio
from collections.abc import Callable, Coroutine
import logging
from typing import Any, Final

from .errors import DatabaseClosedError

_LOGGER = logging.getLogger(__name__)

_RESTART_SECONDS: Final = 60.0

type Work = Callable[[], Coroutine[None, None, None]]


class BackgroundTasks:
    """Tasks by name. One that fails with an error that nobody foresaw is logged and started again."""

    def __init__(self) -> None:
        """Begin with none."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._finishing: set[asyncio.Task[Any]] = set()
        self._ended = False

    def start(self, name: str, work: Work) -> None:
        """Start ``work``, unless it is under way already or all has been stopped for good."""
        if name not in self._tasks and not self._ended:
            self._tasks[name] = asyncio.create_task(_keep_running(name, work), name=f"semantic_memory {name}")

    async def async_stop(self, name: str) -> None:
        """Cancel one of them, if it is there, and wait until it has ended."""
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def async_finish[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for ``work``, which runs to its end even if whoever waits is cancelled.

        Raises DatabaseClosedError once all has been stopped: it could be interrupted half-way.
        """
        if self._ended:
            work.close()
            raise DatabaseClosedError
        task = asyncio.create_task(work)
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)
        return await asyncio.shield(task)

    async def async_stop_all(self) -> None:
        """Cancel all of them for good, and wait until they and what is to be finished have ended."""
        self._ended = True
        await asyncio.gather(*(self.async_stop(name) for name in tuple(self._tasks)))
        await asyncio.gather(*self._finishing, return_exceptions=True)


async def _keep_running(name: str, work: Work) -> None:
    while True:
        try:
            await work()
        except Exception:
            _LOGGER.exception("The background work on %s failed, it goes on in %d seconds", name, _RESTART_SECONDS)
        await asyncio.sleep(_RESTART_SECONDS)
