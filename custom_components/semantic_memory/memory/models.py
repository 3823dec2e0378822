"""The engine's vocabulary: memories, and what is asked of them. What is answered is in ``answers``.

Times are seconds since the Unix epoch (UTC) as ``float``; ``None`` stands for "never".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

HOUSEHOLD: Final = "household"
"""Owner of what belongs to nobody in particular. Home Assistant's user ids are 32 hex digits, so none equals it."""

MAX_KEY_LENGTH: Final = 128
MAX_VALUE_LENGTH: Final = 16_384
MAX_TAGS: Final = 32
MAX_TAG_LENGTH: Final = 64
MAX_EXPIRY_DAYS: Final = 36_500
MAX_RECALL_LIMIT: Final = 50
MAX_LIST_LIMIT: Final = 500
SECONDS_PER_DAY: Final = 86_400.0
EXPIRING_DAYS: Final = 7
"""What ends within as many days is said to be expiring."""


class Scope(StrEnum):
    """How a caller says who a memory is for, and how long."""

    USER = "user"
    HOUSEHOLD = "household"
    SESSION = "session"


class Category(StrEnum):
    """What kind of thing a memory is about."""

    USER = "user"
    HOME = "home"
    DEVICE = "device"
    ROUTINE = "routine"
    PREFERENCE = "preference"
    RELATIONSHIP = "relationship"
    EVENT = "event"
    INSTRUCTION = "instruction"
    GENERAL = "general"


class ChangeKind(StrEnum):
    """What happened to a memory, as its history names it."""

    SET = "set"
    CHANGE = "change"
    FORGET = "forget"
    EXPIRE = "expire"
    RESTORE = "restore"


class SortKey(StrEnum):
    """Orders in which memories can be listed."""

    UPDATED = "updated"
    CREATED = "created"
    LAST_USED = "last_used"
    KEY = "key"
    EXPIRES = "expires"
    USE_COUNT = "use_count"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    ``user_id`` is the Home Assistant user whose memories are meant, ``None`` for a caller that nobody identified: such
    a caller sees the household's memories only. ``actor_id`` is who really acts (an administrator or an automation
    acting for a person); it is written to the history. ``trusted`` callers, which administrators and automations are,
    may take from the household for good: purge its memories, or make one of them somebody's own. ``names`` are what
    the user is called, ``language`` (BCP 47) is what they speak.
    """

    user_id: str | None = None
    actor_id: str | None = None
    trusted: bool = False
    names: tuple[str, ...] = field(default=(), compare=False)
    language: str | None = field(default=None, compare=False)

    @property
    def actor(self) -> str | None:
        """Return who is written to the history."""
        return self.actor_id or self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a memory came from."""

    surface: str = "engine"
    """``action``, ``llm``, ``panel``, ``import`` …"""
    conversation_id: str | None = None
    agent_id: str | None = None
    device_id: str | None = None
    area_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One thing that is remembered."""

    id: str
    """ULID."""
    key: str
    value: str
    owner: str
    """A user id, or ``HOUSEHOLD``."""
    scope: Scope
    category: Category
    tags: tuple[str, ...]
    confidence: float
    """0..1"""
    pinned: bool
    source: Source
    created_at: float
    updated_at: float
    last_used_at: float | None
    use_count: int
    expires_at: float | None
    deleted_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryDraft:
    """What is to be remembered. Everything but the value may be left out."""

    value: str
    key: str | None = None
    scope: Scope | str = Scope.USER
    category: Category | str | None = None
    """``None``: ``general`` for a new memory, unchanged for one that is there."""
    tags: object = None
    """A list, or comma- or semicolon-separated text. ``None`` leaves those of an existing memory alone."""
    confidence: float | None = None
    pinned: bool | None = None
    expires_in_days: float | None = None
    """``None``: the default of the settings (a day for ``session``); 0: never."""
    force_new: bool = False
    """Without a key: add it even though a near-duplicate is there."""
    source: Source = field(default_factory=Source)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryChanges:
    """What to change of one memory. ``None`` leaves a field as it is."""

    key: str | None = None
    value: str | None = None
    scope: Scope | str | None = None
    """``user`` or ``household``: moves the memory to that owner."""
    owner: str | None = None
    """A user id or ``HOUSEHOLD``: moves the memory there, where it lasts as long as it did (see ``policy``)."""
    category: Category | str | None = None
    tags: object = None
    """Instead of those it has."""
    add_tags: object = None
    remove_tags: object = None
    """Compared folded; added ones win."""
    confidence: float | None = None
    pinned: bool | None = None
    expires_in_days: float | None = None
    """0: never."""
    expires_at: float | None = None
    """When it ends; instead of a number of days."""
    source: Source = field(default_factory=Source)
    """Through what it is changed, for the history; where the memory came from stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFilter:
    """Which memories are meant. Every part that is given has to match; owner filtering comes on top of it."""

    owner: str | None = None
    """One of the owners that the caller may see."""
    ids: Sequence[str] | None = None
    """One of these."""
    scope: Scope | str | None = None
    category: Category | str | None = None
    tags: object = None
    """All of these tags."""
    text: str | None = None
    """Words that have to occur in key, value or tags."""
    created_after: float | None = None
    created_before: float | None = None
    updated_after: float | None = None
    updated_before: float | None = None
    expires_before: float | None = None
    """Those that end, and before this time."""
    pinned: bool | None = None
    expiring: bool | None = None
    """Whether they end within ``EXPIRING_DAYS``."""
    surface: str | None = None
    """Where they came from."""
    forgotten: bool = False
    """``True``: those that were forgotten and can still be restored, instead of the live ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallRequest:
    """What is looked for."""

    query: str
    syntax: bool = False
    """Read phrases, prefixes and exclusions out of the query (see ``query``); right for what somebody typed to search,
    wrong for what somebody said or a model wrote, who put quotes around names that may be spelt differently."""
    limit: int | None = None
    """``None``: the default of the settings."""
    threshold: float | None = None
    """0..1, applied strictly. ``None``: the default of the settings, which spares stores with few memories."""
    filter: MemoryFilter = field(default_factory=MemoryFilter)
    touch: bool = True
    """Count this recall as a use of what it finds, and tell others of it; wrong while somebody still types."""
    explain: bool = False
    """Say of the search and of each hit where the scores come from, which takes about as long again."""
    source: Source = field(default_factory=Source)
    """Through what the question came."""
    log: bool = False
    """Keep the recall in memory for a while, so that people see what was asked and found (see ``recalls``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One change of one memory."""

    at: float
    kind: ChangeKind
    actor: str | None
    surface: str
    before: dict[str, object] | None
    after: dict[str, object] | None
    id: int = field(default=0, compare=False)
    """Names the entry among all, for as long as the memory is there; 0 for one that comes from elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """What people can set in the options."""

    recall_limit: int = 5
    threshold: float = 0.18
    """A question whose best hit is below this score is answered with nothing, 0..1."""
    keyword_weight: float = 0.4
    """Share of the keyword score in a hit's score, 0..1."""
    default_expiry_days: float = 180.0
    """0: never."""
    forgotten_days: float = 30.0
    """How long a forgotten memory can be restored."""
