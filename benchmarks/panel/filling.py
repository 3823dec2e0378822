"""A house with so many memories."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
import csv
from itertools import batched, islice
from pathlib import Path
import random
import time
from typing import Final

from benchmarks.speed.sentences import memories
from custom_components.semantic_memory.memory.models import Category
from scripts.demo_app.client import Api
from scripts.demo_app.flows import async_loaded_entry
from scripts.demo_app.instance import HomeAssistantInstance
from tests.houses import PYTHON, House, async_house, async_set_up_built_in

_SEED: Final = 7
_BATCH: Final = 10_000
_SHARED: Final = 0.1
"""Share of the household's."""
_TAGS: Final = ("garden", "car", "school", "kitchen", "health", "travel", "music", "winter")
_EMBEDDED_TIMEOUT: Final = 1800.0
_HEADINGS: Final = ("key", "value", "scope", "category", "tags", "pinned", "updated_at")


@asynccontextmanager
async def filled(folder: Path, size: int) -> AsyncIterator[House]:
    """Start a house whose owner sees ``size`` memories, all of them embedded by the built-in model."""
    instance = HomeAssistantInstance(folder, python=PYTHON)
    try:
        house = await async_house(instance)
        async with Api(house.instance.url, house.owner_token) as api:
            await async_set_up_built_in(api)
            await async_loaded_entry(api)
            for number, texts in enumerate(batched(islice(memories(_SEED), size), _BATCH, strict=False)):
                _write(folder / "memories.csv", texts, number)
                await api.act("memory_import", path="memories.csv", dry_run=False)
            deadline = time.monotonic() + _EMBEDDED_TIMEOUT
            while (stats := await api.act("memory_stats"))["pending"] or stats["total"] != size:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the store was not filled: {stats}")
                await asyncio.sleep(1)
        yield house
    finally:
        instance.stop()


def _write(path: Path, texts: Sequence[str], number: int) -> None:
    """Write a file to import."""
    chance = random.Random(number)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADINGS)
        for index, text in enumerate(texts):
            shared = chance.random() < _SHARED
            tags = ", ".join(chance.sample(_TAGS, chance.choice((0, 0, 1, 2))))
            told = f"2026-{chance.randint(1, 10):02}-{chance.randint(1, 28):02}T{chance.randint(6, 22):02}:00:00+00:00"
            pinned = chance.random() < 0.001  # noqa: PLR2004 - one in a thousand
            category = chance.choice(tuple(Category))
            scope = "household" if shared else "user"
            writer.writerow(
                (f"memory {number * _BATCH + index}", text, scope, category, tags, str(pinned).lower(), told)
            )
