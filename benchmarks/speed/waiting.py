"""How long the event loop keeps others waiting while somebody searches without a pause."""

import asyncio
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
import time
from typing import Final

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import RecallRequest

from .corpus import CALLER, Corpus
from .engines import async_engine, async_warm
from .figures import Figure, times
from .searching import Questions

_BEAT: Final = 0.001
"""Seconds after which the heart wants to beat again."""


async def async_delays(folder: Path, corpus: Corpus, questions: Questions, beats: int, exact: float) -> list[Figure]:
    """Measure how late the loop comes to something that wants to run every millisecond: when idle, and in searches."""
    size = len(corpus.visible.memories)
    async with async_engine(folder, questions.embedder()) as engine:
        await async_warm(engine, CALLER, questions.texts[0])
        idle = await _async_late(beats)
        client = asyncio.create_task(_async_search_on(engine, questions.texts))
        searching = await _async_late(beats)
        client.cancel()
        await asyncio.gather(client, return_exceptions=True)
    return [
        times(size, "event-loop delay, idle", idle, exact),
        times(size, "event-loop delay, during searches", searching, exact),
    ]


async def _async_late(beats: int) -> list[float]:
    late = list[float]()
    for _ in range(beats):
        begin = time.perf_counter()
        await asyncio.sleep(_BEAT)
        late.append(max(0.0, time.perf_counter() - begin - _BEAT))
    return late


async def _async_search_on(engine: MemoryEngine, texts: Sequence[str]) -> None:
    for text in cycle(texts):
        await engine.async_recall(CALLER, RecallRequest(query=text, touch=False))
