"""Snapshots of the database: complete, checked copies in a folder beside it. Functions on files, for one thread.

A snapshot is written under a temporary name and gets its own only once it has been read and found sound, so a failure
never costs one that is there. It is in rollback mode: one file that can be copied and opened read-only.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
import os
from pathlib import Path
import sqlite3
from typing import Final

from ..errors import DatabaseDamagedError, StorageError
from . import checks, snapshot_files
from .faults import translated
from .snapshot_files import SnapshotFile

type Scrub = Callable[[sqlite3.Connection], object]
type Concerns = Callable[[sqlite3.Connection], bool]
type Check = Callable[[], None]

_PAGES: Final = 256
"""Pages copied in one go: 1 MiB."""
_PAUSE: Final = 0.002
"""Seconds between two goes, so that a slow disk has time for what people wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot that was opened and can be restored."""

    name: str
    """Name of the file."""
    taken_at: float
    """Seconds since 1970."""
    reason: str
    """``daily``, ``manual``, ``migration`` or ``restore``."""
    size: int
    """Bytes."""
    memories: int | None
    """Live memories in it, of all owners; ``None`` where it was only glanced at and they could not be counted."""


def look(folder: Path, file: SnapshotFile) -> Snapshot:
    """Open a snapshot and return what is in it. Raises StorageError where it cannot be restored."""
    path = folder / file.name
    with translated(path):
        memories = _checked(path)
        size = path.stat().st_size
    return Snapshot(name=file.name, taken_at=file.taken_at, reason=file.reason, size=size, memories=memories)


def glance(folder: Path) -> list[Snapshot]:
    """Return the snapshots, the newest first, without finding out whether they can be restored. Raises StorageError."""
    found = []
    for file in snapshot_files.files(folder):
        path = folder / file.name
        with translated(path), suppress(FileNotFoundError):  # deleted meanwhile: it was outdated
            size = path.stat().st_size
            try:
                with closing(_read_only(path, immutable=True)) as connection:
                    memories: int | None = _count(connection)
            except sqlite3.Error:
                memories = None
            found.append(
                Snapshot(name=file.name, taken_at=file.taken_at, reason=file.reason, size=size, memories=memories)
            )
    return found


def good(folder: Path) -> Iterator[Snapshot]:
    """Yield the snapshots that can be restored, the newest first; each is read when its turn comes."""
    for file in snapshot_files.files(folder):
        with suppress(StorageError):
            yield look(folder, file)


def take(source: Path, folder: Path, reason: str, now: float, go_on: Check = lambda: None) -> Snapshot:
    """Copy the database at ``source``, which may be in use, and check the copy.

    ``go_on`` is called between two pieces and may raise to end it. Raises DatabaseDamagedError where the database
    itself turns out to be damaged, StorageError for everything else.
    """
    with translated(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        snapshot_files.require_room(source, folder)
    with snapshot_files.new_file(folder) as draft:
        with translated(source), closing(_read_only(source)) as connection:
            _copy(connection, draft, go_on)
        try:
            with translated(draft):
                memories = _checked(draft)
        except DatabaseDamagedError as err:  # copies are exact
            raise DatabaseDamagedError(path=source) from err
        with translated(folder):
            name = snapshot_files.free_name(folder, reason, now)
            size = draft.stat().st_size
            snapshot_files.put_in_place(draft, folder / name)
    return Snapshot(name=name, taken_at=float(int(now)), reason=reason, size=size, memories=memories)


def scrub(folder: Path, name: str, work: Scrub, concerns: Concerns = lambda _: True) -> None:
    """Have ``work`` take something out of a snapshot so that no trace is left of it, in place of the one before.

    ``concerns`` tells whether there is anything to take out. Raises StorageError and leaves the file as it was.
    """
    path = folder / name
    with translated(path), closing(_read_only(path, immutable=True)) as connection:
        if not concerns(connection):
            return
        snapshot_files.require_room(path, folder)
    with snapshot_files.new_file(folder) as draft, translated(path):
        with closing(_read_only(path, immutable=True)) as connection:
            _copy(connection, draft)
        rewrite(draft, work)
        _checked(draft)
        snapshot_files.put_in_place(draft, path)


def rewrite(path: Path, work: Scrub) -> None:
    """Run ``work`` on a file that nobody else uses, and write it anew without what was deleted."""
    with closing(sqlite3.connect(path, autocommit=True)) as connection:
        for pragma in ("foreign_keys=ON", "secure_delete=ON", "journal_mode=MEMORY"):
            connection.execute(f"PRAGMA {pragma}").fetchone()
        connection.execute("BEGIN IMMEDIATE")
        work(connection)
        _blank_codes(connection)
        connection.execute("COMMIT")
        connection.execute("VACUUM")


def copy_checked(path: Path, target: Path) -> None:
    """Copy a snapshot to a file that is not there yet, and read the copy. Raises StorageError."""
    with translated(path):
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(_read_only(path, immutable=True)) as connection:
            _copy(connection, target)
        _checked(target)


def _read_only(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    # Immutable: neither a journal nor a lock is looked for, so the folder need not be writable.
    suffix = "&immutable=1" if immutable else ""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{suffix}", uri=True, autocommit=True, timeout=5.0)


def _copy(source: sqlite3.Connection, target: Path, go_on: Check = lambda: None) -> None:
    """Copy a whole database in one state, while others write to it."""
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # without it, each write would start the copy anew
    with closing(sqlite3.connect(target, autocommit=True)) as copy:
        source.backup(copy, pages=_PAGES, sleep=_PAUSE, progress=lambda *_: go_on())
        copy.execute("PRAGMA journal_mode=DELETE").fetchone()


def _checked(path: Path) -> int:
    """Return how many live memories a file holds that nobody writes to.

    Raises DatabaseDamagedError. What can be made anew from the memories, when the file is opened, is no damage.
    """
    with closing(_read_only(path, immutable=True)) as connection:
        if checks.damage(checks.file_structure(connection)):
            raise DatabaseDamagedError(path=path)
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migration'").fetchone() is None:
            raise DatabaseDamagedError(path=path)
        return _count(connection)


def _count(connection: sqlite3.Connection) -> int:
    (memories,) = connection.execute("SELECT count(*) FROM memory WHERE deleted_at IS NULL").fetchone()
    return int(memories)


def _blank_codes(connection: sqlite3.Connection) -> None:
    """Empty the bit indexes, which are filled anew when they are next used.

    Without sqlite-vec they are ordinary tables, whose rows hold owners and codes of vectors.
    """
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND (name GLOB 'vector_code_*_chunks'"
        " OR name GLOB 'vector_code_*_rowids' OR name GLOB 'vector_code_*_vector_chunks*')"
    ).fetchall()
    for (table,) in tables:
        connection.execute(f'DELETE FROM "{table}"')
    if connection.execute("SELECT 1 FROM pragma_table_info('space') WHERE name = 'indexed'").fetchone():
        connection.execute("UPDATE space SET indexed = 0")
