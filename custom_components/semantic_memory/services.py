"""The actions: each parses its data, asks the engine once, and answers.

Responses keep the shapes of the older ``pyscript.memory_*`` scripts, so that callers move by changing the name. A
memory that is not there is an answer for a caller that asked for one, and an error for a caller that did not.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import service
from homeassistant.util.json import JsonArrayType, JsonObjectType
import voluptuous as vol

from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .errors import translate_errors, translated
from .memory.engine import MemoryEngine
from .memory.errors import InvalidInputError, MemoryNotFoundError
from .memory.models import (
    MAX_RECALL_LIMIT,
    SECONDS_PER_DAY,
    Memory,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    Outcome,
    RecallRequest,
    Scope,
    SortKey,
    Source,
)
from .people import async_caller_for_action
from .responses import hits_as_list, memories_as_list, memory_as_dict, moment, stats_as_dict
from .service_request import Request
from .service_schemas import (
    FORGET_SCHEMA,
    GET_SCHEMA,
    LIST_SCHEMA,
    RESTORE_SCHEMA,
    SEARCH_SCHEMA,
    SET_SCHEMA,
    STATS_SCHEMA,
    UPDATE_SCHEMA,
    Order,
    texts,
)

SOURCE: Final = Source(surface="action")
DEFAULT_LIST_LIMIT: Final = 50
MAX_SUGGESTIONS: Final = 5
"""How many memories are suggested in place of one that is not there."""


async def _async_set(request: Request) -> JsonObjectType:
    data, caller = request.data, request.caller
    force_new = bool(data.get("force_new"))
    result = await request.engine.async_remember(
        caller,
        MemoryDraft(
            value=data.get("value") or "",
            key=data.get("key"),
            scope=data.get("scope") or (Scope.USER if caller.user_id else Scope.HOUSEHOLD),
            category=data.get("category"),
            tags=data.get("tags"),
            confidence=data.get("confidence"),
            pinned=data.get("pinned"),
            expires_in_days=request.expires_in_days,
            force_new=force_new,
            source=SOURCE,
        ),
    )
    added = result.outcome is Outcome.ADDED
    return {
        **_one("set", result.memory),
        "result": result.outcome.value,
        "key_exists": not added,
        "force_new_applied": force_new and added and bool(result.similar),
        "similar": hits_as_list(result.similar),
    }


async def _async_get(request: Request) -> JsonObjectType:
    return _one("get", await request.engine.async_get(request.caller, request.reference))


async def _async_search(request: Request) -> JsonObjectType:
    query, limit = request.data.get("query") or "", request.data.get("limit")
    result = await request.engine.async_recall(
        request.caller,
        RecallRequest(
            query=query,
            # The older scripts clamped too: models ask for 100 when they mean "all".
            limit=None if limit is None else min(max(limit, 1), MAX_RECALL_LIMIT),
            threshold=request.data.get("threshold"),
            filter=request.filter(),
        ),
    )
    return {
        "status": "ok",
        "op": "search",
        "query": query,
        "count": len(result.hits),
        "results": hits_as_list(result.hits),
        "embedder": request.engine.status.embedder.value,
        "model": result.space,
    }


async def _async_list(request: Request) -> JsonObjectType:
    data = request.data
    limit = data.get("limit")
    page = await request.engine.async_list(
        request.caller,
        request.filter(),
        sort=data.get("sort") or SortKey.UPDATED,
        descending=data.get("order") is not Order.ASCENDING,
        limit=DEFAULT_LIST_LIMIT if limit is None else limit,
        cursor=data.get("cursor"),
    )
    return {
        "status": "ok",
        "op": "list",
        "count": len(page.memories),
        "total": page.total,
        "cursor": page.cursor,
        "memories": memories_as_list(page.memories),
    }


async def _async_update(request: Request) -> JsonObjectType:
    data = request.data
    changes = MemoryChanges(
        key=data.get("new_key"),
        value=data.get("value"),
        scope=data.get("scope"),
        category=data.get("category"),
        tags=data.get("tags"),
        confidence=data.get("confidence"),
        pinned=data.get("pinned"),
        expires_in_days=request.expires_in_days,
        source=SOURCE,
    )
    return _one("update", await request.engine.async_update(request.caller, request.reference, changes))


async def _async_forget(request: Request) -> JsonObjectType:
    data = request.data
    references: list[str] = [*data.get("id", ()), *data.get("key", ())]
    purge = bool(data.get("purge"))
    memories = await request.engine.async_forget(
        request.caller, references, where=_what_to_forget(request, references), purge=purge, source=SOURCE
    )
    return {
        "status": "ok",
        "op": "forget",
        "key": ", ".join(memory.key for memory in memories) if references else None,
        "deleted": len(memories),
        "memories": memories_as_list(memories),
        "restorable_until": None if purge else _restorable_until(request.engine, memories),
    }


def _what_to_forget(request: Request, references: Sequence[str]) -> MemoryFilter | None:
    """Return the filter, which has to be meant: forgetting many is never what is left when a key stays empty."""
    where = request.filter()
    filtered = where != MemoryFilter()
    if references:
        if filtered:
            raise InvalidInputError("forget_key_or_filter")
        return None
    if not filtered:
        raise InvalidInputError("nothing_selected")
    if not request.data.get("all_matching"):
        raise InvalidInputError("forget_needs_all_matching")
    return where


def _restorable_until(engine: MemoryEngine, memories: Sequence[Memory]) -> str | None:
    """Return until when all of them can be brought back."""
    times = [memory.deleted_at for memory in memories if memory.deleted_at is not None]
    return moment(min(times) + engine.settings.forgotten_days * SECONDS_PER_DAY) if times else None


async def _async_restore(request: Request) -> JsonObjectType:
    return _one("restore", await request.engine.async_restore(request.caller, request.reference, source=SOURCE))


async def _async_stats(request: Request) -> JsonObjectType:
    return {"status": "ok", "op": "stats", **stats_as_dict(await request.engine.async_stats(request.caller))}


def _one(op: str, memory: Memory) -> JsonObjectType:
    """Return the answer about one memory: its fields side by side, and whole, as one and the other older script did."""
    fields = memory_as_dict(memory)
    return {"status": "ok", "op": op, **fields, "memory": fields}


class _Action(NamedTuple):
    """What makes an action."""

    op: str
    handler: Callable[[Request], Awaitable[JsonObjectType]]
    schema: vol.Schema
    supports_response: SupportsResponse = SupportsResponse.OPTIONAL
    """Optional wherever an older script may have been called without wanting one."""


ACTIONS: Final = (
    _Action("set", _async_set, SET_SCHEMA),
    _Action("get", _async_get, GET_SCHEMA),
    _Action("search", _async_search, SEARCH_SCHEMA),
    _Action("list", _async_list, LIST_SCHEMA, SupportsResponse.ONLY),
    _Action("update", _async_update, UPDATE_SCHEMA),
    _Action("forget", _async_forget, FORGET_SCHEMA),
    _Action("restore", _async_restore, RESTORE_SCHEMA),
    _Action("stats", _async_stats, STATS_SCHEMA, SupportsResponse.ONLY),
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for action in ACTIONS:
        hass.services.async_register(
            DOMAIN,
            f"memory_{action.op}",
            partial(_async_run, action),
            schema=action.schema,
            supports_response=action.supports_response,
        )


async def _async_run(action: _Action, call: ServiceCall) -> ServiceResponse:
    """Run an action for the person that it is called by or for."""
    entry: SemanticMemoryConfigEntry = service.async_get_config_entry(call.hass, DOMAIN, None)
    caller = await async_caller_for_action(call.hass, call.context, call.data.get("person"))
    request = Request(entry.runtime_data.engine, caller, call.data)
    with translate_errors():
        try:
            return await action.handler(request)
        except MemoryNotFoundError as err:
            if not call.return_response:
                raise
            return await _async_not_found(action.op, request, err)


async def _async_not_found(op: str, request: Request, err: MemoryNotFoundError) -> JsonObjectType:
    """Answer that there is no such memory, with those that may have been meant."""
    reference = err.placeholders["reference"]
    matches = await _async_suggest(op, request, reference)
    return {
        "status": "error",
        "op": op,
        "key": reference,
        "error": "ambiguous" if matches else "not_found",
        "message": str(translated(err)),
        "matches": matches,
    }


async def _async_suggest(op: str, request: Request, reference: str) -> JsonArrayType:
    """Return memories that resemble what was asked for; nothing resembles an id, or a key without letters."""
    engine, caller = request.engine, request.caller
    words = reference.replace("_", " ").strip()
    if not words or reference in texts(request.data.get("id")):
        return []
    if op == "restore":
        where = MemoryFilter(text=words, forgotten=True)
        return memories_as_list((await engine.async_list(caller, where, limit=MAX_SUGGESTIONS)).memories)
    # The threshold is given, so that it is applied: any memory resembles a key when there are only a few.
    asked = RecallRequest(query=words, limit=MAX_SUGGESTIONS, threshold=engine.settings.threshold, touch=False)
    return hits_as_list((await engine.async_recall(caller, asked)).hits)
