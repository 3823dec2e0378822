"""Many callers at once, and an event loop that is never held up."""

import asyncio
from collections.abc import Callable
import functools
import os
import random
import sqlite3
import threading
from typing import Any

import pytest

from custom_components.semantic_memory.memory.embedding import base, static
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import (
    Caller,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    RecallRequest,
)
from custom_components.semantic_memory.memory.storage import search

from .fakes import ALICE, NOBODY, FakeEmbedder, OpenEngine, assert_sound, remember, until


async def act(engine: MemoryEngine, number: int) -> dict[str, str]:
    """Do this and that as one person; return what has to be there in the end."""
    chance, caller = random.Random(number), Caller(user_id=f"person{number}")  # noqa: S311 - the same every time
    known: dict[str, str] = {}
    for step in range(25):
        key = f"k{chance.randrange(6)}"
        match chance.randrange(7):
            case 0 | 1:
                known[key] = (await remember(engine, f"automobile {number} {step}", caller, key=key)).value
            case 2 if key in known:
                changed = MemoryChanges(value=f"kitten {number} {step}", pinned=True)
                known[key] = (await engine.async_update(caller, key, changed)).value
            case 3 if key in known:
                await engine.async_forget(caller, [key], purge=chance.random() < 0.2)
                del known[key]
            case 4:
                result = await engine.async_recall(caller, RecallRequest(query="vehicle or feline", threshold=0.0))
                assert {hit.memory.value for hit in result.hits} <= set(known.values())
            case 5:
                page = await engine.async_list(caller, limit=50)
                assert {memory.key: memory.value for memory in page.memories} == known
            case _:
                assert {memory.key for memory in engine.pinned(caller)} <= known.keys()
                assert (await engine.async_stats(caller)).total == len(known)
    return known


async def test_what_is_kept_in_memory_follows_a_change_whose_caller_gave_up(engine: MemoryEngine) -> None:
    """A script that starts anew cancels the action that it waits for, which changes the file all the same."""
    for number in range(3):
        await remember(engine, f"secret {number}", key=f"k{number}", pinned=True)
    changes = [
        asyncio.create_task(engine.async_forget(ALICE, ["k0"])),
        asyncio.create_task(engine.async_forget(ALICE, ["k1"], purge=True)),
        asyncio.create_task(engine.async_update(ALICE, "k2", MemoryChanges(value="changed"))),
    ]
    await asyncio.sleep(0)
    for change in changes:
        change.cancel()
    await asyncio.gather(*changes, return_exceptions=True)
    assert all(change.cancelled() for change in changes)
    await until(lambda: [memory.value for memory in engine.pinned(ALICE)] == ["changed"])
    await until(lambda: engine.status.memories == 1)  # counted next, in another thread


async def test_closing_waits_for_changes_that_were_begun(open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder("built-in"))
    writes = [asyncio.create_task(remember(engine, f"value {number}", key=f"k{number}")) for number in range(20)]
    await asyncio.sleep(0)
    await engine.async_close()
    assert {memory.key for memory in await asyncio.gather(*writes)} == {f"k{number}" for number in range(20)}
    engine = await open_engine()
    assert engine.status.memories == 20


async def test_many_callers_at_once(open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder("built-in"), FakeEmbedder("server"))
    known = await asyncio.gather(*(act(engine, number) for number in range(16)))
    assert engine.status.memories == sum(map(len, known))
    await until(lambda: engine.status.pending == 0 and engine.status.model == "server")
    await assert_sound(engine)
    for number, expected in enumerate(known):
        page = await engine.async_list(Caller(user_id=f"person{number}"))
        assert {memory.key: memory.value for memory in page.memories} == expected
        pins = {memory.key for memory in engine.pinned(Caller(user_id=f"person{number}"))}
        assert pins == {memory.key for memory in page.memories if memory.pinned}


async def test_everybody_on_the_same_memory(open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder("built-in"))
    results = await asyncio.gather(
        *(remember(engine, f"automobile {number}", NOBODY, key="ours") for number in range(10)),
        *(remember(engine, "the very same sentence", NOBODY) for _ in range(10)),
    )
    assert len({memory.id for memory in results[:10]}) == 1
    assert len({memory.id for memory in results[10:]}) == 1
    assert len(await engine.async_history(NOBODY, "ours")) == 10
    await until(lambda: engine.status.pending == 0)
    await assert_sound(engine)


class Watch:
    """Notes what is done, and what of it in the thread that made this."""

    def __init__(self) -> None:
        """Watch the thread of the event loop."""
        self._loop_thread = threading.current_thread()
        self.done: set[str] = set()
        self.culprits: set[str] = set()

    def over[**P, T](self, name: str, function: Callable[P, T]) -> Callable[P, T]:
        """Return a function that does the same and is noted."""

        @functools.wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
            self.done.add(name)
            if threading.current_thread() is self._loop_thread:
                self.culprits.add(name)
            return function(*args, **kwargs)

        return wrapped


@pytest.fixture
async def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Watch what takes its time: files, the database, the model and searches."""
    watch = Watch()

    class Watched(sqlite3.Connection):
        execute = watch.over("execute", sqlite3.Connection.execute)
        executemany = watch.over("executemany", sqlite3.Connection.executemany)
        close = watch.over("close", sqlite3.Connection.close)

    def connect(
        *args: Any, factory: type[sqlite3.Connection] = sqlite3.Connection, **kwargs: Any
    ) -> sqlite3.Connection:
        return real_connect(*args, **kwargs, factory=type("Watched", (Watched, factory), {}))

    real_connect: Callable[..., sqlite3.Connection] = watch.over("connect", sqlite3.connect)
    monkeypatch.setattr(sqlite3, "connect", connect)
    monkeypatch.setattr(StaticEmbedder, "embed", watch.over("embed", StaticEmbedder.embed))
    monkeypatch.setattr(static, "checked_unit_vectors", watch.over("check", base.checked_unit_vectors))
    monkeypatch.setattr(search, "run", watch.over("search", search.run))
    monkeypatch.setattr("os.open", watch.over("open", os.open))
    return watch


async def test_the_event_loop_does_none_of_the_work(
    open_engine: OpenEngine, built_in: StaticEmbedder, watch: Watch
) -> None:
    engine = await open_engine(built_in)
    await asyncio.gather(
        *(remember(engine, f"{number} " + "word " * 3_000, key=f"k{number}") for number in range(20)),
        *(engine.async_recall(ALICE, RecallRequest(query=f"{number} " + "key " * 25_000)) for number in range(5)),
        *(engine.async_list(ALICE, MemoryFilter(text="word " * 3_000)) for _ in range(3)),
    )
    await engine.async_remember(ALICE, MemoryDraft(value="x", key="k0", pinned=True))
    await engine.async_update(ALICE, "k1", MemoryChanges(value="y"))
    await engine.async_get(ALICE, "k2")
    await engine.async_history(ALICE, "k2")
    await engine.async_stats(None)
    await engine.async_forget(ALICE, ["k3"])
    await engine.async_restore(ALICE, "k3")
    await engine.async_forget(ALICE, ["k3"], purge=True)
    await engine.async_run_maintenance()
    await engine.async_reembed()
    await engine.async_load_index()
    await until(lambda: engine.status.pending == 0)
    await engine.async_close()
    assert watch.done == {"execute", "executemany", "close", "connect", "embed", "check", "search", "open"}
    assert watch.culprits == set()
