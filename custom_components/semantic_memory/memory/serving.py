"""Which embedding space serves, what questions are compared in, and what people are told of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
import logging
from typing import TYPE_CHECKING

from .embedding.cache import QueryCache
from .errors import EmbeddingError, InvalidVectorsError
from .filling import NOT_THE_TEXT, Served
from .outage import Outage
from .status import EmbedderState, EngineStatus

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    type Vector = NDArray[float32]

_LOGGER = logging.getLogger(__name__)


class Serving:
    """The spaces that are in use.

    Nobody who asks waits for a server that is known to be away: the built-in space serves then, and the worker is woken
    to look whether the server is back.
    """

    def __init__(
        self, status: EngineStatus, outage: Outage, report: Callable[[EngineStatus], None], wake: Callable[[], None]
    ) -> None:
        """Take the status at first, who is told of every change of it, and how to have the worker look."""
        self.status = status
        self.outage = outage
        self.built_in: Served | None = None
        self.preferred: Served | None = None
        self.previous: Served | None = None
        """The space that served before, until the preferred one is complete."""
        self.doubtful = False
        """Whether something makes it doubtful that the model is still the one that it was."""
        self._report = report
        self._wake = wake
        self._cache = QueryCache()
        self._built_in_failed = False

    def start(self, preferred_model: str | None) -> None:
        """Begin without spaces; the same model's outage goes on."""
        self.built_in = self.preferred = self.previous = None
        self.outage.hurry()
        if preferred_model != self.status.preferred_model:
            self.outage.forget()
            self.update(preferred_model=preferred_model, embedder_error=None, unavailable_since=None)

    @property
    def main(self) -> Served | None:
        """Return the space that serves now."""
        if self.outage.lasts:
            return self.built_in
        preferred = self.preferred
        if preferred is not None and preferred.space.ready:
            return preferred
        return self.previous or self.built_in or preferred

    @property
    def filled(self) -> Iterable[Served]:
        """Return the spaces that get a vector of every memory."""
        return [served for served in (self.built_in, self.preferred) if served is not None]

    # Questions

    async def async_query_vectors(self, text: str) -> Mapping[int, Vector]:
        """Return the query's vector by space id, the space that serves first; empty where there is no embedder.

        The built-in space comes along wherever the first one does not have every memory. Never raises EmbeddingError.
        """
        if self.outage.lasts:
            self._wake()  # somebody would like it to be back
        vectors: dict[int, Vector] = {}
        main = self.main
        if main is not None:
            vector = await self._async_query_vector(main, text)
            if vector is not None:
                vectors[main.space.id] = vector
        built_in = self.built_in
        if built_in is not None and built_in is not main and (not vectors or main is None or main.pending):
            vector = await self._async_query_vector(built_in, text)
            if vector is not None:
                vectors[built_in.space.id] = vector
        return vectors

    def model_of(self, vectors: Mapping[int, Vector]) -> str | None:
        """Return the model that made the first of a query's vectors."""
        of_space = {
            served.space.id: served.space.key.model
            for served in (self.built_in, self.preferred, self.previous)
            if served is not None
        }
        return next((of_space.get(space_id) for space_id in vectors), None)

    def forget_queries(self) -> None:
        """Forget what was asked lately: a person's questions tell of what is erased."""
        self._cache = QueryCache()

    async def _async_query_vector(self, served: Served, text: str) -> Vector | None:
        vector = self._cache.get(served.space.id, text)
        if vector is None:
            try:
                vector = await served.embedder.async_embed_query(text)
                if vector.shape[1] != served.space.key.dimension:
                    raise InvalidVectorsError(reason="the dimension has changed")
            except EmbeddingError as err:
                self._note_unanswered(served, err)
                return None
            if not any(served is current for current in (self.built_in, self.preferred, self.previous)):
                return None  # meanwhile the model was found to be another one than made the vectors of the space
            self._cache.put(served.space.id, text, vector)
        first: Vector = vector[0]
        return first

    def _note_unanswered(self, served: Served, err: EmbeddingError) -> None:
        """Note that a question got no vector, and have the worker see why."""
        if served is self.built_in:
            self.note_built_in_failure(err)
        elif served is self.previous:
            self.previous = None
            self.doubtful = True
            self.choose()
            self._wake()
        elif served is self.preferred:
            if isinstance(err, NOT_THE_TEXT):
                self.note_failure(err)
            else:  # perhaps it is only this text
                _LOGGER.debug("The embedding model %s gave a question no vector: %s", served.embedder.model, err)
                self.doubtful = True
            self._wake()

    # What people are told

    def note_failure(self, err: EmbeddingError) -> None:
        """Tell once that the preferred model does not answer."""
        self.outage.begin(self.status.preferred_model or "", err)
        self.update(embedder_error=err.code, unavailable_since=self.outage.since)
        self.choose()

    def note_success(self) -> None:
        """Tell once that it answers again."""
        self.outage.end(self.status.preferred_model or "")
        self.update(embedder_error=None, unavailable_since=None)
        self.choose()

    def note_built_in_failure(self, err: EmbeddingError) -> None:
        """Tell once that the built-in model does not work; it must not keep the server's from working."""
        if not self._built_in_failed:
            _LOGGER.error("The built-in embedding model failed: %s", err)
        self._built_in_failed = True

    def note_built_in_success(self) -> None:
        """Note that the built-in model works."""
        self._built_in_failed = False

    def choose(self) -> None:
        """Work out what serves now, and report it."""
        main = self.main
        state = EmbedderState.KEYWORD
        if main is not None:
            state = EmbedderState.BUILT_IN if main is self.built_in else EmbedderState.OLLAMA
        target = self.preferred if self.status.preferred_model else self.built_in
        pending = target.pending if target else self.status.memories
        self.update(embedder=state, model=main.space.key.model if main else None, pending=pending)

    def update(self, **changes: object) -> None:
        """Change the status, and report it if that made a difference."""
        status = replace(self.status, **changes)  # type: ignore[arg-type]
        if status != self.status:
            self.status = status
            self._report(status)
