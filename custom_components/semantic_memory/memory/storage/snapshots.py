"""Snapshots of the database: complete, checked copies in a folder beside it. Functions on files, for one thread.

A snapshot is written under a temporary name and gets its own only once it has been read and found sound, so a failure
never costs one that is there. It is in rollback mode: one file that can be copied and opened read-only.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
import os
from pathlib import Path
import re
import shutil
import sqlite3
from typing import Final

from ..errors import DatabaseDamagedError, StorageError
from . import checks
from .faults import translated

type Scrub = Callable[[sqlite3.Connection], object]
type Concerns = Callable[[sqlite3.Connection], bool]
type Check = Callable[[], None]

FOLDER: Final = "snapshots"
_NAME: Final = re.compile(r"memory-(\d{8}T\d{6}Z)-([a-z]+)(?:-(\d+))?\.db")
_DRAFT: Final = ".new.db"
RESTORED: Final = ".restored-"
"""How a snapshot is named, beside the database, until it is put in its place."""
_DRAFTS: Final = (_DRAFT, RESTORED)
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_PAGES: Final = 256
"""Pages copied in one go: 1 MiB."""
_PAUSE: Final = 0.002
"""Seconds between two goes, so that a slow disk has time for what people wait for."""
_ROOM: Final = 2
"""Free disk space that is asked for, in sizes of the database: the copy, and as much again to write meanwhile."""
_MEGABYTE: Final = 1_000_000


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
    for file in files(folder):
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
    for file in files(folder):
        with suppress(StorageError):
            yield look(folder, file)


def take(source: Path, folder: Path, reason: str, now: float, go_on: Check = lambda: None) -> Snapshot:
    """Copy the database at ``source``, which may be in use, and check the copy.

    ``go_on`` is called between two pieces and may raise to end it. Raises DatabaseDamagedError where the database
    itself turns out to be damaged, StorageError for everything else.
    """
    with translated(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_room(source, folder)
    with _new_file(folder) as draft:
        with translated(source), closing(_read_only(source)) as connection:
            _copy(connection, draft, go_on)
        try:
            with translated(draft):
                memories = _checked(draft)
        except DatabaseDamagedError as err:  # copies are exact
            raise DatabaseDamagedError(path=source) from err
        with translated(folder):
            name = _free_name(folder, reason, now)
            size = draft.stat().st_size
            _put_in_place(draft, folder / name)
    return Snapshot(name=name, taken_at=float(int(now)), reason=reason, size=size, memories=memories)


def scrub(folder: Path, name: str, work: Scrub, concerns: Concerns = lambda _: True) -> None:
    """Have ``work`` take something out of a snapshot so that no trace is left of it, in place of the one before.

    ``concerns`` tells whether there is anything to take out. Raises StorageError and leaves the file as it was.
    """
    path = folder / name
    with translated(path), closing(_read_only(path, immutable=True)) as connection:
        if not concerns(connection):
            return
        require_room(path, folder)
    with _new_file(folder) as draft, translated(path):
        with closing(_read_only(path, immutable=True)) as connection:
            _copy(connection, draft)
        rewrite(draft, work)
        _checked(draft)
        _put_in_place(draft, path)


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


def require_room(source: Path, folder: Path) -> None:
    """Raise StorageError (``no_room``) unless the disk has room for a copy of ``source`` and for going on."""
    needed = _ROOM * sum(path.stat().st_size for path in (source, _log(source)) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError("no_room", needed=-(-needed // _MEGABYTE), free=free // _MEGABYTE)


def sync_folder(folder: Path) -> None:
    """Make renamed files keep their names over a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_checked(path: Path, target: Path) -> None:
    """Copy a snapshot to a file that is not there yet, and read the copy. Raises StorageError."""
    with translated(path):
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(_read_only(path, immutable=True)) as connection:
            _copy(connection, target)
        _checked(target)


def stamp(now: float) -> str:
    """Return a moment as it is written in names, in UTC."""
    return datetime.fromtimestamp(now, UTC).strftime(_STAMP)


def _moment(text: str) -> float:
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:  # somebody gave a file such a name
        return 0.0


def _free_name(folder: Path, reason: str, now: float) -> str:
    """Return a name that nothing has: two of the same second must not replace each other."""
    name, number = f"memory-{stamp(now)}-{reason}.db", 2
    while (folder / name).exists():
        name, number = f"memory-{stamp(now)}-{reason}-{number}.db", number + 1
    return name


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


@contextmanager
def _new_file(folder: Path) -> Iterator[Path]:
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


def _put_in_place(draft: Path, path: Path) -> None:
    """Give a finished file its name, durably."""
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    sync_folder(path.parent)


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
