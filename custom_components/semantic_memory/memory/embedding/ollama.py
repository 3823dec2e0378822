"""Embeddings from an Ollama server."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import batched
import random
import time
from typing import TYPE_CHECKING, Final

from ..errors import EmbedderUnavailableError, InvalidVectorsError
from .base import SpaceChangedError, SpaceKey, checked_unit_vectors
from .breaker import CircuitBreaker
from .ollama_client import OllamaClient
from .ollama_http import EmbedderUnusableError, translated_errors
from .ollama_models import (
    OllamaModel,
    OllamaModelDetails,
    PullProgress,
    normalise_model_name,
    plain_model_name,
    same_model,
)
from .templates import template_for

if TYPE_CHECKING:
    from .base import Vectors

__all__ = [
    "EmbedderUnusableError",
    "OllamaClient",
    "OllamaEmbedder",
    "OllamaModel",
    "OllamaModelDetails",
    "PullProgress",
    "normalise_model_name",
    "plain_model_name",
    "same_model",
]

QUERY_TIMEOUT: Final = 2.5
"""Seconds. Somebody waits for the answer, and the built-in model can give one."""
_LOOK_TIMEOUT: Final = 5.0
"""Seconds for the list of models, for which no server has to load anything."""
_LOAD_TIMEOUT: Final = 120.0
"""Seconds for the first vector. Ollama gives up loading a model once nobody waits for it, so that a large one on a slow
disk would never be there."""
_ATTEMPTS: Final = 3
_BACKOFF: Final = 0.5
_MAX_BACKOFF: Final = 8.0
_MAX_CHARACTERS: Final = 32_768
"""No model here reads further than 8,192 tokens; the server cuts to what its model reads."""
_PROBE: Final = "The quick brown fox jumps over the lazy dog."


class OllamaEmbedder:
    """Vectors of one model on one server.

    Documents are embedded in batches, and tried again with growing, random pauses. A question is tried once, shortly.
    Both pass one circuit breaker, so neither waits on a server that is known to be dead. After every answer the server
    is asked for the model's digest, so that vectors of other weights than those of the space never get out of here.
    """

    def __init__(
        self,
        client: OllamaClient,
        model: str,
        *,
        batch_size: int = 32,
        query_timeout: float = QUERY_TIMEOUT,
        breaker: CircuitBreaker | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Take the server's client and the model's name as people write it."""
        self._client = client
        self._model = plain_model_name(model)
        self._template = template_for(model)
        self._batch_size = batch_size
        self._query_timeout = query_timeout
        self._breaker = breaker or CircuitBreaker(monotonic)
        self._sleep = sleep
        self._uniform = uniform
        self._space: SpaceKey | None = None
        self._digest = ""
        """Of the space that was told last; stays when that is forgotten."""
        self._asking = asyncio.Lock()

    @property
    def model(self) -> str:
        """Return the model's name as people know it, which is also that of its space."""
        return self._model

    @property
    def space(self) -> SpaceKey | None:
        """Return the space where it is known already, without asking the server."""
        return self._space

    @property
    def available(self) -> bool:
        """Return whether the server may be asked now; ``False`` while the circuit breaker is open."""
        return not self._breaker.is_open

    def forget_space(self) -> None:
        """Have the next :meth:`async_space` ask the server again: the model may have been replaced."""
        self._space = None

    async def async_space(self) -> SpaceKey:
        """Return the space, asking the server for the digest and a vector the first time.

        One attempt; may take as long as the server needs to load the model. Raises EmbeddingError.
        """
        async with self._asking:
            if self._space is None:
                with self._breaker.attempt():
                    self._space = await self._ask_space()
            return self._space

    async def async_embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed what is stored: (len(texts), dimension) unit vectors. Raises EmbeddingError."""
        return await self._embed_batches([self._template.for_document(text) for text in texts])

    async def async_embed_query(self, text: str) -> Vectors:
        """Embed what is asked: (1, dimension). One quick attempt. Raises EmbeddingError."""
        with self._breaker.attempt(), translated_errors(self._query_timeout):
            async with asyncio.timeout(self._query_timeout):
                return await self._embed([self._template.for_query(text)])

    async def _ask_space(self) -> SpaceKey:
        digest = await self._client.async_digest(self._model, timeout=_LOOK_TIMEOUT)
        probe = [self._template.for_document(_PROBE)]
        rows = await self._client.async_embed(self._model, probe, timeout=_LOAD_TIMEOUT)
        if self._digest and not digest:
            raise EmbedderUnavailableError(reason="it does not list the model any more")
        await self._confirm_digest(digest)
        vectors = await _in_thread(rows, 1, None)
        # Nothing is waited for from here on: whoever asked knows of the other space before the next question.
        self._digest = digest
        return SpaceKey(self._model, vectors.shape[1], self._template.name, digest)

    async def _confirm_digest(self, expected: str) -> None:
        """Make sure that what was just answered came from these weights. Raises SpaceChangedError.

        Ollama looks up the weights under a model's name with every request: those that it names now are those that it
        used a moment ago, or newer ones.
        """
        if not expected:
            return  # it has never named any
        digest = await self._client.async_digest(self._model, timeout=_LOOK_TIMEOUT)
        if not digest:
            raise EmbedderUnavailableError(reason="it does not list the model any more")
        if digest != expected:
            self.forget_space()
            raise SpaceChangedError(reason="the model has been replaced on the server")

    async def _embed_batches(self, texts: Sequence[str]) -> Vectors:
        parts = [await self._embed_with_retries(batch) for batch in batched(texts, self._batch_size, strict=False)]
        dimension = self._space.dimension if self._space else 0
        return await asyncio.get_running_loop().run_in_executor(None, _joined, parts, dimension)

    async def _embed_with_retries(self, texts: Sequence[str]) -> Vectors:
        """Try a batch up to three times; only what may pass by itself is tried again."""
        for pause in range(_ATTEMPTS - 1):
            try:
                with self._breaker.attempt():
                    return await self._embed(texts)
            except EmbedderUnusableError:
                raise
            except EmbedderUnavailableError as err:
                if self._breaker.is_open or isinstance(err.__cause__, TimeoutError):
                    raise  # a timeout was long enough
            # Full jitter: several waiting callers do not come back at the same moment.
            await self._sleep(self._uniform(0.0, min(_MAX_BACKOFF, _BACKOFF * 2**pause)))
        with self._breaker.attempt():
            return await self._embed(texts)

    async def _embed(self, texts: Sequence[str]) -> Vectors:
        """Send one request and check what comes back."""
        digest = self._digest
        rows = await self._client.async_embed(self._model, [text[:_MAX_CHARACTERS] for text in texts])
        await self._confirm_digest(digest)
        space = self._space
        try:
            return await _in_thread(rows, len(texts), space.dimension if space else None)
        except InvalidVectorsError:
            # Another dimension means another model under the same name.
            self.forget_space()
            raise


async def _in_thread(rows: list[list[float]], count: int, dimension: int | None) -> Vectors:
    """Check vectors in a worker thread: the first use of NumPy takes long, and so do large batches."""
    return await asyncio.get_running_loop().run_in_executor(None, checked_unit_vectors, rows, count, dimension)


def _joined(parts: Sequence[Vectors], dimension: int) -> Vectors:
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    if not parts:
        return np.empty((0, dimension), dtype=np.float32)
    if len({part.shape[1] for part in parts}) > 1:
        raise InvalidVectorsError(reason="the dimension changed between two requests")
    return np.concatenate(parts)
