"""Memory for other integrations: what they may call, documented in ``docs/api.md`` and kept stable.

Every function takes ``hass`` first, and ``user_id``: whose memories are meant beside the household's, ``None`` for the
household's alone. Which person to act for is the calling integration's to decide: like an automation, it may name
anybody. ``source`` is its own domain, by which people recognise in the history who did it.

Every coroutine raises NotLoadedError while Semantic Memory is not loaded, ServiceValidationError for what the caller
can mend, and HomeAssistantError for what it cannot, all with a translated text.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Unpack

from homeassistant.core import HomeAssistant, callback, valid_domain
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from .api_types import (
    Change,
    Changes,
    Details,
    Expiry,
    Found,
    Listing,
    Memory,
    Narrowing,
    NotLoadedError,
    Page,
    Remembered,
    Source,
)
from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .errors import translate_errors
from .expiry import days_of, days_until
from .happenings import SIGNAL, Happening, Kind
from .memory import models, policy
from .memory.answers import Match, Outcome
from .memory.engine import MemoryEngine
from .memory.errors import InvalidInputError, MemoryNotFoundError
from .memory.models import Caller, Category, Scope, SortKey
from .people import async_caller_for_integration

__all__ = [
    "Category",
    "Change",
    "Changes",
    "Details",
    "Expiry",
    "Found",
    "Kind",
    "Listing",
    "Match",
    "Memory",
    "Narrowing",
    "NotLoadedError",
    "Outcome",
    "Page",
    "Remembered",
    "Scope",
    "SortKey",
    "Source",
    "async_forget",
    "async_get",
    "async_list",
    "async_recall",
    "async_remember",
    "async_restore",
    "async_subscribe",
    "async_update",
]

SURFACE: Final = "api"


async def async_remember(
    hass: HomeAssistant,
    value: str,
    *,
    user_id: str | None,
    source: str,
    expires: Expiry | None = None,
    force_new: bool = False,
    **details: Unpack[Details],
) -> Remembered:
    """Store a memory, or bring the one it is about up to date; it is on disk when this returns.

    Without ``scope`` it is the person's, or the household's where ``user_id`` is ``None``. ``force_new``, without a
    ``key``: add it even though one that says nearly the same is there.
    """
    engine = _engine(hass)
    with translate_errors():
        caller, came_from = await _async_who(hass, user_id, source)
        details.setdefault("scope", Scope.HOUSEHOLD if user_id is None else Scope.USER)
        draft = models.MemoryDraft(
            value=value, force_new=force_new, expires_in_days=_days(expires), source=came_from, **details
        )
        result = await engine.async_remember(caller, draft)
    return Remembered(
        outcome=result.outcome, memory=Memory.of(result.memory), similar=tuple(map(Found.of, result.similar))
    )


async def async_recall(
    hass: HomeAssistant,
    query: str,
    *,
    user_id: str | None,
    source: str,
    limit: int | None = None,
    threshold: float | None = None,
    **where: Unpack[Narrowing],
) -> list[Found]:
    """Find memories by meaning, words and time, the best first. ``query`` is what somebody said, not a search syntax.

    ``limit`` is 1 to 50 and ``threshold`` 0 to 1; left out, both are as in the options.
    """
    engine = _engine(hass)
    with translate_errors():
        caller, came_from = await _async_who(hass, user_id, source)
        asked = models.RecallRequest(
            query=query,
            limit=limit,
            threshold=threshold,
            filter=models.MemoryFilter(**where),
            source=came_from,
            log=True,
        )
        result = await engine.async_recall(caller, asked)
    return [Found.of(hit) for hit in result.hits]


async def async_get(hass: HomeAssistant, reference: str, *, user_id: str | None) -> Memory | None:
    """Return the memory with this key or ID, the person's own first, ``None`` if there is none."""
    engine, caller = _engine(hass), await async_caller_for_integration(hass, user_id, None)
    with translate_errors():
        try:
            return Memory.of(await engine.async_get(caller, reference))
        except MemoryNotFoundError:
            return None


async def async_list(
    hass: HomeAssistant,
    *,
    user_id: str | None,
    limit: int = 50,
    cursor: str | None = None,
    sort: SortKey = SortKey.UPDATED,
    descending: bool = True,
    expires_before: datetime | None = None,
    **where: Unpack[Listing],
) -> Page:
    """Return a page of 1 to 500 memories, in the order of ``sort``.

    ``expires_before``: only those that end, and before that time.
    """
    ends_before = None if expires_before is None else dt_util.as_utc(expires_before).timestamp()
    meant = models.MemoryFilter(**where, expires_before=ends_before)
    engine, caller = _engine(hass), await async_caller_for_integration(hass, user_id, None)
    with translate_errors():
        page = await engine.async_list(caller, meant, sort=sort, descending=descending, limit=limit, cursor=cursor)
    return Page(memories=tuple(map(Memory.of, page.memories)), total=page.total, cursor=page.cursor)


async def async_update(
    hass: HomeAssistant,
    reference: str,
    *,
    user_id: str | None,
    source: str,
    expires: Expiry | None = None,
    **changes: Unpack[Changes],
) -> Memory:
    """Change the memory with this key or ID; return how it is now.

    ``scope`` moves it to the person or to the household.
    """
    engine = _engine(hass)
    with translate_errors():
        caller, came_from = await _async_who(hass, user_id, source)
        wanted = models.MemoryChanges(expires_in_days=_days(expires), source=came_from, **changes)
        return Memory.of(await engine.async_update(caller, reference, wanted))


async def async_forget(
    hass: HomeAssistant, references: str | Sequence[str], *, user_id: str | None, source: str, purge: bool = False
) -> tuple[Memory, ...]:
    """Forget the memories with these keys or IDs, all of them or, on an error, none; return what was forgotten.

    They can be restored for 30 days; with ``purge`` they are gone at once and for good.
    """
    engine, meant = _engine(hass), [references] if isinstance(references, str) else references
    with translate_errors():
        caller, came_from = await _async_who(hass, user_id, source)
        gone = await engine.async_forget(caller, meant, purge=purge, source=came_from)
    return tuple(map(Memory.of, gone))


async def async_restore(hass: HomeAssistant, reference: str, *, user_id: str | None, source: str) -> Memory:
    """Bring the forgotten memory with this key or ID back."""
    engine = _engine(hass)
    with translate_errors():
        caller, came_from = await _async_who(hass, user_id, source)
        return Memory.of(await engine.async_restore(caller, reference, source=came_from))


@callback
def async_subscribe(
    hass: HomeAssistant, listener: Callable[[Change], None], *, user_id: str | None
) -> Callable[[], None]:
    """Have ``listener`` called in the event loop after every change of memories that the person may see.

    ``None`` means the household's alone. It may be called before Semantic Memory is loaded, and outlives reloads.
    Returns what ends it.
    """
    owners = policy.visible_owners(Caller(user_id))

    @callback
    def pass_on(happening: Happening) -> None:
        seen = tuple(Memory.of(memory) for memory in happening.memories if memory.owner in owners)
        there = {memory.id for memory in seen}
        removed = tuple(memory.id for memory in happening.before if memory.owner in owners and memory.id not in there)
        if seen or removed:
            kind, surface, actor = happening.kind, happening.surface, happening.actor
            listener(Change(kind=kind, memories=seen, removed=removed, surface=surface, actor=actor))

    return async_dispatcher_connect(hass, SIGNAL, pass_on)


def _engine(hass: HomeAssistant) -> MemoryEngine:
    """Return the engine to ask. Raises NotLoadedError."""
    entries: list[SemanticMemoryConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    if not entries:
        raise NotLoadedError(translation_domain=DOMAIN, translation_key="not_loaded")
    return entries[0].runtime_data.engine


async def _async_who(hass: HomeAssistant, user_id: str | None, source: str) -> tuple[Caller, models.Source]:
    """Return who is acted for, and where that comes from. Raises InvalidInputError (``invalid_source``)."""
    if not valid_domain(source):
        raise InvalidInputError("invalid_source", source=source)
    caller = await async_caller_for_integration(hass, user_id, source)
    return caller, models.Source(surface=SURFACE, agent_id=source)


def _days(expires: Expiry | None) -> float | None:
    """Return an expiry in the engine's terms: 0 stands for "never"."""
    if expires is None:
        return None
    if expires == "never":
        return 0
    return days_until(expires) if isinstance(expires, datetime) else days_of(expires)
