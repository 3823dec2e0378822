"""Files from the browser that are imported: kept from the trial to the import, and no longer than some minutes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
import shutil
from typing import Final, NamedTuple

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN
from .imports import keep_upload
from .memory.errors import InvalidInputError

LIFETIME: Final = timedelta(minutes=10)


class _Kept(NamedTuple):
    folder: Path
    """Of its own."""
    path: Path
    cancel: CALLBACK_TYPE
    """Ends the timer."""


class Uploads:
    """The files of one entry."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with none."""
        self._hass = hass
        self._kept: dict[str, _Kept] = {}
        self._in_use: set[str] = set()
        self._closed = False

    @asynccontextmanager
    async def async_use(self, file_id: str, *, last: bool) -> AsyncIterator[Path]:
        """Give the file that Home Assistant has under this id, or that was used before.

        Unless this was the last use, and ended well, it is kept for a while. Raises InvalidInputError
        (``import_upload_missing``, ``import_running`` where it is in use).
        """
        if file_id in self._in_use:
            raise InvalidInputError("import_running")
        self._in_use.add(file_id)
        try:
            folder, path = await self._async_take(file_id)
            keep = True
            try:
                yield path
                keep = not last
            finally:
                if keep and not self._closed:
                    self._keep(file_id, folder, path)
                else:
                    await self._hass.async_add_executor_job(shutil.rmtree, folder, True)
        finally:
            self._in_use.discard(file_id)

    async def async_close(self) -> None:
        """Remove every file; one that is in use is removed after that."""
        self._closed = True
        kept = list(self._kept.values())
        self._kept.clear()
        for upload in kept:
            upload.cancel()
            await self._hass.async_add_executor_job(shutil.rmtree, upload.folder, True)

    async def _async_take(self, file_id: str) -> tuple[Path, Path]:
        """Return the folder and the file. Raises InvalidInputError (``import_upload_missing``)."""
        if (kept := self._kept.pop(file_id, None)) is None:
            return await self._hass.async_add_executor_job(keep_upload, self._hass, file_id)
        kept.cancel()
        return kept.folder, kept.path

    def _keep(self, file_id: str, folder: Path, path: Path) -> None:
        @callback
        def expire(_: datetime) -> None:
            del self._kept[file_id]
            self._hass.async_add_executor_job(shutil.rmtree, folder, True)

        job = HassJob(expire, f"{DOMAIN} upload", cancel_on_shutdown=True)
        self._kept[file_id] = _Kept(folder, path, async_call_later(self._hass, LIFETIME, job))
