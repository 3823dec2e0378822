"""Files and folders that Home Assistant may not write, in a process that is not root."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
import json
import os
from pathlib import Path
import shutil
import sys
import tempfile
from typing import Any, NamedTuple

import pytest

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import EngineSettings

from .fakes import remember
from .unprivileged import NOBODY

ROOT = Path(__file__).parents[2]


class Case(NamedTuple):
    """Something that is not as it should be, how it is brought about and how mended."""

    name: str
    spoil: Callable[[Path], object]
    mend: Callable[[Path], object]
    needs_root: bool = False
    """Only root can make files another user's."""


def _give(folder: Path, *, name: str, to: int) -> None:
    """Make a file somebody else's."""
    path = folder / name
    path.touch(mode=0o600)
    os.chown(path, to, to)


CASES = (
    Case("read-only folder", lambda folder: folder.chmod(0o500), lambda folder: folder.chmod(0o700)),
    Case("closed folder", lambda folder: folder.chmod(0o000), lambda folder: folder.chmod(0o700)),
    Case(
        "read-only file",
        lambda folder: (folder / "memory.db").chmod(0o400),
        lambda folder: (folder / "memory.db").chmod(0o600),
    ),
    Case(
        "folder in place of the log",
        lambda folder: (folder / "memory.db-wal").mkdir(),
        lambda folder: (folder / "memory.db-wal").rmdir(),
    ),
    # As it is left by somebody who looked at the database as root.
    *(
        Case(
            f"{name} of another user",
            partial(_give, name=name, to=0),
            partial(_give, name=name, to=NOBODY),
            needs_root=True,
        )
        for name in ("memory.db", "memory.db-wal", "memory.db-shm")
    ),
)
REASONS = {"Permission denied", "the file cannot be opened", "the file or its folder is read-only"}


@pytest.fixture
def outer() -> Iterator[Path]:
    """Return a folder that the other user can get to, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


async def _async_store(folder: Path) -> None:
    """Make a database with one memory in it, as the other user has it."""
    engine = await MemoryEngine.async_open(folder, EngineSettings())
    await remember(engine, "The cat is called Tom")
    await engine.async_close()
    if os.geteuid() == 0:
        for path in (folder, folder / "memory.db"):
            os.chown(path, NOBODY, NOBODY)


async def _async_look(folders: list[Path]) -> list[dict[str, Any]]:
    """Open the memories as the other user does."""
    command = (sys.executable, "-m", "tests.memory.unprivileged", *map(str, folders))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    answers: list[dict[str, Any]] = json.loads(output)
    return answers


async def test_what_may_not_be_written_is_refused_in_words_and_left_as_it_is(outer: Path) -> None:
    """All cases in one process, because starting one takes seconds; the first folder is the control."""
    cases = [case for case in CASES if not case.needs_root or os.geteuid() == 0]
    folders = [outer / "sound", *(outer / case.name for case in cases)]
    for folder in folders:
        await _async_store(folder)
    before = [(folder / "memory.db").read_bytes() for folder in folders]
    for case in cases:
        case.spoil(outer / case.name)
    control, *refused = await _async_look(folders)
    assert control == {"memories": 1}
    for case, answer in zip(cases, refused, strict=True):
        assert answer.get("code") == "database_unavailable", case.name
        assert answer["path"] == str(outer / case.name / "memory.db")
        assert answer["reason"] in REASONS, case.name

    for case in cases:
        case.mend(outer / case.name)
    # The control was opened, which writes to its file.
    assert [(folder / "memory.db").read_bytes() for folder in folders][1:] == before[1:]
    assert await _async_look(folders) == [{"memories": 1}] * len(folders)
    if len(cases) < len(CASES):
        pytest.skip("NOT TESTED: files of another user, which only root can make")
