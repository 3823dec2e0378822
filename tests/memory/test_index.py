"""The index in memory: filled by searches, true to what was confirmed, the same with sqlite-vec and without."""

import asyncio
import random
import sqlite3
import sys
import threading
from unittest.mock import Mock

import pytest

from custom_components.semantic_memory.memory.drafts import prepare
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import StorageError
from custom_components.semantic_memory.memory.models import (
    Caller,
    Memory,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    RecallRequest,
    Scope,
)
from custom_components.semantic_memory.memory.policy import visible_owners
from custom_components.semantic_memory.memory.storage.changes import Change
from custom_components.semantic_memory.memory.storage.codes import Codes
from custom_components.semantic_memory.memory.storage.fillings import WORDS, Filling
from custom_components.semantic_memory.memory.storage.ram import RamTier
from custom_components.semantic_memory.memory.storage.scan import NoIndex
from custom_components.semantic_memory.memory.storage.search import VECTOR_CANDIDATES
from custom_components.semantic_memory.memory.storage.vec0 import Vec0Index

from .fakes import ALICE, NOBODY, FakeEmbedder, OpenEngine, assert_sound, remember, until
from .storage.stores import columns, content


@pytest.fixture(params=["sqlite-vec", "memory"])
def name(request: pytest.FixtureRequest) -> str:
    """Have sqlite-vec, and then do without it; return what serves."""
    if request.param == "memory":
        request.getfixturevalue("without_sqlite_vec")
    return str(request.param)


def tier_of(engine: MemoryEngine) -> RamTier:
    """Return the codes in memory."""
    return engine._upkeep._tier


async def found(engine: MemoryEngine, query: str, caller: Caller = ALICE, limit: int = 5) -> list[str]:
    """Return the keys of what is found."""
    result = await engine.async_recall(caller, RecallRequest(query=query, limit=limit, touch=False))
    return [hit.memory.key for hit in result.hits]


async def candidates(engine: MemoryEngine, embedder: FakeEmbedder, text: str, caller: Caller) -> set[str]:
    """Return the keys of what the index itself finds."""
    (query,) = embedder.embed([text])

    def search(connection: sqlite3.Connection) -> set[str]:
        seqs = engine._worker.index.search(connection, 1, visible_owners(caller), query, VECTOR_CANDIDATES)
        rows = connection.execute(f"SELECT key FROM memory WHERE seq IN ({','.join(map(str, seqs))})")  # noqa: S608
        return {key for (key,) in rows}

    keys = await engine._database.async_read(search)
    engine._upkeep.note_search()
    return keys


async def warm(engine: MemoryEngine, caller: Caller) -> None:
    """Have the codes that a caller's searches need in memory."""
    await found(engine, "anything", caller)
    wanted = {(1, owner) for owner in visible_owners(caller)}
    await until(lambda: wanted <= tier_of(engine)._held.keys())


async def test_searches_have_the_codes_read_in_the_background(
    open_engine: OpenEngine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await open_engine(FakeEmbedder())
    assert (engine.status.index, tier_of(engine).nbytes) == (name, 0)
    await remember(engine, "kitten", key="pet")
    await remember(engine, "automobile", NOBODY, key="car")
    assert (await found(engine, "feline"))[0] == "pet"
    await warm(engine, ALICE)
    for behind in (NoIndex, Vec0Index):
        monkeypatch.setattr(behind, "search", Mock(side_effect=AssertionError("the index behind was asked")))
    assert (await found(engine, "feline"))[0] == "pet"
    assert (await found(engine, "vehicle"))[0] == "car"
    await remember(engine, "residence", key="place")
    assert (await found(engine, "home"))[0] == "place"
    await engine.async_update(ALICE, "place", MemoryChanges(scope=Scope.HOUSEHOLD))
    assert (await found(engine, "home"))[0] == "place"
    await engine.async_forget(ALICE, ["pet"])
    assert "pet" not in await found(engine, "feline")
    await engine.async_restore(ALICE, "pet")
    assert (await found(engine, "feline"))[0] == "pet"
    await assert_sound(engine)


async def test_the_same_hits_from_every_index(open_engine: OpenEngine, without_sqlite_vec: pytest.MonkeyPatch) -> None:
    embedder = FakeEmbedder()
    engine = await open_engine(embedder)
    chance = random.Random(5)  # noqa: S311 - the same every time
    things = [f"thing{number}" for number in range(40)]
    scopes = [Scope.USER, Scope.USER, Scope.HOUSEHOLD]
    texts = [" ".join(chance.sample(things, 4)) for _ in range(600)]

    def store(change: Change) -> list[Memory]:
        drafts = [prepare(ALICE, MemoryDraft(value=text, scope=chance.choice(scopes))) for text in texts]
        return [change.remember(draft, None)[1] for draft in drafts]

    await engine._writes.async_changed("set", await engine._writes.async_change(ALICE, store), [])
    await until(lambda: engine.status.pending == 0)
    queries = [" ".join(chance.sample(things, 3)) for _ in range(25)]

    async def everything() -> list[list[str]]:
        return [await found(engine, query, limit=10) for query in queries]

    scanned = await everything()
    await warm(engine, ALICE)
    in_memory = await everything()
    without_sqlite_vec.undo()
    await engine.async_load_index()
    assert engine.status.index == "sqlite-vec"
    in_front_of_it = await everything()
    tier_of(engine)._forget({WORDS, 1})
    tier_of(engine).budget = 0
    assert scanned == in_memory == in_front_of_it == await everything()
    assert tier_of(engine).nbytes == 0


async def test_what_was_confirmed_is_found_whatever_goes_on(open_engine: OpenEngine, name: str) -> None:
    """Codes are read and let go of all the time, while others write and some changes fail."""
    embedder = FakeEmbedder()
    engine = await open_engine(embedder)
    tier = tier_of(engine)
    tier.budget = Codes(embedder.dimension).nbytes * 3
    tier.spare_budget = Codes(embedder.dimension, exact=True).spare_bytes * 2
    callers = [Caller(user_id=f"person{number}") for number in range(4)]

    async def live(caller: Caller) -> None:
        for number in range(25):
            key = f"{caller.user_id}_{number}"
            await remember(engine, f"fact {number}", caller, key=key)
            assert key in await candidates(engine, embedder, f"fact {number}", caller)
            if number % 3 == 0:
                await engine.async_forget(caller, [key])
                assert key not in await candidates(engine, embedder, f"fact {number}", caller)
            elif number % 10 == 5:
                await engine.async_update(caller, key, MemoryChanges(scope=Scope.HOUSEHOLD))
                assert key in await candidates(engine, embedder, f"fact {number}", NOBODY)
            if number % 4 == 0:
                with pytest.raises(ZeroDivisionError):
                    await engine._writes.async_change(caller, purge_and_fail)

    def purge_and_fail(change: Change) -> None:
        change.purge(list(change.select([change.actor or ""], (), MemoryFilter(scope=Scope.USER)).items()))
        raise ZeroDivisionError

    await asyncio.gather(*map(live, callers))
    assert tier.nbytes <= tier.budget + tier.spare_budget
    await assert_sound(engine)


async def test_a_failed_change_leaves_nothing(open_engine: OpenEngine, name: str) -> None:
    engine = await open_engine(FakeEmbedder())
    await remember(engine, "kitten", key="pet")
    await warm(engine, ALICE)

    def forget_and_fail(change: Change) -> None:
        found = change.select(visible_owners(ALICE), ["pet"], None)
        change.purge(list(found.items()))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await engine._writes.async_change(ALICE, forget_and_fail)
    await remember(engine, "automobile", key="car")
    assert (await found(engine, "feline"))[0] == "pet"
    await assert_sound(engine)


async def test_a_purge_leaves_no_code_in_memory(open_engine: OpenEngine, name: str) -> None:
    engine = await open_engine(FakeEmbedder())
    await remember(engine, "automobile", key="car")
    await remember(engine, "kitten", key="pet")
    await warm(engine, ALICE)
    codes = tier_of(engine)._held[1, "a" * 32]
    secret = content(codes)[2]
    assert secret in columns(codes)
    await engine.async_forget(ALICE, ["pet"], purge=True)
    assert tier_of(engine)._held[1, "a" * 32] is codes
    assert secret not in columns(codes)
    assert await found(engine, "vehicle") == ["car"]


async def test_embedding_anew_fills_it_anew(open_engine: OpenEngine, name: str) -> None:
    engine = await open_engine(FakeEmbedder())
    await remember(engine, "kitten", key="pet")
    await warm(engine, ALICE)
    await engine.async_reembed()
    await until(lambda: engine.status.pending == 0)
    assert await found(engine, "feline") == ["pet"]
    await warm(engine, ALICE)
    assert await found(engine, "feline") == ["pet"]
    await assert_sound(engine)


async def test_closing_does_not_wait_for_codes_to_be_read(
    open_engine: OpenEngine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = threading.Event()

    def read_on(_: Filling, connection: sqlite3.Connection) -> bool:
        reading.set()
        return True  # and so on, without end

    monkeypatch.setattr(Filling, "read_on", read_on)
    engine = await open_engine(FakeEmbedder())
    await remember(engine, "kitten", key="pet")
    await until(reading.is_set)
    assert await found(engine, "feline") == ["pet"], "questions take turns with it"
    await engine.async_close()
    assert (tier_of(engine).nbytes, tier_of(engine)._fillings) == (0, [])


async def test_codes_that_could_not_be_read_are_read_another_time(
    open_engine: OpenEngine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await open_engine(FakeEmbedder())
    failing = Mock(side_effect=StorageError(reason="the disk"))
    with monkeypatch.context() as patch:
        patch.setattr(Filling, "read_on", failing)
        await remember(engine, "kitten", key="pet")
        for _ in range(2):
            failing.reset_mock()
            assert await found(engine, "feline") == ["pet"]
            await until(lambda: failing.called)
    await warm(engine, ALICE)


async def test_numpy_is_missing(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """There are vectors of better days, and nobody who can read them."""
    embedder = FakeEmbedder()
    engine = await open_engine(embedder)
    for key in ("a", "b", "c"):
        await remember(engine, f"kitten {key}", key=key)
    await engine.async_forget(ALICE, ["c"])
    await engine.async_close()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "numpy", None)
        engine = await open_engine()
        assert engine.status.index == "none"
        assert "numpy" in (engine.status.index_error or "")
        await remember(engine, "the kitten sleeps", key="d")
        assert set(await found(engine, "kitten")) == {"a", "b", "d"}
        await engine.async_restore(ALICE, "c")
        await engine.async_forget(ALICE, ["a"])
        await engine.async_forget(ALICE, ["b"], purge=True)
        await engine.async_update(ALICE, "d", MemoryChanges(scope=Scope.HOUSEHOLD))
        assert set(await found(engine, "kitten")) == {"c", "d"}
        assert [record for record in caplog.records if record.exc_info] == []
        await assert_sound(engine)
    await engine.async_load_index()
    assert (engine.status.index, engine.status.index_error) == ("sqlite-vec", None)
    await engine.async_start(embedder)
    await until(lambda: engine.status.pending == 0)
    assert set(await found(engine, "feline")) == {"c", "d"}
    await assert_sound(engine)
