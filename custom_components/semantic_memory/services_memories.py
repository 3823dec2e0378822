"""The actions on memories: each parses its data, asks the engine once, and answers.

Responses keep the shapes of the older ``pyscript.memory_*`` scripts, so that callers move by changing the name.
"""

from collections.abc import Sequence
from typing import Final

from homeassistant.core import SupportsResponse
from homeassistant.util.json import JsonObjectType

from .memory.answers import Outcome
from .memory.engine import MemoryEngine
from .memory.errors import InvalidInputError
from .memory.models import (
    MAX_RECALL_LIMIT,
    SECONDS_PER_DAY,
    Memory,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    RecallRequest,
    Scope,
    SortKey,
    Source,
)
from .responses import (
    hits_as_list,
    memories_as_list,
    memory_as_dict,
    moment,
    search_explanation_as_dict,
    stats_as_dict,
)
from .service_request import Action, Request
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
)

SOURCE: Final = Source(surface="action")
DEFAULT_LIST_LIMIT: Final = 50


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
    data = request.data
    query, limit = data.get("query") or "", data.get("limit")
    result = await request.engine.async_recall(
        request.caller,
        RecallRequest(
            query=query,
            syntax=data.get("syntax") is not False,
            # The older scripts clamped too: models ask for 100 when they mean "all".
            limit=None if limit is None else min(max(limit, 1), MAX_RECALL_LIMIT),
            threshold=data.get("threshold"),
            filter=request.filter(),
            explain=bool(data.get("explain")),
            source=SOURCE,
            log=True,
        ),
    )
    explanation = result.explanation
    return {
        "status": "ok",
        "op": "search",
        "query": query,
        "count": len(result.hits),
        "results": hits_as_list(result.hits),
        "certain": result.certain,
        "embedder": request.engine.status.embedder.value,
        "model": result.space,
        **({"explanation": search_explanation_as_dict(explanation)} if explanation else {}),
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


ACTIONS: Final = (
    Action("set", _async_set, SET_SCHEMA),
    Action("get", _async_get, GET_SCHEMA),
    Action("search", _async_search, SEARCH_SCHEMA),
    Action("list", _async_list, LIST_SCHEMA, SupportsResponse.ONLY),
    Action("update", _async_update, UPDATE_SCHEMA),
    Action("forget", _async_forget, FORGET_SCHEMA),
    Action("restore", _async_restore, RESTORE_SCHEMA),
    Action("stats", _async_stats, STATS_SCHEMA, SupportsResponse.ONLY),
)
