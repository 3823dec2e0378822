"""What a power cut can leave of a database: less of the log than was written, or a file half-way to what the log says.

SQLite waits until the log is on disk before a commit is acknowledged (``synchronous=FULL``), so what is missing at the
end of it was not acknowledged. This is simulated with files only: it shows that whatever is left is read as it was
after one of the changes. It does not show that a disk keeps what it says it has written.
"""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
import shutil
import sqlite3

from custom_components.semantic_memory.memory.engine import DATABASE

from .harness import Nursery, findings_in
from .jobs import is_whole

_PAGE = 4_096


class PowerCuts:
    """Everything that a power cut may have left of one file, as far as it can be tried."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Begin with an empty folder."""
        self.trials = 0
        self._folder = folder
        self._seed = seed
        self._random = Random(seed)  # noqa: S311 - has to be the same in every run

    async def run(self, nurse: Nursery, *, cuts: int, tears: int) -> None:
        """Let a process write into the log, kill it, and check what is left after that many mishaps of either kind."""
        notes: list[str] = []
        about = {"job": "log", "folder": str(self._folder), "seed": self._seed}
        await nurse.run_and_kill(about, notes.append, 0.5, once="open")
        acknowledged = sum(note.startswith("done") for note in notes)
        length = (self._folder / f"{DATABASE}-wal").stat().st_size
        places = sorted(self._random.randrange(length) for _ in range(cuts))
        counts = [await self._count_after(partial(lose_end, start=place)) for place in (*places, length)]
        about_it = f"seed {self._seed}: {counts}, {acknowledged} acknowledged"
        assert counts == sorted(counts), about_it
        assert counts[-1] in (acknowledged, acknowledged + 1), about_it
        for _ in range(tears):
            assert await self._count_after(tear) == counts[-1], about_it

    async def _count_after(self, mishap: Callable[[Path, Random], None]) -> int:
        """Check that all that is left of a copy agrees, and return how many memories there are."""
        trial = copy(self._folder, self._folder.with_name(f"{self._folder.name}_{self.trials}"))
        self.trials += 1
        mishap(trial, self._random)
        findings = await findings_in(trial)
        assert findings == (), f"seed {self._seed}"
        count = changes_in(trial)
        shutil.rmtree(trial)
        return count


def copy(source: Path, target: Path) -> Path:
    """Copy a file with its log, which nobody may have opened since it was written."""
    target.mkdir()
    for suffix in ("", "-wal"):
        shutil.copyfile(source / f"{DATABASE}{suffix}", target / f"{DATABASE}{suffix}")
    return target


def lose_end(folder: Path, random: Random, *, start: int) -> None:
    """Lose the log from a place on: it is missing, blank, or what was on the disk before."""
    log = folder / f"{DATABASE}-wal"
    whole = log.read_bytes()
    lost = len(whole) - start
    log.write_bytes(whole[:start] + random.choice((b"", bytes(lost), random.randbytes(lost))))


def tear(folder: Path, random: Random) -> None:
    """Move some of the pages that the log has into the file, and others not."""
    path, log = folder / DATABASE, folder / f"{DATABASE}-wal"
    before, kept = path.read_bytes(), log.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    after = path.read_bytes()
    pages = [
        (after if random.random() < 0.5 else before)[place : place + _PAGE] for place in range(0, len(after), _PAGE)
    ]
    path.write_bytes(b"".join(page or bytes(_PAGE) for page in pages))
    log.write_bytes(kept)


def changes_in(folder: Path) -> int:
    """Return how many memories of ``jobs.log`` a file holds. Raises AssertionError unless these are all up to one."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        rows = connection.execute("SELECT key, value, deleted_at IS NOT NULL FROM memory ORDER BY seq").fetchall()
    assert all(is_whole(value) for _, value, _ in rows)
    assert [key for key, *_ in rows] == [f"n{number}" for number in range(1, len(rows) + 1)]
    forgotten = [number for number, (*_, gone) in enumerate(rows, start=1) if gone]
    expected = [number for number in range(1, len(rows)) if number % 3 == 2]
    assert forgotten in (expected, expected[:-1] if len(rows) % 3 == 0 else expected)
    return len(rows)
