"""Proves that sqlite-vec works on musl, on x86-64 and on aarch64 (where that is another processor, under qemu).

The integration's own code fetches the wheel and makes the file. A small C program with SQLite in it, linked with musl,
loads the file and searches in a vec0 table that rows were put into, changed in and deleted from; what it finds is
compared with distances counted here. The wheel's own file must not load: if it does, nothing needs to be fitted.

Exits with 1 if something does not hold, and with 75 if something that the proof needs is missing.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time
from typing import Final

from custom_components.semantic_memory.memory.storage.sqlite_vec.errors import UnobtainableError
from custom_components.semantic_memory.memory.storage.sqlite_vec.fetch import async_fetch
from custom_components.semantic_memory.memory.storage.sqlite_vec.obtain import async_obtain, find
from custom_components.semantic_memory.memory.storage.sqlite_vec.wheel import TARGETS, VERSION, Target
from scripts.musl.amalgamation import amalgamation
from scripts.musl.machine import Probe
from scripts.musl.story import compare, story
from scripts.musl.untried import UntriedError

EX_TEMPFAIL: Final = 75
NOT_LOADED: Final = 3
UNREACHABLE: Final = "cannot be reached"
MISSING_ON_MUSL: Final = ("__memcpy_chk", "__fread_chk", "ld-linux-")


class RefutedError(Exception):
    """It does not work; the text says what."""


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Have these environment variables."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def timed_obtain(lib: Path, target: Target) -> tuple[Path, float]:
    """Return the file and how many seconds it took to have it. Raises UntriedError and RefutedError."""
    before = time.perf_counter()
    try:
        file = asyncio.run(async_obtain(lib, target))
    except UnobtainableError as err:
        kind = UntriedError if UNREACHABLE in str(err) else RefutedError
        raise kind(f"sqlite-vec could not be obtained: {err}") from err
    return file, time.perf_counter() - before


def obtain(folder: Path, target: Target) -> Path:
    """Have the integration make the file: with uv's cache empty and full, and without network when it is there."""
    with environment(UV_CACHE_DIR=str(folder / "cache")):
        file, cold = timed_obtain(folder / "lib", target)
        _, warm = timed_obtain(folder / "lib2", target)
    with environment(UV_CACHE_DIR=str(folder / "no-cache"), UV_OFFLINE="1"):
        again, kept = timed_obtain(folder / "lib", target)
    if again != file or find(folder / "lib2", target) is None:
        raise RefutedError("the file is not where it was put")
    print(f"  obtained in {cold:.2f} s, with uv's cache {warm:.2f} s, already there and offline {kept * 1000:.1f} ms")
    return file


def check_loads(probe: Probe, file: Path) -> None:
    """See that the file works."""
    statements, questions = story()
    asked = [statement for question in questions for statement in ("SELECT '?'", question.sql)]
    done = probe.run(file, statements + asked)
    if done.returncode:
        raise RefutedError(f"it ended with {done.returncode}: {done.stderr.strip()}")
    head, *answers = done.stdout.split("?\n")
    for question, answer in zip(questions, answers, strict=True):
        if wrong := compare(question, answer.splitlines()):
            raise RefutedError(f"a search found {wrong}: {question.sql[:80]}…")
    rows = sum(len(answer.splitlines()) for answer in answers)
    print(f"  loaded in {float(head) / 1000:.2f} ms")
    print(f"  {len(statements)} writes, and {len(questions)} searches that found the right {rows} rows and distances")


def check_control(probe: Probe, target: Target, folder: Path) -> None:
    """See that the official file does not work, for the reason that is known."""
    control = folder / "official.so"
    control.write_bytes(asyncio.run(async_fetch(target)))
    done = probe.run(control, [])
    if done.returncode != NOT_LOADED or not any(name in done.stderr for name in MISSING_ON_MUSL):
        raise RefutedError(f"the official file did not fail as expected, but with {done.returncode}: {done.stderr}")
    print(f"  the official file does not load, as expected: {done.stderr.splitlines()[0].replace(str(folder), '…')}")


def check(architecture: str, target: Target, cache: Path) -> None:
    """Prove it for one architecture."""
    probe = Probe(architecture, cache, amalgamation(cache))
    print(f"\nsqlite-vec {VERSION} on {probe.version}")
    with TemporaryDirectory() as temporary:
        check_loads(probe, obtain(Path(temporary), target))
        check_control(probe, target, Path(temporary))


def main(cache: Path) -> int:
    """Prove it for every architecture and print what was found."""
    status = 0
    for architecture, target in TARGETS.items():
        try:
            check(architecture, target, cache)
        except RefutedError as err:
            print(f"{architecture}: {err}", file=sys.stderr)
            return 1
        except UntriedError as err:
            print(f"\nCOULD NOT BE TRIED on {architecture}: {err}", file=sys.stderr)
            status = EX_TEMPFAIL
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
