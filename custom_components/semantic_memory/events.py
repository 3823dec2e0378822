"""Tells Home Assistant what happens to memories: an event on its bus, and a signal for :mod:`.api`.

Every integration sees the bus, administrators can listen to it, and the recorder keeps it for days. So no event says
what is remembered: not a value of anybody, and of a personal memory neither the key nor the tags, which tell as much.
What is purged is to leave no trace, so nothing but its id is told. Whoever may read a memory gets it by that id.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final

from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.json import JsonObjectType

from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .happenings import SIGNAL, Happening, Kind
from .memory.models import HOUSEHOLD
from .memory.status import EngineEvent
from .people import USER_ID

EVENT_CHANGED: Final = f"{DOMAIN}_changed"
MAX_IDS: Final = 100
"""The recorder drops events of more than 32 kB."""


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


def event_data(happening: Happening) -> JsonObjectType:
    """Return what everybody may know of it."""
    memories = happening.memories
    owners = Counter(memory.owner == HOUSEHOLD for memory in memories)
    return {
        "kind": happening.kind.value,
        "count": len(memories),
        "household": owners[True],
        "personal": owners[False],
        "ids": [memory.id for memory in memories[:MAX_IDS]],
        "surface": happening.surface,
        "actor": happening.actor,
        **_only(happening),
    }


def _only(happening: Happening) -> JsonObjectType:
    """Return what tells the one memory from others; of many, nothing does."""
    memory = happening.memories[0] if len(happening.memories) == 1 else None
    told = memory is not None and memory.owner == HOUSEHOLD and happening.kind is not Kind.PURGED
    return {
        "id": memory.id if memory else None,
        "owner": memory.owner if memory else None,
        "scope": memory.scope.value if memory else None,
        "category": memory.category.value if memory else None,
        "key": memory.key if memory and told else None,
        "tags": list(memory.tags) if memory and told else [],
    }
