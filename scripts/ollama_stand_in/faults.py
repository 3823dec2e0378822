"""What the stand-in can be told to do wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields
import json
from typing import Final, Self

from aiohttp import web

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HUGE_BYTES: Final = 80 * 1_048_576


@dataclass(slots=True, kw_only=True)
class Faults:
    """Faults that requests to ``/api/…`` meet. Several may be set at once; the first that ends a request wins."""

    path: str | None = None
    """Only this path, such as ``/api/embed``; ``None``: all."""
    times: int | None = None
    """How many requests meet them before all is well again; ``None``: every one."""
    only_with: str | None = None
    """Only requests whose body has this text in it."""
    delay: float = 0.0
    """Seconds before the answer."""
    hang: bool = False
    """Never answer."""
    status: int | None = None
    """Answer with this status and ``{"error": …}``, or a web page together with ``not_json``."""
    answer: object = None
    """Answer with this JSON, and status 200."""
    redirect: str | None = None
    """Answer with 307 to this address."""
    model_missing: bool = False
    not_json: bool = False
    """Answer with a web page."""
    truncated_json: bool = False
    """Stop in the middle of the answer."""
    huge: bool = False
    """Answer with 80 MiB."""
    disconnect: bool = False
    """Close the connection without an answer."""
    dies: bool = False
    """Close the connection in the middle of the answer."""
    garbage: bool = False
    """Answer with something that is not HTTP."""
    drip: float | None = None
    """Seconds before every byte of the answer."""
    swap: bool = False
    """The model that the request names has other weights from now on."""
    wrong_dimension: bool = False
    """Vectors lack their last number."""
    nan: bool = False
    """The first vector has ``NaN`` in it."""
    infinite: bool = False
    """The first vector has a number in it that is too large for a float."""
    zero: bool = False
    """The first vector is zero."""
    fewer: bool = False
    """One vector less than texts."""
    more: bool = False
    """One vector more than texts."""
    pull_error: str | None = None
    """A download ends with this error."""
    pull_breaks: bool = False
    """A download ends without success."""

    @classmethod
    def from_json(cls, data: dict[str, object]) -> Self:
        """Read what was posted to ``/_faults``. Raises ValueError for a name that is no fault."""
        names = {field.name for field in fields(cls)}
        if unknown := sorted(set(data) - names):
            raise ValueError(f"unknown faults: {', '.join(unknown)}; there are {', '.join(sorted(names))}")
        return cls(**data)  # type: ignore[arg-type] # whoever posts is trusted with the types

    def as_dict(self) -> dict[str, object]:
        """Return all faults with their values."""
        return asdict(self)

    def take(self, path: str, body: str) -> Faults:
        """Return the faults that a request to ``path`` meets, and count it."""
        if (self.path is not None and self.path != path) or self.times == 0:
            return Faults()
        if self.only_with is not None and self.only_with not in body:
            return Faults()
        if self.times is not None:
            self.times -= 1
        return self

    def spoil(self, vectors: list[list[float]]) -> list[list[float]]:
        """Return vectors with what is wrong with them."""
        if self.wrong_dimension:
            vectors = [vector[:-1] for vector in vectors]
        if self.nan:
            vectors = [[float("nan"), *vectors[0][1:]], *vectors[1:]]
        if self.infinite:
            vectors = [[1e300, *vectors[0][1:]], *vectors[1:]]
        if self.zero:
            vectors = [[0.0] * len(vectors[0]), *vectors[1:]]
        if self.more:
            vectors = [*vectors, vectors[0]]
        return vectors[:-1] if self.fewer else vectors


_FAULTS: Final = web.RequestKey("faults", Faults)


async def answer_with_faults(faults: Faults, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request, as wrong as the faults say."""
    request[_FAULTS] = faults
    if faults.delay:
        await asyncio.sleep(faults.delay)
    if faults.hang:
        await asyncio.Event().wait()
    if faults.garbage and request.transport is not None:
        request.transport.write(b"220 mail.example.com ESMTP\r\n")
    if (faults.disconnect or faults.garbage) and request.transport is not None:
        request.transport.close()
    if (instead := await _instead(faults, request)) is not None:
        return instead
    if faults.huge:
        return await _huge(request)
    response = await handler(request)
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    if faults.truncated_json:
        return web.Response(body=response.body[: len(response.body) // 2], content_type="application/json")
    if faults.dies or faults.drip is not None:
        return await _piecemeal(faults, request, response.body)
    return response


async def _instead(faults: Faults, request: web.Request) -> web.Response | None:
    """Return what is answered in place of the real thing."""
    if faults.redirect is not None:
        return web.Response(status=307, headers={"Location": faults.redirect})
    if faults.not_json:
        page = "<html><body>It works!</body></html>"
        return web.Response(status=faults.status or 200, text=page, content_type="text/html")
    if faults.answer is not None:
        return web.json_response(faults.answer)
    if faults.status is not None:
        return web.json_response({"error": f"told to answer {faults.status}"}, status=faults.status)
    if faults.model_missing:
        return missing((await request.json()).get("model") if request.body_exists else None)
    return None


def faults_of(request: web.Request) -> Faults:
    """Return the faults that a request meets, for those handlers that spoil their own answer."""
    return request[_FAULTS]


def missing(model: object) -> web.Response:
    """Return what Ollama answers for a model that it does not have."""
    return web.json_response({"error": f"model {json.dumps(model)} not found, try pulling it first"}, status=404)


async def _piecemeal(faults: Faults, request: web.Request, body: bytes) -> web.StreamResponse:
    """Announce the whole answer, and send half of it before the connection breaks, or byte by byte."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(request)
    if faults.drip is None:
        await response.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.close()
        return response
    for byte in body:
        await asyncio.sleep(faults.drip)
        await response.write(bytes([byte]))
    return response


async def _huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    piece = b'{"a":"' + b"x" * 1_048_570
    for _ in range(_HUGE_BYTES // len(piece)):
        await response.write(piece)
    return response
