"""When the write-ahead log is moved into the file. Functions of the writer's connection, outside a transaction."""

import sqlite3
from typing import Final

from .faults import is_full

_PAGES: Final = 1_000
"""SQLite's own default."""


def make_room(connection: sqlite3.Connection, err: BaseException) -> None:
    """Where the disk is full, empty the log into the file as far as that has room: the log's own can be used again."""
    if isinstance(err, sqlite3.Error) and is_full(err):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def stop(connection: sqlite3.Connection) -> None:
    """Leave the file as it is from now on, also on close."""
    connection.execute("PRAGMA wal_autocheckpoint=0").fetchone()
    connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)


def begin_hold(connection: sqlite3.Connection) -> bool:
    """Empty the log and stop moving it into the file; return whether it is empty."""
    stop(connection)  # first: the file has to stay as it is also where the log cannot be emptied
    (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def end_hold(connection: sqlite3.Connection) -> None:
    """Move the log into the file, now and as usual."""
    connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, False)
    connection.execute(f"PRAGMA wal_autocheckpoint={_PAGES}").fetchone()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def rewrite(connection: sqlite3.Connection) -> bool:
    """Write the file anew, without what was deleted; return whether the log is empty too."""
    connection.execute("VACUUM")
    (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
