"""Which embedding space serves, and when the spaces are filled.

Two spaces matter: that of the built-in model, and that of the preferred embedder (an Ollama model) where one is chosen.
A new preferred space is filled in the background while the one before it, or the built-in one, serves; when it has been
complete once it takes over and the one before it is dropped.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
import logging
import time
from typing import TYPE_CHECKING, Final

from .embedding.base import Embedder
from .embedding.cache import QueryCache
from .errors import EmbeddingError, InvalidVectorsError, StorageError
from .filling import Served, SpaceFiller
from .models import EmbedderState, EngineStatus
from .storage import spaces
from .storage.candidates import CandidateIndex
from .storage.database import Database
from .storage.spaces import Space

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    type Vector = NDArray[float32]

_LOGGER = logging.getLogger(__name__)

_RETRY_SECONDS: Final = (10.0, 300.0)
"""Shortest and longest pause between two looks for a server that is away."""
_CHECK_SECONDS: Final = 600.0
"""How often an idle worker looks whether the server is there and still has the same weights under the model's name."""

type MakeEmbedder = Callable[[str], Embedder]


class EmbeddingWorker:
    """Fills the spaces and answers which of them a query should be compared in."""

    def __init__(self, database: Database, index: CandidateIndex, report: Callable[[EngineStatus], None]) -> None:
        """Take the database, its index, and who is told of every change of the status."""
        self.status = EngineStatus(index=index.name)
        self._filler = SpaceFiller(database, index, self._choose)
        self._database = database
        self._report = report
        self._cache = QueryCache()
        self._wake = asyncio.Event()
        self._built_in: Embedder | None = None
        self._preferred: Embedder | None = None
        self._make: MakeEmbedder | None = None
        self._built_in_served: Served | None = None
        self._preferred_served: Served | None = None
        self._previous_served: Served | None = None
        self._checked_at = 0.0

    def use(self, built_in: Embedder | None, preferred: Embedder | None, make: MakeEmbedder | None) -> None:
        """Choose the embedders; ``make`` returns one for the model of a previous space, so that it can serve on."""
        self._built_in, self._preferred, self._make = built_in, preferred, make
        self._built_in_served = self._preferred_served = self._previous_served = None
        self._update(
            preferred_model=preferred.model if preferred else None, embedder_error=None, unavailable_since=None
        )
        self.wake()

    @property
    def built_in(self) -> tuple[Embedder, Space] | None:
        """Return the built-in embedder with its space, once both are there."""
        served = self._built_in_served
        return None if served is None else (served.embedder, served.space)

    @property
    def index(self) -> CandidateIndex:
        """Return the index that is in use."""
        return self._filler.index

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    def note_changed(self, ids: Iterable[str]) -> None:
        """Queue memories that were stored or changed."""
        changed = set(ids)
        for served in (self._built_in_served, self._preferred_served):
            if served is not None:
                served.changed |= changed
        self._choose()
        self.wake()

    async def async_run(self) -> None:
        """Fill the spaces whenever there is something to fill, until cancelled."""
        while True:
            self._wake.clear()
            delay = await self._async_pass()
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                for served in (self._built_in_served, self._preferred_served):
                    if served is not None:  # nobody told of a change whose caller was cancelled
                        served.look_at_all = True

    async def async_open_spaces(self) -> None:
        """Open the built-in space, so that recall and new memories have vectors from the first moment."""
        if self._built_in is not None and self._built_in_served is None:
            self._built_in_served = await self._filler.async_open(self._built_in)
        self._choose()

    async def async_query_vectors(self, text: str) -> Mapping[int, Vector]:
        """Return the query's vector by space id, the space that serves first; empty where there is no embedder.

        The built-in space comes along wherever the first one does not have every memory. Never raises EmbeddingError.
        """
        vectors: dict[int, Vector] = {}
        main = self._main()
        if main is not None:
            vector = await self._async_query_vector(main, text)
            if vector is not None:
                vectors[main.space.id] = vector
        built_in = self._built_in_served
        if built_in is not None and built_in is not main and (not vectors or main is None or main.pending):
            vector = await self._async_query_vector(built_in, text)
            if vector is not None:
                vectors[built_in.space.id] = vector
        return vectors

    async def async_clear(self) -> None:
        """Have the vectors of the preferred space made anew, or of the built-in one where none is preferred."""
        served = self._preferred_served or self._built_in_served
        if served is not None:
            await self._filler.async_clear(served)
            self._choose()
        self.wake()

    # The serving space

    def _main(self) -> Served | None:
        preferred = self._preferred_served
        if preferred is not None and preferred.space.ready:
            return preferred
        return self._previous_served or self._built_in_served or preferred

    async def _async_query_vector(self, served: Served, text: str) -> Vector | None:
        vector = self._cache.get(served.space.id, text)
        if vector is None:
            try:
                vector = await served.embedder.async_embed_query(text)
            except EmbeddingError as err:
                self._note_failure(served.embedder, err)
                self.wake()
                return None
            if vector.shape[1] != served.space.key.dimension:
                self._note_failure(served.embedder, InvalidVectorsError(reason="the dimension has changed"))
                served.embedder.forget_space()
                self.wake()
                return None
            self._cache.put(served.space.id, text, vector)
            if self.status.unavailable_since is not None and served.embedder is self._preferred:
                self.wake()  # it is back, sooner than the queue would have looked
        first: Vector = vector[0]
        return first

    # Filling

    async def _async_pass(self) -> float:
        """Bring every space up to date; return how many seconds to wait for the next look."""
        try:
            await self._async_pass_built_in()
            return await self._async_pass_preferred()
        except StorageError as err:
            _LOGGER.error("The embedding queue stopped: %s", err)
            return _RETRY_SECONDS[-1]
        finally:
            self._choose()

    async def _async_pass_built_in(self) -> None:
        try:
            await self.async_open_spaces()
            if self._built_in_served is not None:
                await self._filler.async_fill(self._built_in_served)
        except EmbeddingError as err:  # it must not keep the server's vectors from being made
            _LOGGER.error("The built-in embedding model failed: %s", err)

    async def _async_pass_preferred(self) -> float:
        if self._preferred is None:
            await self._async_drop_others()
            return _CHECK_SECONDS
        try:
            served = await self._async_preferred(self._preferred)
            await self._filler.async_fill(served)
        except EmbeddingError as err:
            self._note_failure(self._preferred, err)
            return self._retry_delay()
        self._note_success()
        await self._async_finish(served)
        return _CHECK_SECONDS

    async def _async_preferred(self, embedder: Embedder) -> Served:
        """Return the preferred space, looking now and then whether the model is still the same."""
        served = self._preferred_served
        overdue = time.monotonic() - self._checked_at >= _CHECK_SECONDS
        if served is not None and not overdue and self.status.unavailable_since is None:
            return served
        embedder.forget_space()
        key = await embedder.async_space()
        if served is None or served.space.key != key:
            served = self._preferred_served = await self._filler.async_open(embedder)
            if not served.space.ready:
                self._previous_served = await self._async_find_previous(served.space)
            self._choose()
        self._checked_at = time.monotonic()
        return served

    async def _async_find_previous(self, target: Space) -> Served | None:
        """Return the space that served before, if its model still answers in it."""
        for space in reversed(await self._database.async_read(spaces.all_spaces)):
            built_in = self._built_in_served
            if self._make is None or not space.ready or space.id == target.id:
                continue
            if built_in is not None and space.id == built_in.space.id:
                continue
            embedder = self._make(space.key.model)
            try:
                if await embedder.async_space() == space.key:
                    # Nothing more is embedded in it, so the built-in space has to help out from the start.
                    return Served(embedder, space, waiting=1)
            except EmbeddingError:
                continue
        return None

    async def _async_finish(self, served: Served) -> None:
        """Drop what the preferred space replaces, once it is complete."""
        if served.space.ready:
            self._previous_served = None
            await self._async_drop_others()

    async def _async_drop_others(self) -> None:
        """Drop every space that nobody serves from any more."""
        kept = [served.space.id for served in (self._preferred_served, self._built_in_served) if served]
        if kept:
            await self._filler.async_drop_others(kept)

    # What people are told

    @property
    def _previous(self) -> Embedder | None:
        return self._previous_served.embedder if self._previous_served else None

    def _note_failure(self, embedder: Embedder, err: EmbeddingError) -> None:
        """Tell once that an embedder does not answer."""
        if embedder is self._built_in:
            _LOGGER.error("The built-in embedding model failed: %s", err)
            return
        if self._preferred is None or embedder not in (self._preferred, self._previous):
            return  # it has been replaced since
        if self.status.unavailable_since is None:
            _LOGGER.warning(
                "The embedding model %s does not answer, recall goes on without it: %s", embedder.model, err
            )
        self._update(embedder_error=err.code, unavailable_since=self.status.unavailable_since or time.time())
        self._choose()

    def _retry_delay(self) -> float:
        """Return how long to wait for a server: half as long as it has been away, within bounds.

        Wakes by searches and new memories do not change that, however many there are.
        """
        away = time.time() - (self.status.unavailable_since or time.time())
        return min(_RETRY_SECONDS[-1], max(_RETRY_SECONDS[0], away / 2))

    def _note_success(self) -> None:
        if self.status.unavailable_since is not None and self._preferred is not None:
            _LOGGER.info("The embedding model %s answers again", self._preferred.model)
        self._update(embedder_error=None, unavailable_since=None)
        self._choose()

    def _choose(self) -> None:
        """Work out what serves now, and report it."""
        main = self._main()
        if main is not None and main is not self._built_in_served and self.status.unavailable_since is not None:
            main = self._built_in_served
        state = EmbedderState.KEYWORD
        if main is not None:
            state = EmbedderState.BUILT_IN if main is self._built_in_served else EmbedderState.OLLAMA
        target = self._preferred_served or (None if self._preferred else self._built_in_served)
        pending = target.pending if target else self.status.memories
        self._update(embedder=state, model=main.space.key.model if main else None, pending=pending)

    def set_index(self, index: CandidateIndex, error: str | None) -> None:
        """Take another index from here on."""
        self._filler.index = index
        self._update(index=index.name, index_error=error)

    def set_memories(self, count: int) -> None:
        """Take over how many memories there are."""
        self._update(memories=count)

    def set_last_recall(self, at: float) -> None:
        """Take over when memories were last looked for."""
        self._update(last_recall_at=at)

    def _update(self, **changes: object) -> None:
        status = replace(self.status, **changes)  # type: ignore[arg-type]
        if status != self.status:
            self.status = status
            self._report(status)
