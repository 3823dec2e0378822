"""Calls the actions, for their tests."""

from datetime import timedelta
from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.semantic_memory.const import DOMAIN

PERSON = "person.resident"


async def async_act(hass: HomeAssistant, op: str, user: MockUser | None = None, /, **data: Any) -> dict[str, Any]:
    """Call an action and return its response."""
    context = Context(user_id=user.id if user else None)
    answer = await hass.services.async_call(
        DOMAIN, f"memory_{op}", data, blocking=True, return_response=True, context=context
    )
    assert isinstance(answer, dict)
    return answer


async def async_add_person(hass: HomeAssistant, user: MockUser) -> None:
    """Make the user ``PERSON``."""
    config = {"person": [{"id": "resident", "name": "Resident", "user_id": user.id}]}
    assert await async_setup_component(hass, "person", config)
    await hass.async_block_till_done()


def days_until(moment: str) -> float:
    """Return the days from now until an ISO date."""
    parsed = dt_util.parse_datetime(moment, raise_on_error=True)
    return (parsed - dt_util.utcnow()) / timedelta(days=1)
