"""What the engine says about itself."""

import asyncio
from pathlib import Path
import stat
import threading

import pytest

from custom_components.semantic_memory.memory.embedding.base import SpaceKey
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import DatabaseClosedError, DatabaseDamagedError, StorageError
from custom_components.semantic_memory.memory.models import Caller, EngineSettings, MemoryChanges, MemoryDraft
from custom_components.semantic_memory.memory.status import EmbedderState, EngineEvent, EngineStatus

from .fakes import ALICE, BOB, NOBODY, Clock, FakeEmbedder, OpenEngine, remember, until


async def test_stats_count_what_the_caller_sees(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "1", key="a", category="home", pinned=True)
    await remember(engine, "2", key="b", expires_in_days=3)
    await remember(engine, "3", key="c", scope="session")
    await remember(engine, "4", BOB, key="d")
    await remember(engine, "5", NOBODY, key="e", category="home")
    await remember(engine, "6", NOBODY, key="f")
    await engine.async_forget(NOBODY, ["f"])
    mine = await engine.async_stats(ALICE)
    assert (mine.total, mine.pinned, mine.expiring, mine.forgotten) == (4, 1, 2, 1)
    assert mine.by_scope == {"household": 1, "session": 1, "user": 2}
    assert mine.by_category == {"general": 2, "home": 2}
    assert mine.by_owner == {ALICE.user_id: 3, "household": 1}
    await until(lambda: engine.status.pending == 0)
    everything = await engine.async_stats(None)
    assert (everything.total, everything.by_owner[str(BOB.user_id)]) == (5, 1)
    assert (await engine.async_stats(NOBODY)).by_owner == {"household": 1}
    assert everything.database_bytes > 10_000
    assert everything.status == engine.status
    clock.pass_days(2)
    assert (await engine.async_stats(ALICE)).total == 3


async def test_the_status_of_a_new_store(open_engine: OpenEngine) -> None:
    engine = await open_engine(start=False)
    assert engine.status == EngineStatus(index="sqlite-vec")
    assert not engine.has_built_in


async def test_the_status_with_the_built_in_model(engine: MemoryEngine) -> None:
    events: list[EngineEvent] = []
    engine.subscribe(events.append)
    assert engine.has_built_in
    await remember(engine, "x", key="x")
    await until(lambda: engine.status.pending == 0)
    assert engine.status == EngineStatus(
        memories=1, embedder=EmbedderState.BUILT_IN, model="built-in", index="sqlite-vec"
    )
    assert {event.kind for event in events} == {"set", "status"}
    events.clear()
    await engine.async_forget(ALICE, ["x"])
    assert engine.status.memories == 0


async def test_the_embedders_can_be_chosen_again(open_engine: OpenEngine, built_in: StaticEmbedder) -> None:
    engine = await open_engine()
    await remember(engine, "kitten", key="pet")
    assert (engine.status.embedder, engine.status.pending) == (EmbedderState.KEYWORD, 1)
    await engine.async_start(built_in)
    await until(lambda: engine.status.pending == 0)
    assert (engine.status.embedder, engine.status.model) == (EmbedderState.BUILT_IN, "built-in")
    await engine.async_start(built_in, FakeEmbedder("other"))
    await until(lambda: engine.status.model == "other")
    assert (engine.status.embedder, engine.status.preferred_model) == (EmbedderState.OLLAMA, "other")


async def test_a_store_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    file = tmp_path / "memory" / "memory.db"
    file.write_bytes(b"This is no database, but it is long enough to be one. " * 100)
    with pytest.raises(DatabaseDamagedError):
        await MemoryEngine.async_open(tmp_path / "memory", EngineSettings())
    file.unlink()
    file.mkdir()
    with pytest.raises(StorageError):
        await MemoryEngine.async_open(tmp_path / "memory", EngineSettings())


async def test_a_store_whose_index_fails_leaves_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: MemoryEngine) -> None:
        raise StorageError(reason="broken")

    monkeypatch.setattr(MemoryEngine, "async_load_index", fail)
    with pytest.raises(StorageError):
        await MemoryEngine.async_open(tmp_path / "memory", EngineSettings())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("semantic_memory")]


async def test_a_start_that_closing_interrupts_leaves_no_task(open_engine: OpenEngine) -> None:
    """A model that is fetched late is put to use while the integration is unloaded."""
    engine = await open_engine()
    embedder, asked = FakeEmbedder(), asyncio.Event()

    async def async_space() -> SpaceKey:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    embedder.async_space = async_space  # type: ignore[method-assign]
    starting = asyncio.create_task(engine.async_start(embedder))
    await asked.wait()
    starting.cancel()
    await engine.async_close()
    await asyncio.gather(starting, return_exceptions=True)
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("semantic_memory")] == []


async def test_nothing_is_changed_any_more_while_it_is_closed(engine: MemoryEngine) -> None:
    """A purge that began now could not reach the snapshots."""
    memory = await remember(engine, "The cat is called Tom", key="cat")
    await engine.snapshots.async_take()
    closing = asyncio.create_task(engine.async_close())
    await asyncio.sleep(0)
    with pytest.raises(DatabaseClosedError):
        await engine.async_forget(ALICE, [memory.id], purge=True)
    await closing


async def test_only_the_owner_of_the_files_can_read_them(engine: MemoryEngine, tmp_path: Path) -> None:
    await remember(engine, "x")
    assert stat.S_IMODE((tmp_path / "memory").stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "memory").iterdir()}
    assert modes == dict.fromkeys(["memory.db", "memory.db-shm", "memory.db-wal"], 0o600)


async def test_core_facts_follow_the_memories(engine: MemoryEngine, clock: Clock) -> None:
    """The first facts that a person told about themselves, and nobody else's."""

    def facts(caller: Caller) -> list[str]:
        return [memory.key for memory in engine.core_facts(caller)]

    for number in range(7):
        draft = MemoryDraft(key=f"fact {number}", value=str(number), category="user", expires_in_days=number + 1)
        await engine.async_remember(ALICE, draft)
    await engine.async_remember(ALICE, MemoryDraft(key="ours", value="ours", category="user", scope="household"))
    await engine.async_remember(BOB, MemoryDraft(key="his", value="his", category="user"))
    assert facts(ALICE) == [f"fact_{number}" for number in range(5)]
    assert facts(BOB) == ["his"]
    assert facts(NOBODY) == []
    await engine.async_forget(ALICE, ["fact 1"])
    assert facts(ALICE) == ["fact_0", "fact_2", "fact_3", "fact_4", "fact_5"]
    await engine.async_update(ALICE, "fact 2", MemoryChanges(category="home"))
    await engine.async_update(ALICE, "fact 3", MemoryChanges(pinned=True))
    assert facts(ALICE) == ["fact_0", "fact_4", "fact_5", "fact_6"]
    clock.pass_days(2)
    assert facts(ALICE) == ["fact_4", "fact_5", "fact_6"]
