"""A small asynchronous client of Ollama's HTTP API, over a session that the caller owns."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
from ssl import SSLContext
from typing import Final

import aiohttp

from ..errors import EmbedderUnavailableError, InvalidVectorsError, ModelMissingError
from .ollama_http import (
    EmbedderUnusableError,
    parse_address,
    parse_line,
    parse_object,
    raise_for_status,
    read_capped,
    shortened,
    translated_errors,
)
from .ollama_models import OllamaModel, OllamaModelDetails, PullProgress, same_model

MAX_EMBED_BYTES: Final = 64 * 1_048_576
MAX_BYTES: Final = 8 * 1_048_576
"""For everything but vectors. ``/api/show`` holds licences and tensor lists."""
_MAX_LINE_BYTES: Final = 1_048_576
_PULL_SILENCE: Final = 300.0
"""Seconds that a download may say nothing: checking the digest of gigabytes takes minutes on a small box."""


@dataclass(slots=True)
class _Exchange:
    """A response whose headers are there, and the timeout that runs over it."""

    response: aiohttp.ClientResponse
    deadline: asyncio.Timeout


class OllamaClient:
    """Talks to one Ollama server.

    Every call raises EmbedderUnavailableError (refused, timed out, failing, redirecting, nonsense in the answer) or
    EmbedderAuthError (401, 403); those that name a model raise ModelMissingError where the server lacks it and
    EmbeddingError where it refuses the request.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        api_key: str | None = None,
        ssl: SSLContext | bool = True,
        timeout: float = 30.0,
        keep_alive: str = "30m",
    ) -> None:
        """Take the server's address, which may have a path prefix and credentials.

        ``api_key`` is sent as bearer token, in place of credentials in the address. ``timeout`` is in seconds and for
        a whole request; ``keep_alive`` is how long the server keeps a model loaded. A bad address is reported by the
        first request.
        """
        self._session = session
        self._url, self._authorization = parse_address(url)
        # A pasted key may bring white space along, and a line break would make the header invalid.
        if api_key and (token := "".join(api_key.split())):
            self._authorization = f"Bearer {token}"
        self._ssl = ssl
        self._timeout = timeout
        self._keep_alive = keep_alive

    @property
    def url(self) -> str:
        """Return the address without credentials, fit for logs."""
        return "" if self._url is None else str(self._url)

    async def async_version(self) -> str:
        """Return the server's version, such as ``0.12.3``."""
        version = (await self._fetch("GET", "/api/version")).get("version")
        if not isinstance(version, str):
            raise EmbedderUnusableError(reason="this is not an Ollama server")
        return version

    async def async_models(self, *, timeout: float | None = None) -> list[OllamaModel]:
        """Return the models that are installed. ``timeout`` in seconds takes the place of the client's."""
        data = await self._fetch("GET", "/api/tags", timeout=timeout)
        if "models" not in data:
            raise EmbedderUnusableError(reason="this is not an Ollama server")
        entries = data["models"]
        if entries is None:
            return []
        if not isinstance(entries, list):
            raise EmbedderUnusableError(reason="this is not an Ollama server")
        models = (OllamaModel.from_json(entry) for entry in entries if isinstance(entry, dict))
        return [model for model in models if model is not None]

    async def async_digest(self, model: str, *, timeout: float | None = None) -> str:
        """Return the digest of an installed model; empty where the server does not list it."""
        models = await self.async_models(timeout=timeout)
        return next((item.digest for item in models if same_model(item.name, model)), "")

    async def async_show(self, model: str) -> OllamaModelDetails:
        """Return what the server knows of a model. Two requests: the digest is only in the list of models."""
        data = await self._fetch("POST", "/api/show", {"model": model}, model=model)
        return OllamaModelDetails.from_json(model, await self.async_digest(model), data)

    async def async_embed(self, model: str, texts: Sequence[str], *, timeout: float | None = None) -> list[list[float]]:
        """Return one vector per text, as the server sent them: unchecked. One request.

        ``timeout`` in seconds takes the place of the client's. Raises InvalidVectorsError where the answer holds none.
        """
        body = {"model": model, "input": list(texts), "truncate": True, "keep_alive": self._keep_alive}
        data = await self._fetch("POST", "/api/embed", body, model=model, timeout=timeout, limit=MAX_EMBED_BYTES)
        vectors = data.get("embeddings")
        if not isinstance(vectors, list):
            raise InvalidVectorsError(reason="the answer holds no vectors")
        return vectors

    async def async_pull(self, model: str) -> AsyncGenerator[PullProgress]:
        """Download a model to the server, telling the progress; leaving the loop stops the download.

        Raises ModelMissingError where Ollama's library has no such model.
        """
        body = {"model": model, "stream": True}
        finished = False
        async with self._request("POST", "/api/pull", body, model=model, timeout=_PULL_SILENCE) as exchange:
            async for line in _lines(exchange):
                if error := line.get("error"):
                    raise _pull_error(model, str(error))
                progress = PullProgress.from_json(line)
                finished = progress.status == "success"
                yield progress
        if not finished:
            raise EmbedderUnavailableError(reason="the download broke off before it was complete")

    async def _fetch(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        model: str | None = None,
        timeout: float | None = None,
        limit: int = MAX_BYTES,
    ) -> Mapping[str, object]:
        """Return the JSON object that the server answers with."""
        async with self._request(method, path, body, model=model, timeout=timeout) as exchange:
            return await parse_object(await read_capped(exchange.response.content, limit))

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        model: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[_Exchange]:
        """Send a request and hand out the answer once its status is known to be good. All HTTP passes through here."""
        if self._url is None:
            raise EmbedderUnusableError(reason="its address is not an http or https URL")
        if self._session.closed:
            raise EmbedderUnavailableError(reason="the connection pool is closed")
        seconds = self._timeout if timeout is None else timeout
        url = self._url.with_path(f"{self._url.raw_path.rstrip('/')}{path}", encoded=True)
        headers = {"Accept": "application/json, application/x-ndjson", "Content-Type": "application/json"}
        if self._authorization is not None:
            headers["Authorization"] = self._authorization
        with translated_errors(seconds):
            async with (
                asyncio.timeout(seconds) as deadline,
                self._session.request(
                    method,
                    url,
                    # Not json=: a session may have a serializer of its own, which need not take every text.
                    data=None if body is None else json.dumps(body).encode(),
                    headers=headers,
                    allow_redirects=False,
                    ssl=self._ssl,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(seconds, self._timeout)),
                ) as response,
            ):
                await raise_for_status(response, model)
                yield _Exchange(response, deadline)


async def _lines(exchange: _Exchange) -> AsyncIterator[Mapping[str, object]]:
    """Split a stream into JSON objects, one per line; the timeout runs anew for every piece that arrives."""
    loop = asyncio.get_running_loop()
    rest = b""
    while True:
        exchange.deadline.reschedule(loop.time() + _PULL_SILENCE)
        piece = await exchange.response.content.readany()
        # Whoever consumes the lines may take its time.
        exchange.deadline.reschedule(None)
        *complete, rest = (rest + piece).split(b"\n")
        if not piece:
            complete.append(rest)
        for line in complete:
            if line.strip():
                yield parse_line(line)
        if not piece:
            return
        if len(rest) > _MAX_LINE_BYTES:
            raise EmbedderUnavailableError(reason="its answer is not what an Ollama server sends")


def _pull_error(model: str, said: str) -> EmbedderUnavailableError | ModelMissingError:
    if "file does not exist" in said or "not found" in said:
        return ModelMissingError(model=model)
    return EmbedderUnavailableError(reason=f"it could not download the model ({shortened(said)})")
