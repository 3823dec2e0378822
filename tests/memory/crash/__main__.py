"""Kill processes for as long as one likes, and say what they survived.

scripts/crash_test --minutes 10 --seed 1
"""

import argparse
import asyncio
from pathlib import Path
from random import Random
import sys
from tempfile import TemporaryDirectory
import time

from custom_components.semantic_memory.memory.storage.migrations import STEPS

from .harness import MigrationRounds, WriteRounds, nursery
from .power import PowerCuts

_WRITES_A_ROUND = 40


async def main() -> None:
    """Go through all kinds of crashes again and again. Each round begins with an empty folder and a seed of its own."""
    parser = argparse.ArgumentParser(prog="scripts/crash_test", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None, help="of the first round; a failure names the one to repeat")
    wanted = parser.parse_args()
    seed = Random().randrange(1_000_000) if wanted.seed is None else wanted.seed  # noqa: S311 - not secret
    end = time.monotonic() + 60 * wanted.minutes
    totals: dict[str, int] = {}
    async with nursery() as nurse:
        while time.monotonic() < end:
            with TemporaryDirectory(prefix="crash") as folder:
                sys.stdout.write(f"seed {seed}: {totals}\n")
                sys.stdout.flush()
                writes = WriteRounds(Path(folder) / "writes", seed)
                for _ in range(_WRITES_A_ROUND):
                    await writes.run(nurse, longest=3.0 if writes.kills % 10 == 0 else 0.6)
                await writes.check_recovery()
                migrations = [MigrationRounds(Path(folder) / f"from{n}", seed, n) for n in range(3, len(STEPS) + 1)]
                for rounds in migrations:
                    for _ in range(_WRITES_A_ROUND // 5):
                        await rounds.run(nurse)
                cuts = PowerCuts(Path(folder) / "power", seed)
                await cuts.run(nurse, cuts=30, tears=10)
            for name, count in (
                ("kills while writing", writes.kills),
                ("changes acknowledged", writes.ledger.acknowledged),
                ("embeddings, models, indexes, snapshots and the like changed", writes.ledger.acts),
                ("kills while migrating", sum(rounds.kills for rounds in migrations)),
                ("migrations that got through", sum(rounds.finished for rounds in migrations)),
                ("power cuts", cuts.trials),
            ):
                totals[name] = totals.get(name, 0) + count
            seed += 1
    for name, count in totals.items():
        sys.stdout.write(f"{count:>8} {name}\n")
    sys.stdout.write("Everything that was acknowledged was there.\n")


asyncio.run(main())
