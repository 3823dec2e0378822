"""When a memory ends, as people say it, in the engine's terms."""

from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from .memory.errors import InvalidInputError
from .memory.models import MAX_EXPIRY_DAYS


def days_until(end: datetime) -> float:
    """Return the days from now until ``end``; without a time zone it is meant in Home Assistant's own.

    Raises InvalidInputError (``invalid_expiry``) for the past: 0 would stand for "never".
    """
    return days_of(dt_util.as_utc(end) - dt_util.utcnow())


def days_of(span: timedelta) -> float:
    """Return a time span in days. Raises InvalidInputError (``invalid_expiry``) unless it lies ahead."""
    days = span / timedelta(days=1)
    if days <= 0:
        raise InvalidInputError("invalid_expiry", max=MAX_EXPIRY_DAYS)
    return days
