"""What all entities of Semantic Memory share."""

from typing import override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription

from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .memory.status import EngineEvent


class SemanticMemoryEntity(Entity):
    """An entity that shows how the engine is doing. The engine says when something changed."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: SemanticMemoryConfigEntry, description: EntityDescription) -> None:
        """Belong to the entry's one device."""
        self.entity_description = description
        self.engine = entry.runtime_data.engine
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.entry_id)},
            entry_type=DeviceEntryType.SERVICE,
            name=entry.title,
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the engine until the entity is removed."""
        await super().async_added_to_hass()
        self.async_on_remove(self.engine.subscribe(self._handle_event))

    @callback
    def _handle_event(self, _event: EngineEvent) -> None:
        """Write the new state; Home Assistant drops one that is the same."""
        self.async_write_ha_state()
