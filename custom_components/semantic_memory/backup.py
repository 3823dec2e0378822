"""Home Assistant's backup: people go on storing memories while the files are copied.

A copy of ``memory.db`` and then of ``memory.db-wal`` is no sound database by itself: between the two, SQLite may have
moved pages from the log into the file. So the log is emptied into the file before the copying begins, and nothing is
moved until it has ended: the file stays as it is, the log only grows, and any beginning of it is sound
(:meth:`Database.async_hold`). Snapshots are put off meanwhile, because Home Assistant gives up a backup when a file
that it has listed is gone when its turn comes.

Home Assistant leaves out ``*.db-shm``, ``*.log``, ``tts``, ``.cache`` and its own tars, all of them in the
configuration directory itself only; nothing of ours. ``memory.db-shm`` is of no importance: whoever opens the database
first makes it anew from the log.
"""

import asyncio
import logging

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .memory.engine import MemoryEngine
from .memory.errors import StorageError
from .memory.hold import LONGEST_SECONDS

_LOGGER = logging.getLogger(__name__)

_UNTIL: HassKey[float] = HassKey(f"{DOMAIN}_backup")
_REPLACING: HassKey[asyncio.Lock] = HassKey(f"{DOMAIN}_restoring")


@callback
def async_is_under_way(hass: HomeAssistant) -> bool:
    """Return whether Home Assistant is copying the files; a copy whose end nobody told of ends like the hold."""
    return hass.loop.time() < hass.data.get(_UNTIL, 0.0)


@callback
def async_replacing(hass: HomeAssistant) -> asyncio.Lock:
    """Return what is held by whoever replaces the files: no copy begins in the middle of that."""
    return hass.data.setdefault(_REPLACING, asyncio.Lock())


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Hold the files still. Whatever fails is logged: raising would cost people their whole backup."""
    async with async_replacing(hass):
        hass.data[_UNTIL] = hass.loop.time() + LONGEST_SECONDS
        for entry in _loaded(hass):
            await _async_begin(entry.runtime_data.engine)


async def async_post_backup(hass: HomeAssistant) -> None:
    """Go on as usual."""
    hass.data.pop(_UNTIL, None)
    for entry in _loaded(hass):
        await _async_end(entry.runtime_data.engine)


async def async_follow(hass: HomeAssistant, engine: MemoryEngine) -> None:
    """Hold or release an engine that was not loaded yet when a copy began or ended."""
    under_way = async_is_under_way(hass)
    if under_way and not engine.hold.active:
        await _async_begin(engine)
    elif engine.hold.active and not under_way:
        await _async_end(engine)


def _loaded(hass: HomeAssistant) -> list[SemanticMemoryConfigEntry]:
    return hass.config_entries.async_loaded_entries(DOMAIN)


async def _async_begin(engine: MemoryEngine) -> None:
    try:
        await engine.hold.async_begin()
    except StorageError as err:
        _LOGGER.warning("The backup may hold memories of the last snapshot only: %s", err)
    except Exception:
        _LOGGER.exception("The backup may hold memories of the last snapshot only")


async def _async_end(engine: MemoryEngine) -> None:
    try:
        await engine.hold.async_end()
    except StorageError as err:
        _LOGGER.warning("The memory database could not be tidied up after a backup: %s", err)
    except Exception:
        _LOGGER.exception("The memory database could not be tidied up after a backup")
