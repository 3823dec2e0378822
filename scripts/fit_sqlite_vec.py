"""Makes the file of sqlite-vec that fits musl, on a machine that has network, for one that has none."""

import asyncio
from pathlib import Path
import sys

from custom_components.semantic_memory.memory.storage.sqlite_vec.errors import UnobtainableError
from custom_components.semantic_memory.memory.storage.sqlite_vec.obtain import async_obtain
from custom_components.semantic_memory.memory.storage.sqlite_vec.wheel import TARGETS


def main(architecture: str, folder: Path) -> int:
    """Put the file for ``architecture`` below ``folder`` and say where it is."""
    target = TARGETS.get(architecture)
    if target is None:
        print(f"there is a file for {' and '.join(TARGETS)} only, not for {architecture}", file=sys.stderr)
        return 2
    try:
        print(asyncio.run(async_obtain(folder, target)))
    except UnobtainableError as err:
        print(f"sqlite-vec could not be fitted: {err}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
