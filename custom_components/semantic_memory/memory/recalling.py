"""Finding memories: for whoever asks, and those that resemble a new one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import tzinfo
from sqlite3 import Connection
import time
from typing import TYPE_CHECKING, Final

from . import policy, ranking
from .answers import Hit, RecallResult
from .errors import EmbeddingError, InvalidInputError
from .explanation import SearchExplanation
from .models import MAX_RECALL_LIMIT, Caller, Memory, MemoryFilter, RecallRequest
from .names import names_in
from .query import Query, parse
from .storage import search
from .storage.changes import KnownVector
from .storage.explaining import explain
from .times.reading import time_spans
from .times.spans import without
from .upkeep import Upkeep
from .writes import Writes

if TYPE_CHECKING:
    from .serving import Vector

_QUERY_CHARACTERS: Final = 8_192
"""As much of a query as is looked at: taking megabytes apart would keep everybody waiting."""
_SIMILAR_SCORE: Final = 0.85
"""Calibrated similarity from which another memory may contradict or repeat a new one."""
_SIMILAR_LIMIT: Final = 3


class Recaller:
    """Embeds and searches. Every coroutine may raise StorageError."""

    def __init__(self, writes: Writes, upkeep: Upkeep, zone: Callable[[], tzinfo]) -> None:
        """Take what is searched, what embeds, who is told of searches, and in which time zone people speak."""
        self._database = writes.database
        self._worker = writes.worker
        self._log = writes.recalls
        self._settings = writes.settings
        self._clock = writes.clock
        self._upkeep = upkeep
        self._zone = zone

    async def async_recall(self, caller: Caller, request: RecallRequest) -> RecallResult:
        """Find memories by meaning and by word. Raises InvalidInputError."""
        began, begun, now = time.perf_counter(), self._log.begin(), self._clock()
        query = _checked(request)
        vectors = await self._worker.async_query_vectors(_embeddable(query.text))
        wanted = self._wanted(caller, request, query, vectors, now)
        hits, explanation = await self._async_search(wanted)
        if request.touch:
            self._worker.set_last_recall(now)
        result = RecallResult(
            hits=hits,
            space=self._worker.model_of(vectors),
            certain=ranking.is_certain(hits[0].score if hits else None),
            explanation=explanation,
            took_ms=(time.perf_counter() - began) * 1_000,
        )
        if not request.log:
            return result
        return replace(result, number=self._log.add(begun, caller, request, result, at=now, threshold=wanted.threshold))

    def _wanted(
        self, caller: Caller, request: RecallRequest, query: Query, vectors: Mapping[int, Vector], now: float
    ) -> search.Search:
        """Return all that the recall is made of. Raises InvalidInputError, NotAllowedError."""
        spans = time_spans(query.text, now, self._zone())
        return search.Search(
            query=query,
            owners=policy.visible_owners(caller, request.filter.owner),
            where=request.filter,
            vectors=vectors,
            limit=self._settings.recall_limit if request.limit is None else request.limit,
            threshold=self._threshold(request, query),
            strict=request.threshold is not None,
            keyword_weight=self._settings.keyword_weight,
            now=now,
            spans=tuple(span for span in spans if span.start <= now),
            names=names_in(without(query.text, spans), caller.language, caller.names),
            own_first=True,
            counterparts=self._worker.counterparts,
            explain=request.explain,
        )

    def _threshold(self, request: RecallRequest, query: Query) -> float:
        """Return the least score. What has a phrase or prefix that was asked for is not left out for its meaning."""
        if request.threshold is not None:
            return request.threshold
        return 0.0 if query.required else self._settings.threshold

    async def async_embed(self, text: str) -> KnownVector | None:
        """Return the built-in vector of a text, so that a memory is found by meaning as soon as it is stored."""
        if self._worker.built_in is None:
            return None
        embedder, space = self._worker.built_in
        try:
            vectors = await embedder.async_embed_documents([text])
        except EmbeddingError:
            return None  # the worker will try again, and says what is wrong
        return KnownVector(space.id, text, vectors[0].astype("<f4").tobytes())

    async def async_similar(self, caller: Caller, memory: Memory, known: KnownVector | None) -> tuple[Hit, ...]:
        """Return other memories that are near in the built-in space: they may contradict the new one.

        ``known`` is the vector that the memory was stored with, which is its value's where the key adds nothing.
        """
        if known is None or known.text != memory.value:
            known = await self.async_embed(memory.value)
        if known is None:
            return ()
        import numpy as np  # noqa: PLC0415 - it is there: the vector was made with it

        hits, _ = await self._async_search(
            search.Search(
                query=Query(""),
                owners=policy.visible_owners(caller),
                where=MemoryFilter(),
                vectors={known.space_id: np.frombuffer(known.embedding, "<f4")},
                limit=_SIMILAR_LIMIT + 1,
                threshold=0.0,
                strict=True,
                keyword_weight=0.0,
                now=self._clock(),
            )
        )
        others = (hit for hit in hits if hit.memory.id != memory.id and hit.score >= _SIMILAR_SCORE)
        return tuple(others)[:_SIMILAR_LIMIT]

    async def _async_search(self, wanted: search.Search) -> tuple[tuple[Hit, ...], SearchExplanation | None]:
        index, tier = self._worker.index, self._upkeep.words

        def work(connection: Connection) -> tuple[tuple[Hit, ...], SearchExplanation | None]:
            hits = search.run(connection, wanted, index, tier)
            return explain(connection, wanted, hits, tier) if wanted.explain else (hits, None)

        found = await self._database.async_read(work)
        self._upkeep.note_search()
        return found


def _checked(request: RecallRequest) -> Query:
    """Return what is asked. Raises InvalidInputError."""
    said = request.query[:_QUERY_CHARACTERS].strip()
    if not said:
        raise InvalidInputError("query_empty")
    query = parse(said) if request.syntax else Query(said)
    if request.limit is not None and not 1 <= request.limit <= MAX_RECALL_LIMIT:
        raise InvalidInputError("invalid_limit", max=MAX_RECALL_LIMIT)
    if request.threshold is not None and not 0 <= request.threshold <= 1:
        raise InvalidInputError("invalid_threshold")
    return query


def _embeddable(query: str) -> str:
    return query.encode("utf-8", "replace").decode()
