"""An engine in a folder of the test's own, with a clock that the test sets."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from custom_components.semantic_memory.memory import outage, upkeep, worker
from custom_components.semantic_memory.memory.embedding.base import Embedder
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import EngineSettings
from custom_components.semantic_memory.memory.storage.vec import IndexUnavailableError
from custom_components.semantic_memory.memory.worker import MakeEmbedder

from .fakes import Clock, OpenEngine


@pytest.fixture(scope="session")
def built_in() -> StaticEmbedder:
    """Return the built-in model, loaded once."""
    return StaticEmbedder.load()


@pytest.fixture
def clock() -> Clock:
    """Return the time that the engine goes by."""
    return Clock()


@pytest.fixture
async def open_engine(tmp_path: Path, clock: Clock) -> AsyncIterator[OpenEngine]:
    """Return a function that opens an engine; several of them one after the other share the file."""
    opened: list[MemoryEngine] = []

    async def open_(
        embedder: Embedder | None = None,
        preferred: Embedder | None = None,
        make: MakeEmbedder | None = None,
        *,
        settings: EngineSettings | None = None,
        start: bool = True,
    ) -> MemoryEngine:
        engine = await MemoryEngine.async_open(tmp_path / "memory", settings or EngineSettings(), clock=clock)
        opened.append(engine)
        if start:
            await engine.async_start(embedder, preferred, make)
        return engine

    yield open_
    for engine in opened:
        await engine.async_close()


@pytest.fixture
async def engine(open_engine: OpenEngine, built_in: StaticEmbedder) -> MemoryEngine:
    """Return an engine with the built-in model."""
    return await open_engine(built_in)


@pytest.fixture
def without_sqlite_vec() -> Iterator[pytest.MonkeyPatch]:
    """Let sqlite-vec be missing, until ``undo`` is called on what this returns."""

    def fail(*_: object) -> None:
        raise IndexUnavailableError("sqlite-vec is not installed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upkeep, "load_extension", fail)
        yield patch


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the worker look for a lost server, or for a database that works, all the time."""
    monkeypatch.setattr(worker, "_STORAGE_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(outage, "RETRY_SECONDS", (0.01, 0.01))
