"""When the embedding spaces are filled.

Two spaces matter: that of the built-in model, and that of the preferred embedder (an Ollama model) where one is chosen.
A new preferred space is filled in the background while the one before it, or the built-in one, serves; when it has been
complete once it takes over and the one before it is dropped.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
import logging
from typing import TYPE_CHECKING, Final

from .embedding.base import Embedder, SpaceChangedError
from .errors import EmbeddingError, StorageError
from .filling import PROBE, Served, SpaceFiller
from .outage import Outage
from .serving import Serving
from .status import EngineStatus
from .storage import spaces
from .storage.candidates import CandidateIndex
from .storage.database import Database
from .storage.spaces import Space
from .timing import Timing

if TYPE_CHECKING:
    from .embedding.counterparts import Counterparts
    from .serving import Vector

_LOGGER = logging.getLogger(__name__)

_CHECK_SECONDS: Final = 600.0
"""How often an idle worker looks whether the server is there and still has the same weights under the model's name."""
_STORAGE_RETRY_SECONDS: Final = 60.0

type MakeEmbedder = Callable[[str], Embedder]


class EmbeddingWorker:
    """Fills the spaces, and knows which of them a query should be compared in."""

    def __init__(self, database: Database, index: CandidateIndex, report: Callable[[EngineStatus], None]) -> None:
        """Take the database, its index, and who is told of every change of the status."""
        self._timing = Timing()
        self._outage = Outage(self._timing.monotonic)
        self.serving = Serving(EngineStatus(index=index.name), self._outage, report, self.wake)
        self._filler = SpaceFiller(database, index, self._note_progress)
        self._database = database
        self._wake = asyncio.Event()
        self._built_in: Embedder | None = None
        self._preferred: Embedder | None = None
        self._make: MakeEmbedder | None = None
        self._stopped = False
        self._checked_at = self._looked_at_all_at = self._timing.monotonic()

    def use(self, built_in: Embedder | None, preferred: Embedder | None, make: MakeEmbedder | None) -> None:
        """Choose the embedders; ``make`` returns one for the model of a previous space, so that it can serve on."""
        self._built_in, self._preferred, self._make = built_in, preferred, make
        self.serving.start(preferred.model if preferred else None)
        self.wake()

    @property
    def status(self) -> EngineStatus:
        """Return how the engine is doing."""
        return self.serving.status

    @property
    def built_in(self) -> tuple[Embedder, Space] | None:
        """Return the built-in embedder with its space, once both are there."""
        served = self.serving.built_in
        return None if served is None else (served.embedder, served.space)

    @property
    def counterparts(self) -> Counterparts | None:
        """Return what compares single words, whichever model serves; ``None`` where the built-in one is not there."""
        counterparts: Counterparts | None = getattr(self._built_in, "counterparts", None)
        return counterparts

    @property
    def index(self) -> CandidateIndex:
        """Return the index that is in use."""
        return self._filler.index

    def set_index(self, index: CandidateIndex, error: str | None) -> None:
        """Take another index from here on."""
        self._filler.index = index
        self.serving.update(index=index.name, index_error=error)

    def set_memories(self, count: int) -> None:
        """Take over how many memories there are."""
        self.serving.update(memories=count)

    def set_last_recall(self, at: float) -> None:
        """Take over when memories were last looked for."""
        self.serving.update(last_recall_at=at)

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    def look_at_all(self) -> None:
        """Have every memory looked at for whether it waits: vectors were deleted."""
        for served in self.serving.filled:
            served.look_at_all = True
        self.wake()

    def note_changed(self, ids: Iterable[str]) -> None:
        """Queue memories that were stored or changed."""
        changed = set(ids)
        for served in self.serving.filled:
            served.changed |= changed
        self.serving.choose()
        self.wake()

    async def async_query_vectors(self, text: str) -> Mapping[int, Vector]:
        """Return the query's vector by space id, the space that serves first. Never raises EmbeddingError."""
        return await self.serving.async_query_vectors(text)

    def model_of(self, vectors: Mapping[int, Vector]) -> str | None:
        """Return the model that made the first of a query's vectors."""
        return self.serving.model_of(vectors)

    async def async_run(self) -> None:
        """Fill the spaces whenever there is something to fill, until cancelled."""
        while True:
            self._wake.clear()
            delay = await self._async_pass()
            await self._timing.async_wait(self._wake, delay)
            if self._timing.monotonic() - self._looked_at_all_at >= _CHECK_SECONDS:
                self._looked_at_all_at = self._timing.monotonic()
                for served in self.serving.filled:  # nobody told of a change whose caller was cancelled
                    served.look_at_all = True

    async def async_open_spaces(self) -> None:
        """Open the built-in space, so that recall and new memories have vectors from the first moment."""
        if self._built_in is not None and self.serving.built_in is None:
            self.serving.built_in = await self._filler.async_open(self._built_in)
        self.serving.choose()

    async def async_clear(self) -> None:
        """Have the vectors of the preferred space made anew, or of the built-in one where none is preferred."""
        served = self.serving.preferred or self.serving.built_in
        if served is not None:
            await self._filler.async_clear(served)
            self.serving.choose()
        self.wake()

    async def _async_pass(self) -> float:
        """Bring every space up to date; return how many seconds to wait for the next look."""
        try:
            await self._async_pass_built_in()
            delay = await self._async_pass_preferred()
        except StorageError as err:
            _LOGGER.log(logging.DEBUG if self._stopped else logging.ERROR, "The embedding queue stopped: %s", err)
            self._stopped = True
            return _STORAGE_RETRY_SECONDS
        finally:
            self.serving.choose()
        self._stopped = False
        return delay

    async def _async_pass_built_in(self) -> None:
        try:
            await self.async_open_spaces()
            if self.serving.built_in is not None:
                await self._filler.async_fill(self.serving.built_in)
        except EmbeddingError as err:
            self.serving.note_built_in_failure(err)
        else:
            self.serving.note_built_in_success()

    async def _async_pass_preferred(self) -> float:
        if self._preferred is None:
            await self._async_drop_others()
            return _CHECK_SECONDS
        if (pause := self._outage.too_soon) > 0:
            return pause
        try:
            try:
                await self._async_fill_preferred(self._preferred)
            except SpaceChangedError:  # found out while it was being filled: it is another space from here on
                self.serving.doubtful = True
                await self._async_fill_preferred(self._preferred)
        except EmbeddingError as err:
            self.serving.note_failure(err)
            return self._outage.pause
        finally:
            self._outage.looked()
        return _CHECK_SECONDS

    async def _async_fill_preferred(self, embedder: Embedder) -> None:
        served = await self._async_preferred(embedder)
        await self._filler.async_fill(served)
        self.serving.note_success()
        if served.space.ready:
            self.serving.previous = None
            await self._async_drop_others()

    async def _async_preferred(self, embedder: Embedder) -> Served:
        """Return the preferred space, looking now and then whether the model is still the same."""
        served = self.serving.preferred
        overdue = self._timing.monotonic() - self._checked_at >= _CHECK_SECONDS
        if served is not None and not (overdue or self.serving.doubtful or self._outage.lasts):
            return served
        self.serving.doubtful, recovering = False, self._outage.lasts
        embedder.forget_space()
        key = await embedder.async_space()
        if served is not None and served.space.key != key:
            _LOGGER.info("The embedding model %s has been replaced, memories are embedded anew", embedder.model)
            # Before anything else is waited for: no question may be compared with vectors of other weights.
            self.serving.preferred = served = None
            self.serving.choose()
        if recovering:
            await embedder.async_embed_query(PROBE)  # it is back once it answers as soon as people want an answer
        if served is None or recovering:
            served = served or await self._filler.async_open(embedder)
            self.serving.preferred = served
            if not served.space.ready and self.serving.previous is None:
                self.serving.previous = await self._async_find_previous(served.space)
            self.serving.choose()
        self._checked_at = self._timing.monotonic()
        return served

    async def _async_find_previous(self, target: Space) -> Served | None:
        """Return the space that served before, if its model still answers in it."""
        for space in reversed(await self._database.async_read(spaces.all_spaces)):
            built_in = self.serving.built_in
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

    async def _async_drop_others(self) -> None:
        """Drop every space that nobody serves from any more."""
        kept = [served.space.id for served in self.serving.filled]
        if kept:
            await self._filler.async_drop_others(kept)

    def _note_progress(self, served: Served, works: bool) -> None:
        """Take note of a batch that was embedded: a server that was away is back, if that shows that it works."""
        if works and served is self.serving.preferred:
            self.serving.note_success()
        self.serving.choose()
