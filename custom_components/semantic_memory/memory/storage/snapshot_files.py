"""The folder of snapshots: how its files are named, how one comes there, and what is left of those that did not."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
import os
from pathlib import Path
import re
import shutil
from typing import Final

from ..errors import StorageError
from .faults import translated

FOLDER: Final = "snapshots"
RESTORED: Final = ".restored-"
"""How a snapshot is named, beside the database, until it is put in its place."""
_NAME: Final = re.compile(r"memory-(\d{8}T\d{6}Z)-([a-z]+)(?:-(\d+))?\.db")
_DRAFT: Final = ".new.db"
_DRAFTS: Final = (_DRAFT, RESTORED)
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_ROOM: Final = 2
"""Free disk space that is asked for, in sizes of the database: the copy, and as much again to write meanwhile."""
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True, order=True)
class SnapshotFile:
    """What the name of a snapshot says."""

    taken_at: float
    number: int
    """Of those of the same second."""
    name: str
    reason: str


def files(folder: Path) -> list[SnapshotFile]:
    """Return what is there by its name, the newest first."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    found = [(name, match) for name in names if (match := _NAME.fullmatch(name))]
    return sorted(
        (SnapshotFile(_moment(match[1]), int(match[3] or 1), name, match[2]) for name, match in found), reverse=True
    )


def half_made(folder: Path) -> list[Path]:
    """Return what a killed process left behind of a snapshot that it made or restored. Raises StorageError."""
    with translated(folder):
        return [
            path
            for parent in (folder, folder.parent)
            if parent.is_dir()
            for path in parent.iterdir()
            if path.name.startswith(_DRAFTS)
        ]


def remove_half_made(folder: Path) -> None:
    """Delete it: it may hold what has been purged since. Raises StorageError."""
    for path in half_made(folder):
        with translated(path):
            path.unlink(missing_ok=True)


def require_room(source: Path, folder: Path) -> None:
    """Raise StorageError (``no_room``) unless the disk has room for a copy of ``source`` and for going on."""
    needed = _ROOM * sum(path.stat().st_size for path in (source, _log(source)) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError("no_room", needed=-(-needed // _MEGABYTE), free=free // _MEGABYTE)


@contextmanager
def new_file(folder: Path) -> Iterator[Path]:
    """Give a new file that only its owner may read, which is gone afterwards unless it was renamed."""
    draft = folder / _DRAFT
    try:
        with translated(folder):
            draft.unlink(missing_ok=True)
            os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        yield draft
    finally:
        for suffix in ("", "-journal"):
            with suppress(OSError):
                draft.with_name(f"{draft.name}{suffix}").unlink()


def stamp(now: float) -> str:
    """Return a moment as it is written in names, in UTC."""
    return datetime.fromtimestamp(now, UTC).strftime(_STAMP)


def free_name(folder: Path, reason: str, now: float) -> str:
    """Return a name that nothing has: two of the same second must not replace each other."""
    name, number = f"memory-{stamp(now)}-{reason}.db", 2
    while (folder / name).exists():
        name, number = f"memory-{stamp(now)}-{reason}-{number}.db", number + 1
    return name


def put_in_place(draft: Path, path: Path) -> None:
    """Give a finished file its name, durably."""
    sync(draft)
    draft.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Make what was written to a file, or renamed in a folder, outlast a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _moment(text: str) -> float:
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:  # somebody gave a file such a name
        return 0.0
