"""The command that tells a page what it has to know before it shows anything."""

from typing import Final

from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_loaded_integration
from homeassistant.util.json import JsonArrayType, JsonObjectType

from ..const import CONF_EXPOSE_TOOLS, DOMAIN, SECTION_LLM
from ..people import may_change, names_of_users
from .base import Command, Request

_SENTENCES: Final = "conversation.home_assistant"
"""Home Assistant's own agent, which understands sentences and uses no tools."""


async def _async_info(request: Request) -> JsonObjectType:
    hass, user, settings = request.hass, request.connection.user, request.engine.settings
    return {
        "user_id": user.id,
        "is_admin": user.is_admin,
        "can_change": may_change(user),
        "people": await _async_people(hass, user),
        "version": str(async_get_loaded_integration(hass, DOMAIN).version),
        "settings": {
            "recall_limit": settings.recall_limit,
            "threshold": settings.threshold,
            "default_expiry_days": settings.default_expiry_days,
            "forgotten_days": settings.forgotten_days,
        },
        "exposed_to_assist": bool(request.entry.options.get(SECTION_LLM, {}).get(CONF_EXPOSE_TOOLS, True)),
        "agents": [
            {"entity_id": state.entity_id, "name": state.name}
            for state in hass.states.async_all("conversation")
            if state.entity_id != _SENTENCES
        ],
    }


async def _async_people(hass: HomeAssistant, user: User) -> JsonArrayType:
    """Return whom a user may look at, the user first, the others by name."""
    if not user.is_admin:
        names = {} if user.system_generated else names_of_users(hass, [user])
    else:
        names = names_of_users(hass, await hass.auth.async_get_users())
    people = sorted(names.items(), key=lambda item: (item[0] != user.id, item[1].casefold()))
    return [{"user_id": user_id, "name": name} for user_id, name in people]


COMMANDS: Final = (Command("info", _async_info, {}),)
