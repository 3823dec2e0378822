"""Putting a snapshot in the place of the database. Functions on files that nobody has open."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Final

from ..errors import InvalidInputError
from . import purged, snapshot_files, snapshots
from .faults import translated
from .snapshots import Snapshot

_PARTS: Final = ("", "-wal", "-shm")
"""What belongs to a database: SQLite finds the log of a file by its name."""
_NAMED: Final = 5
"""As many snapshots as an error names."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was put aside, so that it can be put back."""

    path: Path
    aside: Mapping[Path, Path]
    """Where each part of the database is now."""

    def undo(self) -> None:
        """Put the files back that were there. Raises StorageError."""
        with translated(self.path):
            for part in _PARTS:
                _part(self.path, part).unlink(missing_ok=True)
            for original, moved in self.aside.items():
                moved.replace(original)
            snapshot_files.sync(self.path.parent)

    def discard(self) -> None:
        """Delete what was put aside, because a snapshot holds all of it."""
        with translated(self.path):
            for moved in self.aside.values():
                moved.unlink(missing_ok=True)


def choose(path: Path, name: str | None) -> Snapshot:
    """Return the snapshot with this name, or the newest that can be restored.

    Raises InvalidInputError (``backup_not_found``, ``no_backups``), StorageError for one that cannot be read.
    """
    folder = path.parent / snapshot_files.FOLDER
    files = snapshot_files.files(folder)
    if name is None:
        newest = next(snapshots.good(folder), None)
        if newest is None:
            raise InvalidInputError("no_backups")
        return newest
    wanted = name.strip().removesuffix(".db")
    for file in files:
        if file.name.removesuffix(".db") == wanted:
            return snapshots.look(folder, file)
    if not files:
        raise InvalidInputError("no_backups")
    raise InvalidInputError("backup_not_found", name=name, known=", ".join(file.name for file in files[:_NAMED]))


def set_aside(path: Path, prefix: str, now: float) -> Replaced:
    """Rename the database with its log, keeping both; on an error everything is as it was. Raises StorageError."""
    aside: dict[Path, Path] = {}
    mark = f"{prefix}-{snapshot_files.stamp(now)}"
    try:
        with translated(path):
            for original in [part for name in _PARTS if (part := _part(path, name)).exists()]:
                moved = _unused(path.parent, mark, original.name)
                original.rename(moved)
                aside[original] = moved
            snapshot_files.sync(path.parent)
    except BaseException:
        _put_back(aside)
        raise
    return Replaced(path, aside)


def restore(path: Path, name: str, prefix: str, now: float) -> Replaced:
    """Put a copy of a snapshot in the place of the database, which is kept beside it under ``prefix``.

    What was purged since and could not be taken out of the snapshot yet is not brought back. Raises StorageError, with
    everything as it was.
    """
    folder = path.parent / snapshot_files.FOLDER
    draft = path.with_name(f"{snapshot_files.RESTORED}{path.name}")
    try:
        with translated(draft):
            draft.unlink(missing_ok=True)
            snapshot_files.require_room(folder / name, path.parent)
        snapshots.copy_checked(folder / name, draft)
        if ids := purged.read(folder):
            with translated(draft):
                snapshots.rewrite(draft, lambda connection: purged.delete(connection, ids))
        return _swap(path, draft, f"{prefix}-{snapshot_files.stamp(now)}")
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _swap(path: Path, draft: Path, mark: str) -> Replaced:
    """Put ``draft`` in the place of the database in one step: a power cut must not leave none, or an empty one."""
    aside: dict[Path, Path] = {}
    try:
        with translated(path):
            for original in [part for name in reversed(_PARTS) if (part := _part(path, name)).exists()]:
                moved = _unused(path.parent, mark, original.name)
                if original == path:
                    _link(original, moved)
                else:
                    original.rename(moved)
                aside[original] = moved
            draft.replace(path)
            snapshot_files.sync(path.parent)
    except BaseException:
        _put_back(aside)
        raise
    return Replaced(path, aside)


def _link(original: Path, moved: Path) -> None:
    try:
        os.link(original, moved)
    except OSError:  # not every file system has links
        original.rename(moved)


def _put_back(aside: Mapping[Path, Path]) -> None:
    for original, moved in aside.items():
        with suppress(OSError):
            moved.replace(original)


def _part(path: Path, part: str) -> Path:
    return path.with_name(f"{path.name}{part}")


def _unused(folder: Path, mark: str, name: str) -> Path:
    """Return a name that nothing has: what was set aside before stays."""
    path, number = folder / f"{mark}-{name}", 2
    while path.exists():
        path, number = folder / f"{mark}-{number}-{name}", number + 1
    return path
