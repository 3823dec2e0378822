"""What the config flow checks before it saves anything: addresses, servers, keys and models."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
import logging
import math
from typing import Final, override

import aiohttp
from homeassistant.const import CONF_API_KEY, CONF_MODEL, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from yarl import URL

from .memory.embedding.ollama import EmbedderUnusableError, OllamaClient, OllamaModel
from .memory.errors import (
    EmbedderAuthError,
    EmbedderUnavailableError,
    EmbeddingError,
    InvalidVectorsError,
    ModelMissingError,
)

_LOGGER = logging.getLogger(__name__)

DEFAULT_PORT: Final = 11434
CONNECT_TIMEOUT: Final = 15.0
"""Seconds for the first questions to a server: somebody is looking at a dialog."""
MODEL_TIMEOUT: Final = 180.0
"""Seconds for a test embedding: a small machine takes that long to load a large model."""
BASE: Final = "base"
_PERCENT: Final = 100
_PROBE: Final = "The quick brown fox jumps over the lazy dog."


class FlowProblem(Exception):  # noqa: N818 - a finding that a form shows, not a failure
    """Something for a form to show: an error key of the translations, the field it is about, what its text mentions."""

    def __init__(self, code: str, field: str = BASE, **placeholders: str) -> None:
        """Remember what to show and where."""
        super().__init__(code)
        self.code = code
        self.field = field
        self.placeholders = placeholders

    @property
    def errors(self) -> dict[str, str]:
        """Return the ``errors`` of a form."""
        return {self.field: self.code}

    def at(self, field: str) -> FlowProblem:
        """Return the same problem for another field."""
        return FlowProblem(self.code, field, **self.placeholders)

    @override
    def __str__(self) -> str:
        """Return the code with its placeholders, for logs."""
        return f"{self.code} {self.placeholders}" if self.placeholders else self.code


def normalised_url(text: str) -> str:
    """Return an address as it is stored: with a scheme, without blanks and trailing slashes.

    Raises FlowProblem unless it is an http or https address with a host and without query and fragment.
    """
    address = text.strip()
    try:
        url = URL(address if "://" in address else f"http://{address}")
    except ValueError as err:
        raise FlowProblem("invalid_url", CONF_URL) from err
    host = url.host or ""
    if url.scheme not in {"http", "https"} or not host.strip(".") or any(letter.isspace() for letter in host):
        raise FlowProblem("invalid_url", CONF_URL)
    if url.query_string or url.fragment:
        raise FlowProblem("invalid_url", CONF_URL)
    return str(url).rstrip("/")


def ollama_client(hass: HomeAssistant, url: str, api_key: str | None, timeout: float) -> OllamaClient:
    """Return a client over Home Assistant's own session. ``timeout`` is in seconds."""
    return OllamaClient(async_get_clientsession(hass), url, api_key=api_key, timeout=timeout)


async def async_installed_models(client: OllamaClient) -> list[OllamaModel]:
    """Return the models of a server, having made sure that it is an Ollama server. Raises FlowProblem."""
    with _problems("asking the Ollama server for its models", partial(_server_problem, url=client.url)):
        await client.async_version()
        return await client.async_models()


async def async_check_model(client: OllamaClient, model: str) -> int:
    """Have a model embed something and return the dimension of its vectors. Raises FlowProblem."""
    with _problems("testing the embedding model", partial(_model_problem, model=model)):
        details = await client.async_show(model)
        if details.embedding is False:
            kind = ", ".join(details.capabilities) or str(details.family)
            raise FlowProblem("not_an_embedding_model", CONF_MODEL, model=model, reason=kind)
        return _dimension(await client.async_embed(model, [_PROBE]))


async def async_pull_model(client: OllamaClient, model: str, progress: Callable[[float], None]) -> None:
    """Have the server download a model. ``progress`` is told the share that is there, 0..1. Raises FlowProblem.

    A model comes in layers, each counted from the start: the bar waits until a layer gets beyond the last one.
    """
    shown = 0
    with _problems("downloading the embedding model", partial(_pull_problem, model=model)):
        async for step in client.async_pull(model):
            if step.fraction is not None and (percent := int(step.fraction * _PERCENT)) > shown:
                shown = percent
                progress(step.fraction)


async def async_check_key(client: OllamaClient, patient_client: OllamaClient, model: str) -> None:
    """Make sure that the server takes the clients' key, for its lists and for embedding. Raises FlowProblem.

    Whatever else is wrong with the model is no reason to refuse a good key.
    """
    await async_installed_models(client)
    try:
        await patient_client.async_embed(model, [_PROBE])
    except EmbedderAuthError as err:
        raise FlowProblem("invalid_auth", CONF_API_KEY) from err
    except EmbeddingError as err:
        _LOGGER.debug("The key is good, the model %s is not: %s", model, err)


def _dimension(rows: list[list[float]]) -> int:
    """Return how long the only vector is. Raises InvalidVectorsError unless it is one that can be used.

    Plain Python, because NumPy may only come with the packages that the entry fetches once it is set up.
    """
    try:
        (row,) = rows
        length = math.hypot(*row)
    except (TypeError, ValueError) as err:
        raise InvalidVectorsError(reason="it is not one vector for one text") from err
    if not math.isfinite(length) or length == 0:
        raise InvalidVectorsError(reason="its vector is zero or not finite")
    return len(row)


@contextmanager
def _problems(doing: str, problem: Callable[[EmbeddingError], FlowProblem]) -> Iterator[None]:
    """Raise embedding errors as what ``problem`` makes of them, and log what nobody foresaw."""
    try:
        yield
    except FlowProblem:
        raise
    except EmbeddingError as err:
        raise problem(err) from err
    except Exception as err:
        _LOGGER.exception("Unexpected error while %s", doing)
        raise FlowProblem("unknown") from err


def _server_problem(err: EmbeddingError, url: str) -> FlowProblem:
    """Return what to show where a server cannot be used at all."""
    reason = _reason(err)
    if isinstance(err, EmbedderAuthError):
        return FlowProblem("invalid_auth", CONF_API_KEY)
    if isinstance(err.__cause__, aiohttp.ClientSSLError):
        return FlowProblem("ssl_error", CONF_URL, reason=reason)
    if reason.startswith("it redirects"):
        return FlowProblem("redirected", CONF_URL, reason=reason)
    # Something else answers: a router's page, another API.
    if isinstance(err, EmbedderUnusableError) or reason.startswith("its answer is"):
        return FlowProblem("not_ollama", CONF_URL, reason=reason)
    return _connection_problem(err, URL(url))


def _connection_problem(err: EmbeddingError, url: URL) -> FlowProblem:
    """Return what to show where nothing answers; a forgotten port is the usual reason."""
    if url.scheme == "http" and url.explicit_port is None:
        suggestion = str(url.with_port(DEFAULT_PORT)).rstrip("/")
        return FlowProblem("cannot_connect_port", CONF_URL, reason=_reason(err), suggestion=suggestion)
    if isinstance(err.__cause__, TimeoutError):
        return FlowProblem("timeout_connect", CONF_URL, reason=_reason(err))
    return FlowProblem("cannot_connect", CONF_URL, reason=_reason(err))


def _model_problem(err: EmbeddingError, model: str) -> FlowProblem:
    """Return what to show where a model cannot be used on a server that answers."""
    if isinstance(err, EmbedderAuthError):
        return FlowProblem("key_refused")
    if isinstance(err, ModelMissingError):
        return FlowProblem("model_missing", CONF_MODEL, model=model)
    if isinstance(err, InvalidVectorsError):
        return FlowProblem("invalid_vectors", CONF_MODEL, model=model, reason=_reason(err))
    if isinstance(err.__cause__, TimeoutError):
        return FlowProblem("model_timeout", CONF_MODEL, model=model)
    if isinstance(err, EmbedderUnavailableError):
        return FlowProblem("model_failed", CONF_MODEL, model=model, reason=_reason(err))
    return FlowProblem("not_an_embedding_model", CONF_MODEL, model=model, reason=_reason(err))


def _pull_problem(err: EmbeddingError, model: str) -> FlowProblem:
    """Return what to show where a model could not be downloaded."""
    if isinstance(err, EmbedderAuthError):
        return FlowProblem("key_refused")
    if isinstance(err, ModelMissingError):
        return FlowProblem("model_unknown", CONF_MODEL, model=model)
    return FlowProblem("pull_failed", CONF_MODEL, model=model, reason=_reason(err))


def _reason(err: EmbeddingError) -> str:
    """Return the clause that says why; it never holds a key."""
    return err.placeholders.get("reason", str(err))
