"""The commands that change memories: all that are named, or none of them."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..expiry import days_until
from ..memory.errors import InvalidInputError
from ..memory.models import HOUSEHOLD, MemoryChanges, MemoryDraft, Scope
from ..responses import hits_as_list, memories_as_list, memory_as_dict
from .base import SOURCE, Command, Request
from .fields import ids, moment_or_never, number, texts, whole_number

_CHANGES: Final = vol.Schema(
    {
        vol.Optional("key"): str,
        vol.Optional("value"): str,
        vol.Optional("owner"): str,
        vol.Optional("category"): str,
        vol.Optional("tags"): texts,
        vol.Optional("add_tags"): texts,
        vol.Optional("remove_tags"): texts,
        vol.Optional("confidence"): number,
        vol.Optional("pinned"): bool,
        vol.Optional("expires_at"): moment_or_never,
    }
)


async def _async_set(request: Request) -> JsonObjectType:
    data, caller = request.data, request.caller
    await _async_check_owner(request.hass, caller.user_id or HOUSEHOLD)
    result = await request.engine.async_remember(
        caller,
        MemoryDraft(
            value=data["value"],
            key=data.get("key"),
            scope=data.get("scope") or (Scope.USER if caller.user_id else Scope.HOUSEHOLD),
            category=data.get("category"),
            tags=data.get("tags"),
            pinned=data.get("pinned"),
            expires_in_days=_days(data),
            force_new=data["force_new"],
            source=SOURCE,
        ),
    )
    return {
        "result": result.outcome.value,
        "memory": memory_as_dict(result.memory),
        "similar": hits_as_list(result.similar),
    }


def _days(data: Mapping[str, Any]) -> float | None:
    """Return after how many days a new memory ends: 0 for never, ``None`` where nothing is said."""
    if "expires_at" not in data:
        return None
    expires_at: float | None = data["expires_at"]
    return 0 if expires_at is None else days_until(dt_util.utc_from_timestamp(expires_at))


async def _async_update(request: Request) -> JsonObjectType:
    changes: dict[str, Any] = dict(request.data["changes"])
    if (owner := changes.get("owner")) is not None:
        await _async_check_owner(request.hass, owner)
    if "expires_at" in changes and changes["expires_at"] is None:
        changes["expires_in_days"] = 0
    done = await request.engine.editor.async_update(
        request.caller, request.data["ids"], MemoryChanges(**changes, source=SOURCE)
    )
    return {"memories": memories_as_list(done)}


async def _async_check_owner(hass: HomeAssistant, owner: str) -> None:
    """Refuse to give a memory to somebody who could never see it. Raises InvalidInputError (``user_not_found``)."""
    user = None if owner == HOUSEHOLD else await hass.auth.async_get_user(owner)
    if owner != HOUSEHOLD and (user is None or user.system_generated):
        raise InvalidInputError("user_not_found", user_id=owner)


async def _async_undo(request: Request) -> JsonObjectType:
    data = request.data
    memory = await request.engine.editor.async_undo(request.caller, data["memory_id"], data["entry"], source=SOURCE)
    return {"memory": memory_as_dict(memory)}


async def _async_forget(request: Request) -> JsonObjectType:
    data = request.data
    gone = await request.engine.async_forget(request.caller, data["ids"], purge=data["purge"], source=SOURCE)
    return {"ids": [memory.id for memory in gone]}


async def _async_restore(request: Request) -> JsonObjectType:
    back = await request.engine.editor.async_restore(request.caller, request.data["ids"], source=SOURCE)
    return {"memories": memories_as_list(back)}


COMMANDS: Final = (
    Command(
        "set",
        _async_set,
        {
            vol.Required("value"): str,
            vol.Optional("key"): str,
            vol.Optional("scope"): str,
            vol.Optional("category"): str,
            vol.Optional("tags"): texts,
            vol.Optional("pinned"): bool,
            vol.Optional("expires_at"): moment_or_never,
            vol.Optional("force_new", default=False): bool,
        },
        changes=True,
    ),
    Command("update", _async_update, {vol.Required("ids"): ids, vol.Required("changes"): _CHANGES}, changes=True),
    Command("undo", _async_undo, {vol.Required("memory_id"): str, vol.Required("entry"): whole_number}, changes=True),
    Command(
        "forget", _async_forget, {vol.Required("ids"): ids, vol.Optional("purge", default=False): bool}, changes=True
    ),
    Command("restore", _async_restore, {vol.Required("ids"): ids}, changes=True),
)
