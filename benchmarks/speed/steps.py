"""Where the time of a search goes: ``python -m benchmarks.speed.steps [--sizes 10000 100000]``.

Every function that a search goes through is timed with everything that it calls, so that the steps of a step add up to
no more than the step itself.
"""

import argparse
import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from inspect import isfunction
from pathlib import Path
from tempfile import TemporaryDirectory
import threading
import time
from types import ModuleType
from typing import Any, Final

from benchmarks import report
from custom_components.semantic_memory.memory import closer, ranking, text
from custom_components.semantic_memory.memory.embedding import counterparts, words as word_table
from custom_components.semantic_memory.memory.models import RecallRequest
from custom_components.semantic_memory.memory.storage import (
    codes,
    exact,
    filters,
    keywords,
    postings,
    ram,
    said,
    search,
    sketches,
    spaces,
    stems,
    vec0,
    word_tier,
    words,
)

from .corpus import CALLER, async_import
from .engines import COLD, HOT, Way, async_engine, async_warm
from .measuring import Plan, make
from .searching import Questions

_MODULES: Final = (search, keywords, word_tier, words, said, spaces, text, ranking, closer)
_CLASSES: Final = (
    filters.Conditions,
    ram.TieredIndex,
    codes.Codes,
    sketches.Sketches,
    exact.Exact,
    stems.Stems,
    word_tier.WordTier,
    postings.Postings,
    vec0.Vec0Index,
    counterparts.Counterparts,
    word_table.WordTable,
)
_OURS: Final = {module.__name__ for module in _MODULES} | {owner.__module__ for owner in _CLASSES}
"""Where a function of them is written, if it is not only imported there."""
_LEAST: Final = 0.01
"""Share of a search from which a step is shown."""

type Trail = tuple[str, ...]


class Steps:
    """Seconds and calls of each step, by the steps that led to it."""

    def __init__(self) -> None:
        """Begin with none."""
        self.seconds: dict[Trail, float] = {}
        self.calls: dict[Trail, int] = {}
        self._local = threading.local()

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``work`` so that its time is counted."""

        @wraps(work)
        def run(*args: Any, **kwargs: Any) -> Any:
            above: Trail = getattr(self._local, "path", ())
            path = self._local.path = (*above, name)
            begin = time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                self.seconds[path] = self.seconds.get(path, 0.0) + time.perf_counter() - begin
                self.calls[path] = self.calls.get(path, 0) + 1
                self._local.path = above

        return run

    @contextmanager
    def watching(self) -> Generator[None]:
        """Time the functions of the modules and classes of a search."""
        before: list[tuple[Any, str, object]] = []
        owners: tuple[ModuleType | type, ...] = (*_MODULES, *_CLASSES)
        for owner in owners:
            for name, work in list(vars(owner).items()):
                if isfunction(work) and work.__module__ in _OURS:
                    before.append((owner, name, work))
                    setattr(owner, name, self.timed(f"{owner.__name__.rpartition('.')[2]}.{name}", work))
        try:
            yield
        finally:
            for owner, name, work in before:
                setattr(owner, name, work)

    def show(self, searches: int, whole: float) -> str:
        """Return a table of what each step took on average; ``whole`` is the time of all searches in seconds."""
        rows = [("whole search, from the call to the answer", "1", whole / searches * 1000, 1.0)]
        for path in sorted(self.seconds, key=self._order):
            share = self.seconds[path] / whole
            if share >= _LEAST:
                calls = self.calls[path] / searches
                rows.append(
                    (f"{'. ' * len(path)}{path[-1]}", report.number(calls), self.seconds[path] / searches * 1000, share)
                )
        return report.table(
            ("step", "calls", "ms", "share"),
            ((name, calls, report.number(ms), f"{share * 100:.0f} %") for name, calls, ms, share in rows),
        )

    def _order(self, path: Trail) -> list[tuple[float, str]]:
        """Put what took longest first, with its own steps behind it."""
        return [(-self.seconds.get(path[: end + 1], 0.0), path[end]) for end in range(len(path))]


async def async_steps(folder: Path, questions: Questions, way: Way) -> str:
    """Search with every question and return the table of steps."""
    steps, whole = Steps(), 0.0
    async with async_engine(folder, questions.embedder(), way) as engine:
        await async_warm(engine, CALLER, questions.texts[0])
        with steps.watching():
            for asked in questions.texts:
                begin = time.perf_counter()
                await engine.async_recall(CALLER, RecallRequest(query=asked, touch=False))
                whole += time.perf_counter() - begin
    return steps.show(len(questions.texts), whole)


def main() -> None:
    """Make a store of each size and print the steps of both ways to search it."""
    parser = argparse.ArgumentParser("python -m benchmarks.speed.steps", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000])
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="where the stores are made")
    given = parser.parse_args()
    print(report.machine())
    for size in given.sizes:
        with TemporaryDirectory(dir=given.folder) as folder:
            corpus, questions = make(size, Plan())
            asyncio.run(async_import(Path(folder), corpus))
            for way in (HOT, COLD):
                print(f"\n{size:,} memories, {way.name}\n")
                print(asyncio.run(async_steps(Path(folder), questions, way)), flush=True)


if __name__ == "__main__":
    main()
