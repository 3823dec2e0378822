"""Parse the arguments, measure size by size, print a table, and write JSON."""

import argparse
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import report

from . import __doc__ as description
from .figures import Figure, show
from .measuring import PARTS, Plan, async_measure

_BESIDE: Path = Path(__file__).parent
"""Stores are made here: a real disk, which a temporary folder may not be."""


def main() -> None:
    """Measure in a folder of its own for every size."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.speed", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure; all of it by default"
    )
    parser.add_argument("--others", type=float, default=0.0, help="memories of somebody else for each visible one")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--folder", type=Path, default=_BESIDE, help="where the stores are made")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    plan = Plan.quick() if given.quick else Plan()
    on, figures = report.machine(), list[Figure]()
    print(on)
    for size in given.sizes:
        with TemporaryDirectory(dir=given.folder) as folder:
            found = asyncio.run(async_measure(Path(folder), size, plan, given.parts, others=round(size * given.others)))
        print(show(found), flush=True)
        figures += found
    if given.json:
        report.write_json(given.json, "speed", on, {"figures": [figure.record() for figure in figures]})


if __name__ == "__main__":
    main()
