"""The actions as a whole: one table of all of them, how they are registered and run.

A memory that is not there is an answer for a caller that asked for one, and an error for a caller that did not.
"""

from functools import partial
from typing import Final

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import Context, HomeAssistant, ServiceCall, ServiceResponse, callback
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import service
from homeassistant.util.json import JsonArrayType, JsonObjectType

from . import services_backup, services_export, services_import, services_memories
from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .errors import translate_errors, translated
from .memory.errors import MemoryNotFoundError
from .memory.models import MemoryFilter, RecallRequest
from .memory.text import is_id
from .people import async_caller_for_action
from .responses import hits_as_list, memories_as_list
from .service_request import Action, Request
from .service_schemas import texts

MAX_SUGGESTIONS: Final = 5
"""How many memories are suggested in place of one that is not there."""

ACTIONS: Final[tuple[Action, ...]] = (
    *services_memories.ACTIONS,
    *services_backup.ACTIONS,
    *services_import.ACTIONS,
    *services_export.ACTIONS,
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


async def _async_run(action: Action, call: ServiceCall) -> ServiceResponse:
    """Run an action for the person that it is called by or for."""
    hass = call.hass
    if action.admin:
        await _async_require_admin(hass, call.context)
    entry = _entry(hass, action)
    caller = await async_caller_for_action(hass, call.context, call.data.get("person"))
    request = Request(hass, entry, caller, call.data, call.return_response)
    with translate_errors():
        try:
            return await action.handler(request)
        except MemoryNotFoundError as err:
            if not call.return_response:
                raise
            return await _async_not_found(action.op, request, err)


def _entry(hass: HomeAssistant, action: Action) -> SemanticMemoryConfigEntry:
    """Return the entry, loaded if the action needs it to be. Raises ServiceValidationError."""
    if not action.loaded:
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False):
            return entry
    found: SemanticMemoryConfigEntry = service.async_get_config_entry(hass, DOMAIN, None)
    return found


async def _async_require_admin(hass: HomeAssistant, context: Context) -> None:
    """Let automations, which have no user, and administrators pass, as Home Assistant's own actions do."""
    if context.user_id is None:
        return
    user = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context, permission=POLICY_CONTROL)
    if not user.is_admin:
        raise Unauthorized(context=context, permission=POLICY_CONTROL)


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
    if not words or is_id(reference) or reference in texts(request.data.get("id")):
        return []
    if op == "restore":
        where = MemoryFilter(text=words, forgotten=True)
        return memories_as_list((await engine.async_list(caller, where, limit=MAX_SUGGESTIONS)).memories)
    # The threshold is given, so that it is applied: any memory resembles a key when there are only a few.
    asked = RecallRequest(query=words, limit=MAX_SUGGESTIONS, threshold=engine.settings.threshold, touch=False)
    return hits_as_list((await engine.async_recall(caller, asked)).hits)
