"""How fast memories are stored and found with the built-in model.

Run with ``.venv/bin/python -m benchmarks.speed [--sizes 1000 10000]``. A plain NumPy scan of the same vectors is
measured in the same run, since the machine's own speed says nothing about the project. Then the index alone, see
``benchmarks.index``, which can be run by itself.
"""

import argparse
import asyncio
from pathlib import Path
import random
from statistics import median, quantiles
from tempfile import TemporaryDirectory
import time

import numpy as np

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, EngineSettings, MemoryDraft, RecallRequest

from . import index

CALLER = Caller("0" * 32)
QUESTIONS = 300
# fmt: off
SUBJECTS = (
    "mother", "father", "sister", "brother", "neighbour", "plumber", "teacher", "doctor", "guest", "dog", "cat",
    "parrot", "boiler", "oven", "printer", "robot",
)
VERBS = (
    "likes", "dislikes", "repairs", "visits", "owns", "borrowed", "lost", "painted", "feeds", "cleans", "charges",
    "sold", "planted", "moved",
)
OBJECTS = (
    "coffee", "tea", "jazz", "lamp", "window", "garden", "bicycle", "passport", "ladder", "kettle", "curtain",
    "thermostat", "camera", "piano", "tulips", "bread", "suitcase", "mirror", "tent", "sofa", "hammock",
    "telescope", "microwave", "carpet", "umbrella", "violin", "calendar", "battery",
)
PLACES = (
    "kitchen", "cellar", "attic", "garage", "balcony", "office", "hallway", "bathroom", "nursery", "shed",
)
TIMES = (
    "Monday", "Tuesday", "Friday", "Sunday", "January", "May", "August", "December", "morning", "evening",
    "night", "noon",
)
# fmt: on


def sentence(chance: random.Random, number: int) -> str:
    """Return one made-up memory."""
    subject, verb, thing = chance.choice(SUBJECTS), chance.choice(VERBS), chance.choice(OBJECTS)
    return f"The {subject} {verb} the {thing} in the {chance.choice(PLACES)} every {chance.choice(TIMES)} ({number})"


def question(chance: random.Random) -> str:
    """Return a question about one."""
    return f"who {chance.choice(VERBS)} the {chance.choice(OBJECTS)} on {chance.choice(TIMES)}?"


def line(size: int, name: str, seconds: list[float]) -> str:
    """Return a row of the table."""
    high = quantiles(seconds, n=20)[-1]
    return f"{size:>7}  {name:<28} p50 {median(seconds) * 1000:7.2f} ms   p95 {high * 1000:7.2f} ms"


async def async_measure(sizes: list[int], folder: Path) -> None:
    """Fill one engine to each size in turn and print a table."""
    embedder = StaticEmbedder.load()
    engine = await MemoryEngine.async_open(folder, EngineSettings())
    await engine.async_start(embedder)
    chance, stored = random.Random(1), list[str]()
    for size in sorted(sizes):
        keyed, derived = list[float](), list[float]()
        while len(stored) < size:
            text = sentence(chance, len(stored))
            # The last fifty without a key: then the engine also looks for one that says the same.
            key = None if len(stored) >= size - 50 else f"memory {len(stored)}"
            begin = time.perf_counter()
            await engine.async_remember(CALLER, MemoryDraft(value=text, key=key))
            (derived if key is None else keyed).append(time.perf_counter() - begin)
            stored.append(text)
        matrix = embedder.embed(stored)
        found, scanned = list[float](), list[float]()
        for _ in range(QUESTIONS):
            asked = question(chance)
            begin = time.perf_counter()
            await engine.async_recall(CALLER, RecallRequest(query=asked, touch=False))
            middle = time.perf_counter()
            np.argsort(-(matrix @ embedder.embed([asked])[0]))[:5]
            found.append(middle - begin)
            scanned.append(time.perf_counter() - middle)
        print(line(size, "set, with a key", keyed[-500:]))
        print(line(size, "set, key derived", derived))
        print(line(size, "search, both signals", found))
        print(line(size, "NumPy scan of vectors only", scanned))
    print(
        f"index: {engine.status.index}; {(await engine.async_stats(CALLER)).database_bytes / size:.0f} bytes a memory"
    )
    await engine.async_close()


def main() -> None:
    """Parse the arguments and measure in a folder beside this file, so that it is a real disk."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    sizes: list[int] = parser.parse_args().sizes
    with TemporaryDirectory(dir=Path(__file__).parent) as folder:
        asyncio.run(async_measure(sizes, Path(folder)))
        for size in sizes:
            for dimension in index.DIMENSIONS:
                index.measure(Path(folder), size, dimension)


if __name__ == "__main__":
    main()
