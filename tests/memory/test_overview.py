"""What is in use to find memories, as people who look after the system see it."""

import sqlite3

import sqlite_vec

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.overview import SpaceInUse

from .fakes import ALICE, BOB, NOBODY, FakeEmbedder, OpenEngine, remember, until


async def test_vectors_are_counted_of_what_one_may_see(engine: MemoryEngine) -> None:
    await remember(engine, "The cat is called Tom", key="cat")
    await remember(engine, "The dog is called Rex", key="dog")
    await remember(engine, "Dinner is at six", NOBODY, key="dinner")
    await engine.async_forget(ALICE, ["dog"])
    await until(lambda: engine.status.pending == 0)

    for caller, vectors in ((ALICE, 2), (BOB, 1), (NOBODY, 1)):
        space = await engine.overview.async_space(caller)
        assert space == SpaceInUse(model="built-in", dimension=384, vectors=vectors, ready=True)

    def drop(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM vector WHERE memory_seq = 1")

    await engine._database.async_write(drop)
    space = await engine.overview.async_space(ALICE)
    assert space is not None
    assert space.vectors == 1


async def test_the_space_is_that_which_serves(open_engine: OpenEngine, built_in: StaticEmbedder) -> None:
    engine = await open_engine(built_in, FakeEmbedder(dimension=32))
    await remember(engine, "The cat is called Tom")
    await until(lambda: engine.status.model == "fake" and engine.status.pending == 0)
    assert await engine.overview.async_space(ALICE) == SpaceInUse(model="fake", dimension=32, vectors=1, ready=True)


async def test_without_a_model_there_is_no_space(open_engine: OpenEngine) -> None:
    engine = await open_engine(None)
    assert await engine.overview.async_space(ALICE) is None


async def test_the_version_of_the_index(engine: MemoryEngine) -> None:
    assert await engine.overview.async_index_version() == f"v{sqlite_vec.__version__}"


async def test_without_the_index_it_has_no_version(
    without_sqlite_vec: object, open_engine: OpenEngine, built_in: StaticEmbedder
) -> None:
    engine = await open_engine(built_in)
    assert await engine.overview.async_index_version() is None
