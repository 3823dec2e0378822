"""What was acknowledged is there after ``kill -9`` and after a power cut, whatever was under way.

These are the short runs. ``scripts/crash_test`` goes on for as long as it is told.
"""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from random import Random
import shutil
import sqlite3

import pytest

from custom_components.semantic_memory.memory.engine import DATABASE
from custom_components.semantic_memory.memory.storage.migrations import STEPS

from .crash.harness import MigrationRounds, Nursery, WriteRounds, nursery
from .crash.power import PowerCuts
from .fakes import FakeEmbedder, OpenEngine, remember


@pytest.fixture
async def nurse() -> AsyncIterator[Nursery]:
    """Return what starts processes to be killed."""
    async with nursery() as running:
        yield running


@pytest.fixture
def seed() -> int:
    """Return what decides about every moment; a test that fails says which it was."""
    return Random().randrange(1_000_000)  # noqa: S311 - nothing secret about it


async def test_what_was_acknowledged_survives(nurse: Nursery, tmp_path: Path, seed: int) -> None:
    rounds = WriteRounds(tmp_path / "memory", seed)
    for _ in range(6):
        await rounds.run(nurse)
    assert rounds.ledger.acknowledged
    await rounds.check_recovery()


async def test_a_migration_is_there_or_not(nurse: Nursery, tmp_path: Path, seed: int) -> None:
    for version in range(3, len(STEPS) + 1):
        rounds = MigrationRounds(tmp_path / f"from{version}", seed, version)
        for _ in range(2):
            await rounds.run(nurse)


async def test_a_restore_is_there_or_not(nurse: Nursery, open_engine: OpenEngine, tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    engine = await open_engine(FakeEmbedder())
    await remember(engine, "before", key="before")
    snapshot = await engine.snapshots.async_take()
    await remember(engine, "after", key="after")
    await engine.async_close()
    states: list[list[str]] = []
    notes: list[str] = []
    for deaths in range(20):
        trial = tmp_path / f"trial{deaths}"
        shutil.copytree(folder, trial)
        about = {"job": "restore", "folder": str(trial), "snapshot": snapshot.name, "deaths": deaths}
        await nurse.run_and_kill(about, notes.append, 30)
        with closing(sqlite3.connect(trial / DATABASE)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            states.append([key for (key,) in connection.execute("SELECT key FROM memory ORDER BY seq")])
        if notes:
            break
    # Before some step, all of the one; from then on, all of the other.
    switch = states.index(["before"])
    assert switch > 0
    assert states == [["before", "after"]] * switch + [["before"]] * (len(states) - switch)
    assert notes == ["done"]


async def test_what_a_power_cut_leaves_is_what_was_there_at_some_moment(
    nurse: Nursery, tmp_path: Path, seed: int
) -> None:
    await PowerCuts(tmp_path / "memory", seed).run(nurse, cuts=6, tears=2)
