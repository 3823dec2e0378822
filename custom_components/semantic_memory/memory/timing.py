"""Time as the background work sees it; tests put a clock of their own in its place."""

import asyncio
import time


class Timing:
    """The machine's monotonic clock, and waiting by it."""

    def monotonic(self) -> float:
        """Return seconds since some moment, of a clock that nobody sets."""
        return time.monotonic()

    async def async_wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait until the event is set, but no longer than that; return whether it is."""
        try:
            async with asyncio.timeout(seconds):
                return await event.wait()
        except TimeoutError:
            return False
