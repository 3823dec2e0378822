"""Disks that are full, read-only or not ours: an error in words, nothing lost, and it goes on by itself."""

from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
import itertools
from pathlib import Path
import sqlite3

import pytest

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import DatabaseUnavailableError, StorageError
from custom_components.semantic_memory.memory.models import EngineSettings, Memory
from custom_components.semantic_memory.memory.storage import snapshot_files

from ..small_disk import Disk, small_disk
from .fakes import ALICE, assert_sound, remember

FULL = "the disk is full"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Return a disk of 8 MB."""
    with small_disk(tmp_path / "disk", 8) as disk:
        yield disk


@pytest.fixture
async def on_disk(disk: Disk, built_in: StaticEmbedder) -> AsyncIterator[MemoryEngine]:
    """Return an engine whose files are on that disk."""
    engine = await MemoryEngine.async_open(disk.path / "memory", EngineSettings())
    await engine.async_start(built_in)
    yield engine
    await engine.async_close()


async def _fill_up(engine: MemoryEngine) -> list[str]:
    """Store until it does not work any more; return what was acknowledged."""
    return [memory.key for memory in await _until_full(_remembering(engine, 0))]


def _remembering(engine: MemoryEngine, start: int) -> Iterator[Coroutine[None, None, Memory]]:
    return (remember(engine, f"{number} " * 1_500, key=f"n{number}") for number in itertools.count(start))


async def _until_full(attempts: Iterable[Coroutine[None, None, Memory]]) -> list[Memory]:
    """Try one after the other until the disk is full; return what was acknowledged."""
    done: list[Memory] = []
    for attempt in attempts:
        try:
            done.append(await attempt)
        except DatabaseUnavailableError:
            return done
    pytest.fail("the disk was never full")


def _fault(engine: MemoryEngine) -> str | None:
    """Return what is wrong now; type checkers do not know that it changes."""
    return engine.status.storage_error


async def _all_keys(engine: MemoryEngine) -> list[str]:
    page = await engine.async_list(ALICE, limit=200)
    keys = [memory.key for memory in page.memories]
    while page.cursor:
        page = await engine.async_list(ALICE, limit=200, cursor=page.cursor)
        keys += [memory.key for memory in page.memories]
    return sorted(keys)


async def test_a_full_disk_keeps_what_was_acknowledged(on_disk: MemoryEngine, disk: Disk) -> None:
    acknowledged = await _fill_up(on_disk)
    assert _fault(on_disk) == "database_unavailable"
    assert await _all_keys(on_disk) == sorted(acknowledged)
    with pytest.raises(StorageError):
        await on_disk.snapshots.async_take()
    assert await _all_keys(on_disk) == sorted(acknowledged)


async def test_it_goes_on_when_there_is_room(on_disk: MemoryEngine, disk: Disk) -> None:
    await remember(on_disk, "The cat is called Tom", key="cat")
    disk.fill()
    acknowledged = ["cat", *await _fill_up(on_disk)]
    assert _fault(on_disk) == "database_unavailable"
    disk.empty()
    await remember(on_disk, "The dog is called Rex " * 300, key="dog")
    assert _fault(on_disk) is None
    assert await _all_keys(on_disk) == sorted([*acknowledged, "dog"])
    await assert_sound(on_disk)


async def test_a_purge_on_a_full_disk(on_disk: MemoryEngine, disk: Disk) -> None:
    """Deleting needs room in the log, which is used again once it has been moved into the file: none of them fails."""
    for number in range(20):
        await remember(on_disk, f"x{number}wombat " * 800, key=f"n{number}")
    await on_disk._database.async_maintain(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    disk.fill(leave=300_000)
    for number in range(10):
        await on_disk.async_forget(ALICE, [f"n{number}"], purge=True)
    assert await _all_keys(on_disk) == sorted(f"n{number}" for number in range(10, 20))
    disk.empty()
    await on_disk.async_forget(ALICE, ["n10"], purge=True)
    assert _fault(on_disk) is None
    await assert_sound(on_disk)
    assert not any(
        f"x{number}wombat".encode() in (disk.path / "memory" / "memory.db").read_bytes() for number in range(10)
    )


async def test_a_purge_that_is_refused_changes_nothing(on_disk: MemoryEngine, disk: Disk) -> None:
    """The file cannot grow either: there is no room at all."""
    acknowledged = await _fill_up(on_disk)
    disk.fill()
    with pytest.raises(DatabaseUnavailableError) as caught:
        await on_disk.async_forget(ALICE, acknowledged[:50], purge=True)
    assert caught.value.placeholders["reason"] == FULL
    assert await _all_keys(on_disk) == sorted(acknowledged)
    disk.empty()
    (disk.path / "memory" / "something").touch()
    await assert_sound(on_disk)


async def test_starting_on_a_full_disk(on_disk: MemoryEngine, disk: Disk, built_in: StaticEmbedder) -> None:
    """The log's index does not fit; the file stays as it is, and is opened when there is room."""
    await remember(on_disk, "The cat is called Tom", key="cat")
    await on_disk.async_close()
    file = disk.path / "memory" / "memory.db"
    before = file.read_bytes()
    disk.fill()
    with pytest.raises(DatabaseUnavailableError) as caught:
        await MemoryEngine.async_open(disk.path / "memory", EngineSettings())
    assert caught.value.placeholders == {"path": str(file), "reason": FULL}
    assert file.read_bytes() == before
    disk.empty()
    engine = await MemoryEngine.async_open(disk.path / "memory", EngineSettings())
    assert await _all_keys(engine) == ["cat"]
    await engine.async_close()


async def test_a_first_start_on_a_full_disk(disk: Disk) -> None:
    disk.fill()
    with pytest.raises(DatabaseUnavailableError):
        await MemoryEngine.async_open(disk.path / "memory", EngineSettings())
    disk.empty()
    engine = await MemoryEngine.async_open(disk.path / "memory", EngineSettings())
    await engine.async_close()


async def test_a_disk_that_becomes_read_only(on_disk: MemoryEngine, disk: Disk) -> None:
    """As the kernel does with a disk that fails: what can be read is read on."""
    await remember(on_disk, "The cat is called Tom", key="cat")
    await on_disk.async_close()
    disk.protect(read_only=True)
    with pytest.raises(DatabaseUnavailableError) as caught:
        await MemoryEngine.async_open(disk.path / "memory", EngineSettings())
    assert "ead-only" in caught.value.placeholders["reason"]
    disk.protect(read_only=False)
    engine = await MemoryEngine.async_open(disk.path / "memory", EngineSettings())
    assert await _all_keys(engine) == ["cat"]
    await engine.async_close()


async def _limit(engine: MemoryEngine, pages: int) -> None:
    """Let the file not grow any more, as if the disk were full."""

    def limit(connection: sqlite3.Connection) -> None:
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={count + pages}").fetchone()

    await engine._database.async_maintain(limit)


async def test_a_file_that_cannot_grow(engine: MemoryEngine) -> None:
    """The same without a disk of its own, wherever the tests run."""
    for number in range(40):
        await remember(engine, f"{number} " * 1_500, key=f"n{number}")
    await _limit(engine, 20)
    acknowledged = [f"n{number}" for number in range(40)]
    acknowledged += [memory.key for memory in await _until_full(_remembering(engine, 40))]
    assert _fault(engine) == "database_unavailable"
    assert await _all_keys(engine) == sorted(acknowledged)

    await engine.async_forget(ALICE, acknowledged[:20], purge=True)
    assert _fault(engine) is None
    await remember(engine, "There is room again " * 100, key="again")
    assert await _all_keys(engine) == sorted([*acknowledged[20:], "again"])
    await assert_sound(engine)


async def test_one_line_in_the_log_when_it_goes_and_one_when_it_comes_back(
    engine: MemoryEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await _limit(engine, 0)
    for _ in range(5):
        with pytest.raises(DatabaseUnavailableError):
            await remember(engine, "wombat " * 2_000, key="animal")
    await _limit(engine, 10_000)
    for _ in range(3):
        await remember(engine, "wombat " * 2_000, key="animal")
    said = [record.getMessage() for record in caplog.records if "memory database" in record.getMessage()]
    assert [line.partition(":")[0] for line in said] == [
        "The memory database cannot be used",
        "The memory database can be written again",
    ]


async def test_a_snapshot_that_does_not_fit(on_disk: MemoryEngine, disk: Disk) -> None:
    for number in range(5):
        await remember(on_disk, f"{number} " * 1_500, key=f"n{number}")
    taken = await on_disk.snapshots.async_take()
    disk.fill(leave=taken.size)
    with pytest.raises(StorageError) as caught:
        await on_disk.snapshots.async_take()
    assert caught.value.code == "no_room"
    assert [file.name for file in snapshot_files.files(on_disk.snapshots.folder)] == [taken.name]
