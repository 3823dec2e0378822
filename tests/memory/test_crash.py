"""What was acknowledged is there after ``kill -9``."""

import asyncio
from pathlib import Path
import random
import subprocess
import sys
import threading

from custom_components.semantic_memory.memory.errors import MemoryNotFoundError

from .fakes import ALICE, FakeEmbedder, OpenEngine, assert_sound, until

ROOT = Path(__file__).parents[2]
ROUNDS = 3


def acknowledged_until_killed(folder: Path, name: str, after: int) -> dict[str, str]:
    """Let a process write, kill it after so many acknowledgements; return the last word on each key."""
    command = [sys.executable, "-m", "tests.memory.crash_writer", str(folder), name]
    said: dict[str, str] = {}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        killer = threading.Timer(30, process.kill)  # should it ever get stuck
        killer.start()
        assert process.stdout is not None
        for count, line in enumerate(process.stdout):
            if count == after:
                process.kill()
            if line.endswith("\n"):
                what, key, value = line.rstrip("\n").split("\t")
                said[key] = value if what == "is" else ""
        killer.cancel()
    assert process.returncode == -9
    return said


async def test_what_was_acknowledged_survives(open_engine: OpenEngine, tmp_path: Path) -> None:
    said: dict[str, str] = {}
    loop = asyncio.get_running_loop()
    for number in range(ROUNDS):
        # The point at which it is killed lies anywhere: after the first words, or amid the worker's batches.
        after = random.randint(0, 60)  # noqa: S311 - nothing secret about it
        # Each round goes on with the file that the one before has left behind.
        said |= await loop.run_in_executor(
            None, acknowledged_until_killed, tmp_path / "memory", f"round{number}", after
        )
    assert len(said) >= ROUNDS
    engine = await open_engine(FakeEmbedder("built-in"), FakeEmbedder("server"))
    for key, value in said.items():
        try:
            memory = await engine.async_get(ALICE, key)
        except MemoryNotFoundError:
            assert not value, key
            continue
        # The next change of it may have been made, and not acknowledged any more.
        assert memory.value in (value, value.replace("first", "second")), key
    await until(lambda: engine.status.pending == 0 and engine.status.model == "server")
    await assert_sound(engine)
    stats = await engine.async_stats(ALICE)
    assert stats.total >= sum(bool(value) for value in said.values())
    waiting = await engine._database.async_read(
        lambda connection: connection.execute(
            "SELECT count(*) FROM memory, space WHERE deleted_at IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM vector WHERE space_id = space.id AND memory_seq = seq)"
        ).fetchone()
    )
    assert waiting == (0,)
