"""What pages show of memories: a window on a long list, how many there are of each kind, and all about one."""

from dataclasses import dataclass
from enum import StrEnum

from .models import HistoryEntry, Memory


class GroupKey(StrEnum):
    """By what a list can be grouped."""

    CATEGORY = "category"
    SCOPE = "scope"
    SURFACE = "surface"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of a list, wherever it is in there."""

    memories: tuple[Memory, ...]
    total: int
    """How many match in all."""
    groups: tuple[tuple[str, int], ...] = ()
    """In the order of the list: what its memories have in common, and how many they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many memories there are of each kind."""

    total: int
    pinned: int
    expiring: int
    forgotten: int
    owners: dict[str, int]
    scopes: dict[str, int]
    categories: dict[str, int]
    surfaces: dict[str, int]
    tags: tuple[tuple[str, int], ...]
    """The most frequent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    """A line of a history as one caller sees it."""

    entry: HistoryEntry
    undoable: bool
    """Whether the caller can bring back the state from before it, unless its key has been taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything about one memory."""

    memory: Memory
    """Live, or forgotten."""
    history: tuple[ShownEntry, ...]
    """The newest first."""
