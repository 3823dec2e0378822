"""Files that somebody fetches with the browser: each once, and soon.

They lie in the engine's folder of exports, so that whoever is erased is erased from them too. What a crash leaves there
is removed at the next start.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
import os
from pathlib import Path
import secrets
from typing import IO, Final

from aiohttp import hdrs, web
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from .const import DOMAIN
from .memory.errors import DatabaseClosedError

LIFETIME: Final = timedelta(minutes=5)
_MOST: Final = 5
"""Files that wait for one user; a further one takes the place of the oldest."""
_CHUNK: Final = 1 << 16
_PATH: Final = f"/api/{DOMAIN}/download/"


@dataclass(frozen=True, slots=True)
class Download:
    """A file that waits."""

    path: Path
    filename: str
    """As which it is saved."""
    content_type: str
    user_id: str
    """Who may fetch it."""


class Downloads:
    """The files of one entry that wait."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with none."""
        self._hass = hass
        self._waiting: dict[str, tuple[Download, CALLBACK_TYPE]] = {}
        self._closed = False

    @callback
    def async_offer(self, download: Download) -> str:
        """Return the address of a file, without host; it has to be signed. Raises DatabaseClosedError."""
        if self._closed:  # while the file was written; the next start removes it
            raise DatabaseClosedError
        theirs = [token for token, (other, _) in self._waiting.items() if other.user_id == download.user_id]
        for token in theirs[: max(0, len(theirs) - _MOST + 1)]:
            self._drop(token)
        token = secrets.token_urlsafe()

        @callback
        def expire(_: datetime) -> None:
            self._drop(token)

        job = HassJob(expire, f"{DOMAIN} download", cancel_on_shutdown=True)
        self._waiting[token] = download, async_call_later(self._hass, LIFETIME, job)
        return f"{_PATH}{token}"

    @callback
    def async_take(self, token: str, user_id: str) -> Download | None:
        """Return the file that waits for a user at this address, and let nobody have it again."""
        download, cancel = self._waiting.get(token, (None, None))
        if download is None or cancel is None or download.user_id != user_id:
            return None
        del self._waiting[token]
        cancel()
        return download

    async def async_close(self) -> None:
        """Remove every file that waits, and take no more."""
        self._closed = True
        waiting = list(self._waiting.values())
        self._waiting.clear()
        for _, cancel in waiting:
            cancel()
        await self._hass.async_add_executor_job(_remove, [download.path for download, _ in waiting])

    def _drop(self, token: str) -> None:
        download, cancel = self._waiting.pop(token)
        cancel()
        self._hass.async_add_executor_job(_remove, [download.path])


class DownloadView(HomeAssistantView):
    """Hands a file out and removes it."""

    url = f"{_PATH}{{token}}"
    name = f"api:{DOMAIN}:download"

    async def get(self, request: web.Request, token: str) -> web.StreamResponse:
        """Send the file, which is gone afterwards, whether it arrived or not."""
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            downloads: Downloads = entry.runtime_data.downloads
            if (download := downloads.async_take(token, user.id)) is not None:
                return await _async_send(hass, request, download)
        return web.Response(status=HTTPStatus.NOT_FOUND)


async def _async_send(hass: HomeAssistant, request: web.Request, download: Download) -> web.StreamResponse:
    try:
        file, size = await hass.async_add_executor_job(_open_and_unlink, download.path)
    except OSError:  # whoever is in it was erased meanwhile
        return web.Response(status=HTTPStatus.NOT_FOUND)
    try:
        response = web.StreamResponse(
            headers={
                hdrs.CONTENT_TYPE: download.content_type,
                hdrs.CONTENT_DISPOSITION: f'attachment; filename="{download.filename}"',
                hdrs.CONTENT_LENGTH: str(size),
                hdrs.CACHE_CONTROL: "no-store",
                "X-Content-Type-Options": "nosniff",
            }
        )
        await response.prepare(request)
        while chunk := await hass.async_add_executor_job(file.read, _CHUNK):
            await response.write(chunk)
        await response.write_eof()
        return response
    finally:
        await hass.async_add_executor_job(file.close)


def _open_and_unlink(path: Path) -> tuple[IO[bytes], int]:
    """Open a file and take its name away: the system deletes it once it is closed, whatever happens to us."""
    file = path.open("rb")
    path.unlink()
    return file, os.fstat(file.fileno()).st_size


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with suppress(OSError):  # the next start tries again
            path.unlink()
