"""A server that is away: since when, when to look for it again, and what the log says of it."""

from collections import deque
from collections.abc import Callable
import logging
import time
from typing import Final

from .errors import EmbeddingError

_LOGGER = logging.getLogger(__name__)

RETRY_SECONDS: Final = (10.0, 300.0)
"""Shortest and longest pause between two looks for the server."""
_SHARE: Final = 0.1
"""A pause is a tenth of the time that the server has been away: nobody waits much longer than the outage anyway."""
_ASKED_SHARE: Final = 0.5
"""Of the shortest pause: how soon a look may follow another where somebody asks or stores something meanwhile."""
_TOLD: Final = 3
_TOLD_SECONDS: Final = 3600.0
"""As many outages in that time are told; a server that comes and goes would fill the log."""


class Outage:
    """Begins with the first failure and ends with the first success; one line in the log for each of the two."""

    def __init__(self, monotonic: Callable[[], float], wall: Callable[[], float] = time.time) -> None:
        """Take two clocks in seconds: one that nobody sets, and the one that people read."""
        self.since: float | None = None
        """When it began, ``None`` while the server answers."""
        self._monotonic = monotonic
        self._wall = wall
        self._began_at = 0.0
        self._looked_at: float | None = None
        self._told_at: deque[float] = deque()
        self._told = False

    @property
    def lasts(self) -> bool:
        """Return whether the server is away."""
        return self.since is not None

    def begin(self, model: str, err: EmbeddingError) -> None:
        """Note that a model does not answer."""
        if self.lasts:
            return
        self.since, self._began_at, self._looked_at = self._wall(), self._monotonic(), None
        while self._told_at and self._began_at - self._told_at[0] >= _TOLD_SECONDS:
            self._told_at.popleft()
        self._told = len(self._told_at) < _TOLD
        if self._told:
            self._told_at.append(self._began_at)
        more = "; it comes and goes, the rest of this hour is for the debug log" if len(self._told_at) == _TOLD else ""
        _LOGGER.log(
            logging.WARNING if self._told else logging.DEBUG,
            "The embedding model %s does not answer, recall goes on without it: %s%s",
            model,
            err,
            more,
        )

    def end(self, model: str) -> None:
        """Note that it answers."""
        if not self.lasts:
            return
        self.since = None
        _LOGGER.log(logging.INFO if self._told else logging.DEBUG, "The embedding model %s answers again", model)

    def forget(self) -> None:
        """Say nothing more of a server that is not in use any more."""
        self.since = None

    def hurry(self) -> None:
        """Let the next look be now."""
        self._looked_at = None

    def looked(self) -> None:
        """Note that somebody has just looked for the server."""
        self._looked_at = self._monotonic()

    @property
    def too_soon(self) -> float:
        """Return for how many seconds nobody should look again, even if asked to; 0: now is fine."""
        if not self.lasts or self._looked_at is None:
            return 0.0
        return max(0.0, self._looked_at + RETRY_SECONDS[0] * _ASKED_SHARE - self._monotonic())

    @property
    def pause(self) -> float:
        """Return after how many seconds to look again, where nobody asks for it."""
        shortest, longest = RETRY_SECONDS
        return min(longest, max(shortest, _SHARE * (self._monotonic() - self._began_at)))
