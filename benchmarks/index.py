"""How fast near vectors are found, and how many of the true ones: the index in memory, sqlite-vec, and no index.

Run with ``.venv/bin/python -m benchmarks.index [--sizes 1000 10000 100000] [--dimensions 256 768]``. All of them answer
the same questions over the same vectors in the same run: only their ratio says something.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
import sqlite3
from statistics import median, quantiles
from tempfile import TemporaryDirectory
import time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from custom_components.semantic_memory.memory.embedding.base import SpaceKey
from custom_components.semantic_memory.memory.embedding.calibration import Calibration
from custom_components.semantic_memory.memory.storage import spaces
from custom_components.semantic_memory.memory.storage.filters import register_functions
from custom_components.semantic_memory.memory.storage.migrations import migrate
from custom_components.semantic_memory.memory.storage.ram import RamTier, TieredIndex
from custom_components.semantic_memory.memory.storage.scan import NoIndex
from custom_components.semantic_memory.memory.storage.search import VECTOR_CANDIDATES
from custom_components.semantic_memory.memory.storage.vec import load_extension
from custom_components.semantic_memory.memory.storage.vec0 import Vec0Index

DIMENSIONS: Final = (256, 768)
"""Of the built-in model, and of the usual ones of an Ollama server."""
OWNER: Final = "0" * 32
_QUESTIONS: Final = 50
_TRUE: Final = 10
_OF_ONE_TOPIC: Final = 250
_ENOUGH_SECONDS: Final = 5.0

type Matrix = NDArray[np.float32]
type Find = Callable[[Matrix], Sequence[int]]


def random_vectors(count: int, dimension: int) -> Matrix:
    """Return unit vectors without any order: the worst case, since all are equally far from everything."""
    return _units(np.random.default_rng(1).standard_normal((count, dimension), np.float32))


def clustered_vectors(count: int, dimension: int) -> Matrix:
    """Return unit vectors around topics, each of which has more memories than there are candidates."""
    chance = np.random.default_rng(2)
    topics = chance.standard_normal((max(1, count // _OF_ONE_TOPIC), dimension), np.float32)
    near = topics[chance.integers(0, len(topics), count)]
    return _units(near + chance.standard_normal((count, dimension), np.float32))


def measure(folder: Path, size: int, dimension: int) -> None:
    """Print a table for both kinds of vectors."""
    for kind, make in (("random", random_vectors), ("clustered", clustered_vectors)):
        vectors = make(size + _QUESTIONS, dimension)
        connection = _connect(folder / f"{size}-{dimension}-{kind}.db")
        space_id = _store(connection, vectors[:size])
        _measure(connection, space_id, vectors[:size], vectors[size:], kind)
        connection.close()


def _measure(connection: sqlite3.Connection, space_id: int, vectors: Matrix, questions: Matrix, kind: str) -> None:
    size, dimension = vectors.shape
    tier, sqlite_vec, nothing = RamTier(), Vec0Index(), NoIndex()
    begin = time.perf_counter()
    filling = tier.begin((space_id, OWNER))
    while filling.read_on(connection):
        pass
    tier.end(filling)
    filled = time.perf_counter() - begin
    tiered = TieredIndex(tier, nothing)

    def by(index: TieredIndex | Vec0Index | NoIndex) -> Find:
        return lambda question: list(index.search(connection, space_id, (OWNER,), question, VECTOR_CANDIDATES))

    def scan(question: Matrix) -> Sequence[int]:
        found: list[int] = (np.argsort(-(vectors @ question))[:_TRUE] + 1).tolist()
        return found

    finders = {"codes in memory": by(tiered), "sqlite-vec": by(sqlite_vec), "NumPy scan": scan, "no index": by(nothing)}
    true = [set(scan(question)) for question in questions]
    print(f"{size} {kind} vectors of {dimension} numbers; codes in memory: {tier.nbytes} bytes, read in {filled:.2f} s")
    base = 0.0
    for name, find in finders.items():
        seconds, right = list[float](), 0
        for question, wanted in zip(questions, true, strict=True):
            begin = time.perf_counter()
            found = find(question)
            seconds.append(time.perf_counter() - begin)
            right += len(wanted & set(found))
            if sum(seconds) > _ENOUGH_SECONDS and len(seconds) > 1:
                break
        base = base or median(seconds)
        print(
            f"  {name:<16} p50 {median(seconds) * 1000:8.2f} ms   p95 {quantiles(seconds, n=20)[-1] * 1000:8.2f} ms"
            f"   × {median(seconds) / base:6.1f}   recall@{_TRUE} {right / (_TRUE * len(seconds)):.3f}"
        )


def _units(vectors: Matrix) -> Matrix:
    units: Matrix = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return units


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, autocommit=True)
    connection.execute("PRAGMA journal_mode=WAL")
    register_functions(connection)
    load_extension(path.parent)(connection)
    migrate(connection)
    return connection


def _store(connection: sqlite3.Connection, vectors: Matrix) -> int:
    """Store one memory per vector, with seqs from 1 in their order; return the space."""
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO memory (seq, id, key, value, owner, scope, category, surface, created_at, updated_at)"
        " VALUES (?, ?, ?, 'v', ?, 'user', 'general', 'benchmark', 0, 0)",
        ((seq, f"{seq:026}", f"k{seq}", OWNER) for seq in range(1, len(vectors) + 1)),
    )
    key = SpaceKey("benchmark", vectors.shape[1], "plain", "1")
    space_id = spaces.add(connection, key, Calibration(0.1, 0.6), NoIndex()).id
    connection.executemany(
        "INSERT INTO vector (space_id, memory_seq, embedding) VALUES (?, ?, ?)",
        ((space_id, seq, row.astype("<f4").tobytes()) for seq, row in enumerate(vectors, 1)),
    )
    Vec0Index().prepare(connection, space_id)
    connection.execute("COMMIT")
    return space_id


def main() -> None:
    """Parse the arguments and measure in a folder beside this file, so that it is a real disk."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--dimensions", type=int, nargs="+", default=DIMENSIONS)
    arguments = parser.parse_args()
    for size in arguments.sizes:
        for dimension in arguments.dimensions:
            with TemporaryDirectory(dir=Path(__file__).parent) as folder:
                measure(Path(folder), size, dimension)


if __name__ == "__main__":
    main()
