"""What is derived from the memories agrees with them, or is made anew."""

import asyncio
from contextlib import closing
from pathlib import Path
import sqlite3
import sys
import threading

import pytest

from custom_components.semantic_memory.memory import checking
from custom_components.semantic_memory.memory.engine import DATABASE, MemoryEngine
from custom_components.semantic_memory.memory.errors import (
    DatabaseDamagedError,
    DatabaseUnavailableError,
    IndexDamagedError,
)
from custom_components.semantic_memory.memory.models import MemoryChanges, MemoryFilter, RecallRequest
from custom_components.semantic_memory.memory.storage import spaces
from custom_components.semantic_memory.memory.storage.checks import Part

from .damage import DAMAGES, Damage
from .fakes import ALICE, FakeEmbedder, OpenEngine, assert_sound, remember, until

NUMBERS = ("one", "two", "three", "four", "five", "six")


@pytest.fixture
async def path(open_engine: OpenEngine, tmp_path: Path) -> Path:
    """Return a file with a few embedded memories, which nobody has open."""
    engine = await open_engine(FakeEmbedder())
    for number in NUMBERS:
        await remember(engine, f"The tree number {number} is an oak", key=number)
    await until(lambda: engine.status.pending == 0)
    await engine.async_close()
    return tmp_path / "memory" / DATABASE


def damaged(path: Path, sql: str) -> None:
    """Do something to a file with another program."""
    with closing(sqlite3.connect(path, autocommit=True)) as connection:
        connection.executescript(sql)


def parts(engine: MemoryEngine) -> set[Part]:
    """Return what the last check has found."""
    return {finding.part for finding in engine.checks.last.findings}


async def embedded(engine: MemoryEngine) -> None:
    """Wait until every memory has its vectors; the status may not know yet that a check has deleted some."""

    def waiting(connection: sqlite3.Connection) -> int:
        return sum(spaces.count_waiting(connection, space_id) for space_id in spaces.space_ids(connection))

    async with asyncio.timeout(10):
        while await engine._database.async_read(waiting) or engine.status.pending:
            await asyncio.sleep(0.01)


async def assert_serves(engine: MemoryEngine) -> None:
    """Check that every memory that is live is found, by word and by meaning, and that more can be stored."""
    await embedded(engine)
    added = await remember(engine, "The tree number nine is a lime", key="nine")
    page = await engine.async_list(ALICE)
    found = await engine.async_recall(ALICE, RecallRequest(query="The tree number", limit=20, threshold=0.0))
    assert {hit.memory.id for hit in found.hits} == {memory.id for memory in page.memories}
    assert added.id in {hit.memory.id for hit in found.hits}
    assert {hit.match.value for hit in found.hits} == {"both"}


async def test_nothing_is_found_in_what_the_engine_has_written(path: Path, open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder())
    assert parts(engine) == set()
    report = await engine.checks.async_run()
    assert report.thorough
    assert report.findings == ()
    assert engine.checks.last is report


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
async def test_what_disagrees_is_mended(
    path: Path, open_engine: OpenEngine, caplog: pytest.LogCaptureFixture, damage: Damage
) -> None:
    damaged(path, damage.sql)
    engine = await open_engine(FakeEmbedder())
    found = parts(engine)
    if damage.at_open:
        assert found == damage.parts
    found |= {finding.part for finding in (await engine.checks.async_run()).findings}
    assert found == damage.parts
    assert bool(damage.parts) == ("did not agree" in caplog.text)
    await embedded(engine)
    assert (await engine.checks.async_run()).findings == ()
    await assert_sound(engine)
    await assert_serves(engine)
    await engine.async_close()
    again = await open_engine(FakeEmbedder())
    assert parts(again) == set()
    await assert_serves(again)


async def test_a_bit_index_is_mended_without_sqlite_vec_too(
    path: Path, open_engine: OpenEngine, without_sqlite_vec: pytest.MonkeyPatch
) -> None:
    damaged(path, DAMAGES["codes: table rowids dropped"].sql)
    engine = await open_engine(FakeEmbedder())
    assert parts(engine) == {Part.CODES}
    await assert_serves(engine)
    assert (await engine.checks.async_run()).findings == ()
    await engine.async_close()
    without_sqlite_vec.undo()
    engine = await open_engine(FakeEmbedder())
    assert engine.status.index == "sqlite-vec"
    assert parts(engine) == set()
    await assert_sound(engine)


async def test_codes_are_left_alone_without_numpy(
    path: Path, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await open_engine(start=False)
    damaged(path, DAMAGES["codes: blank"].sql)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "numpy", None)
        assert (await engine.checks.async_run()).findings == ()
    assert {finding.part for finding in (await engine.checks.async_run()).findings} == {Part.CODES}


async def test_repeated_keys_are_numbered(path: Path, open_engine: OpenEngine) -> None:
    damaged(path, "DROP INDEX memory_key; UPDATE memory SET key = 'same' WHERE seq IN (2, 4, 5)")
    damaged(path, "UPDATE memory SET key = 'same_2' WHERE seq = 3")
    engine = await open_engine(FakeEmbedder())
    page = await engine.async_list(ALICE)
    assert {memory.key for memory in page.memories} == {"one", "same", "same_2", "same_3", "same_4", "six"}
    assert (await engine.async_get(ALICE, "same")).value == "The tree number five is an oak"


@pytest.mark.parametrize("table", ["history", "vector_code_1_info"])
async def test_a_damaged_page_is_damage(
    path: Path, open_engine: OpenEngine, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(range(256)) * (size // 256))
    engine = await open_engine(FakeEmbedder())
    with pytest.raises(DatabaseDamagedError):
        await engine.checks.async_run()
    assert parts(engine) == {Part.FILE}
    assert "The database is damaged" in caplog.text
    assert engine._database.fault == "database_damaged"


async def test_a_file_without_memories_is_damage(path: Path, open_engine: OpenEngine) -> None:
    damaged(path, "DROP TABLE history")
    with pytest.raises(DatabaseDamagedError):
        await open_engine()


async def test_rows_that_break_the_rules_are_told_of(
    path: Path, open_engine: OpenEngine, caplog: pytest.LogCaptureFixture
) -> None:
    damaged(path, "PRAGMA ignore_check_constraints = ON; UPDATE memory SET use_count = -1 WHERE seq < 3")
    engine = await open_engine(FakeEmbedder())
    report = await engine.checks.async_run()
    assert [(finding.part, finding.what) for finding in report.findings] == [
        (Part.MEMORIES, "CHECK constraint failed in memory")
    ]
    assert "rows that it must not have" in caplog.text
    assert (await engine.checks.async_run()).findings == report.findings


async def test_everything_is_checked_soon_after_the_start(
    path: Path, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_FIRST_SECONDS", 0.0)
    damaged(path, DAMAGES["codes: blank"].sql)
    engine = await open_engine(FakeEmbedder())
    await until(lambda: engine.checks.last.thorough)
    assert parts(engine) == {Part.CODES}
    await assert_sound(engine)


async def test_a_check_that_fails_does_not_end_the_checking(
    path: Path, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(checking, "_FIRST_SECONDS", 0.0)
    monkeypatch.setattr(checking, "SECONDS_PER_DAY", 0.001)

    async def fail() -> None:
        raise DatabaseUnavailableError(path=path, reason="another process has locked it")

    engine = await open_engine(start=False)
    with monkeypatch.context() as patch:
        patch.setattr(engine.checks, "async_run", fail)
        await engine.async_start(FakeEmbedder())
        await until(lambda: "could not be checked" in caplog.text)
    await until(lambda: engine.checks.last.thorough)


async def test_a_word_index_that_breaks_while_in_use_is_mended(path: Path, open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder())
    damaged(path, DAMAGES["words: pages blank"].sql)
    with pytest.raises(IndexDamagedError):
        await engine.async_update(ALICE, "two", MemoryChanges(value="The tree number two is an elm"))
    assert engine._database.fault is None  # nobody is told to restore a snapshot
    await until(lambda: parts(engine) == {Part.WORDS})
    await assert_serves(engine)
    await assert_sound(engine)


@pytest.mark.parametrize("damage", ["codes: no vectors", "codes: cut"])
async def test_a_vector_index_that_breaks_while_in_use_is_mended(
    path: Path, open_engine: OpenEngine, damage: str
) -> None:
    engine = await open_engine(FakeEmbedder())
    damaged(path, DAMAGES[damage].sql)
    with pytest.raises(IndexDamagedError):
        await engine.async_recall(ALICE, RecallRequest(query="The tree number"))
    assert engine._database.fault is None
    await until(lambda: parts(engine) == {Part.CODES})
    await assert_serves(engine)
    await assert_sound(engine)


async def test_a_word_index_that_went_on_is_not_taken_for_damage(path: Path, open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder())
    for _ in range(3):
        assert (await engine.checks.async_run()).findings == ()
        # Pages of the state that the reader has seen last are merged into others, and are not there any more.
        for number in range(20):
            await engine.async_update(ALICE, "two", MemoryChanges(value=f"The tree number two is oak {number}"))


async def test_a_check_that_nobody_waits_for_ends(path: Path, open_engine: OpenEngine) -> None:
    engine = await open_engine(start=False)
    begun = threading.Event()

    def count_forever(connection: sqlite3.Connection) -> None:
        begun.set()
        connection.execute("WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n")

    task = asyncio.create_task(engine.checks._async_read(count_forever))
    await until(begun.is_set)
    task.cancel()
    await asyncio.wait([task])
    await engine.async_close()  # waits for the readers


async def test_memories_can_be_stored_while_everything_is_checked(open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder())
    for number in range(3):
        await asyncio.gather(
            engine.checks.async_run(),
            *(remember(engine, f"The tree number {number} {place} is an ash") for place in range(20)),
            engine.async_forget(ALICE, where=MemoryFilter(text=f"{number - 1}"), purge=True),
        )
        assert parts(engine) == set()


@pytest.mark.parametrize("sqlite_vec", [True, False])
async def test_a_vector_of_another_length_hides_no_other(
    open_engine: OpenEngine, path: Path, request: pytest.FixtureRequest, *, sqlite_vec: bool
) -> None:
    """Until it is mended, the memory is found by its words alone, in every index and behind a filter."""
    if not sqlite_vec:
        request.getfixturevalue("without_sqlite_vec")
    engine = await open_engine(FakeEmbedder())
    damaged(path, "UPDATE vector SET embedding = zeroblob(8) WHERE memory_seq = 3")
    for where in (MemoryFilter(), MemoryFilter(text="oak")):
        for _ in range(2):  # from disk, then from memory
            wanted = RecallRequest(query="The tree number", limit=20, threshold=0.0, filter=where)
            assert len((await engine.async_recall(ALICE, wanted)).hits) == len(NUMBERS)
            await until(lambda: not engine._upkeep._tier._wanted and not engine._upkeep._tier._fillings)
    await engine.async_forget(ALICE, ["three"])
    await engine.async_restore(ALICE, "three")
    await engine.checks.async_run()
    assert Part.VECTORS in parts(engine)
    await engine.async_start(FakeEmbedder())  # counts what waits
    await assert_serves(engine)
    await assert_sound(engine)
