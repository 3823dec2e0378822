"""Writes memories and says of each, on standard output, when it was acknowledged; until somebody kills it."""

import asyncio
from pathlib import Path
import sys

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import EngineSettings, MemoryChanges

from .fakes import ALICE, FakeEmbedder, remember

_WRITERS = 4


async def write(engine: MemoryEngine, writer: str) -> None:
    """Add, change, forget and purge, over and over."""
    number = 0
    while True:
        number += 1
        key = f"{writer}_{number}"
        acknowledge("is", key, (await remember(engine, f"first {key}", key=key)).value)
        if number % 3 == 0:
            changes = MemoryChanges(value=f"second {key}")
            acknowledge("is", key, (await engine.async_update(ALICE, key, changes)).value)
        if number % 4 == 0:
            gone = f"gone_{key}"
            await remember(engine, f"to be forgotten {key}", key=gone)
            await engine.async_forget(ALICE, [gone], purge=number % 8 == 0)
            acknowledge("gone", gone, "-")


def acknowledge(what: str, key: str, value: str) -> None:
    """Tell whoever listens."""
    sys.stdout.write(f"{what}\t{key}\t{value}\n")
    sys.stdout.flush()


async def main(folder: str, name: str) -> None:
    """Write from several tasks at once, while the worker embeds."""
    engine = await MemoryEngine.async_open(Path(folder), EngineSettings())
    await engine.async_start(FakeEmbedder("built-in"), FakeEmbedder("server"))
    await asyncio.gather(*(write(engine, f"{name}_{writer}") for writer in range(_WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
