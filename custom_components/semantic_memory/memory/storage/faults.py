"""SQLite's and the operating system's errors as errors in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import sqlite3
from typing import Final

from ..errors import DatabaseDamagedError, DatabaseUnavailableError, IndexDamagedError, StorageError

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FULL: Final = "the disk is full"
_UNAVAILABLE: Final = {
    sqlite3.SQLITE_BUSY: "another process has locked it",
    sqlite3.SQLITE_LOCKED: "another process has locked it",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_PERM: "access is denied",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn errors about the database at ``path`` into StorageError."""
    try:
        yield
    except sqlite3.IntegrityError as err:
        raise StorageError(reason=err) from err
    except sqlite3.Error as err:
        code = getattr(err, "sqlite_errorcode", 0)
        if code == sqlite3.SQLITE_CORRUPT_VTAB:
            raise IndexDamagedError from err
        primary = code & 0xFF
        if primary in _DAMAGED:
            raise DatabaseDamagedError(path=path) from err
        if is_full(err):
            raise DatabaseUnavailableError(path=path, reason=_FULL) from err
        if primary in _UNAVAILABLE:
            raise DatabaseUnavailableError(path=path, reason=_UNAVAILABLE[primary]) from err
        raise StorageError(reason=err) from err
    except (UnicodeEncodeError, OverflowError) as err:  # a value that SQLite cannot hold
        raise StorageError(reason=err) from err
    except OSError as err:
        raise DatabaseUnavailableError(path=path, reason=err.strerror or err) from err


def is_full(err: sqlite3.Error) -> bool:
    """Return whether an error means that the disk is full; the log's index (-shm) cannot grow then either."""
    code = getattr(err, "sqlite_errorcode", 0)
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
