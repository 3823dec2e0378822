"""How HTTP goes wrong, in words: statuses, broken connections and broken bodies as embedding errors.

The reasons are shown to people (``cannot_connect`` has the placeholder ``reason``), so each is a clause that fits after
"Cannot use the Ollama server: ". None of them holds an API key, or the user name and password of an address.
"""

import asyncio
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
import json
from typing import TYPE_CHECKING, Final

import aiohttp
from yarl import URL

from ..errors import (
    EmbedderAuthError,
    EmbedderUnavailableError,
    EmbeddingError,
    InvalidVectorsError,
    ModelMissingError,
)

if TYPE_CHECKING:
    from asyncio import StreamReader

_MAX_ERROR_BYTES: Final = 65_536
_PARSE_IN_THREAD_FROM: Final = 65_536
"""Bytes. Parsing 64 kB of numbers takes about a millisecond; more than that would hold up the event loop."""
_MAX_REASON: Final = 200
_SERVER_ERRORS: Final = HTTPStatus.INTERNAL_SERVER_ERROR
_NO_NUMBER: Final = "unsupported value: NaN"
"""What Ollama says, with status 500, of a text that a model makes no numbers of: it is up, and takes other texts."""


class EmbedderUnusableError(EmbedderUnavailableError):
    """The server cannot be used as it is set up: a redirect, a bad certificate, not Ollama. Retrying does not help."""


def parse_address(address: str) -> tuple[URL | None, str | None]:
    """Return an address without credentials, and the ``Authorization`` header that those stand for.

    A missing scheme means http. Query and fragment are dropped, a path prefix is kept, a trailing slash does not
    matter. The URL is ``None`` where the address is not one of http or https.
    """
    address = address.strip()
    try:
        url = URL(address if "://" in address else f"http://{address}")
        host, _ = url.host, url.port
    except ValueError:
        return None, None
    if url.scheme not in {"http", "https"} or not host:
        return None, None
    header = None
    if url.user is not None or url.password is not None:
        pair = f"{url.user or ''}:{url.password or ''}".encode()
        header = f"Basic {b64encode(pair).decode()}"
    return url.with_user(None).with_query(None).with_fragment(None), header


@contextmanager
def translated_errors(seconds: float) -> Iterator[None]:
    """Raise what aiohttp and asyncio raise as EmbedderUnavailableError with a reason in words."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as err:
        raise EmbedderUnavailableError(reason="nothing answers at this address and port") from err
    except TimeoutError as err:
        raise EmbedderUnavailableError(reason=f"it did not answer within {seconds:g} seconds") from err
    except aiohttp.ClientConnectorCertificateError as err:
        raise EmbedderUnusableError(reason="its certificate is not trusted") from err
    except aiohttp.ClientSSLError as err:
        raise EmbedderUnusableError(reason="no secure connection could be made; is https right for it?") from err
    except aiohttp.ClientConnectorDNSError as err:
        raise EmbedderUnavailableError(reason="its host name could not be found") from err
    except aiohttp.ClientConnectorError as err:
        raise EmbedderUnavailableError(reason="nothing answers at this address and port") from err
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, ConnectionError) as err:
        raise EmbedderUnavailableError(reason="the connection broke off") from err
    except (aiohttp.ClientError, OSError) as err:
        raise EmbedderUnavailableError(reason=f"the connection failed ({type(err).__name__})") from err


async def raise_for_status(response: aiohttp.ClientResponse, model: str | None) -> None:
    """Raise the embedding error that a status other than 2xx stands for; ``model`` is the one that was asked for."""
    status = response.status
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status < HTTPStatus.BAD_REQUEST:
        raise EmbedderUnusableError(
            reason=f"it redirects to {_redirect_target(response)}; enter the final address instead"
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise EmbedderAuthError
    said = _error_text(await _read_error(response))
    if status == HTTPStatus.NOT_FOUND and model is not None and said:
        raise ModelMissingError(model=model)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise EmbedderUnavailableError(reason="it is busy and refuses more requests for now")
    if status == HTTPStatus.NOT_IMPLEMENTED or (model is not None and said and status < _SERVER_ERRORS):
        raise EmbeddingError(reason=said or "the server cannot do that")
    if _NO_NUMBER in said:
        raise InvalidVectorsError(reason=said)
    if status >= _SERVER_ERRORS:
        raise EmbedderUnavailableError(reason=f"it failed with status {status}{f' ({said})' if said else ''}")
    raise EmbedderUnusableError(reason=f"this is not an Ollama server, or a very old one (status {status})")


async def read_capped(content: StreamReader | aiohttp.StreamReader, limit: int) -> bytes:
    """Return a whole body of at most ``limit`` bytes; raises EmbedderUnavailableError beyond it."""
    body = bytearray()
    while chunk := await content.read(65_536):
        body += chunk
        if len(body) > limit:
            raise EmbedderUnavailableError(reason=f"its answer is larger than {limit // 1_048_576} MiB")
    return bytes(body)


async def parse_object(body: bytes) -> Mapping[str, object]:
    """Return a JSON object; large ones are parsed in a worker thread. Raises EmbedderUnavailableError."""
    if len(body) < _PARSE_IN_THREAD_FROM:
        return parse_line(body)
    return await asyncio.get_running_loop().run_in_executor(None, parse_line, body)


def parse_line(line: bytes) -> Mapping[str, object]:
    """Return a JSON object. Raises EmbedderUnavailableError for anything else."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as err:
        raise EmbedderUnavailableError(reason="its answer is not JSON, or not all of it arrived") from err
    if not isinstance(data, dict):
        raise EmbedderUnavailableError(reason="its answer is not what an Ollama server sends")
    return data


def shortened(text: str) -> str:
    """Return what a server said on one line, cut to a length that fits a message."""
    text = " ".join(text.split())
    return text if len(text) <= _MAX_REASON else f"{text[: _MAX_REASON - 1]}…"


async def _read_error(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    while len(body) < _MAX_ERROR_BYTES and (chunk := await response.content.read(_MAX_ERROR_BYTES)):
        body += chunk
    return bytes(body)


def _error_text(body: bytes) -> str:
    """Return the text of ``{"error": …}``, empty for any other body: a proxy's page is nothing to show."""
    try:
        said = parse_line(body).get("error")
    except EmbedderUnavailableError:
        return ""
    return shortened(said) if isinstance(said, str) else ""


def _redirect_target(response: aiohttp.ClientResponse) -> str:
    """Return scheme, host and port of a redirect, without whatever else the header holds."""
    try:
        return str(response.url.join(URL(response.headers.get("Location", ""))).origin())
    except ValueError:
        return "another address"
