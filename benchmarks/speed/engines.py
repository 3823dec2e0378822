"""Engines to measure, and the few places where measuring looks behind their doors."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custom_components.semantic_memory.memory.embedding.base import Embedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, EngineSettings, RecallRequest
from custom_components.semantic_memory.memory.status import EngineEvent

_IN_BETWEEN: Final = ("checks", "maintenance", "snapshots")
"""Tasks that begin some time after the start, and would be measured along with whatever happens then."""
_LOOK_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Way:
    """How an engine is to search."""

    name: str
    in_memory: bool
    """Whether it may keep an index in memory, or searches the file alone."""


HOT: Final = Way("in memory", in_memory=True)
COLD: Final = Way("sqlite-vec alone", in_memory=False)


@asynccontextmanager
async def async_engine(
    folder: Path, embedder: Embedder, way: Way = HOT, settings: EngineSettings | None = None
) -> AsyncGenerator[MemoryEngine]:
    """Run an engine on the store in ``folder``, whose embedder is the only one, without what it does in between."""
    engine = await MemoryEngine.async_open(folder, settings or EngineSettings())
    try:
        if not way.in_memory:
            _keep_nothing_in_memory(engine)
        await engine.async_start(embedder)
        for task in _IN_BETWEEN:
            await engine._background.async_stop(task)  # noqa: SLF001 - there is no other way, and nobody else needs one
        await async_settled(engine)
        yield engine
    finally:
        await engine.async_close()


async def async_settled(engine: MemoryEngine) -> None:
    """Wait until every memory has its vector."""
    told = asyncio.Event()

    def listen(_: EngineEvent) -> None:
        told.set()

    end = engine.subscribe(listen)
    try:
        while engine.status.pending:
            told.clear()
            await told.wait()
    finally:
        end()


async def async_warm(engine: MemoryEngine, caller: Caller, query: str) -> None:
    """Search until all that is to be in memory for this caller is there."""
    tier = engine._upkeep._tier  # noqa: SLF001 - only a measurement cares
    while True:
        await engine.async_recall(caller, RecallRequest(query=query, touch=False))
        while tier._wanted or tier._fillings:  # noqa: ASYNC110, SLF001 - they have nobody to tell
            await asyncio.sleep(_LOOK_SECONDS)
        if tier.nbytes or not tier.budget:
            return


def _keep_nothing_in_memory(engine: MemoryEngine) -> None:
    engine._upkeep._tier.budget = 0  # noqa: SLF001 - people need no such setting
