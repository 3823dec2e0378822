"""What stands for time in the background work of the engine."""

import asyncio
from typing import override

from custom_components.semantic_memory.memory.timing import Timing


class FakeTiming(Timing):
    """Time of the background work, which passes when it is told to."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.now = 0.0
        self.pauses: list[float] = []
        """How long it was meant to wait, each time."""
        self.waiting = False
        self._passed = asyncio.Event()

    @override
    def monotonic(self) -> float:
        """Return the time in seconds."""
        return self.now

    @override
    async def async_wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait until the event is set or the time has come."""
        due = self.now + seconds
        self.pauses.append(seconds)
        while not event.is_set() and self.now < due:
            self._passed.clear()
            self.waiting = True
            waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._passed.wait())]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self.waiting = False
                for wait in waits:
                    wait.cancel()
        return event.is_set()

    def advance(self, seconds: float) -> None:
        """Let time pass; what it wakes has not run yet."""
        self.now += seconds
        self.waiting = False
        self._passed.set()
