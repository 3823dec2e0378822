"""Two hundred callers at once: nobody gets another's memory, nothing is lost, nothing stands still."""

import asyncio
from collections.abc import Callable, Coroutine
import logging
import os
from pathlib import Path
import sys
from typing import Final

import pytest

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import EmbedderUnavailableError
from custom_components.semantic_memory.memory.models import HOUSEHOLD, EngineSettings
from custom_components.semantic_memory.memory.status import EmbedderState

from .crowd import Crowd, Member, everything_of, gather_members
from .fakes import FakeEmbedder, assert_sound, until

CALLERS: Final = 200
PEOPLE: Final = 20
SECONDS: Final = float(os.environ.get("CROWD_SECONDS", "60"))


async def run_crowd(
    folder: Path, built_in: StaticEmbedder, work: Callable[[Member], Coroutine[None, None, None]]
) -> Crowd:
    """Let everybody do ``work`` while the server goes away and comes back; check what is there in the end."""
    server = FakeEmbedder("server")
    engine = await MemoryEngine.async_open(folder, EngineSettings())
    try:
        await engine.async_start(built_in, server)
        crowd = Crowd(engine)
        members = gather_members(crowd, CALLERS, PEOPLE)
        async with crowd.watching_the_loop(), asyncio.TaskGroup() as group:
            for member in members:
                group.create_task(work(member))
            await until(lambda: len(crowd.seconds["search"]) > CALLERS // 4, 60)
            server.error = EmbedderUnavailableError(reason="gone")
            await until(lambda: engine.status.embedder_error is not None, 60)
            server.error = None
        engine.wake()
        await until(lambda: engine.status.pending == 0 and engine.status.embedder is EmbedderState.OLLAMA, 120)
        for owner in {HOUSEHOLD, *(member.owner for member in members)}:
            expected = {
                key: value for member in members if member.owner == owner for key, value in member.known.items()
            }
            assert await everything_of(engine, owner) == expected
        assert engine.status.memories == sum(len(member.known) for member in members)
        await assert_sound(engine)
    finally:
        await engine.async_close()
    return crowd


async def test_two_hundred_callers(tmp_path: Path, built_in: StaticEmbedder, caplog: pytest.LogCaptureFixture) -> None:
    async def work(member: Member) -> None:
        for _ in range(5):
            await member.act()

    await run_crowd(tmp_path, built_in, work)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 300)
async def test_two_hundred_callers_for_a_minute(
    tmp_path: Path,
    built_in: StaticEmbedder,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """CROWD_SECONDS sets how long. Prints how long the calls took, and how late the event loop was."""
    end = asyncio.get_running_loop().time() + SECONDS

    async def work(member: Member) -> None:
        while asyncio.get_running_loop().time() < end:
            await member.act()

    crowd = await run_crowd(tmp_path, built_in, work)
    with capsys.disabled():
        sys.stdout.write("\n".join(("", *crowd.report(), "")))
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
