"""What is measured of a store of one size, in which order."""

from collections.abc import Collection
from dataclasses import dataclass
import gc
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
import time
from typing import Final, Self

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder

from . import real_text, searching, starting, storing, waiting
from .corpus import CALLER, Corpus, async_import, household, plain
from .engines import HOT
from .figures import MB, MEGABYTE, Figure, times
from .searching import Questions
from .sentences import questions
from .vectors import DIMENSION, Projection, clustered

PARTS: Final = ("recall", "delay", "start", "set", "embed", "re-embed")
"""What can be left out. Importing and searching are always measured: the rest stands beside them."""
_SEED: Final = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How often everything is done."""

    questions: int = 300
    sets: int = 100
    """Memories that are stored one by one, with a key and without."""
    beats: int = 2_000
    """Looks at how late the event loop comes."""
    starts: int = 3
    dimension: int = DIMENSION

    @classmethod
    def quick(cls) -> Self:
        """Return a plan for a first impression."""
        return cls(questions=60, sets=20, beats=300, starts=1)


def make(size: int, plan: Plan, *, others: int = 0) -> tuple[Corpus, Questions]:
    """Make up what is remembered and what is asked."""
    projection = Projection(StaticEmbedder.load(), plan.dimension)
    asked = list(islice(questions(_SEED), plan.questions))
    return (
        household(size, projection, others=others),
        Questions(asked, projection.embed(asked, _SEED), projection.embed),
    )


async def async_measure(
    folder: Path, size: int, plan: Plan, parts: Collection[str] = PARTS, *, others: int = 0
) -> list[Figure]:
    """Fill a store with ``size`` memories, and as many of somebody else as ``others`` says, and measure its parts."""
    corpus, asked = make(size, plan, others=others)
    gc.collect()
    gc.freeze()  # what is compared with must not keep the garbage collector busy while something is measured
    try:
        return await _async_measure(folder, corpus, asked, plan, parts)
    finally:
        gc.unfreeze()


async def _async_measure(
    folder: Path, corpus: Corpus, asked: Questions, plan: Plan, parts: Collection[str]
) -> list[Figure]:
    size = len(corpus.visible.memories)
    seconds = await async_import(folder, corpus)
    figures, exact = await searching.async_time(folder, corpus, asked)
    figures.append(storing.rate(corpus, "import", len(corpus.memories), seconds, exact))
    figures += storing.disk(folder, corpus)
    if "recall" in parts:
        figures += await searching.async_recall_share(folder, corpus, asked, "made-up sentences")
        figures += await _async_recall_of_others(folder, size, plan)
    if "delay" in parts:
        figures += await waiting.async_delays(folder, corpus, asked, plan.beats, exact)
    if "start" in parts:
        figures += await _async_starts(folder, corpus, asked, plan.starts, exact)
    if "embed" in parts:
        figures += await _async_embedding(size, asked, exact)
    if "set" in parts:
        figures += await storing.async_set(folder, corpus, plan.sets, exact)
    if "re-embed" in parts:
        figures += await storing.async_reembed(folder, corpus, exact)
    return figures


async def _async_recall_of_others(folder: Path, size: int, plan: Plan) -> list[Figure]:
    """Look how many of the true nearest are found of vectors that lie in clusters, and of texts that people wrote."""
    built_in = StaticEmbedder.load()
    points = clustered(size + plan.questions, plan.dimension)
    texts = real_text.sentences(size + plan.questions)
    asked, real = texts[: plan.questions], texts[plan.questions :]
    names = [str(number) for number in range(len(points))]
    corpora = {
        "clustered vectors": (
            plain(names[plan.questions :], points[plan.questions :], Projection(built_in, plan.dimension).embed),
            points[: plan.questions],
        ),
        "real text, built-in model": (plain(real, built_in.embed(real), built_in.embed), built_in.embed(asked)),
    }
    figures = list[Figure]()
    for name, (corpus, vectors) in corpora.items():
        with TemporaryDirectory(dir=folder) as scratch:
            await async_import(Path(scratch), corpus)
            wanted = Questions(names[: plan.questions], vectors, corpus.embed)
            figures += await searching.async_recall_share(Path(scratch), corpus, wanted, name, (HOT,))
    return figures


async def _async_starts(folder: Path, corpus: Corpus, asked: Questions, count: int, exact: float) -> list[Figure]:
    """Start processes on the store and on an empty one."""
    size, matrix_mb = len(corpus.visible.memories), corpus.visible.vectors.nbytes / MEGABYTE
    starts = [
        await starting.async_measure_starts(folder, asked.vectors[0], CALLER, asked.texts[0]) for _ in range(count)
    ]
    added = sorted((full.resident_bytes - empty.resident_bytes) / MEGABYTE for empty, full in starts)
    return [
        times(size, "start, until the first answer", [full.answer_seconds for _, full in starts], exact),
        times(size, "start, with an empty store", [empty.answer_seconds for empty, _ in starts], exact),
        times(size, "start, until all is in memory", [full.filled_seconds for _, full in starts], exact),
        Figure(size=size, name="memory added", unit=MB, value=added[len(added) // 2], exact=matrix_mb),
    ]


async def _async_embedding(size: int, asked: Questions, exact: float) -> list[Figure]:
    """Embed the questions one by one with the built-in model: the work alone, and as a caller waits for it."""
    built_in = StaticEmbedder.load()
    alone, waited = list[float](), list[float]()
    for text in asked.texts:
        begin = time.perf_counter()
        built_in.embed([text])
        alone.append(time.perf_counter() - begin)
    for text in asked.texts:
        begin = time.perf_counter()
        await built_in.async_embed_query(text)
        waited.append(time.perf_counter() - begin)
    return [
        times(size, "embed a question, built-in model", alone, exact),
        times(size, "embed a question, from call to answer", waited, exact),
    ]
