"""What people call the ids that memories, their history and recalls hold."""

from collections.abc import Mapping
from dataclasses import dataclass

from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.loader import IntegrationNotLoaded, async_get_loaded_integration

from .people import USER_ID, names_of_users


async def async_names(hass: HomeAssistant) -> Names:
    """Return what finds names; users are as they are now, everything else as it is when it is asked for."""
    return Names(hass, names_of_users(hass, await hass.auth.async_get_users()))


@dataclass(frozen=True, slots=True)
class Names:
    """Finds names by id; ``None`` for what is not there any more, or has none."""

    hass: HomeAssistant
    users: Mapping[str, str]

    def actor(self, actor_id: str | None) -> str | None:
        """Return who acted: a user, or else an integration, or what stands for acting without a user as it is."""
        if not actor_id:
            return None
        if USER_ID.fullmatch(actor_id):
            return self.users.get(actor_id)
        return self._integration(actor_id) or actor_id

    def agent(self, agent_id: str | None) -> str | None:
        """Return the name of a conversation agent, which is an entity, an entry, or known by its integration only."""
        if not agent_id:
            return None
        if state := self.hass.states.get(agent_id):
            return state.name
        if entry := self.hass.config_entries.async_get_entry(agent_id):
            return entry.title
        return self._integration(agent_id) or agent_id

    def device(self, device_id: str | None) -> str | None:
        """Return the name of a device, the one that people gave it first."""
        device = dr.async_get(self.hass).async_get(device_id or "")
        return (device.name_by_user or device.name) if device else None

    def area(self, area_id: str | None) -> str | None:
        """Return the name of an area."""
        area = ar.async_get(self.hass).async_get_area(area_id or "")
        return area.name if area else None

    def _integration(self, domain: str) -> str | None:
        try:
            return async_get_loaded_integration(self.hass, domain).name
        except IntegrationNotLoaded:
            return None
