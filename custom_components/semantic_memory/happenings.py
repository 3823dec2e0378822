"""What happens to memories, as others are told: named by its outcome, with whoever did it."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from homeassistant.util.json import JsonObjectType
from homeassistant.util.signal_type import SignalType

from .const import DOMAIN
from .memory.models import HOUSEHOLD, Memory
from .memory.status import EngineEvent


class Kind(StrEnum):
    """What happened to memories."""

    ADDED = "added"
    CHANGED = "changed"
    FORGOTTEN = "forgotten"
    RESTORED = "restored"
    EXPIRED = "expired"
    PURGED = "purged"
    IMPORTED = "imported"


_KINDS: Final = {
    "change": Kind.CHANGED,
    "forget": Kind.FORGOTTEN,
    "restore": Kind.RESTORED,
    "expire": Kind.EXPIRED,
    "purge": Kind.PURGED,
    "import": Kind.IMPORTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to one memory or to many."""

    kind: Kind
    memories: tuple[Memory, ...]
    """As they are now; purged ones as they were."""
    before: tuple[Memory, ...]
    """As they were, those that were there."""
    surface: str
    """What it was done through."""
    actor: str | None
    """A user id, ``automation``, the domain of an integration, or ``None`` where nobody did it."""

    @classmethod
    def of(cls, event: EngineEvent) -> Self | None:
        """Return what an event of the engine says of memories, ``None`` if it says nothing of a change."""
        if not event.memories:
            return None
        if event.kind == "set":
            kind = Kind.CHANGED if event.before else Kind.ADDED
        elif event.kind in _KINDS:
            kind = _KINDS[event.kind]
        else:
            return None
        return cls(kind=kind, memories=event.memories, before=event.before, surface=event.surface, actor=event.actor)


SIGNAL: Final = SignalType[Happening](f"{DOMAIN}_happening")
"""Told to whoever listens inside Home Assistant, also across reloads of the entry."""
MAX_IDS: Final = 100
"""The recorder drops events of more than 32 kB."""


def event_data(happening: Happening) -> JsonObjectType:
    """Return what everybody may know of it.

    Every integration sees the bus, administrators can listen to it, and the recorder keeps it for days. So no event
    says what is remembered: not a value of anybody, and of a personal memory neither the key nor the tags, which tell
    as much. What is purged is to leave no trace, so nothing but its id is told. Whoever may read a memory gets it by
    that id.
    """
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
