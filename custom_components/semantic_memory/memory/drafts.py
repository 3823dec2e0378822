"""From what a caller sent to a memory that can be stored. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
import math
from typing import Any

from ulid_transform import ulid_at_time

from .errors import InvalidInputError
from .models import (
    HOUSEHOLD,
    MAX_EXPIRY_DAYS,
    MAX_VALUE_LENGTH,
    SECONDS_PER_DAY,
    Caller,
    Category,
    EngineSettings,
    Memory,
    MemoryChanges,
    MemoryDraft,
    Scope,
    Source,
)
from .policy import owner_for, parse_category, parse_scope, require_may_give
from .text import derive_key, fold, normalise_key, parse_tags, storable

_SESSION_DAYS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A draft whose every part has been checked. ``None``: was not given."""

    key: str
    key_is_derived: bool
    value: str
    owner: str
    scope: Scope
    category: Category | None
    tags: tuple[str, ...] | None
    confidence: float | None
    pinned: bool | None
    expires_in_days: float | None
    force_new: bool
    source: Source


def prepare(caller: Caller, draft: MemoryDraft) -> Prepared:
    """Check a draft. Raises InvalidInputError, whose code names the first thing that is wrong."""
    value = _checked_value(draft.value)
    scope = parse_scope(draft.scope)
    given = draft.key is not None and draft.key.strip()
    return Prepared(
        key=normalise_key(draft.key) if draft.key is not None and given else derive_key(value),
        key_is_derived=not given,
        value=value,
        owner=owner_for(caller, scope),
        scope=scope,
        category=None if draft.category is None else parse_category(draft.category),
        tags=None if draft.tags is None else parse_tags(draft.tags),
        confidence=_checked_confidence(draft.confidence),
        pinned=draft.pinned,
        expires_in_days=_checked_days(draft.expires_in_days),
        force_new=draft.force_new,
        source=draft.source,
    )


def created(prepared: Prepared, now: float, settings: EngineSettings) -> Memory:
    """Return a new memory."""
    memory = Memory(
        id=ulid_at_time(now),
        key=prepared.key,
        value=prepared.value,
        owner=prepared.owner,
        scope=prepared.scope,
        category=prepared.category or Category.GENERAL,
        tags=prepared.tags or (),
        confidence=1.0 if prepared.confidence is None else prepared.confidence,
        pinned=bool(prepared.pinned),
        source=prepared.source,
        created_at=now,
        updated_at=now,
        last_used_at=None,
        use_count=0,
        expires_at=None,
        deleted_at=None,
    )
    return replace(memory, expires_at=_expiry(memory, prepared.expires_in_days, now, settings))


def updated(memory: Memory, prepared: Prepared, now: float, settings: EngineSettings) -> Memory:
    """Return a memory with what was said of it again; its key stays, what was not given stays."""
    changed = replace(
        memory,
        value=prepared.value,
        scope=prepared.scope,
        category=prepared.category or memory.category,
        tags=memory.tags if prepared.tags is None else prepared.tags,
        confidence=memory.confidence if prepared.confidence is None else prepared.confidence,
        pinned=memory.pinned if prepared.pinned is None else prepared.pinned,
    )
    if changed != memory:
        changed = replace(changed, source=prepared.source, updated_at=now)
    return replace(changed, expires_at=_renewed(changed, memory, prepared.expires_in_days, now, settings))


def edited(memory: Memory, caller: Caller, changes: MemoryChanges, now: float, settings: EngineSettings) -> Memory:
    """Return a memory with the changes that were asked for. Its source stays: it says who told it, not who edited it.

    Raises InvalidInputError.
    """
    scope = memory.scope if changes.scope is None else parse_scope(changes.scope)
    days = _checked_days(changes.expires_in_days)
    expires_at = _checked_moment(changes.expires_at, now)
    changed = replace(
        memory,
        key=memory.key if changes.key is None else normalise_key(changes.key),
        value=memory.value if changes.value is None else _checked_value(changes.value),
        scope=scope,
        # Its scope given again moves nothing: what a satellite keeps for today stays the household's.
        owner=memory.owner if scope is memory.scope else owner_for(caller, scope),
        category=memory.category if changes.category is None else parse_category(changes.category),
        tags=_tags(memory, changes),
        confidence=_first(_checked_confidence(changes.confidence), memory.confidence),
        pinned=memory.pinned if changes.pinned is None else changes.pinned,
    )
    if expires_at is not None:
        changed = replace(changed, expires_at=expires_at)
    elif days is not None or (changed.pinned and not memory.pinned) or changed.scope is not memory.scope:
        changed = replace(changed, expires_at=_expiry(changed, days, now, settings))
    if changes.owner is not None:
        changed = moved(changed, caller, changes.owner)
    return changed if changed == memory else replace(changed, updated_at=now)


def moved(memory: Memory, caller: Caller, owner: str) -> Memory:
    """Return a memory as another owner's, in the scope that fits. Raises NotAllowedError (``move_to_other``)."""
    require_may_give(caller, owner)
    if memory.scope is Scope.SESSION:
        return replace(memory, owner=owner)
    return replace(memory, owner=owner, scope=Scope.HOUSEHOLD if owner == HOUSEHOLD else Scope.USER)


def in_state(memory: Memory, state: Mapping[str, Any]) -> Memory:
    """Return a memory as a line of its history has it."""
    return replace(
        memory,
        key=state["key"],
        value=state["value"],
        owner=state["owner"],
        scope=Scope(state["scope"]),
        category=Category(state["category"]),
        tags=tuple(state["tags"]),
        confidence=state["confidence"],
        pinned=state["pinned"],
        expires_at=state["expires_at"],
    )


def reverted(memory: Memory, state: Mapping[str, Any], now: float, settings: EngineSettings) -> Memory:
    """Return a memory as it was once; what would have ended since gets a new lease."""
    before = in_state(memory, state)
    if before == memory:
        return memory
    return replace(_with_lease(before, now, settings), updated_at=now)


def restored(memory: Memory, now: float, settings: EngineSettings) -> Memory:
    """Return a forgotten memory as a live one; one that had expired gets a new lease."""
    return replace(_with_lease(memory, now, settings), deleted_at=None, updated_at=now)


def _with_lease(memory: Memory, now: float, settings: EngineSettings) -> Memory:
    """Return a memory whose end lies ahead."""
    if memory.expires_at is None or memory.expires_at > now:
        return memory
    return replace(memory, expires_at=_expiry(memory, None, now, settings))


def _renewed(changed: Memory, memory: Memory, days: float | None, now: float, settings: EngineSettings) -> float | None:
    """Return the expiry of a memory that was said again: never sooner than it was."""
    expires_at = _expiry(changed, days, now, settings)
    if days is not None or expires_at is None:
        return expires_at
    return None if memory.expires_at is None else max(expires_at, memory.expires_at)


def _expiry(memory: Memory, days: float | None, now: float, settings: EngineSettings) -> float | None:
    """Return when a memory ends: as asked; else never if pinned, a day for ``session``, the default otherwise."""
    if days is None:
        if memory.pinned:
            return None
        days = _SESSION_DAYS if memory.scope is Scope.SESSION else settings.default_expiry_days
    return now + days * SECONDS_PER_DAY if days else None


def _checked_value(value: str) -> str:
    stripped = storable(value).strip()
    if not stripped:
        raise InvalidInputError("value_empty")
    if len(stripped) > MAX_VALUE_LENGTH:
        raise InvalidInputError("value_too_long", max=MAX_VALUE_LENGTH)
    return stripped


def _checked_confidence(confidence: float | None) -> float | None:
    if confidence is not None and not 0 <= confidence <= 1:
        raise InvalidInputError("invalid_confidence")
    return confidence


def _checked_days(days: float | None) -> float | None:
    if days is not None and not (math.isfinite(days) and 0 <= days <= MAX_EXPIRY_DAYS):
        raise InvalidInputError("invalid_expiry", max=MAX_EXPIRY_DAYS)
    return days


def _checked_moment(moment: float | None, now: float) -> float | None:
    if moment is not None and not now < moment <= now + MAX_EXPIRY_DAYS * SECONDS_PER_DAY:
        raise InvalidInputError("invalid_expiry", max=MAX_EXPIRY_DAYS)
    return moment


def _tags(memory: Memory, changes: MemoryChanges) -> tuple[str, ...]:
    """Return the tags that a memory has after changes, in their order. Raises InvalidInputError."""
    tags = memory.tags if changes.tags is None else parse_tags(changes.tags)
    gone = {fold(tag) for tag in parse_tags(changes.remove_tags)}
    kept = [tag for tag in tags if fold(tag) not in gone]
    added = parse_tags(changes.add_tags)
    return parse_tags([*kept, *added]) if added else tuple(kept)


def _first(value: float | None, default: float) -> float:
    return default if value is None else value
