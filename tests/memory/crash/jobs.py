"""What the processes do that are killed: each says what it tries, and what was acknowledged."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
import os
from pathlib import Path
from random import Random
import signal
import sqlite3
import sys
import time
from typing import Final, Protocol
from unittest.mock import patch
from zlib import crc32

from custom_components.semantic_memory.memory import upkeep
from custom_components.semantic_memory.memory.engine import DATABASE, MemoryEngine
from custom_components.semantic_memory.memory.models import EngineSettings, MemoryChanges, MemoryFilter, RecallRequest
from custom_components.semantic_memory.memory.storage import mending, restoring, spaces
from custom_components.semantic_memory.memory.storage.migrations import STEPS, migrate
from custom_components.semantic_memory.memory.storage.vec import IndexUnavailableError

from ..fakes import ALICE, FakeEmbedder, remember

WRITERS: Final = 4
_WORDS: Final = ("oak", "elm", "ash", "lime", "beech", "birch", "alder", "maple", "poplar", "willow", "hazel", "yew")
_DIMENSION: Final = 24


class Say(Protocol):
    """Tells whoever listens, one line a call."""

    def __call__(self, *words: object) -> None:
        """Write the words."""
        ...


def text_of(key: str, version: int, random: Random) -> str:
    """Return a value from which it can be seen whether it is whole, with a word that nothing else has."""
    words = " ".join(random.choices(_WORDS, k=random.randint(3, 60)))
    body = f"{key} version {version} {words} zq{random.getrandbits(48):012x}q"
    return f"{body} #{crc32(body.encode()):08x}"


def is_whole(value: str) -> bool:
    """Return whether a value is one that :func:`text_of` has made."""
    body, _, check = value.rpartition(" #")
    return check == f"{crc32(body.encode()):08x}"


class Writer:
    """Adds, changes, forgets, restores and purges memories of its own, one after the other."""

    def __init__(self, engine: MemoryEngine, name: str, random: Random, say: Say) -> None:
        """Begin with no memories."""
        self.states: dict[str, str] = {}
        self._engine = engine
        self._name = name
        self._random = random
        self._say = say
        self._version = 0

    async def run(self) -> None:
        """Go on until killed."""
        while True:
            live = [key for key, state in self.states.items() if state == "live"]
            forgotten = [key for key, state in self.states.items() if state == "forgotten"]
            keys = {"add": ["new"], "set": live, "edit": live, "forget": live, "restore": forgotten, "find": live}
            keys |= {"purge": [*live, *forgotten]}
            weights = {"add": 9, "set": 4, "edit": 4, "forget": 3, "restore": 1, "purge": 1, "find": 2}
            possible = [act for act in weights if keys[act]]
            act = self._random.choices(possible, [weights[act] for act in possible])[0]
            await self._do(act, self._random.choice(keys[act]))

    async def _do(self, act: str, key: str) -> None:
        self._version += 1
        if act == "add":
            key = f"{self._name}_{self._version}"
        value = text_of(key, self._version, self._random) if act in ("add", "set", "edit") else ""
        if act == "find":
            await self._engine.async_recall(ALICE, RecallRequest(query=f"{key} {self._random.choice(_WORDS)}"))
            return
        self._say("try", self._name, act, key, value)
        tag = f"v{self._version}"
        if act in ("add", "set"):
            await remember(self._engine, value, key=key, tags=[tag])
        elif act == "edit":
            await self._engine.async_update(ALICE, key, MemoryChanges(value=value, tags=[tag]))
        elif act == "restore":
            await self._engine.async_restore(ALICE, key)
        else:
            await self._engine.async_forget(ALICE, [key], purge=act == "purge")
        self._say("done", self._name)
        self.states[key] = {"forget": "forgotten", "purge": "gone"}.get(act, "live")


class Trouble:
    """Does to the engine, beside the writers, what users and other parts of the system may do at any time."""

    def __init__(self, engine: MemoryEngine, random: Random, say: Say) -> None:
        """Take the engine."""
        self._engine = engine
        self._random = random
        self._say = say
        self._lost = patch.object(upkeep, "load_extension", side_effect=IndexUnavailableError("lost"))
        self._has_lost = False
        self._acts: Sequence[Callable[[], Awaitable[None]]] = (
            self.reembed,
            self.change_model,
            self.rebuild_codes,
            self.rebuild_words,
            self.lose_sqlite_vec,
            self.check,
            self.take_snapshot,
            self.maintain,
            self.checkpoint,
        )

    async def run(self) -> None:
        """Go on until killed."""
        while True:
            await asyncio.sleep(self._random.uniform(0, 0.06))
            act = self._random.choice(self._acts)
            await act()
            self._say("act", act.__name__)

    async def reembed(self) -> None:
        """Make every vector anew."""
        await self._engine.async_reembed()

    async def change_model(self) -> None:
        """Choose another model: its space is filled while the one before serves."""
        await start(self._engine, str(self._random.getrandbits(8)))

    async def rebuild_codes(self) -> None:
        """Make the bit indexes anew."""
        index = self._engine._worker.index
        await self._engine._database.async_write(
            lambda connection: mending.rebuild_codes(connection, spaces.space_ids(connection), index)
        )

    async def rebuild_words(self) -> None:
        """Make the word index anew."""
        await self._engine._database.async_write(mending.rebuild_words)

    async def lose_sqlite_vec(self) -> None:
        """Go on without sqlite-vec, or with it again."""
        if self._has_lost:
            self._lost.stop()
        else:
            self._lost.start()
        self._has_lost = not self._has_lost
        await self._engine.async_load_index()

    async def check(self) -> None:
        """Compare everything with everything."""
        report = await self._engine.checks.async_run()
        if report.findings:
            self._say("found", report.findings)

    async def take_snapshot(self) -> None:
        """Take a snapshot."""
        await self._engine.snapshots.async_take()

    async def maintain(self) -> None:
        """Do what is done daily."""
        await self._engine.async_run_maintenance()

    async def checkpoint(self) -> None:
        """Move the log into the file."""
        await self._engine._database.async_maintain(
            lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        )


async def start(engine: MemoryEngine, fingerprint: str) -> None:
    """Start an engine with two models."""
    await engine.async_start(
        FakeEmbedder("built-in", dimension=_DIMENSION),
        FakeEmbedder("server", dimension=_DIMENSION, fingerprint=fingerprint),
    )


def write(*, say: Say, folder: str, seed: int, name: str) -> None:
    """Write from several tasks at once, and make trouble, until killed."""
    asyncio.run(_write(Path(folder), seed, name, say))


async def _write(folder: Path, seed: int, name: str, say: Say) -> None:
    engine = await MemoryEngine.async_open(folder, EngineSettings())
    if engine.checks.last.findings:
        say("found", engine.checks.last.findings)
    say("open")
    random = Random(f"{seed} {name}")  # noqa: S311 - has to be the same in every run
    await start(engine, str(random.getrandbits(2)))
    names = [f"{name}_{number}" for number in range(WRITERS)]
    writers = [Writer(engine, writer, Random(f"{seed} {writer}"), say) for writer in names]  # noqa: S311
    for forgotten in (False, True):
        for memory in await _all(engine, forgotten=forgotten):
            writer = writers[crc32(memory.encode()) % WRITERS]
            writer.states[memory] = "forgotten" if forgotten else "live"
    await asyncio.gather(*(writer.run() for writer in writers), Trouble(engine, random, say).run())


async def _all(engine: MemoryEngine, *, forgotten: bool) -> list[str]:
    keys: list[str] = []
    cursor: str | None = None
    while True:
        page = await engine.async_list(ALICE, MemoryFilter(forgotten=forgotten), limit=200, cursor=cursor)
        keys += [memory.key for memory in page.memories]
        cursor = page.cursor
        if cursor is None:
            return keys


def log(*, say: Say, folder: str, seed: int) -> None:
    """Write one memory after the other into the log only, none of it into the file, until killed."""
    asyncio.run(_log(Path(folder), Random(seed), say))  # noqa: S311


async def _log(folder: Path, random: Random, say: Say) -> None:
    engine = await MemoryEngine.async_open(folder, EngineSettings())
    await start(engine, "1")
    await engine._database.async_maintain(
        lambda connection: connection.execute("PRAGMA wal_autocheckpoint=0").fetchone()
    )
    say("open")
    number = 0
    while True:
        number += 1
        await remember(engine, text_of(f"n{number}", number, random), key=f"n{number}")
        if number % 3 == 0:
            await engine.async_forget(ALICE, [f"n{number - 1}"])
        say("done", number)


def slow_step(connection: sqlite3.Connection) -> None:
    """Rewrite every memory, one at a time."""
    connection.execute("CREATE TABLE length_of (memory_seq INTEGER PRIMARY KEY, characters INTEGER NOT NULL) STRICT")
    for seq, value in connection.execute("SELECT seq, value FROM memory").fetchall():
        connection.execute("UPDATE memory SET value = ? WHERE seq = ?", (f"{value} (migrated)", seq))
        connection.execute("INSERT INTO length_of VALUES (?, ?)", (seq, len(value)))
        time.sleep(0.0001)


def bring_up_to_date(*, say: Say, folder: str) -> None:
    """Migrate an old file, with a step that takes its time."""
    connection = sqlite3.connect(Path(folder) / DATABASE, autocommit=True)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    say("open")
    migrate(connection, (*STEPS, slow_step))
    connection.close()
    say("done")


def restore(*, say: Say, folder: str, snapshot: str, deaths: int) -> None:
    """Put a snapshot in the place of the database, and die when so many files have been renamed, linked or deleted."""
    left = deaths

    def die_after(event: str, _: tuple[object, ...]) -> None:
        nonlocal left
        if event in ("os.rename", "os.link", "os.remove", "os.replace"):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(die_after)
    restoring.restore(Path(folder) / DATABASE, snapshot, "replaced", time.time())
    say("done")


JOBS: Final[dict[str, Callable[..., None]]] = {
    "write": write,
    "log": log,
    "bring_up_to_date": bring_up_to_date,
    "restore": restore,
}
