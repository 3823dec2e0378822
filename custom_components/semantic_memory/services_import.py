"""The action that takes memories in from a file, for administrators."""

from typing import Final

from homeassistant.util.json import JsonObjectType

from .imports import async_import_options, async_readable_path, report_as_dict
from .memory import policy
from .memory.errors import InvalidInputError
from .memory.models import Scope
from .service_request import Action, Request
from .service_schemas import IMPORT_SCHEMA

_SCOPES: Final = (Scope.USER, Scope.HOUSEHOLD)


async def _async_import(request: Request) -> JsonObjectType:
    data, caller = request.data, request.caller
    given: str | None = data.get("path")
    if given is None:
        raise InvalidInputError("import_path_missing")
    # Whoever does not say so yet has not seen what would happen.
    dry_run = data.get("dry_run") is not False
    if dry_run and not request.answered:  # it would pass for an import
        raise InvalidInputError("import_trial_unseen")
    scope = policy.parse_scope(data.get("scope") or (Scope.USER if caller.user_id else Scope.HOUSEHOLD))
    if scope not in _SCOPES:
        raise InvalidInputError("invalid_scope", scope=scope, allowed=", ".join(_SCOPES))
    options = await async_import_options(
        request.hass,
        policy.owner_for(caller, scope),
        format_=data.get("format"),
        keep_owners=data.get("keep_owners") is not False,
        dry_run=dry_run,
    )
    path = await async_readable_path(request.hass, given)
    report = await request.engine.transfer.async_import(caller, path, options)
    return {"status": "ok", "op": "import", "path": str(path), **report_as_dict(report)}


ACTIONS: Final = (Action("import", _async_import, IMPORT_SCHEMA, admin=True),)
