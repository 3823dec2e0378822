"""Starting processes, and killing them at moments that a seed decides."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
import json
import os
from pathlib import Path
from random import Random
import shutil
import signal
import sqlite3
import sys
from typing import Any, Final

from custom_components.semantic_memory.memory.engine import DATABASE, MemoryEngine
from custom_components.semantic_memory.memory.models import EngineSettings
from custom_components.semantic_memory.memory.storage import checks
from custom_components.semantic_memory.memory.storage.checks import Finding
from custom_components.semantic_memory.memory.storage.migrations import STEPS

from ..fakes import assert_sound, until
from .jobs import start
from .ledger import Ledger

ROOT: Final = Path(__file__).parents[3]
FIXTURES: Final = ROOT / "tests" / "memory" / "storage" / "fixtures"
_STUCK_SECONDS: Final = 60.0
_OLD_MEMORIES: Final = 200


@dataclass
class Nursery:
    """A process that starts others."""

    process: asyncio.subprocess.Process

    async def run_and_kill(
        self, about: dict[str, Any], note: Callable[[str], None], seconds: float, *, once: str = "born"
    ) -> None:
        """Run a job and kill it so many seconds after it has said ``once``."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(about).encode() + b"\n")
        loop = asyncio.get_running_loop()
        killer: asyncio.TimerHandle | None = None
        pid = 0
        async with asyncio.timeout(_STUCK_SECONDS):
            while line := (await self.process.stdout.readline()).decode().rstrip("\n"):
                what, _, rest = line.partition("\t")
                if what == "born":
                    pid = int(rest)
                if what == once:
                    assert pid, "0 would mean everybody"
                    killer = loop.call_later(seconds, _kill, pid)
                if what == "dead":
                    if killer is not None:
                        killer.cancel()
                    return
                if what != "born":
                    note(line)
        raise AssertionError("the nursery has ended")


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """Start one, and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.memory.crash.nursery"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # it forks, which is for processes with one thread
    )
    try:
        yield Nursery(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def findings_in(folder: Path) -> tuple[Finding, ...]:
    """Open a file that nobody has open, and return what does not agree in it, before and after that was mended."""
    engine = await MemoryEngine.async_open(folder, EngineSettings())
    try:
        return (*engine.checks.last.findings, *(await engine.checks.async_run()).findings)
    finally:
        await engine.async_close()


class WriteRounds:
    """Kills of a process that writes, one after the other with the same file."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Begin with an empty folder."""
        self.ledger = Ledger()
        self.kills = 0
        self._folder = folder
        self._seed = seed
        self._random = Random(seed)  # noqa: S311 - has to be the same in every run

    async def run(self, nurse: Nursery, *, longest: float = 0.6) -> None:
        """Let a process write, kill it, and check the file."""
        self.kills += 1
        # One in five dies while it opens the file, or a little later.
        early = self._random.random() < 0.2
        seconds = self._random.uniform(0, 0.15 if early else longest)
        about = {"job": "write", "folder": str(self._folder), "seed": self._seed, "name": f"r{self.kills}"}
        await nurse.run_and_kill(about, self.ledger.note, seconds, once="born" if early else "open")
        await self.check()

    async def check(self) -> None:
        """Check that everything that was acknowledged is there, and that everything agrees with it."""
        wrong = [str(finding) for finding in await findings_in(self._folder)]
        wrong += self.ledger.complaints + self.ledger.compare(self._folder)
        assert not wrong, f"seed {self._seed}, kill {self.kills}: " + "\n".join(wrong[:20])

    async def check_recovery(self) -> None:
        """Check that what waits is embedded in the end, and that nothing is amiss then."""
        engine = await MemoryEngine.async_open(self._folder, EngineSettings())
        try:
            await start(engine, "last")
            await until(lambda: engine.status.pending == 0 and engine.status.model == "server", seconds=60)
            await assert_sound(engine)
            report = await engine.checks.async_run()
            assert report.findings == (), f"seed {self._seed}, kill {self.kills}"
        finally:
            await engine.async_close()


class MigrationRounds:
    """Kills of a process that brings a file of an older version up to date; when it has got through, with a new one."""

    def __init__(self, folder: Path, seed: int, version: int) -> None:
        """Begin with a file as that version has left it."""
        self.kills = self.finished = 0
        self._folder = folder
        self._seed = seed
        self._version = version
        self._random = Random(f"{seed} {version}")  # noqa: S311 - has to be the same in every run

    async def run(self, nurse: Nursery) -> None:
        """Let a process migrate, kill it, and check the file; now and then it is left to finish."""
        self.kills += 1
        if not self._folder.exists():
            self._make_old_file()
        early = self._random.random() < 0.3
        seconds = self._random.uniform(0, 0.05 if early else 0.3)
        about = {"job": "bring_up_to_date", "folder": str(self._folder)}
        complaints: list[str] = []
        await nurse.run_and_kill(about, complaints.append, seconds, once="born" if early else "open")
        assert not [line for line in complaints if line.startswith("failed")], complaints
        if self._check():
            self.finished += 1
            shutil.rmtree(self._folder)

    def _make_old_file(self) -> None:
        self._folder.mkdir()
        with closing(sqlite3.connect(self._folder / DATABASE, autocommit=True)) as connection:
            connection.executescript((FIXTURES / f"schema_v{self._version}.sql").read_text(encoding="utf-8"))
        with closing(sqlite3.connect(self._folder / DATABASE, autocommit=True)) as connection:
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO memory (id, key, value, owner, scope, category, surface, created_at, updated_at)"
                " VALUES (?, ?, ?, 'ann', 'user', 'general', 'test', 1, 1)",
                [(f"{number:026}", f"n{number}", f"number {number}") for number in range(_OLD_MEMORIES)],
            )
            connection.execute("COMMIT")

    def _check(self) -> bool:
        """Check that each step is wholly there or not at all; return whether all of them are."""
        about = f"seed {self._seed}, version {self._version}, kill {self.kills}"
        with closing(sqlite3.connect(self._folder / DATABASE, autocommit=True)) as connection:
            (applied,) = connection.execute("SELECT max(version) FROM migration").fetchone()
            (total, changed) = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE value LIKE '% (migrated)') FROM memory"
            ).fetchone()
            measured = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'length_of'").fetchone()[0]
            if measured:
                (measured,) = connection.execute("SELECT count(*) FROM length_of").fetchone()
            through = bool(applied > len(STEPS))
            assert self._version <= applied <= len(STEPS) + 1, about
            assert total >= _OLD_MEMORIES, about
            assert changed == measured == (total if through else 0), about
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], about
            findings = [*checks.word_counts(connection), *checks.word_index(connection, with_content=True)]
            if applied >= len(STEPS):
                findings += checks.missing_objects(connection)
            assert not findings, f"{about}: {findings}"
        return through
