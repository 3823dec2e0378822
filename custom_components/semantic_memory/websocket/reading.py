"""The commands that show memories. Looking is no use of a memory, and a search as somebody types is none either."""

from typing import Final

from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..memory.models import RecallRequest, SortKey
from ..memory.views import GroupKey, Shown, ShownEntry
from ..names import Names, async_names
from ..responses import hits_as_list, memories_as_list, memory_as_dict, moment, search_explanation_as_dict
from .base import SOURCE, Command, Request
from .fields import FILTER, choice, number, whole_number
from .shapes import state_as_dict

_PAGE: Final = 50


async def _async_list(request: Request) -> JsonObjectType:
    data = request.data
    window = await request.engine.browser.async_list(
        request.caller,
        data["filter"],
        sort=data["sort"],
        descending=data["descending"],
        group_by=data.get("group_by"),
        offset=data["offset"],
        limit=data["limit"],
    )
    return {
        "total": window.total,
        "groups": [{"value": value, "count": count} for value, count in window.groups],
        "offset": data["offset"],
        "memories": memories_as_list(window.memories),
    }


async def _async_facets(request: Request) -> JsonObjectType:
    facets = await request.engine.browser.async_facets(request.caller, request.data["filter"])
    return {
        "total": facets.total,
        "pinned": facets.pinned,
        "expiring": facets.expiring,
        "forgotten": facets.forgotten,
        "owners": dict(facets.owners),
        "scopes": dict(facets.scopes),
        "categories": dict(facets.categories),
        "surfaces": dict(facets.surfaces),
        "tags": [{"tag": tag, "count": count} for tag, count in facets.tags],
    }


async def _async_search(request: Request) -> JsonObjectType:
    data, engine = request.data, request.engine
    result = await engine.async_recall(
        request.caller,
        RecallRequest(
            query=data["query"],
            syntax=True,
            limit=data.get("limit"),
            threshold=data.get("threshold"),
            filter=data["filter"],
            touch=False,
            explain=data["explain"],
            source=SOURCE,
        ),
    )
    explanation = result.explanation
    return {
        "query": data["query"],
        "hits": hits_as_list(result.hits),
        "certain": result.certain,
        "model": result.space,
        "embedder": engine.status.embedder.value,
        "took_ms": round(result.took_ms, 2),
        **({"explanation": search_explanation_as_dict(explanation)} if explanation else {}),
    }


async def _async_get(request: Request) -> JsonObjectType:
    shown = await request.engine.browser.async_show(request.caller, request.data["memory_id"])
    names = await async_names(request.hass)
    return {
        "memory": memory_as_dict(shown.memory),
        "history": [_line(line, names) for line in shown.history],
        "origin": _origin(shown, names),
    }


def _line(line: ShownEntry, names: Names) -> JsonObjectType:
    entry = line.entry
    return {
        "id": entry.id,
        "at": moment(entry.at),
        "kind": entry.kind.value,
        "actor": entry.actor,
        "actor_name": names.actor(entry.actor),
        "surface": entry.surface,
        "before": state_as_dict(entry.before),
        "after": state_as_dict(entry.after),
        "undoable": line.undoable,
    }


def _origin(shown: Shown, names: Names) -> JsonObjectType:
    """Return who stored a memory first and changed it last, as far as its caller may know, and what ids are called."""
    actors = [line.entry.actor for line in shown.history]
    source = shown.memory.source
    return {
        "created_by": names.actor(actors[-1]) if actors else None,
        "changed_by": names.actor(actors[0]) if actors else None,
        "agent_name": names.agent(source.agent_id),
        "device_name": names.device(source.device_id),
        "area_name": names.area(source.area_id),
    }


async def _async_similar(request: Request) -> JsonObjectType:
    return {"hits": hits_as_list(await request.engine.browser.async_similar(request.caller, request.data["memory_id"]))}


COMMANDS: Final = (
    Command(
        "list",
        _async_list,
        {
            **FILTER,
            vol.Optional("sort", default=SortKey.UPDATED.value): choice(SortKey, "invalid_sort"),
            vol.Optional("descending", default=True): bool,
            vol.Optional("group_by"): choice(GroupKey, "invalid_group"),
            vol.Optional("offset", default=0): whole_number,
            vol.Optional("limit", default=_PAGE): whole_number,
        },
    ),
    Command("facets", _async_facets, FILTER),
    Command(
        "search",
        _async_search,
        {
            vol.Required("query"): str,
            **FILTER,
            vol.Optional("limit"): whole_number,
            vol.Optional("threshold"): number,
            vol.Optional("explain", default=False): bool,
        },
    ),
    Command("get", _async_get, {vol.Required("memory_id"): str}),
    Command("similar", _async_similar, {vol.Required("memory_id"): str}),
)
