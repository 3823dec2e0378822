"""What a memory is that comes in, and what becomes of the one here that it means. Pure functions.

Which of two that differ stays: the one that was changed later, where both times are known. A file that does not know
when its memories were changed wins over what came from the same memory of it and was not touched here since, and over
what was last changed here before its own memory was even made. What was forgotten here stays forgotten.
"""

from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from enum import StrEnum
import hashlib
from typing import Final

from ulid_transform import bytes_to_ulid

from ..models import HOUSEHOLD, Category, HistoryEntry, Memory, Scope
from ..text import derive_key, fold
from .reading.found import Format, Found, Note, Reason, Refused

SURFACE: Final = "import"
"""Through what a memory is stored, and changed, that comes from a file."""
_MILLISECONDS: Final = 1_000
_WRITTEN_OUT: Final = 1e-5
"""Seconds. Dates that are written out, as in CSV, have six digits after the point."""
_SUFFIX: Final = 6
"""Characters, made of the text, that tell a derived key from that of another text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a file is to be taken in."""

    format: Format | None = None
    """``None``: find out."""
    dry_run: bool = False
    """Report what would happen, and change nothing."""
    owner: str | None = None
    """Whose personal memories become that are nobody's we know: a user id, or ``HOUSEHOLD``. ``None``: skip them."""
    keep_owners: bool = True
    """Leave memories of users that we know theirs."""
    known_owners: Collection[str] = frozenset()
    """The users that we know."""
    zone: tzinfo | None = None
    """Time zone of times that do not say theirs; ``None``: that of this machine."""


class Effect(StrEnum):
    """What taking a memory in does."""

    ADD = "added"
    UPDATE = "updated"
    NOTHING = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A memory that is to be taken in."""

    found: Found
    memory: Memory
    """As it would be if nothing were here."""
    kept_id: bool
    """Whether the id is the one that the file has, its owner's too."""
    history: tuple[HistoryEntry, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the keys that it may get: its own, or those derived from its value, the first that is free."""
        if self.found.key is not None:
            return (self.memory.key,)
        digest = hashlib.sha256(fold(self.memory.value).encode("utf-8", "replace")).hexdigest()
        return (self.memory.key, f"{self.memory.key}_{digest[:_SUFFIX]}")


@dataclass(frozen=True, slots=True)
class Here:
    """What is here of some memories that come in."""

    by_id: Mapping[str, tuple[int, Memory]]
    """Live and forgotten ones of those who may get what comes in."""
    by_key: MutableMapping[tuple[str, str], tuple[int | None, Memory]]
    """Live ones by owner and key. It follows what is decided; those that are about to be added have no seq yet."""
    elsewhere: Collection[str] = field(default_factory=frozenset)
    """Ids that memories of others have."""
    touched: Collection[str] = field(default_factory=frozenset)
    """Ids of those that were changed last by somebody, and not by an import."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with a memory that comes in."""

    incoming: Incoming
    effect: Effect
    after: Memory
    before: tuple[int, Memory] | None = None


def prepare(found: Found, kind: Format, options: ImportOptions, now: float) -> Incoming | Refused:
    """Return a memory as it would be if nothing were here."""
    owner = _owner(found, options)
    if found.forgotten:
        return refused(found, Reason.FORGOTTEN)
    if found.expires_at is not None and found.expires_at <= now:
        return refused(found, Reason.EXPIRED)
    if owner is None:
        return refused(found, Reason.UNKNOWN_OWNER)
    kept = found.id is not None and owner == found.owner
    created_at = now if found.created_at is None else found.created_at
    memory = Memory(
        id=found.id if found.id and kept else _made_id(found, kind, owner),
        key=found.key or derive_key(found.value),
        value=found.value,
        owner=owner,
        scope=_scope(found, owner),
        category=found.category or Category.GENERAL,
        tags=found.tags or (),
        confidence=1.0 if found.confidence is None else found.confidence,
        pinned=bool(found.pinned),
        source=replace(found.source, surface=SURFACE),
        created_at=created_at,
        updated_at=max(created_at, found.updated_at or 0.0),
        last_used_at=found.last_used_at,
        use_count=found.use_count,
        expires_at=found.expires_at,
        deleted_at=None,
    )
    left_out = found.history and not kept
    return Incoming(
        found=found,
        memory=memory,
        kept_id=kept,
        history=found.history if kept else (),
        notes=(*found.notes, Note.HISTORY_LEFT_OUT) if left_out else found.notes,
    )


def merge(item: Incoming, found: tuple[int, Memory], here: Here, now: float) -> Decision | Refused:
    """Bring a memory that is here up to date, if what comes in is newer."""
    before = found[1]
    if _forgotten(before) and not _changed_after(item, before.deleted_at or now):
        return refused(item.found, Reason.FORGOTTEN_HERE)
    after = _merged(item, before, now)
    if _content(after) == _content(before) and before.deleted_at is None:
        return Decision(item, Effect.NOTHING, before)
    if not _wins(item, before, here):
        return refused(item.found, Reason.NEWER_HERE)
    taken = here.by_key.get((after.owner, after.key))
    if taken is not None and taken[0] != found[0]:
        return refused(item.found, Reason.KEY_IN_USE)
    return Decision(item, Effect.UPDATE, after, found)


def _merged(item: Incoming, before: Memory, now: float) -> Memory:
    """Return a memory with what comes in; what the file does not tell stays."""
    found, memory = item.found, item.memory
    return replace(
        before,
        key=before.key if found.key is None else memory.key,
        value=memory.value,
        scope=memory.scope,
        category=before.category if found.category is None else memory.category,
        tags=before.tags if found.tags is None else memory.tags,
        confidence=before.confidence if found.confidence is None else memory.confidence,
        pinned=before.pinned if found.pinned is None else memory.pinned,
        source=memory.source,
        created_at=min(before.created_at, memory.created_at),
        updated_at=now if found.updated_at is None else max(before.updated_at, memory.updated_at),
        last_used_at=max((at for at in (before.last_used_at, memory.last_used_at) if at is not None), default=None),
        use_count=max(before.use_count, memory.use_count),
        expires_at=_expiry(item, before),
        deleted_at=None,
    )


def _expiry(item: Incoming, before: Memory) -> float | None:
    """Return the later of two ends, or that of what was changed later."""
    there, here = item.memory.expires_at, before.expires_at
    if there is not None and here is not None and abs(there - here) < _WRITTEN_OUT:
        return here
    # What was said again here lives longer without having been changed.
    later = there is None or (here is not None and there > here)
    return there if later or _changed_after(item, before.updated_at) else here


def _wins(item: Incoming, before: Memory, here: Here) -> bool:
    """Return whether what comes in is to replace what is here."""
    same = before.id == item.memory.id and before.id not in here.touched
    if item.found.updated_at is not None:
        return item.memory.updated_at > before.updated_at or (item.memory.updated_at == before.updated_at and same)
    return same or _changed_after(item, before.updated_at)


def _changed_after(item: Incoming, at: float) -> bool:
    """Return whether what comes in is certainly newer than this."""
    known = item.found.created_at if item.found.updated_at is None else item.found.updated_at
    return known is not None and known > at


def _forgotten(memory: Memory) -> bool:
    """Return whether somebody forgot a memory, rather than that its time was up."""
    return memory.deleted_at is not None and (memory.expires_at is None or memory.expires_at > memory.deleted_at)


def _content(memory: Memory) -> tuple[object, ...]:
    return (
        *(memory.key, memory.value, memory.scope, memory.category, memory.tags),
        *(memory.confidence, memory.pinned, memory.expires_at),
    )


def _owner(found: Found, options: ImportOptions) -> str | None:
    """Return whose a memory becomes; ``None`` for somebody whom we do not know."""
    if found.owner == HOUSEHOLD or found.scope is Scope.HOUSEHOLD:
        return HOUSEHOLD
    if options.keep_owners and found.owner in options.known_owners:
        return found.owner
    return options.owner


def _scope(found: Found, owner: str) -> Scope:
    if found.scope is Scope.SESSION:
        return Scope.SESSION
    return Scope.HOUSEHOLD if owner == HOUSEHOLD else Scope.USER


def _made_id(found: Found, kind: Format, owner: str) -> str:
    """Return an id that is the same each time that the same memory comes in for the same owner."""
    name = f"{kind}\0{owner}\0{found.identity}".encode("utf-8", "replace")
    moment = int((found.created_at or 0.0) * _MILLISECONDS)
    return bytes_to_ulid(moment.to_bytes(6, "big") + hashlib.sha256(name).digest()[:10])


def refused(found: Found, reason: Reason) -> Refused:
    """Return that something is not taken in."""
    return Refused(found.where, reason, found.key or derive_key(found.value))
