"""Tells Home Assistant what happens to memories: an event on its bus, and a signal for :mod:`.api`."""

from collections.abc import Callable
from typing import Final

from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send

from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .happenings import SIGNAL, Happening, event_data
from .memory.status import EngineEvent
from .people import USER_ID

EVENT_CHANGED: Final = f"{DOMAIN}_changed"


@callback
def async_fire_events(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> Callable[[], None]:
    """Tell what happens from now on; returns how to end that."""

    @callback
    def tell(event: EngineEvent) -> None:
        happening = Happening.of(event)
        if happening is None:
            return
        actor = happening.actor
        context = Context(user_id=actor if USER_ID.fullmatch(actor or "") else None)
        hass.bus.async_fire(EVENT_CHANGED, event_data(happening), context=context)
        async_dispatcher_send(hass, SIGNAL, happening)

    return entry.runtime_data.engine.subscribe(tell)
