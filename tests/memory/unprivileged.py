"""Looks into memories as a user who may not do everything, and says what came of it; see test_permissions.py.

Whoever is root may do everything, so this process gives its rights up. What it needs is imported before that: the
interpreter itself may be in a folder that the other user cannot read.
"""

import asyncio
import json
import os
from pathlib import Path
import sys

import numpy as np

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import StorageError
from custom_components.semantic_memory.memory.models import EngineSettings

NOBODY = 65_534


async def look(folder: Path) -> dict[str, object]:
    """Return how many memories there are, or why that cannot be said."""
    try:
        engine = await MemoryEngine.async_open(folder, EngineSettings())
    except StorageError as err:
        return {"code": err.code, **err.placeholders}
    try:
        return {"memories": (await engine.async_stats(None)).total}
    finally:
        await engine.async_close()


async def look_into_all(folders: list[Path]) -> list[dict[str, object]]:
    """Look into one after the other."""
    return [await look(folder) for folder in folders]


def main(folders: list[Path]) -> None:
    """Give up all rights, then look."""
    np.zeros(1)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    sys.stdout.write(json.dumps(asyncio.run(look_into_all(folders))))


if __name__ == "__main__":
    main([Path(folder) for folder in sys.argv[1:]])
