"""The actions on backups of the memory, for administrators."""

from typing import Final

from homeassistant.util.json import JsonObjectType

from .responses import snapshot_as_dict
from .restoring import async_restore
from .service_request import Action, Request
from .service_schemas import BACKUP_SCHEMA, RESTORE_BACKUP_SCHEMA


async def _async_backup(request: Request) -> JsonObjectType:
    snapshots = request.engine.snapshots
    taken = await snapshots.async_take()
    known = await snapshots.async_list()
    return {
        "status": "ok",
        "op": "backup",
        **snapshot_as_dict(taken),
        "backups": [snapshot_as_dict(snapshot) for snapshot in known],
    }


async def _async_restore_backup(request: Request) -> JsonObjectType:
    restored = await async_restore(request.hass, request.entry, request.data.get("name"))
    return {"status": "ok", "op": "restore_backup", **snapshot_as_dict(restored.snapshot), "before": restored.before}


ACTIONS: Final = (
    Action("backup", _async_backup, BACKUP_SCHEMA, admin=True),
    Action("restore_backup", _async_restore_backup, RESTORE_BACKUP_SCHEMA, admin=True, loaded=False),
)
