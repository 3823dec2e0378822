"""Restoring a backup of the memory: the entry is unloaded, the file replaced, the entry set up again."""

import asyncio
from dataclasses import dataclass
from functools import partial
import logging
from pathlib import Path
from typing import Final

from homeassistant.config_entries import ConfigEntryState, OperationNotAllowed
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .backup import async_is_under_way, async_replacing
from .const import DOMAIN, FOLDER
from .data import SemanticMemoryConfigEntry
from .memory.engine import DATABASE
from .memory.errors import DatabaseDamagedError, InvalidInputError, StorageError
from .memory.storage import restoring
from .memory.storage.restoring import Replaced
from .memory.storage.retention import RESTORE
from .memory.storage.snapshots import Snapshot

_LOGGER = logging.getLogger(__name__)

REPLACED: Final = "replaced"
DAMAGED: Final = "damaged"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and where the memory from before is."""

    snapshot: Snapshot
    before: str
    """Name of a snapshot that can be restored in turn, or of the file that was put aside."""


def database_path(hass: HomeAssistant) -> Path:
    """Return where the database is."""
    return Path(hass.config.path(FOLDER)) / DATABASE


async def async_restore(
    hass: HomeAssistant, entry: SemanticMemoryConfigEntry, name: str | None = None, prefix: str = REPLACED
) -> Restored:
    """Restore the backup with this name, or the newest that can be restored.

    The file from before is kept under ``prefix``, unless a snapshot can be taken of it. Runs to its end even if whoever
    waits is cancelled. Raises InvalidInputError (``backup_not_found``, ``no_backups``, ``backup_running``) and
    StorageError; then the memory is as it was.
    """
    task = hass.async_create_task(_async_restore(hass, entry, name, prefix), f"{DOMAIN} restore")
    return await asyncio.shield(task)


async def async_start_empty(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> None:
    """Put the database aside, where it can be rescued from, and start with an empty one. Raises StorageError."""
    async with async_replacing(hass):
        _refuse_while_copied(hass)
        await _async_unload(hass, entry)
        try:
            await hass.async_add_executor_job(restoring.set_aside, database_path(hass), DAMAGED, _now())
        finally:
            await hass.config_entries.async_setup(entry.entry_id)


async def _async_restore(
    hass: HomeAssistant, entry: SemanticMemoryConfigEntry, name: str | None, prefix: str
) -> Restored:
    path = database_path(hass)
    async with async_replacing(hass):
        _refuse_while_copied(hass)
        snapshot = await hass.async_add_executor_job(restoring.choose, path, name)
        before = await _async_take_before(entry)
        await _async_unload(hass, entry)
        replace = partial(restoring.restore, path, snapshot.name, prefix, _now())
        try:
            replaced = await hass.async_add_executor_job(replace)
        except BaseException:
            await hass.config_entries.async_setup(entry.entry_id)
            raise
        await _async_set_up_or_undo(hass, entry, snapshot, replaced)
        if before is None:
            return Restored(snapshot, ", ".join(sorted(moved.name for moved in replaced.aside.values())))
        await hass.async_add_executor_job(replaced.discard)
        return Restored(snapshot, before.name)


async def _async_take_before(entry: SemanticMemoryConfigEntry) -> Snapshot | None:
    """Take a snapshot of the memory as it is, where it runs and is sound; without one the file itself is kept."""
    if entry.state is not ConfigEntryState.LOADED:
        return None
    engine = entry.runtime_data.engine
    if engine.status.storage_error == DatabaseDamagedError.default_code:
        return None
    try:
        return await engine.snapshots.async_take(RESTORE)
    except StorageError as err:
        _LOGGER.warning("The file itself is kept, because no snapshot of it could be taken: %s", err)
        return None


async def _async_unload(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> None:
    try:
        unloaded = await hass.config_entries.async_unload(entry.entry_id)
    except OperationNotAllowed:  # an earlier attempt has failed, or it is being set up
        unloaded = False
    if not unloaded:
        raise StorageError("not_unloaded")


async def _async_set_up_or_undo(
    hass: HomeAssistant, entry: SemanticMemoryConfigEntry, snapshot: Snapshot, replaced: Replaced
) -> None:
    """Start with the restored file, or else with the one from before. Raises StorageError for the latter."""
    if await hass.config_entries.async_setup(entry.entry_id):
        return
    reason = entry.reason or entry.state.value
    await hass.config_entries.async_unload(entry.entry_id)
    try:
        await hass.async_add_executor_job(replaced.undo)
    finally:
        await hass.config_entries.async_setup(entry.entry_id)
    raise StorageError("restore_failed", name=snapshot.name, reason=reason)


def _now() -> float:
    return dt_util.utcnow().timestamp()


def _refuse_while_copied(hass: HomeAssistant) -> None:
    if async_is_under_way(hass):
        raise InvalidInputError("backup_running")
