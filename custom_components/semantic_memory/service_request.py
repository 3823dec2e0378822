"""What an action is, and one call of it: what was sent, in the engine's terms."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from .data import SemanticMemoryConfigEntry
from .expiry import days_until
from .memory.engine import MemoryEngine
from .memory.errors import InvalidInputError
from .memory.models import Caller, MemoryFilter, Scope


@dataclass(frozen=True, slots=True)
class Request:
    """One call of an action: whom it is for, what was sent, and where to ask."""

    hass: HomeAssistant
    entry: SemanticMemoryConfigEntry
    caller: Caller
    data: Mapping[str, Any]
    answered: bool = True
    """Whether a response was asked for."""

    @property
    def engine(self) -> MemoryEngine:
        """Return the engine to ask."""
        return self.entry.runtime_data.engine

    @property
    def reference(self) -> str:
        """Return the key or id that is meant."""
        reference: str | None = self.data.get("id") or self.data.get("key")
        if reference is None:
            raise InvalidInputError("reference_missing")
        return reference

    @property
    def expires_in_days(self) -> float | None:
        """Return days from now; a date wins over a number of days, which older scripts always send along."""
        expires_at: datetime | None = self.data.get("expires_at")
        if expires_at is None:
            days: float | None = self.data.get("expiration_days")
            return days
        return days_until(expires_at)

    def filter(self) -> MemoryFilter:
        """Return which memories are meant.

        Raises InvalidInputError (``scope_needs_person``) for personal memories of nobody: there can be none, and an
        older automation that asks for them would take the silence for an answer.
        """
        if self.data.get("scope") == Scope.USER and self.caller.user_id is None:
            raise InvalidInputError("scope_needs_person")
        names = ("scope", "category", "tags", "text", "pinned")
        dates = ("created_after", "created_before", "updated_after", "updated_before", "expires_before")
        parts = {name: self.data[name] for name in names if self.data.get(name) not in (None, [])}
        parts |= {name: self.data[name].timestamp() for name in dates if self.data.get(name) is not None}
        return MemoryFilter(**parts, forgotten=bool(self.data.get("forgotten")))


class Action(NamedTuple):
    """What makes an action: ``semantic_memory.memory_<op>``."""

    op: str
    handler: Callable[[Request], Awaitable[JsonObjectType]]
    schema: vol.Schema
    supports_response: SupportsResponse = SupportsResponse.OPTIONAL
    """Optional wherever an older script may have been called without wanting one."""
    admin: bool = False
    """Only for administrators, and for automations, which have no user."""
    loaded: bool = True
    """Needs the engine."""
