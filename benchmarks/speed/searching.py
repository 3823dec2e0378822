"""How long a whole search takes, and whether it finds what an exact scan does."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
import sqlite3
import time
from typing import Final

import numpy as np

from custom_components.semantic_memory.memory.embedding.calibration import async_calibrate
from custom_components.semantic_memory.memory.engine import DATABASE, MemoryEngine
from custom_components.semantic_memory.memory.models import HOUSEHOLD, EngineSettings, RecallRequest
from custom_components.semantic_memory.memory.ranking import OWN

from .corpus import CALLER, Corpus
from .engines import COLD, HOT, Way, async_engine, async_warm
from .figures import SHARE, Figure, times
from .vectors import Embed, KnownEmbedder, Matrix

TRUE: Final = 10
"""Of how many nearest memories the share that is found is counted."""
_IN_TURN: Final = 20
"""Questions that are asked one after the other before it is somebody else's turn: a busy machine is unfair to all."""
_FEW: Final = 5
_AS_GOOD: Final = 1e-5
"""Scores that differ by no more are equal: made-up memories repeat each other."""


@dataclass(slots=True)
class Timed:
    """Seconds of each search, by who searched."""

    hot: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    scan: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Questions:
    """Texts that are asked, and their vectors."""

    texts: Sequence[str]
    vectors: Matrix
    embed: Embed
    """What embeds other texts."""

    def embedder(self) -> KnownEmbedder:
        """Return an embedder that knows them."""
        embedder = KnownEmbedder(self.embed)
        embedder.learn(self.texts, self.vectors)
        return embedder

    def without_words(self) -> Questions:
        """Return questions with the same vectors that no word index knows anything to."""
        return Questions(["?" * count for count in range(1, len(self.texts) + 1)], self.vectors, self.embed)


def scan(matrix: Matrix, question: Matrix) -> list[int]:
    """Return the rows of the TRUE nearest vectors, nearest first: what everything is compared with."""
    scores = matrix @ question
    best = np.argpartition(scores, -TRUE)[-TRUE:] if len(scores) > TRUE else np.arange(len(scores))
    found: list[int] = best[np.argsort(-scores[best])].tolist()
    return found


async def async_time(folder: Path, corpus: Corpus, questions: Questions) -> tuple[list[Figure], float]:
    """Measure whole searches, from the call to the answer, in both ways and in turn with the exact scan.

    The questions' vectors are there beforehand. Returns the figures, and the median of the scan in seconds.
    """
    timed, matrix = Timed(), corpus.visible.vectors
    embedder = questions.embedder()
    async with async_engine(folder, embedder, HOT) as hot, async_engine(folder, embedder, COLD) as cold:
        await async_warm(hot, CALLER, questions.texts[0])
        await async_warm(cold, CALLER, questions.texts[0])
        for turn in batched(zip(questions.texts, questions.vectors, strict=True), _IN_TURN, strict=False):
            timed.hot += [await _async_seconds(hot, text) for text, _ in turn]
            timed.cold += [await _async_seconds(cold, text) for text, _ in turn]
            timed.scan += [_scan_seconds(matrix, vector) for _, vector in turn]
    size = len(matrix)
    exact = times(size, "exact NumPy scan", timed.scan, None)
    seconds = exact.value / 1000
    from_file = [_file_scan_seconds(folder / DATABASE, vector) for vector in questions.vectors[:_FEW]]
    return [
        times(size, f"search, {HOT.name}", timed.hot, seconds),
        times(size, f"search, {COLD.name}", timed.cold, seconds),
        exact,
        times(size, "exact scan of the vectors in the file", from_file, seconds),
    ], seconds


async def async_recall_share(
    folder: Path, corpus: Corpus, questions: Questions, name: str, ways: Sequence[Way] = (HOT, COLD)
) -> list[Figure]:
    """Count how many of the TRUE nearest memories the whole search finds, with questions that have no words.

    Words have no weight there. The exact search prefers the caller's own memories just as much: that is part of the
    order that is wanted.
    """
    asked, seen = questions.without_words(), corpus.visible
    rows = {memory.id: row for row, memory in enumerate(seen.memories)}
    own = np.asarray([OWN * (memory.owner != HOUSEHOLD) for memory in seen.memories], np.float32)
    calibration = await async_calibrate(asked.embedder())
    figures = list[Figure]()
    for way in ways:
        found = right = 0
        async with async_engine(folder, asked.embedder(), way, EngineSettings(keyword_weight=0.0)) as engine:
            await async_warm(engine, CALLER, asked.texts[0])
            for text, vector in zip(asked.texts, asked.vectors, strict=True):
                request = RecallRequest(query=text, limit=TRUE, threshold=0.0, touch=False)
                hits = (await engine.async_recall(CALLER, request)).hits
                scores = calibration.score(seen.vectors @ vector) + own
                exact = np.sort(scores)[-TRUE:]
                mine = scores[[rows[hit.memory.id] for hit in hits]]
                right += int(np.count_nonzero(mine >= exact[0] - _AS_GOOD))
                found += len(exact)
        figures.append(
            Figure(
                size=len(seen.memories),
                name=f"recall@{TRUE}, {name}, {way.name}",
                unit=SHARE,
                value=right / found,
                exact=1.0,
            )
        )
    return figures


async def _async_seconds(engine: MemoryEngine, text: str) -> float:
    begin = time.perf_counter()
    await engine.async_recall(CALLER, RecallRequest(query=text, touch=False))
    return time.perf_counter() - begin


def _scan_seconds(matrix: Matrix, vector: Matrix) -> float:
    begin = time.perf_counter()
    scan(matrix, vector)
    return time.perf_counter() - begin


def _file_scan_seconds(path: Path, vector: Matrix) -> float:
    """Read every vector and compare it: what is left to do without an index and without holding them all in memory."""
    begin = time.perf_counter()
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT embedding FROM vector")
        matrix = np.frombuffer(b"".join(blob for (blob,) in rows), "<f4").reshape(-1, len(vector))
    scan(matrix, vector)
    return time.perf_counter() - begin
