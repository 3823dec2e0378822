"""Telling a page what happens, for as long as it is open: also when the entry is loaded anew meanwhile."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.event import async_call_later
from homeassistant.util.json import JsonObjectType

from ..const import DOMAIN
from ..data import SemanticMemoryConfigEntry
from ..memory.errors import SemanticMemoryError
from ..memory.policy import visible_owners
from ..memory.status import EngineEvent
from ..people import caller_for_connection
from ..responses import memories_as_list
from .base import Command, Request
from .shapes import status_as_dict

_SIGNAL: Final = f"{DOMAIN}_engine"
_STATUS_SECONDS: Final = 0.5
"""So long apart are events on how the engine is doing: while it embeds, that changes with every batch."""
_MOST_NAMED: Final = 100
_SHOWN_AS: Final = {"expire": "forget"}


@callback
def async_announce(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> None:
    """Let those who are subscribed listen to the engine of an entry that was loaded, until it is unloaded."""
    async_dispatcher_send(hass, _SIGNAL, entry)
    entry.async_on_unload(lambda: async_dispatcher_send(hass, _SIGNAL, None))


class Subscription:
    """One subscription of one connection."""

    def __init__(self, request: Request) -> None:
        """Take for whom it is."""
        self._hass = request.hass
        self._connection = request.connection
        self._message_id = request.message_id
        self._user_id: str | None = request.data.get("user_id")
        self._stop_listening: CALLBACK_TYPE | None = None
        self._status_timer: CALLBACK_TYPE | None = None
        self._status_waits = False
        self._disconnect = async_dispatcher_connect(request.hass, _SIGNAL, self._engine_changed)

    @callback
    def listen(self, entry: SemanticMemoryConfigEntry) -> None:
        """Listen to the engine of an entry, and say how it is doing."""
        self._stop_listening = entry.runtime_data.engine.subscribe(partial(self._happened, entry))
        self._tell_status(entry)

    @callback
    def end(self) -> None:
        """End for good; nothing is told any more."""
        self._disconnect()
        self._pause()

    @callback
    def _engine_changed(self, entry: SemanticMemoryConfigEntry | None) -> None:
        """Listen to another engine, whose memories may be others, or to none until there is one again."""
        self._pause()
        if entry is not None:
            self.listen(entry)
            self._send({"kind": "import", "memories": [], "removed": [], "reload": True})

    def _pause(self) -> None:
        self._status_waits = False
        for stop in (self._stop_listening, self._status_timer):
            if stop is not None:
                stop()
        self._stop_listening = self._status_timer = None

    @callback
    def _happened(self, entry: SemanticMemoryConfigEntry, event: EngineEvent) -> None:
        if event.kind == "status":
            self._tell_status(entry)
        elif (told := _seen(event, self._owners(entry))) is not None:
            self._send(told)

    def _owners(self, entry: SemanticMemoryConfigEntry) -> tuple[str, ...]:
        """Return whose memories the subscriber may see now; an administrator may be none any more."""
        try:
            caller = caller_for_connection(self._hass, entry, self._connection.user, self._user_id)
        except SemanticMemoryError:
            return ()
        return visible_owners(caller)

    @callback
    def _tell_status(self, entry: SemanticMemoryConfigEntry) -> None:
        """Say how the engine is doing, at most so often; what counts then is the newest."""
        if self._status_timer is not None:
            self._status_waits = True
            return
        self._send({"kind": "status", "status": status_as_dict(entry.runtime_data.engine.status)})

        @callback
        def may_tell_again(_: datetime) -> None:
            self._status_timer = None
            if self._status_waits:
                self._status_waits = False
                self._tell_status(entry)

        self._status_timer = async_call_later(self._hass, _STATUS_SECONDS, may_tell_again)

    def _send(self, event: JsonObjectType) -> None:
        self._connection.send_event(self._message_id, event)


def _seen(event: EngineEvent, owners: Sequence[str]) -> JsonObjectType | None:
    """Return what somebody who may see the memories of these owners sees of an event, ``None`` for nothing."""
    gone = event.kind == "purge"
    shown = {} if gone else {memory.id: memory for memory in event.memories if memory.owner in owners}
    known = (*event.before, *event.memories) if gone else event.before
    removed = list(dict.fromkeys(m.id for m in known if m.owner in owners and m.id not in shown))
    # Whoever sees a recall among what happened is told of it, also where it found nothing.
    if not shown and not removed and event.owner not in owners:
        return None
    reload = len(shown) + len(removed) > _MOST_NAMED
    return {
        "kind": _SHOWN_AS.get(event.kind, event.kind),
        "memories": [] if reload else memories_as_list(shown.values()),
        "removed": [] if reload else [*removed],
        "reload": reload,
    }


async def _async_subscribe(request: Request) -> None:
    subscription = Subscription(request)
    request.connection.subscriptions[request.message_id] = subscription.end
    request.connection.send_result(request.message_id)
    subscription.listen(request.entry)


COMMANDS: Final = (Command("subscribe", _async_subscribe, {}, answers=True),)
