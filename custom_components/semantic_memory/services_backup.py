"""The actions on backups of the memory, for administrators."""

from typing import Final

from homeassistant.util.json import JsonObjectType

from .memory.storage.snapshots import Snapshot
from .responses import moment
from .restoring import async_restore
from .service_request import Action, Request
from .service_schemas import BACKUP_SCHEMA, RESTORE_BACKUP_SCHEMA


async def _async_backup(request: Request) -> JsonObjectType:
    snapshots = request.engine.snapshots
    taken = await snapshots.async_take()
    known = await snapshots.async_list()
    return {"status": "ok", "op": "backup", **_as_dict(taken), "backups": [_as_dict(snapshot) for snapshot in known]}


async def _async_restore_backup(request: Request) -> JsonObjectType:
    restored = await async_restore(request.hass, request.entry, request.data.get("name"))
    return {"status": "ok", "op": "restore_backup", **_as_dict(restored.snapshot), "before": restored.before}


def _as_dict(snapshot: Snapshot) -> JsonObjectType:
    return {
        "name": snapshot.name,
        "taken_at": moment(snapshot.taken_at),
        "reason": snapshot.reason,
        "size": snapshot.size,
        "memories": snapshot.memories,
    }


ACTIONS: Final = (
    Action("backup", _async_backup, BACKUP_SCHEMA, admin=True),
    Action("restore_backup", _async_restore_backup, RESTORE_BACKUP_SCHEMA, admin=True, loaded=False),
)
