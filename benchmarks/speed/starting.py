"""How long a start takes with a store, and how much memory it adds: each in a process of its own.

``python -m benchmarks.speed.starting FOLDER VECTOR`` is that process: it opens the store in FOLDER, asks one question,
whose vector is in the file VECTOR, and prints what it took.
"""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
import json
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time
from typing import TYPE_CHECKING, Final

from custom_components.semantic_memory.memory.embedding.base import SpaceKey
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, EngineSettings, RecallRequest

from .engines import async_warm

if TYPE_CHECKING:
    from .vectors import Matrix

_SEARCHES: Final = 20
"""How often is searched before the memory is read: what a search needs to work in counts too."""
_KB: Final = 1024


@dataclass(frozen=True, slots=True)
class Start:
    """What one process took."""

    answer_seconds: float
    """From opening the store to the first answer."""
    filled_seconds: float
    """Until everything that is to be in memory is there."""
    hits: int
    resident_bytes: int
    peak_bytes: int


class OneVector:
    """Embeds every text alike, so that no model takes part in what is measured."""

    model: Final = "benchmark"

    def __init__(self, path: Path) -> None:
        """Take the file of NumPy with the vector."""
        self._path = path

    async def async_space(self) -> SpaceKey:
        """Return the space that the store was filled in."""
        return SpaceKey(self.model, len(self._read()), "plain", "1")

    def forget_space(self) -> None:
        """Do nothing: it does not change."""

    async def async_embed_documents(self, texts: Sequence[str]) -> Matrix:
        """Return the vector for each text."""
        import numpy as np  # noqa: PLC0415 - when it is imported is part of what is measured

        return np.stack([self._read()] * len(texts))

    async def async_embed_query(self, text: str) -> Matrix:
        """Return the vector, shape (1, dimension)."""
        return await self.async_embed_documents([text])

    def _read(self) -> Matrix:
        import numpy as np  # noqa: PLC0415 - the same

        vector: Matrix = np.load(self._path)
        return vector


async def async_start(folder: Path, vector: Path, caller: Caller, query: str) -> Start:
    """Open the store, search, and say what that took; to be called in a process that has done nothing before."""
    begin = time.perf_counter()
    engine = await MemoryEngine.async_open(folder, EngineSettings())
    try:
        await engine.async_start(OneVector(vector))
        hits = (await engine.async_recall(caller, RecallRequest(query=query, touch=False))).hits
        answered = time.perf_counter()
        if engine.status.memories:
            await async_warm(engine, caller, query)
        filled = time.perf_counter()
        for _ in range(_SEARCHES):
            await engine.async_recall(caller, RecallRequest(query=query, touch=False))
        return Start(answered - begin, filled - begin, len(hits), resident("VmRSS"), resident("VmHWM"))
    finally:
        await engine.async_close()


async def async_measure_starts(folder: Path, vector: Matrix, caller: Caller, query: str) -> tuple[Start, Start]:
    """Start a process on an empty store and one on that in ``folder``; return what they took."""
    import numpy as np  # noqa: PLC0415 - it must not be imported by the process that is measured

    with TemporaryDirectory(dir=folder) as scratch:
        file = Path(scratch) / "vector.npy"
        np.save(file, vector)
        empty = await _async_run(Path(scratch), file, caller, query)
        return empty, await _async_run(folder, file, caller, query)


def resident(name: str) -> int:
    """Return how many bytes of memory this process has (``VmRSS``) or has had (``VmHWM``), as Linux counts."""
    lines = (line.partition(":") for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return next(int(value.split()[0]) * _KB for field, _, value in lines if field == name)


async def _async_run(folder: Path, vector: Path, caller: Caller, query: str) -> Start:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.speed.starting", str(folder), str(vector), str(caller.user_id), query),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the process that was to be measured has failed")
    return Start(**json.loads(printed))


def main() -> None:
    """Be the process that is measured."""
    parser = argparse.ArgumentParser("python -m benchmarks.speed.starting", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("vector", type=Path)
    parser.add_argument("user")
    parser.add_argument("query")
    given = parser.parse_args()
    start = asyncio.run(async_start(given.folder, given.vector, Caller(given.user), given.query))
    print(json.dumps(asdict(start)))


if __name__ == "__main__":
    main()
