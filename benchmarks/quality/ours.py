"""The engine as one of the systems: the real one through its public interface, in a folder of its own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from custom_components.semantic_memory.memory.answers import Hit
from custom_components.semantic_memory.memory.embedding.base import Embedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, EngineSettings, MemoryDraft, RecallRequest, Scope

from .retrieval_set import HOUSEHOLD, Question, StoredMemory
from .systems import DEPTH, SHOWN, Answer, Found

_DAY: Final = 86_400.0


class Clock:
    """Time that follows what is said."""

    def __init__(self) -> None:
        """Begin before everything."""
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.now


class Ours:
    """The engine with a set's memories in it. Made by :func:`open_ours`."""

    name = "ours"

    def __init__(self, engine: MemoryEngine, clock: Clock) -> None:
        """Take an engine that has been started, and its clock."""
        self._engine = engine
        self._clock = clock
        self._ids: dict[str, str] = {}

    async def async_store(self, memories: Sequence[StoredMemory]) -> None:
        """Tell it everything, each memory at its time and by its owner; end a day after the last.

        A memory that has no key gets one from the engine. Raises ValueError where the engine takes two for one: then
        the figures would mean something else for it than for the others.
        """
        for memory in memories:
            self._clock.now = memory.said_at
            result = await self._engine.async_remember(
                caller_of(memory.owner),
                MemoryDraft(
                    value=memory.value,
                    key=memory.key,
                    scope=Scope.HOUSEHOLD if memory.owner == HOUSEHOLD else Scope.USER,
                    category=memory.category,
                    tags=memory.tags,
                    expires_in_days=0,
                    force_new=memory.key is None,
                ),
            )
            self._ids[result.memory.id] = memory.id
        if len(self._ids) < len(memories):
            raise ValueError("two memories of the set have the same owner and key")
        self._clock.now += _DAY

    async def async_answer(self, question: Question) -> Answer:
        """Recall without a threshold, and then as people do who say nothing else."""
        ranked, _ = await self._async_recall(question, limit=DEPTH, threshold=0.0)
        shown, certain = await self._async_recall(question, limit=SHOWN, threshold=None)
        return Answer(ranked, shown, certain)

    async def _async_recall(
        self, question: Question, *, limit: int, threshold: float | None
    ) -> tuple[tuple[Found, ...], bool]:
        request = RecallRequest(query=question.text, limit=limit, threshold=threshold, touch=False)
        result = await self._engine.async_recall(caller_of(question.asker), request)
        return tuple(self._found(hit) for hit in result.hits), result.certain

    def _found(self, hit: Hit) -> Found:
        return Found(self._ids[hit.memory.id], hit.score, (hit.vector_score, hit.keyword_score))


@asynccontextmanager
async def open_ours(
    memories: Sequence[StoredMemory], embedder: Embedder, settings: EngineSettings | None = None
) -> AsyncIterator[Ours]:
    """Open an engine in a temporary folder, with the embedder in the place of the built-in one, and store memories."""
    clock = Clock()
    if memories:
        clock.now = memories[0].said_at
    with TemporaryDirectory() as folder:
        engine = await MemoryEngine.async_open(Path(folder), settings or EngineSettings(), clock=clock)
        try:
            await engine.async_start(embedder)
            ours = Ours(engine, clock)
            await ours.async_store(memories)
            yield ours
        finally:
            await engine.async_close()


def caller_of(person: str) -> Caller:
    """Return the caller that stands for a person: user ids are 32 hex digits; the household has none."""
    return Caller() if person == HOUSEHOLD else Caller(user_id=uuid5(NAMESPACE_URL, person).hex)
