"""How well memories are found, beside simpler systems over the same texts and vectors.

Without arguments: the household set with the built-in model, and with MiniLM where its package is installed.

  python -m benchmarks.quality --failures wrong.tsv           what to look at when tuning
  python -m benchmarks.quality --sets --data FOLDER           other sets only, see retrieval_set.load_folder
  python -m benchmarks.quality --embedder --ollama URL MODEL  a model of an Ollama server only
"""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
import sys
import time

from custom_components.semantic_memory.memory.errors import EmbeddingError

from ..report import machine
from . import report
from .embedders import NAMES, KeptEmbedder, how_to_get, open_embedder, open_ollama
from .retrieval_set import StoredMemory, Suite, load_folder, load_household
from .running import SYSTEMS, Result, async_run


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the arguments say; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        suites = [load_household() for _ in options.sets] + [load_folder(folder) for folder in options.data]
    except (OSError, KeyError, ValueError) as err:
        print(f"The questions cannot be read: {err!r}", file=sys.stderr)
        return 1
    if options.limit:
        suites = [suite.first(options.limit) for suite in suites]
    try:
        asyncio.run(_async_measure(suites, options))
    except EmbeddingError as err:
        print(f"The server cannot be used: {err}", file=sys.stderr)
        return 1
    return 0


async def _async_measure(suites: Sequence[Suite], options: argparse.Namespace) -> None:
    print(machine())
    results: list[Result] = []
    memories: dict[tuple[str, str, str], StoredMemory] = {}
    for name, opening in _openings(options):
        async with opening as embedder:
            if embedder is None:
                print(how_to_get(name))
                continue
            for suite in suites:
                begin = time.perf_counter()
                found, stored = await async_run(suite, embedder, options.systems)
                results += found
                memories |= {(suite.name, *key): memory for key, memory in stored.items()}
                print("\n".join(report.tables(found)))
                print(f"\nMeasured in {time.perf_counter() - begin:.1f} s", flush=True)
    if options.json:
        report.write_figures(options.json, results)
    if options.failures:
        print(f"{report.write_failures(options.failures, results, memories)} questions in {options.failures}")


def _openings(options: argparse.Namespace) -> list[tuple[str, AbstractAsyncContextManager[KeptEmbedder | None]]]:
    openings: list[tuple[str, AbstractAsyncContextManager[KeptEmbedder | None]]] = [
        (name, open_embedder(name)) for name in options.embedder
    ]
    openings.extend((model, open_ollama(url, model)) for url, model in options.ollama)
    return openings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="*", choices=["household"], default=["household"], help="sets of our own")
    parser.add_argument("--data", nargs="+", type=Path, default=[], metavar="FOLDER", help="folders of JSON files")
    parser.add_argument("--embedder", nargs="*", choices=NAMES, default=NAMES)
    parser.add_argument("--ollama", nargs=2, action="append", default=[], metavar=("URL", "MODEL"))
    parser.add_argument("--systems", nargs="*", choices=SYSTEMS, default=SYSTEMS, help="what ours is compared with")
    parser.add_argument("--limit", type=int, metavar="N", help="take only the first N memories of each set")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--failures", type=Path, metavar="FILE", help="write what went wrong, tab-separated")
    return parser


if __name__ == "__main__":
    sys.exit(main())
