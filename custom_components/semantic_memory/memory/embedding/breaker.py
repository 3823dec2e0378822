"""A circuit breaker: whoever asks a dead server again and again gets the answer at once instead of a timeout."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import EmbedderUnavailableError, EmbeddingError


class CircuitBreaker:
    """Opens after ``failures`` failures in a row; after ``cooldown`` seconds lets one attempt through to see.

    Only EmbedderUnavailableError counts as a failure: a server that refuses a model or sends bad vectors is there.
    """

    def __init__(self, monotonic: Callable[[], float], *, failures: int = 3, cooldown: float = 5.0) -> None:
        """Take a clock in seconds."""
        self._monotonic = monotonic
        self._limit = failures
        self._cooldown = cooldown
        self._failed = 0
        self._retry_at = 0.0
        self._trying = False
        self._last: tuple[str, dict[str, str]] = ("", {})
        """Code and placeholders of the last failure; the error itself would keep its frames alive."""

    @property
    def is_open(self) -> bool:
        """Return whether an attempt would be refused now."""
        return self._failed >= self._limit and (self._trying or self._monotonic() < self._retry_at)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Run one attempt. Raises the last failure, again and at once, while the circuit is open."""
        if self.is_open:
            code, placeholders = self._last
            raise EmbedderUnavailableError(code, **placeholders)
        trial = self._failed >= self._limit
        self._trying = self._trying or trial
        try:
            yield
        except EmbedderUnavailableError as err:
            self._failed += 1
            self._retry_at = self._monotonic() + self._cooldown
            self._last = (err.code, err.placeholders)
            raise
        except EmbeddingError:
            self._failed = 0
            raise
        else:
            self._failed = 0
        finally:
            # Also after a cancelled trial, which tells nothing: the next one may try.
            if trial:
                self._trying = False
