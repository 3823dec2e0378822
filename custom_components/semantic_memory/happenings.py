"""What happens to memories, as others are told: named by its outcome, with whoever did it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from homeassistant.util.signal_type import SignalType

from .const import DOMAIN
from .memory.models import Memory
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
