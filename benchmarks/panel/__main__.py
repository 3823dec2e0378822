"""Parse the arguments, measure size by size, print a table, and write JSON."""

import argparse
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import report
from tests.e2e.browser import find_chromium, launched

from . import __doc__ as description
from .filling import filled
from .measuring import Figure, async_measure, record, show


async def _async_main(sizes: list[int], repeats: int) -> list[Figure]:
    """Measure one size after the other."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit("No Chromium was found: install one, or name it in CHROMIUM.")
    figures: list[Figure] = []
    for size in sizes:
        with TemporaryDirectory() as folder:
            async with filled(Path(folder) / "config", size) as house, launched(executable) as browser:
                found = await async_measure(browser, house, size, repeats)
        print(show(found), flush=True)
        figures += found
    return figures


def main() -> None:
    """Measure in a house of its own for every size."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.panel", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=5, help="how often each page is opened")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    on = report.machine()
    print(on)
    figures = asyncio.run(_async_main(given.sizes, given.repeats))
    if given.json:
        report.write_json(given.json, "panel", on, record(figures))


if __name__ == "__main__":
    main()
