"""Getting sqlite-vec into a connection, and proving that it works there."""

from collections.abc import Callable
import sqlite3
from typing import Final

_EXPECTED: Final = [(1, 0.0), (2, 4.0)]


class IndexUnavailableError(Exception):
    """sqlite-vec cannot be used; the text says why."""


def load_extension() -> Callable[[sqlite3.Connection], None]:
    """Return a function that loads sqlite-vec into a connection.

    It has been tried on a scratch connection with a known answer: a file that merely loads is not enough. Raises
    IndexUnavailableError.
    """
    try:
        import sqlite_vec  # noqa: PLC0415 - not there on every machine
    except ImportError as err:
        raise IndexUnavailableError("sqlite-vec is not installed") from err

    def load(connection: sqlite3.Connection) -> None:
        connection.enable_load_extension(True)
        try:
            connection.load_extension(sqlite_vec.loadable_path())
        finally:
            connection.enable_load_extension(False)

    _verify(load)
    return load


def _verify(load: Callable[[sqlite3.Connection], None]) -> None:
    """Load into a scratch connection and compare a search with its known answer."""
    scratch = sqlite3.connect(":memory:", autocommit=True)
    try:
        load(scratch)
        scratch.execute("CREATE VIRTUAL TABLE probe USING vec0 (owner TEXT PARTITION KEY, code BIT[8])")
        scratch.executemany(
            "INSERT INTO probe (rowid, owner, code) VALUES (?, ?, vec_bit(?))",
            [(1, "a", b"\x0f"), (2, "a", b"\xff"), (3, "b", b"\x0f")],
        )
        found = scratch.execute(
            "SELECT rowid, distance FROM probe WHERE code MATCH vec_bit(?) AND k = 3 AND owner = 'a'", (b"\x0f",)
        ).fetchall()
    except AttributeError as err:
        raise IndexUnavailableError("this Python cannot load SQLite extensions") from err
    except (sqlite3.Error, OSError) as err:
        raise IndexUnavailableError(str(err)) from err
    finally:
        scratch.close()
    if found != _EXPECTED:
        raise IndexUnavailableError(f"sqlite-vec answered {found} instead of {_EXPECTED}")
