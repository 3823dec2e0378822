"""How the engine is doing, and what it tells those who listen."""

from dataclasses import dataclass
from enum import StrEnum

from .models import Memory


class EmbedderState(StrEnum):
    """What serves recall."""

    OLLAMA = "ollama"
    BUILT_IN = "built_in"
    KEYWORD = "keyword"
    """No vectors at all: words only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """How the engine is doing; cheap to read, kept up to date by events."""

    memories: int = 0
    """Live memories of all owners."""
    pending: int = 0
    """Memories that still wait for a vector of the preferred embedder."""
    embedder: EmbedderState = EmbedderState.KEYWORD
    model: str | None = None
    """Model that serves recall."""
    preferred_model: str | None = None
    """Model that ought to serve, which differs while it is unreachable or being filled."""
    index: str = "none"
    """``sqlite-vec``; ``memory`` without it; ``none`` where there is no NumPy either, and so no vectors."""
    index_error: str | None = None
    embedder_error: str | None = None
    """Code of the error that keeps the preferred embedder from serving."""
    unavailable_since: float | None = None
    storage_error: str | None = None
    """Code of the error that keeps the database from being read or written."""
    last_recall_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Counts over the memories that a caller may see."""

    total: int
    pinned: int
    expiring: int
    """Within seven days."""
    forgotten: int
    by_scope: dict[str, int]
    by_category: dict[str, int]
    by_owner: dict[str, int]
    database_bytes: int
    status: EngineStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEvent:
    """Something that happened, as listeners are told."""

    kind: str
    """``set``, ``change``, ``forget``, ``restore``, ``expire``, ``purge``, ``import``, ``recall`` or ``status``."""
    memories: tuple[Memory, ...] = ()
    before: tuple[Memory, ...] = ()
    """How those of them that were there before were: who loses sight of one has to be told too."""
    actor: str | None = None
    """Who did it; nobody makes memories expire."""
    surface: str = "maintenance"
    """What it was done through."""
    owner: str | None = None
    """Of a recall, who it was for: a user id, or the household where nobody was identified."""
