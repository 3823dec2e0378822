"""The actions that give memories out as files, and erase what is stored about a person."""

from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util.json import JsonObjectType

from .const import CONF_DEVICE, CONF_PERSON
from .memory.errors import InvalidInputError, NotAllowedError
from .memory.models import Caller
from .memory.transfer.exporting import ExportReport
from .memory.transfer.fields import Record
from .memory.transfer.formats import ExportFormat
from .people import USER_ID, satellites_of
from .service_request import Action, Request
from .service_schemas import ERASE_PERSON_SCHEMA, EXPORT_PERSON_SCHEMA, EXPORT_SCHEMA


async def _async_export(request: Request) -> JsonObjectType:
    data = request.data
    format_ = data.get("format") or ExportFormat.JSONL
    if data.get("history") and format_ != ExportFormat.JSONL:
        raise InvalidInputError("export_history_format")
    report = await request.engine.transfer.async_export(
        request.caller,
        request.filter(),
        format_=format_,
        path=await _async_path(request),
        with_history=bool(data.get("history")),
        overwrite=bool(data.get("overwrite")),
    )
    return _report_as_dict("export", report)


async def _async_export_person(request: Request) -> JsonObjectType:
    caller = _whose(request)
    report = await request.engine.transfer.async_export_person(
        caller, path=await _async_path(request), also=_options_about(request, caller)
    )
    return _report_as_dict("export_person", report)


async def _async_erase_person(request: Request) -> JsonObjectType:
    caller = _whose(request)
    if not request.data.get("confirm"):
        raise InvalidInputError("erase_needs_confirm")
    report = await request.engine.transfer.async_erase_person(caller)
    return {
        "status": "ok",
        "op": "erase_person",
        "memories": report.memories,
        "history": report.history,
        "exports": report.exports,
        "remaining": [str(path) for path in report.remaining],
    }


def _whose(request: Request) -> Caller:
    """Return whose data is meant; users who have been removed can only be named by their id.

    Raises InvalidInputError, NotAllowedError (``other_person``).
    """
    caller, user_id = request.caller, request.data.get("user_id")
    if user_id is None:
        return caller
    if request.data.get("person"):
        raise InvalidInputError("person_or_user_id")
    if not USER_ID.fullmatch(user_id):
        raise InvalidInputError("invalid_user_id", user_id=user_id)
    if user_id != caller.user_id and not caller.trusted:
        raise NotAllowedError("other_person")
    return Caller(user_id, caller.actor, caller.trusted)


async def _async_path(request: Request) -> Path | None:
    """Return where to write, ``None`` for the caller's folder of exports.

    Raises NotAllowedError: ``export_path_admins``, ``export_path_not_allowed``.
    """
    given: str | None = request.data.get("path")
    if given is None:
        return None
    if not request.caller.trusted:  # others would see what is where, and fill places that all can read
        raise NotAllowedError("export_path_admins")
    return await request.hass.async_add_executor_job(_writable_path, request.hass, given.strip())


def _writable_path(hass: HomeAssistant, given: str) -> Path:
    path = Path(hass.config.config_dir) / given
    try:
        allowed = hass.config.is_allowed_path(str(path))
    except (OSError, ValueError) as err:  # links in a circle, a NUL
        raise NotAllowedError("export_path_not_allowed", path=given) from err
    if not allowed:
        raise NotAllowedError("export_path_not_allowed", path=given)
    return path


def _options_about(request: Request, caller: Caller) -> list[Record]:
    """Return what the options say about a person: which satellites are theirs."""
    devices = dr.async_get(request.hass)
    lines: list[Record] = []
    for row in satellites_of(request.hass, request.entry, caller.user_id):
        device_id = row.get(CONF_DEVICE, "")
        device = devices.async_get(device_id)
        name = (device.name_by_user or device.name) if device else None
        line = {"name": "satellite", "person": row[CONF_PERSON], "device_id": device_id, "device_name": name}
        lines.append({"type": "option", **line})
    return lines


def _report_as_dict(op: str, report: ExportReport) -> JsonObjectType:
    return {
        "status": "ok",
        "op": op,
        "path": str(report.path),
        "format": report.format.value,
        "memories": report.memories,
        "size": report.size,
    }


ACTIONS: Final = (
    Action("export", _async_export, EXPORT_SCHEMA),
    Action("export_person", _async_export_person, EXPORT_PERSON_SCHEMA),
    Action("erase_person", _async_erase_person, ERASE_PERSON_SCHEMA),
)
