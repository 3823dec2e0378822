"""The commands that tell how the memory is doing, and look after it."""

from typing import Final

from homeassistant.util.json import JsonArrayType, JsonObjectType
import voluptuous as vol

from ..memory.checking import CheckReport
from ..memory.engine import MemoryEngine
from ..memory.overview import SpaceInUse
from ..memory.storage.checks import Finding
from ..responses import moment, snapshot_as_dict
from ..restoring import async_restore
from .base import Command, Request
from .shapes import status_as_dict


async def _async_status(request: Request) -> JsonObjectType:
    engine = request.engine
    stats = await engine.async_stats(request.caller)
    answer: JsonObjectType = {
        "engine": status_as_dict(engine.status),
        "database_bytes": stats.database_bytes,
        "visible": stats.total,
        "forgotten": stats.forgotten,
        "space": _space_as_dict(await engine.overview.async_space(request.caller)),
        "snapshots": None,
        "last_check": None,
        "index_version": None,
    }
    return answer | (await _async_for_administrators(engine) if request.connection.user.is_admin else {})


async def _async_for_administrators(engine: MemoryEngine) -> JsonObjectType:
    snapshots: JsonArrayType = [snapshot_as_dict(snapshot) for snapshot in await engine.snapshots.async_glance()]
    return {
        "snapshots": snapshots,
        "last_check": _check_as_dict(engine.checks.last),
        "index_version": await engine.overview.async_index_version(),
    }


def _space_as_dict(space: SpaceInUse | None) -> JsonObjectType | None:
    if space is None:
        return None
    return {"model": space.model, "dimension": space.dimension, "vectors": space.vectors, "ready": space.ready}


def _check_as_dict(report: CheckReport) -> JsonObjectType:
    problems: JsonArrayType = [_in_words(finding) for finding in report.findings]
    return {"at": moment(report.at), "problems": problems}


def _in_words(finding: Finding) -> str:
    return f"{finding.count} × {finding.what}" if finding.count > 1 else finding.what


async def _async_reembed(request: Request) -> JsonObjectType:
    await request.engine.async_reembed()
    return {}


async def _async_backup(request: Request) -> JsonObjectType:
    return snapshot_as_dict(await request.engine.snapshots.async_take())


async def _async_restore_backup(request: Request) -> JsonObjectType:
    restored = await async_restore(request.hass, request.entry, request.data["name"])
    return {"restored": snapshot_as_dict(restored.snapshot), "before": restored.before}


COMMANDS: Final = (
    Command("status", _async_status, {}),
    Command("reembed", _async_reembed, {}, admin=True),
    Command("backup", _async_backup, {}, admin=True),
    Command("restore_backup", _async_restore_backup, {vol.Required("name"): str}, admin=True),
)
