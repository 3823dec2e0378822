"""Calling uv, and what becomes of it."""

import asyncio
from collections.abc import Callable
import os
from pathlib import Path
import re
import shlex
import sys
import tempfile

import pytest

from custom_components.semantic_memory.memory.storage.sqlite_vec import fetch
from custom_components.semantic_memory.memory.storage.sqlite_vec.errors import UnobtainableError
from custom_components.semantic_memory.memory.storage.sqlite_vec.fetch import async_fetch
from custom_components.semantic_memory.memory.storage.sqlite_vec.wheel import TARGETS

TARGET = TARGETS["aarch64"]
_HANG = "echo $$ > {pids}; sleep 1000 & echo $! >> {pids}; echo ready >> {pids}; wait"

type MakeUv = Callable[[str], None]


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeUv:
    """Return a function that has a shell script stand for ``python -m uv``, with uv's --target in $target."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def make(script: str) -> None:
        program = tmp_path / "python"
        find_target = 'for word in "$@"; do [ "$before" = --target ] && target="$word"; before="$word"; done'
        program.write_text(f"#!/bin/sh\n{find_target}\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return make


@pytest.fixture(autouse=True)
def _nothing_left(tmp_path: Path, uv: MakeUv) -> object:
    """See that no temporary file stays."""
    yield
    assert list((tmp_path / "temporary").iterdir()) == []


async def test_the_file_of_the_wheel(uv: MakeUv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of the user reach uv, and the requirement says what the wheel must be."""
    monkeypatch.setenv("UV_EXTRA_INDEX_URL", "https://index.test/simple")
    seen = shlex.quote(str(tmp_path / "seen"))
    uv(
        f'{{ echo "$UV_EXTRA_INDEX_URL"; echo "$@"; for last; do :; done; cat "$last"; }} > {seen}\n'
        'mkdir -p "$target/sqlite_vec" && printf content > "$target/sqlite_vec/vec0.so"'
    )
    assert await async_fetch(TARGET) == b"content"
    index, arguments, requirement = (tmp_path / "seen").read_text().splitlines()
    assert index == "https://index.test/simple"
    assert arguments.startswith("-m uv pip install ")
    for option in ("--require-hashes", "--no-deps", "--only-binary :all:", "--python-platform aarch64-manylinux2014"):
        assert option in arguments
    assert requirement == f"sqlite-vec==0.1.9 --hash=sha256:{TARGET.wheel}"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("/usr/bin/python3: No module named uv", "uv is missing in this Home Assistant"),
        (
            "error: Failed to fetch: https://index.test/sqlite-vec/\n  cause: dns error\n  cause: failed to lookup",
            "the package index cannot be reached",
        ),
        (
            "error: Failed to fetch: https://index.test/\n  cause: tcp connect error\n  cause: Connection refused",
            "the package index cannot be reached",
        ),
        ("error: operation timed out", "the package index cannot be reached"),
        (
            "error: No solution found\nhint: Packages were unavailable because the network was disabled.",
            "uv is set to work offline",
        ),
        (
            "error: No solution found when resolving dependencies\n  cause: Because sqlite-vec was not found",
            "the package index does not offer sqlite-vec 0.1.9 for this processor",
        ),
        (
            "error: Failed to download `sqlite-vec==0.1.9`\n  cause: Hash mismatch for `sqlite-vec==0.1.9`",
            "the package index sent another file than the official one",
        ),
        ("cause: failed to copy file: No space left on device (os error 28)", "the disk is full"),
        ("error: failed to create directory `/x`: Permission denied (os error 13)", "uv may not write to its folders"),
        (
            "\n  error: unexpected argument '--x' found\n\nUsage: uv",
            "uv failed: error: unexpected argument '--x' found",
        ),
        ("error: https://me:secret@index.test/ is odd", "uv failed: error: https://index.test/ is odd"),
        ("x" * 1000, "uv failed: " + "x" * 200),
        ("", "uv failed: it says nothing about it"),
    ],
)
async def test_uv_fails(uv: MakeUv, said: str, reason: str) -> None:
    uv(f"printf %s {shlex.quote(said)} >&2; exit 2")
    with pytest.raises(UnobtainableError, match=f"^{re.escape(reason)}$") as raised:
        await async_fetch(TARGET)
    assert not raised.value.final


async def test_the_wheel_holds_something_else(uv: MakeUv) -> None:
    uv('mkdir -p "$target/sqlite_vec"')
    with pytest.raises(UnobtainableError, match="does not hold sqlite_vec/vec0"):
        await async_fetch(TARGET)


async def test_there_is_no_python_to_start(monkeypatch: pytest.MonkeyPatch, uv: MakeUv) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(UnobtainableError, match="uv cannot be started: No such file or directory"):
        await async_fetch(TARGET)


@pytest.mark.parametrize("failing", ["mkdtemp", "write_text"])
async def test_there_is_no_room_for_temporary_files(monkeypatch: pytest.MonkeyPatch, uv: MakeUv, failing: str) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile if failing == "mkdtemp" else Path, failing, full)
    with pytest.raises(UnobtainableError, match="no temporary file can be written: No space left on device"):
        await async_fetch(TARGET)


async def started(pids: Path) -> list[int]:
    """Return the processes that a hanging uv consists of, once they are all there."""
    async with asyncio.timeout(10):
        while "ready" not in (words := _words(pids)):
            await asyncio.sleep(0.01)
    return [int(word) for word in words[:2]]


def _words(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []


async def gone(processes: list[int]) -> None:
    """Wait until these processes have ended."""
    async with asyncio.timeout(10):
        for process in processes:
            while _runs(process):
                await asyncio.sleep(0.01)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except ProcessLookupError, FileNotFoundError:
        return False
    return state != "Z"  # nobody may be there to collect an orphan


async def test_uv_hangs(uv: MakeUv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uv(_HANG.format(pids=shlex.quote(str(tmp_path / "pids"))))
    monkeypatch.setattr(fetch, "TIME_LIMIT", 1.0)
    with pytest.raises(UnobtainableError, match="takes too long"):
        await async_fetch(TARGET)
    await gone(await started(tmp_path / "pids"))


async def test_nobody_waits_for_uv_any_more(uv: MakeUv, tmp_path: Path) -> None:
    """Home Assistant ends, or the integration is loaded anew."""
    uv(_HANG.format(pids=shlex.quote(str(tmp_path / "pids"))))
    task = asyncio.create_task(async_fetch(TARGET))
    processes = await started(tmp_path / "pids")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(processes)


@pytest.mark.parametrize("steps", range(0, 60, 4))
async def test_it_is_given_up_at_any_step(uv: MakeUv, tmp_path: Path, steps: int) -> None:
    """While the folder is made, while uv is started, while it runs."""
    uv(_HANG.format(pids=shlex.quote(str(tmp_path / "pids"))))
    task = asyncio.create_task(async_fetch(TARGET))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone([int(word) for word in _words(tmp_path / "pids") if word.isdigit()])
