"""Downloading the official wheel with the uv that Home Assistant brings along.

uv takes a wheel that was built for another platform, checks its hash, and knows the package indexes and proxies that
the user has set.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
import os
from pathlib import Path
import re
import signal
import sys
from tempfile import TemporaryDirectory
from typing import Final

from .errors import UnobtainableError
from .wheel import MEMBER, VERSION, Target

TIME_LIMIT: Final = 300.0
"""Seconds. The wheel is 100 kB, but uv tries a server that does not answer several times."""
_LONGEST_REASON: Final = 200

_REASONS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (r"No module named uv\b|Could not find the uv binary", "uv is missing in this Home Assistant"),
        (r"No space left on device|Disk quota exceeded", "the disk is full"),
        (r"Hash mismatch", "the package index sent another file than the official one"),
        (r"network was disabled", "uv is set to work offline"),
        (
            r"dns error|error sending request|timed? ?out|connect error|error decoding response body",
            "the package index cannot be reached",
        ),
        (r"No solution found", f"the package index does not offer sqlite-vec {VERSION} for this processor"),
        (r"Read-only file system|Permission denied", "uv may not write to its folders"),
    )
)
"""What uv says, most telling first, and how it is reported."""
_CREDENTIALS: Final = re.compile(r"(?<=//)[^/@\s]+@")


async def async_fetch(target: Target) -> bytes:
    """Return the shared object of the official wheel, not checked yet. Raises UnobtainableError.

    However this ends, no process and no temporary file of it stays.
    """
    loop = asyncio.get_running_loop()
    try:
        temporary = await _async_acquire(loop.run_in_executor(None, _prepare, target), _async_clean_up)
    except OSError as err:
        raise UnobtainableError(f"no temporary file can be written: {err.strerror or err}") from err
    try:
        folder = Path(temporary.name)
        await _async_run_uv(_command(target, folder))
        try:
            return await loop.run_in_executor(None, (folder / "target" / MEMBER).read_bytes)
        except OSError as err:
            raise UnobtainableError(f"the package does not hold {MEMBER}") from err
    finally:
        await _async_clean_up(temporary)


async def _async_acquire[T](acquiring: Awaitable[T], release: Callable[[T], Awaitable[None]]) -> T:
    """Wait for something that has to be given back, and give it back where nobody waits for it any more.

    asyncio itself would forget the folder, and kill the first process of the group alone.
    """
    acquired = asyncio.ensure_future(acquiring)
    try:
        return await asyncio.shield(acquired)
    except asyncio.CancelledError:
        with suppress(OSError):
            await release(await acquired)
        raise


def _prepare(target: Target) -> TemporaryDirectory[str]:
    """Return a temporary folder with the requirement in it."""
    temporary = TemporaryDirectory(prefix="semantic_memory_", ignore_cleanup_errors=True)
    try:
        requirement = f"sqlite-vec=={VERSION} --hash=sha256:{target.wheel}\n"
        Path(temporary.name, "requirements.txt").write_text(requirement, encoding="utf-8")
    except OSError:
        temporary.cleanup()
        raise
    return temporary


def _command(target: Target, folder: Path) -> list[str]:
    """Return how uv is called.

    ``--python`` is for an installation without a virtual environment. Every index is asked: one that offers something
    else under this name must not hide the official wheel, and what another one sends under it, the hash gives away.
    """
    return [
        *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-progress", "--color", "never"),
        *("--python", sys.executable, "--python-platform", target.platform, "--target", str(folder / "target")),
        *("--no-deps", "--only-binary", ":all:", "--index-strategy", "unsafe-best-match"),
        *("--require-hashes", "--requirements", str(folder / "requirements.txt")),
    ]


async def _async_run_uv(command: list[str]) -> None:
    process = await _async_start(command)
    try:
        async with asyncio.timeout(TIME_LIMIT):
            _, said = await process.communicate()
    except TimeoutError as err:
        raise UnobtainableError("the package index takes too long to answer") from err
    finally:
        await _async_end(process)
    if process.returncode:
        raise UnobtainableError(_reason(said.decode(errors="replace")))


async def _async_start(command: list[str]) -> asyncio.subprocess.Process:
    """Start uv as the leader of a group of processes, which is ended as a whole."""
    starting = asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        return await _async_acquire(starting, _async_end)
    except OSError as err:
        raise UnobtainableError(f"uv cannot be started: {err.strerror or err}") from err


async def _async_clean_up(temporary: TemporaryDirectory[str]) -> None:
    await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, temporary.cleanup))


async def _async_end(process: asyncio.subprocess.Process) -> None:
    """Kill uv, with all that it has started, where it is still running."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())


def _reason(said: str) -> str:
    """Return in a few words why uv failed."""
    for pattern, reason in _REASONS:
        if pattern.search(said):
            return reason
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    message = _CREDENTIALS.sub("", lines[0]) if lines else "it says nothing about it"
    return f"uv failed: {message[:_LONGEST_REASON]}"
