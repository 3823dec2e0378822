"""What :mod:`.api` takes and answers. Times are :class:`datetime` in UTC; ``None`` stands for "never"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self, TypedDict

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .happenings import Kind
from .memory import answers, models
from .memory.answers import Match, Outcome
from .memory.models import HOUSEHOLD, Category, Scope

type Expiry = datetime | timedelta | Literal["never"]
"""When a memory ends: at a time, after a while, or never."""


class NotLoadedError(HomeAssistantError):
    """Semantic Memory is not set up, or not loaded at the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a memory came from."""

    surface: str
    """``llm``, ``action``, ``panel``, ``api``, ``import`` …"""
    agent_id: str | None
    """The conversation agent; for ``api`` the domain of the integration that called."""
    conversation_id: str | None
    device_id: str | None
    area_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One thing that is remembered."""

    id: str
    key: str
    value: str
    user_id: str | None
    """Whose it is, ``None`` for the household's."""
    scope: Scope
    category: Category
    tags: tuple[str, ...]
    confidence: float
    """0..1"""
    pinned: bool
    source: Source
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None
    use_count: int
    expires_at: datetime | None
    forgotten_at: datetime | None
    """When it was forgotten or expired; ``None`` while it is remembered."""

    @classmethod
    def of(cls, memory: models.Memory) -> Self:
        """Return the engine's memory as callers see it."""
        source = memory.source
        return cls(
            id=memory.id,
            key=memory.key,
            value=memory.value,
            user_id=None if memory.owner == HOUSEHOLD else memory.owner,
            scope=memory.scope,
            category=memory.category,
            tags=memory.tags,
            confidence=memory.confidence,
            pinned=memory.pinned,
            source=Source(
                surface=source.surface,
                agent_id=source.agent_id,
                conversation_id=source.conversation_id,
                device_id=source.device_id,
                area_id=source.area_id,
            ),
            created_at=dt_util.utc_from_timestamp(memory.created_at),
            updated_at=dt_util.utc_from_timestamp(memory.updated_at),
            last_used_at=_moment(memory.last_used_at),
            use_count=memory.use_count,
            expires_at=_moment(memory.expires_at),
            forgotten_at=_moment(memory.deleted_at),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A memory that was found, and how well."""

    memory: Memory
    score: float
    """0..1, means the same for every model."""
    match: Match

    @classmethod
    def of(cls, hit: answers.Hit) -> Self:
        """Return the engine's hit as callers see it."""
        return cls(memory=Memory.of(hit.memory), score=hit.score, match=hit.match)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What became of something that was to be remembered."""

    outcome: Outcome
    memory: Memory
    similar: tuple[Found, ...]
    """Other memories that are close to it, and may contradict it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list."""

    memories: tuple[Memory, ...]
    total: int
    """How many match in all."""
    cursor: str | None
    """Gets the next page; ``None`` on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that happened to memories that the subscriber may see."""

    kind: Kind
    memories: tuple[Memory, ...]
    """As they are now; purged ones as they were."""
    removed: tuple[str, ...]
    """IDs of memories that the subscriber no longer sees because they became somebody else's."""
    surface: str
    """What it was done through."""
    actor: str | None
    """A user ID, ``automation``, the domain of an integration, or ``None`` where nobody did it."""


class Details(TypedDict, total=False):
    """What can be said of a memory beside its value. What is left out gets its default, or stays as it is."""

    key: str
    scope: Scope | str
    category: Category | str
    tags: Sequence[str]
    confidence: float
    pinned: bool


class Changes(Details, total=False):
    """What can be changed of a memory."""

    value: str


class Narrowing(TypedDict, total=False):
    """Which memories are meant. Every part that is given has to match."""

    scope: Scope | str
    category: Category | str
    tags: Sequence[str]
    """All of them."""
    pinned: bool


class Listing(Narrowing, total=False):
    """Which memories are listed."""

    text: str
    """Words that have to occur in key, value or tags."""
    forgotten: bool
    """Those that can be restored, instead of the others."""


def _moment(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else dt_util.utc_from_timestamp(timestamp)
