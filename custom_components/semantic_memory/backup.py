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

import logging

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .memory.errors import StorageError

_LOGGER = logging.getLogger(__name__)

_UNDER_WAY: HassKey[bool] = HassKey(f"{DOMAIN}_backup")


@callback
def async_is_under_way(hass: HomeAssistant) -> bool:
    """Return whether Home Assistant is copying the files."""
    return hass.data.get(_UNDER_WAY, False)


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Hold the files still. Whatever fails is logged: raising would cost people their whole backup."""
    hass.data[_UNDER_WAY] = True
    entries: list[SemanticMemoryConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        try:
            await entry.runtime_data.engine.hold.async_begin()
        except StorageError as err:
            _LOGGER.warning("The backup may hold memories of the last snapshot only: %s", err)
        except Exception:
            _LOGGER.exception("The backup may hold memories of the last snapshot only")


async def async_post_backup(hass: HomeAssistant) -> None:
    """Go on as usual."""
    hass.data.pop(_UNDER_WAY, None)
    entries: list[SemanticMemoryConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        try:
            await entry.runtime_data.engine.hold.async_end()
        except StorageError as err:
            _LOGGER.warning("The memory database could not be tidied up after a backup: %s", err)
        except Exception:
            _LOGGER.exception("The memory database could not be tidied up after a backup")
