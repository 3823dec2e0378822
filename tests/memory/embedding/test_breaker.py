"""The circuit breaker, on a clock of its own."""

import pytest

from custom_components.semantic_memory.memory.embedding.breaker import CircuitBreaker
from custom_components.semantic_memory.memory.errors import EmbedderUnavailableError, ModelMissingError


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        """Start somewhere."""
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return what monotonic clocks return."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock, failures=2, cooldown=30)


def refuses(breaker: CircuitBreaker) -> bool:
    return breaker.is_open


def fail(breaker: CircuitBreaker, reason: str = "dead") -> None:
    with pytest.raises(EmbedderUnavailableError, match=reason), breaker.attempt():
        raise EmbedderUnavailableError(reason=reason)


def succeed(breaker: CircuitBreaker) -> None:
    with breaker.attempt():
        pass


def test_opens_after_failures_in_a_row(breaker: CircuitBreaker) -> None:
    fail(breaker)
    succeed(breaker)
    fail(breaker)
    assert not refuses(breaker)
    fail(breaker, "dead again")
    assert refuses(breaker)
    reached = False
    with pytest.raises(EmbedderUnavailableError, match="dead again"), breaker.attempt():
        reached = True
    assert not reached


def test_one_trial_after_the_cooldown(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker)
    fail(breaker)
    clock.now += 29.9
    assert refuses(breaker)
    clock.now += 0.1
    assert not refuses(breaker)
    with breaker.attempt():
        # While one tries, the others do not wait for it.
        assert refuses(breaker)
    succeed(breaker)
    assert not refuses(breaker)


def test_a_failed_trial_opens_again(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker)
    fail(breaker)
    clock.now += 30
    fail(breaker, "still dead")
    assert refuses(breaker)
    clock.now += 30
    succeed(breaker)
    fail(breaker)
    assert not refuses(breaker)


def test_a_cancelled_trial_lets_the_next_one_try(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker)
    fail(breaker)
    clock.now += 30
    with pytest.raises(KeyboardInterrupt), breaker.attempt():
        raise KeyboardInterrupt
    assert not refuses(breaker)


def test_a_server_that_refuses_is_alive(breaker: CircuitBreaker) -> None:
    fail(breaker)
    with pytest.raises(ModelMissingError), breaker.attempt():
        raise ModelMissingError(model="x")
    fail(breaker)
    assert not refuses(breaker)
