"""An event entity that shows the last thing that happened to memories.

Everybody in the house sees states, and the recorder keeps them: there are no words of memories in them, and of personal
ones there is nothing but their number.
"""

from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import SemanticMemoryConfigEntry
from .entity import SemanticMemoryEntity
from .happenings import Happening, Kind, event_data
from .memory.models import HOUSEHOLD
from .memory.status import EngineEvent

# Nothing is polled, and no action is taken.
PARALLEL_UPDATES = 0

CHANGE: Final = EventEntityDescription(
    key="change", translation_key="change", event_types=[kind.value for kind in Kind]
)
OF_ALL: Final = ("count", "household", "personal", "surface")
"""What is shown of everything that happens."""
OF_HOUSEHOLD: Final = ("id", "category")
"""What is shown besides where it happened to one memory of the household."""


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SemanticMemoryConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event entity of the entry."""
    async_add_entities([ChangeEvent(entry, CHANGE)])


class ChangeEvent(SemanticMemoryEntity, EventEntity):
    """What last happened to memories."""

    @callback
    @override
    def _handle_event(self, _event: EngineEvent) -> None:
        """Show what happened to memories; searches and the state of servers are none of it."""
        happening = Happening.of(_event)
        if happening is None:
            return
        data = event_data(happening)
        told = (*OF_ALL, *OF_HOUSEHOLD) if data["owner"] == HOUSEHOLD else OF_ALL
        self._trigger_event(happening.kind.value, {name: data[name] for name in told})
        self.async_write_ha_state()
