"""How long it takes to store memories, one by one and many at once, and how much room they take."""

from itertools import islice
from pathlib import Path
import time
from typing import Final

from custom_components.semantic_memory.memory.answers import Outcome
from custom_components.semantic_memory.memory.engine import DATABASE, MemoryEngine
from custom_components.semantic_memory.memory.models import MemoryDraft
from custom_components.semantic_memory.memory.text import document_text, normalise_key

from .corpus import CALLER, Corpus
from .engines import async_engine, async_settled, async_warm
from .figures import BYTES, RATE, Figure, times
from .sentences import memories

_SEED: Final = 5
_NUMBER_BYTES: Final = 4


async def async_set(folder: Path, corpus: Corpus, count: int, exact: float) -> list[Figure]:
    """Store ``count`` memories with a key and as many without, for which the engine also looks for one like it."""
    there = {memory.value for memory in corpus.memories}
    values = list(islice((value for value in memories(_SEED) if value not in there), 2 * count))
    drafts = [MemoryDraft(value=value, key=f"set {place}") for place, value in enumerate(values[:count])]
    drafts += [MemoryDraft(value=value) for value in values[count:]]
    embedder = corpus.embedder()
    texts = [
        *values,
        *(document_text(normalise_key(draft.key), draft.value, ()) for draft in drafts if draft.key is not None),
    ]
    embedder.learn(texts, corpus.embed(texts))
    async with async_engine(folder, embedder) as engine:
        await async_warm(engine, CALLER, values[0])
        with_key = [await _async_seconds(engine, draft) for draft in drafts[:count]]
        without = [await _async_seconds(engine, draft) for draft in drafts[count:]]
    size = len(corpus.visible.memories)
    return [times(size, "set, with a key", with_key, exact), times(size, "set, without a key", without, exact)]


async def async_reembed(folder: Path, corpus: Corpus, exact: float) -> list[Figure]:
    """Make every vector anew; the stand-in for a model takes no time."""
    async with async_engine(folder, corpus.embedder()) as engine:
        begin = time.perf_counter()
        await engine.async_reembed()
        await async_settled(engine)
        seconds = time.perf_counter() - begin
        memories_there = engine.status.memories
    return [rate(corpus, "re-embed", memories_there, seconds, exact)]


def rate(corpus: Corpus, name: str, count: int, seconds: float, exact: float) -> Figure:
    """Return how many memories were dealt with in a second, beside how many scans there are in one."""
    size = len(corpus.visible.memories)
    return Figure(size=size, name=name, unit=RATE, value=count / seconds, exact=1 / exact)


def disk(folder: Path, corpus: Corpus) -> list[Figure]:
    """Return how many bytes of the file a memory takes, beside its row in a matrix."""
    return [
        Figure(
            size=len(corpus.visible.memories),
            name="file, each memory",
            unit=BYTES,
            value=(folder / DATABASE).stat().st_size / len(corpus.memories),
            exact=float(corpus.vectors.shape[1] * _NUMBER_BYTES),
        )
    ]


async def _async_seconds(engine: MemoryEngine, draft: MemoryDraft) -> float:
    begin = time.perf_counter()
    result = await engine.async_remember(CALLER, draft)
    seconds = time.perf_counter() - begin
    if result.outcome is not Outcome.ADDED:
        raise RuntimeError("a made-up memory was there already")
    return seconds
