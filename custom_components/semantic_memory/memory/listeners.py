"""Telling others what happened."""

from collections.abc import Callable
from contextlib import suppress
import logging

from .status import EngineEvent

_LOGGER = logging.getLogger(__name__)

type Listener = Callable[[EngineEvent], None]


class Listeners:
    """Whoever wants to be told, in the order in which they came."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._listeners: list[Listener] = []

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._listeners)

    def add(self, listener: Listener) -> Callable[[], None]:
        """Tell this one too; returns how to end that, which may be called twice."""
        self._listeners.append(listener)

        def remove() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return remove

    def tell(self, event: EngineEvent) -> None:
        """Tell everybody; what has been stored is stored, whatever one of them makes of it."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                _LOGGER.exception("A listener failed at %s", event.kind)
