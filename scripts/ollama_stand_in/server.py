"""The stand-in's server: a socket on 127.0.0.1 that can vanish and come back on the same port."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
import json
from ssl import SSLContext
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from .faults import Faults, Handler, answer_with_faults
from .handlers import Api
from .models import DEFAULT_MODELS, Models

_REMEMBERED_REQUESTS: Final = 1_000
_GRACE: Final = 0.1
"""Seconds that running requests get when the server goes away."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that came in."""

    method: str
    path: str
    authorization: str | None
    body: object
    """The JSON that was sent, ``None`` where it was none."""


class StandIn:
    """An Ollama server to talk to: ``async with StandIn() as stand_in: … stand_in.url``.

    ``faults`` says what goes wrong and may be replaced at any time, ``requests`` holds the last 1,000 requests.
    ``/_faults`` does the same over HTTP: GET shows them, POST replaces them, ``{}`` clears them; beside the names of
    :class:`Faults` it takes ``change_digest`` (a model) and ``vanish`` (seconds until the server comes back).
    """

    def __init__(
        self,
        *,
        port: int = 0,
        models: Sequence[str] | None = None,
        api_key: str | None = None,
        pull_pause: float = 0.0,
        ssl_context: SSLContext | None = None,
    ) -> None:
        """Take the port (0: a free one), the installed models and the key that every request has to bring."""
        self.port = port
        self.api_key = api_key
        self.faults = Faults()
        self.models = Models()
        self.requests: deque[Recorded] = deque(maxlen=_REMEMBERED_REQUESTS)
        for name in models or DEFAULT_MODELS:
            if self.models.install(name) is None:
                raise ValueError(f"the stand-in's library has no model {name}")
        self._api = Api(self.models, pull_pause)
        self._ssl_context = ssl_context
        self._runner: web.AppRunner | None = None
        self._absence: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Return the address without a trailing slash."""
        return f"{'http' if self._ssl_context is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def listening(self) -> bool:
        """Return whether the server can be reached."""
        return self._runner is not None

    def requests_to(self, path: str) -> list[Recorded]:
        """Return the remembered requests to one path, oldest first."""
        return [request for request in self.requests if request.path == path]

    async def __aenter__(self) -> Self:
        """Start listening."""
        await self.come_back()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop for good."""
        if self._absence is not None:
            self._absence.cancel()
            await asyncio.gather(self._absence, return_exceptions=True)
        await self.vanish()

    async def come_back(self) -> None:
        """Listen, on the same port as before."""
        if self._runner is not None:
            return
        runner = web.AppRunner(self._application(), access_log=None, handler_cancellation=True, shutdown_timeout=_GRACE)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, ssl_context=self._ssl_context, reuse_address=True)
        try:
            await site.start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.port = int(runner.addresses[0][1])

    async def vanish(self) -> None:
        """Stop listening and break off every connection."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _vanish_for(self, seconds: float) -> None:
        await asyncio.sleep(_GRACE)
        await self.vanish()
        await asyncio.sleep(seconds)
        await self.come_back()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._middleware], client_max_size=64 * 1_048_576)
        self._api.add_routes(application.router)
        application.router.add_get("/_faults", self._show_faults)
        application.router.add_post("/_faults", self._set_faults)
        application.router.add_get("/_requests", self._show_requests)
        return application

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Remember the request, ask for the key, and let the faults have their way."""
        if request.path.startswith("/_"):
            return await handler(request)
        authorization = request.headers.get("Authorization")
        self.requests.append(Recorded(request.method, request.path, authorization, await _json_or_none(request)))
        if self.api_key is not None and authorization != f"Bearer {self.api_key}":
            return web.json_response({"error": "unauthorized"}, status=401)
        if not request.path.startswith("/api/"):
            return await handler(request)
        body = await request.read()
        faults = self.faults.take(request.path, body.decode(errors="replace"))
        if faults.swap:
            self.models.change_digest(json.loads(body)["model"])
        return await answer_with_faults(faults, request, handler)

    async def _show_faults(self, request: web.Request) -> web.Response:
        return web.json_response(self.faults.as_dict())

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            data = dict(await request.json())
            changed, seconds = data.pop("change_digest", None), data.pop("vanish", None)
            self.faults = Faults.from_json(data)
            if changed is not None:
                self.models.change_digest(changed)
        except (ValueError, TypeError, KeyError) as err:
            return web.json_response({"error": str(err)}, status=400)
        if seconds is not None:
            self._absence = asyncio.create_task(self._vanish_for(float(seconds)))
        return web.json_response(self.faults.as_dict())

    async def _show_requests(self, request: web.Request) -> web.Response:
        return web.json_response(
            [{"method": item.method, "path": item.path, "body": item.body} for item in self.requests]
        )


async def _json_or_none(request: web.Request) -> object:
    if not request.can_read_body:
        return None
    try:
        body: object = json.loads(await request.read())
    except ValueError:
        return None
    return body
