"""The commands that give memories out as a file, and take them in from one."""

from dataclasses import replace
from typing import Final

from homeassistant.components.http.auth import async_sign_path
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..downloads import LIFETIME, Download
from ..imports import async_import_options, called_as_sent, report_as_dict
from ..memory.errors import InvalidInputError
from ..memory.models import HOUSEHOLD
from ..memory.transfer.formats import ExportFormat
from ..memory.transfer.reading.found import Format
from .base import Command, Request
from .fields import FILTER, choice, ids

_CONTENT_TYPES: Final = {
    ExportFormat.JSONL: "application/jsonl",
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.MARKDOWN: "text/markdown; charset=utf-8",
    ExportFormat.TEXT: "text/plain; charset=utf-8",
}


async def _async_export(request: Request) -> JsonObjectType:
    data, connection = request.data, request.connection
    format_: ExportFormat = data["format"]
    if data["history"] and format_ is not ExportFormat.JSONL:
        raise InvalidInputError("export_history_format")
    where = replace(data["filter"], ids=data.get("ids"))
    downloads = request.entry.runtime_data.downloads  # an entry that is unloaded meanwhile has none
    report = await request.engine.transfer.async_export(
        request.caller, where, format_=format_, with_history=data["history"], download=True
    )
    filename = f"semantic-memory-{dt_util.now().date().isoformat()}{report.path.suffix}"
    address = downloads.async_offer(Download(report.path, filename, _CONTENT_TYPES[format_], connection.user.id))
    return {
        "url": async_sign_path(request.hass, address, LIFETIME, refresh_token_id=connection.refresh_token_id),
        "filename": filename,
        "memories": report.memories,
        "size": report.size,
    }


async def _async_import(request: Request) -> JsonObjectType:
    data = request.data
    options = await async_import_options(
        request.hass,
        data["owner"],
        format_=data.get("format"),
        keep_owners=data["keep_owners"],
        dry_run=data["dry_run"],
    )
    if options.owner not in {HOUSEHOLD, None, *options.known_owners}:
        raise InvalidInputError("user_not_found", user_id=options.owner)
    async with request.entry.runtime_data.uploads.async_use(data["file_id"], last=not options.dry_run) as path:
        with called_as_sent(path):
            return report_as_dict(await request.engine.transfer.async_import(request.caller, path, options))


COMMANDS: Final = (
    Command(
        "export",
        _async_export,
        {
            vol.Required("format"): choice(ExportFormat, "invalid_format"),
            **FILTER,
            vol.Optional("ids"): ids,
            vol.Optional("history", default=False): bool,
        },
    ),
    Command(
        "import",
        _async_import,
        {
            vol.Required("file_id"): str,
            vol.Required("owner"): vol.Any(str, None),
            vol.Optional("format"): choice(Format, "invalid_format"),
            vol.Optional("keep_owners", default=True): bool,
            vol.Required("dry_run"): bool,
        },
        admin=True,
    ),
)
