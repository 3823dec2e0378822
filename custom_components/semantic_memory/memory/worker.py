"""Keeping every memory's vectors: the queue, the spaces, and which of them serves.

Two spaces matter: that of the built-in model, and that of the preferred embedder (an Ollama model) where one is chosen.
Memories without a vector in a space are its queue. A new preferred space is filled in the background while the one
before it, or the built-in one, serves; when it has been complete once it takes over and the one before it is dropped.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
import logging
import sqlite3
import time
from typing import TYPE_CHECKING, Final

from .embedding.base import Embedder
from .embedding.cache import QueryCache
from .embedding.calibration import async_calibrate
from .errors import (
    EmbedderAuthError,
    EmbedderUnavailableError,
    EmbeddingError,
    InvalidVectorsError,
    ModelMissingError,
    StorageError,
)
from .models import EmbedderState, EngineStatus
from .storage import spaces
from .storage.candidates import CandidateIndex
from .storage.database import Database
from .storage.spaces import Space, Waiting

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from .embedding.base import Vectors

    type Vector = NDArray[float32]

_LOGGER = logging.getLogger(__name__)

_BATCH: Final = 64
_RETRY_SECONDS: Final = (10.0, 300.0)
"""Shortest and longest pause between two looks for a server that is away."""
_PROBE: Final = "The quick brown fox jumps over the lazy dog."
"""A text that every model can embed."""
_NOT_THE_TEXT: Final = (EmbedderAuthError, EmbedderUnavailableError, ModelMissingError)
_CHECK_SECONDS: Final = 600.0
"""How often an idle worker looks whether the server is there and still has the same weights under the model's name."""

type MakeEmbedder = Callable[[str], Embedder]


@dataclass(slots=True)
class _Served:
    """An embedder with its space in the database."""

    embedder: Embedder
    space: Space
    waiting: int = 0
    """Memories without a vector at the last look."""
    skipped: int = 0
    """Of those that wait: how many the model cannot embed."""
    refused: dict[int, int] = field(default_factory=dict)
    """Revisions of those, by seq: asking again would not help until they change."""
    changed: set[str] = field(default_factory=set)
    """Memories that were stored or changed since the last look, by id."""
    under_way: set[str] = field(default_factory=set)
    """Those of them that are being embedded."""
    look_at_all: bool = True
    """Whether others than those may wait too: finding them means to look at every memory."""

    @property
    def pending(self) -> int:
        """Return how many memories may lack a vector."""
        return self.waiting + len(self.changed | self.under_way)


class EmbeddingWorker:
    """Fills the spaces and answers which of them a query should be compared in."""

    def __init__(self, database: Database, index: CandidateIndex, report: Callable[[EngineStatus], None]) -> None:
        """Take the database, its index, and who is told of every change of the status."""
        self.index = index
        self.status = EngineStatus(index=index.name)
        self._database = database
        self._report = report
        self._cache = QueryCache()
        self._wake = asyncio.Event()
        self._built_in: Embedder | None = None
        self._preferred: Embedder | None = None
        self._make: MakeEmbedder | None = None
        self._built_in_served: _Served | None = None
        self._preferred_served: _Served | None = None
        self._previous_served: _Served | None = None
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
            self._built_in_served = await self._async_open(self._built_in)
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
            space_id = served.space.id
            await self._database.async_write(lambda connection: spaces.clear(connection, space_id, self.index))
            served.space, served.look_at_all = replace(served.space, ready=False), True
            served.refused.clear()
            served.waiting = await self._async_count(served.space)
            self._choose()
        self.wake()

    # The serving space

    def _main(self) -> _Served | None:
        preferred = self._preferred_served
        if preferred is not None and preferred.space.ready:
            return preferred
        return self._previous_served or self._built_in_served or preferred

    async def _async_query_vector(self, served: _Served, text: str) -> Vector | None:
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
                await self._async_fill(self._built_in_served)
        except EmbeddingError as err:  # it must not keep the server's vectors from being made
            _LOGGER.error("The built-in embedding model failed: %s", err)

    async def _async_pass_preferred(self) -> float:
        if self._preferred is None:
            await self._async_drop_others()
            return _CHECK_SECONDS
        try:
            served = await self._async_preferred(self._preferred)
            await self._async_fill(served)
        except EmbeddingError as err:
            self._note_failure(self._preferred, err)
            return self._retry_delay()
        self._note_success()
        await self._async_finish(served)
        return _CHECK_SECONDS

    async def _async_preferred(self, embedder: Embedder) -> _Served:
        """Return the preferred space, looking now and then whether the model is still the same."""
        served = self._preferred_served
        overdue = time.monotonic() - self._checked_at >= _CHECK_SECONDS
        if served is not None and not overdue and self.status.unavailable_since is None:
            return served
        embedder.forget_space()
        key = await embedder.async_space()
        if served is None or served.space.key != key:
            served = self._preferred_served = await self._async_open(embedder)
            if not served.space.ready:
                self._previous_served = await self._async_find_previous(served.space)
            self._choose()
        self._checked_at = time.monotonic()
        return served

    async def _async_find_previous(self, target: Space) -> _Served | None:
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
                    return _Served(embedder, space, waiting=1)
            except EmbeddingError:
                continue
        return None

    async def _async_open(self, embedder: Embedder) -> _Served:
        """Return the embedder's space, added and calibrated if it is new."""
        key = await embedder.async_space()
        known = await self._database.async_read(spaces.all_spaces)
        found = next((space for space in known if space.key == key), None)
        calibration = found.calibration if found else await async_calibrate(embedder)
        space = await self._database.async_write(
            lambda connection: spaces.add(connection, key, calibration, self.index)
        )
        served = _Served(embedder, space)
        served.waiting = await self._async_count(space)
        return served

    async def _async_fill(self, served: _Served) -> None:
        """Embed what waits, batch by batch, in the order of storing."""
        everything = served.look_at_all or not served.space.ready
        if not served.changed and not everything:
            return
        served.under_way, served.changed, served.look_at_all = served.changed, set(), False
        try:
            await self._async_fill_from(served, None if everything else served.under_way)
            if everything or served.waiting:
                served.waiting = await self._async_count(served.space)
        except BaseException:
            served.look_at_all = True
            served.changed |= served.under_way
            raise
        finally:
            served.under_way = set()
        if everything:
            await self._async_mark_ready(served)

    async def _async_fill_from(self, served: _Served, ids: AbstractSet[str] | None) -> None:
        """Embed those of these memories that wait, of all of them for ``None``."""
        space_id, after = served.space.id, 0
        if ids is None:
            served.skipped = 0
        while items := await self._database.async_read(partial(_next_batch, space_id, after, ids)):
            fresh = [item for item in items if served.refused.get(item.seq) != item.revision]
            served.skipped += len(items) - len(fresh)
            if fresh:
                await self._async_embed(served, fresh)
            after = items[-1].seq
            if ids is None:
                served.waiting = max(0, served.waiting - len(items))
                self._choose()

    async def _async_mark_ready(self, served: _Served) -> None:
        """Let a space serve from now on if only memories wait that the model cannot embed."""
        if served.waiting <= served.skipped and not served.space.ready:
            space_id = served.space.id
            await self._database.async_write(lambda connection: spaces.mark_ready(connection, space_id))
            served.space = replace(served.space, ready=True)

    async def _async_embed(self, served: _Served, items: Sequence[Waiting]) -> None:
        """Embed and store some memories; one that the model makes nothing of must not hold up the others."""
        try:
            vectors = await self._async_vectors(served, [item.text for item in items])
        except _NOT_THE_TEXT:
            raise
        except EmbeddingError as err:
            await self._async_vectors(served, [_PROBE])  # raises where it is not the texts
            if len(items) == 1:
                served.skipped += 1
                served.refused[items[0].seq] = items[0].revision
                _LOGGER.debug("The embedding model %s cannot embed a memory: %s", served.embedder.model, err)
                return
            middle = len(items) // 2
            await self._async_embed(served, items[:middle])
            await self._async_embed(served, items[middle:])
            return
        blobs = [row.astype("<f4").tobytes() for row in vectors]
        await self._database.async_write(
            lambda connection: spaces.store(connection, served.space.id, items, blobs, self.index)
        )

    async def _async_vectors(self, served: _Served, texts: Sequence[str]) -> Vectors:
        """Embed texts. Raises EmbeddingError, also where the vectors do not fit the space."""
        vectors = await served.embedder.async_embed_documents(texts)
        if vectors.shape[1] != served.space.key.dimension:
            served.embedder.forget_space()
            raise InvalidVectorsError(reason="the dimension has changed")
        return vectors

    async def _async_finish(self, served: _Served) -> None:
        """Drop what the preferred space replaces, once it is complete."""
        if served.space.ready:
            self._previous_served = None
            await self._async_drop_others()

    async def _async_drop_others(self) -> None:
        """Drop every space that nobody serves from any more."""
        kept = [served.space.id for served in (self._preferred_served, self._built_in_served) if served]
        if not kept:
            return
        for space in await self._database.async_read(spaces.all_spaces):
            if space.id not in kept:
                await self._database.async_write(partial(self._drop, space.id))

    def _drop(self, space_id: int, connection: sqlite3.Connection) -> None:
        spaces.drop(connection, space_id, self.index)

    async def _async_count(self, space: Space) -> int:
        return await self._database.async_read(lambda connection: spaces.count_waiting(connection, space.id))

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
        self.index = index
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


def _next_batch(
    space_id: int, after: int, ids: AbstractSet[str] | None, connection: sqlite3.Connection
) -> list[Waiting]:
    return spaces.waiting(connection, space_id, after, _BATCH, ids)
