"""How fast memories are imported with the built-in model, and how long somebody else waits meanwhile.

Run with ``.venv/bin/python -m benchmarks.importing [--size 10000]``. The same rows are inserted into a bare table in
the same run, in one transaction for each batch, since the machine's own speed says nothing about the project.
"""

import argparse
import asyncio
from contextlib import closing
from itertools import batched
from pathlib import Path
import sqlite3
from statistics import median
from tempfile import TemporaryDirectory
import time

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, EngineSettings, MemoryDraft
from custom_components.semantic_memory.memory.transfer.merging import ImportOptions
from custom_components.semantic_memory.memory.transfer.source import BATCH

from .speed.corpus import CALLER
from .speed.sentences import Writer

PAUSE = 0.1
"""Seconds between two memories that are stored during an import."""


def make_file(path: Path, size: int) -> None:
    """Make a database as luuquangvu's memory tool has it."""
    writer = Writer(1)
    moment = "2026-01-02T03:04:05+00:00"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE mem (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE NOT NULL, value TEXT NOT NULL,"
            " scope TEXT NOT NULL, tags TEXT NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT NOT NULL,"
            " expires_at TEXT)"
        )
        connection.executemany(
            "INSERT INTO mem (key, value, scope, tags, created_at, last_used_at) VALUES (?, ?, 'user', ?, ?, ?)",
            ((f"memory_{n}", writer.memory(), "home benchmark", moment, moment) for n in range(size)),
        )


def bare(folder: Path, path: Path) -> float:
    """Return how many seconds a bare table takes for the same rows, as durable and in the same batches."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(folder / "bare.db")) as connection:
        rows = source.execute("SELECT key, value, tags FROM mem").fetchall()
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bare (key UNIQUE, value, tags)"
        )
        begin = time.perf_counter()
        for batch in batched(rows, BATCH, strict=False):
            with connection:
                connection.executemany("INSERT INTO bare VALUES (?, ?, ?)", batch)
        return time.perf_counter() - begin


async def async_store_now_and_then(engine: MemoryEngine, waits: list[float]) -> None:
    """Store a memory every now and then, and note how long each took."""
    while True:
        await asyncio.sleep(PAUSE)
        begin = time.perf_counter()
        await engine.async_remember(CALLER, MemoryDraft(value=f"In between {len(waits)}", key=f"between {len(waits)}"))
        waits.append(time.perf_counter() - begin)


async def async_measure(size: int, folder: Path) -> None:
    """Import a file: a trial run, then in earnest, then again, then with somebody who stores something meanwhile."""
    make_file(folder / "memory.db", size)
    engine = await MemoryEngine.async_open(folder / "engine", EngineSettings())
    await engine.async_start(StaticEmbedder.load())
    for name, owner, dry_run in (("trial run", "0", True), ("import", "0", False), ("the same again", "0", False)):
        seconds, cpu, counts = await _async_import(engine, folder, owner * 32, dry_run=dry_run)
        print(f"{name:<16} {size / seconds:7.0f} memories/s  {cpu / size * 1e6:6.0f} µs CPU each  {counts}")
    seconds = bare(folder, folder / "memory.db")
    print(f"{'bare table':<16} {size / seconds:7.0f} rows/s")
    waits: list[float] = []
    others = asyncio.create_task(async_store_now_and_then(engine, waits))
    await _async_import(engine, folder, "1" * 32, dry_run=False)
    others.cancel()
    await asyncio.gather(others, return_exceptions=True)
    if waits:
        print(f"a set meanwhile  p50 {median(waits) * 1000:.0f} ms  max {max(waits) * 1000:.0f} ms  of {len(waits)}")
    print(f"{(await engine.async_stats(None)).database_bytes / engine.status.memories:.0f} bytes a memory")
    await engine.async_close()


async def _async_import(engine: MemoryEngine, folder: Path, owner: str, *, dry_run: bool) -> tuple[float, float, str]:
    options = ImportOptions(owner=owner, dry_run=dry_run)
    begin, cpu = time.perf_counter(), time.process_time()
    report = await engine.transfer.async_import(Caller(actor_id="benchmark"), folder / "memory.db", options)
    seconds, used = time.perf_counter() - begin, time.process_time() - cpu
    return seconds, used, f"added {report.added}, unchanged {report.unchanged}, skipped {report.skipped.total()}"


def main() -> None:
    """Parse the arguments and measure in a folder beside this file, so that it is a real disk."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000)
    with TemporaryDirectory(dir=Path(__file__).parent) as folder:
        asyncio.run(async_measure(parser.parse_args().size, Path(folder)))


if __name__ == "__main__":
    main()
