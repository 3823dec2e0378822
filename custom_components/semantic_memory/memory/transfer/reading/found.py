"""What a reader finds: memories as far as a file tells, and why something else is none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ...models import Category, HistoryEntry, Scope, Source


class Format(StrEnum):
    """The kinds of files that can be read."""

    OWN = "semantic_memory"
    """Our own export."""
    LUUQUANGVU = "luuquangvu"
    """``memory.db`` of the memory tool in ``luuquangvu/tutorials``."""
    HA_SEMANTIC_MEMORY = "ha_semantic_memory"
    """The table ``memories`` of ``iXanadu/ha-semantic-memory`` as CSV, and every CSV with its columns."""
    HA_AI_MEMORY = "ha_ai_memory"
    """``ai_memory.db`` of ``Riscue/ha-ai-memory``."""
    MCP = "mcp_memory"
    """The knowledge graph of the memory server in ``modelcontextprotocol/servers``."""


class Reason(StrEnum):
    """Why something in a file was not taken in."""

    EXPIRED = "expired"
    FORGOTTEN = "forgotten"
    """It was forgotten where it comes from."""
    FORGOTTEN_HERE = "forgotten_here"
    NEWER_HERE = "newer_here"
    MOVED_HERE = "moved_here"
    """It belongs to somebody else here by now."""
    KEY_IN_USE = "key_in_use"
    DUPLICATE = "duplicate"
    """The file has it twice."""
    UNKNOWN_OWNER = "unknown_owner"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    INVALID_KEY = "invalid_key"
    INVALID_TIME = "invalid_time"
    INVALID_FIELD = "invalid_field"
    NOT_UTF8 = "not_utf8"
    LINE_TOO_LONG = "line_too_long"
    NOT_UNDERSTOOD = "not_understood"
    DAMAGED = "damaged"
    """The file is damaged there."""


class Note(StrEnum):
    """What was left out of, or put into, a memory that was taken in."""

    TAGS_LEFT_OUT = "tags_left_out"
    TIME_UNKNOWN = "time_unknown"
    SCOPE_UNKNOWN = "scope_unknown"
    HISTORY_LEFT_OUT = "history_left_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One memory as a file has it; its texts are as the engine stores them. ``None``: the file does not tell."""

    where: int
    """Number of the line or row."""
    identity: str
    """What tells it from others of the file, the same each time that it is read."""
    value: str
    key: str | None = None
    id: str | None = None
    """Where it comes from an engine of ours."""
    owner: str | None = None
    """Whose it is according to the file."""
    scope: Scope = Scope.USER
    category: Category | None = None
    tags: tuple[str, ...] | None = None
    confidence: float | None = None
    pinned: bool | None = None
    created_at: float | None = None
    updated_at: float | None = None
    """Only where the file knows exactly when it was last changed."""
    last_used_at: float | None = None
    use_count: int = 0
    expires_at: float | None = None
    """``None``: never."""
    forgotten: bool = False
    source: Source = field(default_factory=Source)
    history: tuple[HistoryEntry, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Something in a file that is no memory."""

    where: int
    reason: Reason
    key: str = ""
    detail: str = ""
    """What exactly is wrong, where the reason does not say it all: the name of a field."""


class Reader(Protocol):
    """An open file."""

    @property
    def format(self) -> Format:
        """Return what kind of file it is."""

    @property
    def ignored(self) -> Iterable[str]:
        """Return names of columns, tables and kinds of lines that nothing is made of, in the order of meeting them."""

    @property
    def cut_short(self) -> bool:
        """Return whether the rest of the file could not be read."""

    def read(self) -> Iterator[Found | Refused]:
        """Yield what is in the file, once."""

    def progress(self) -> float:
        """Return how much of the file has been read, 0..1."""

    def close(self) -> None:
        """Close the file."""
