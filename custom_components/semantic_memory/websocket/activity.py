"""The command that answers with what happened."""

from typing import Final

from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..memory.activity import KINDS
from ..memory.recalls import Recall
from ..memory.storage.timeline import Line
from ..names import Names, async_names
from ..responses import moment
from .base import Command, Request
from .fields import texts, whole_number
from .shapes import state_as_dict


async def _async_activity(request: Request) -> JsonObjectType:
    data = request.data
    page = await request.engine.activity.async_page(
        request.caller, data.get("kinds", KINDS), limit=data["limit"], cursor=data.get("cursor")
    )
    names = await async_names(request.hass)
    entries = [
        _recall_as_dict(entry, names) if isinstance(entry, Recall) else _change_as_dict(entry, names)
        for entry in page.entries
    ]
    return {"entries": list(entries), "cursor": page.cursor}


def _change_as_dict(line: Line, names: Names) -> JsonObjectType:
    entry = line.entry
    state = entry.after or entry.before or {}
    return {
        "type": "change",
        "id": str(entry.id),
        "at": moment(entry.at),
        "kind": entry.kind.value,
        "memory_id": line.memory_id,
        "key": str(state["key"]),
        "surface": entry.surface,
        "actor_name": names.actor(entry.actor),
        "before": state_as_dict(entry.before),
        "after": state_as_dict(entry.after),
    }


def _recall_as_dict(recall: Recall, names: Names) -> JsonObjectType:
    source = recall.source
    return {
        "type": "recall",
        "id": str(recall.number),
        "at": moment(recall.at),
        "query": recall.query,
        "surface": source.surface,
        "actor_name": names.actor(recall.actor),
        "agent_name": names.agent(source.agent_id),
        "device_name": names.device(source.device_id),
        "conversation_id": source.conversation_id,
        "model": recall.model,
        "threshold": recall.threshold,
        "took_ms": round(recall.took_ms, 2),
        "hits": [
            {
                "id": hit.id,
                "key": hit.key,
                "value": hit.value,
                "score": round(hit.score, 4),
                "match": hit.match.value,
            }
            for hit in recall.hits
        ],
        "answer": recall.answer,
    }


COMMANDS: Final = (
    Command(
        "activity",
        _async_activity,
        {
            vol.Optional("kinds"): texts,
            vol.Optional("cursor"): vol.Any(str, None),
            vol.Optional("limit", default=50): whole_number,
        },
    ),
)
