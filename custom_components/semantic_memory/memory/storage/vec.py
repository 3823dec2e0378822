"""Getting sqlite-vec into a connection, and proving that it works there."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
import sqlite3
import struct
from typing import Final

from .sqlite_vec.errors import UnobtainableError
from .sqlite_vec.machine import is_musl, this_target
from .sqlite_vec.obtain import find

type Load = Callable[[sqlite3.Connection], None]

LIB_FOLDER: Final = "lib"
"""Beside the database; what was fitted to musl is kept there."""

_TABLE: Final = "CREATE VIRTUAL TABLE probe USING vec0 (owner TEXT PARTITION KEY, code BIT[8], place FLOAT[2])"
_ROWS: Final = ((1, "a", b"\x0f", (1.0, 0.0)), (2, "a", b"\xff", (4.0, 4.0)), (3, "b", b"\x0f", (1.0, 0.0)))
_LATER_ROWS: Final = ((4, "a", b"\x1f", (1.0, 2.0)),)
_CODE: Final = b"\x0f"
_PLACE: Final = (1.0, 0.0)
_EXPECTED: Final = (
    {"code": [(1, 0.0), (2, 4.0)], "place": [(1, 0.0), (2, 5.0)]},
    {"code": [(4, 1.0), (2, 4.0)], "place": [(4, 2.0), (2, 5.0)]},
)
"""Rows of owner a and their distances from _CODE and _PLACE: at first, and with row 1 deleted and row 4 inserted."""


class IndexUnavailableError(Exception):
    """sqlite-vec cannot be used; the text says why."""


def load_extension(lib: Path) -> Load:
    """Return a function that loads sqlite-vec into a connection.

    An installed package is tried first, then on musl the file below ``lib`` that was fitted to it. What is returned has
    been tried on a scratch connection with known answers: a file that merely loads is not enough. Raises
    IndexUnavailableError.
    """
    try:
        return _verified(partial(_load, _package()))
    except IndexUnavailableError:
        # A package that is there need not work: pip installs the one for glibc on musl if it is told to.
        fitted = _fitted(lib) if is_musl() else None
        if fitted is None:
            raise
    return _verified(partial(_load, fitted))


def _package() -> str:
    """Return the path of the installed package's file."""
    try:
        import sqlite_vec  # noqa: PLC0415 - not there on every machine

        return str(sqlite_vec.loadable_path())
    except (ImportError, AttributeError) as err:
        raise IndexUnavailableError("sqlite-vec is not installed") from err


def _fitted(lib: Path) -> str | None:
    """Return the path of the file that was fitted to musl, ``None`` before that has been done.

    SQLite appends the suffix itself where it finds nothing without. Given with the suffix, the file is tried first, and
    what SQLite reports is that there is none with two of them.
    """
    try:
        path = find(lib, this_target())
    except UnobtainableError as err:
        raise IndexUnavailableError(str(err)) from err
    return None if path is None else str(path.with_suffix(""))


def _load(path: str, connection: sqlite3.Connection) -> None:
    connection.enable_load_extension(True)
    try:
        connection.load_extension(path)
    finally:
        connection.enable_load_extension(False)


def _verified(load: Load) -> Load:
    """Return ``load`` once what it loads has found on a scratch connection what it should have."""
    scratch = sqlite3.connect(":memory:", autocommit=True)
    try:
        load(scratch)
        scratch.execute(_TABLE)
        _insert(scratch, _ROWS)
        before = _answers(scratch)
        scratch.execute("DELETE FROM probe WHERE rowid = 1")
        _insert(scratch, _LATER_ROWS)
        found = before, _answers(scratch)
    except AttributeError as err:
        raise IndexUnavailableError("this Python cannot load SQLite extensions") from err
    except (sqlite3.Error, OSError) as err:
        raise IndexUnavailableError(str(err)) from err
    finally:
        scratch.close()
    if found != _EXPECTED:
        raise IndexUnavailableError(f"sqlite-vec answered {found} instead of {_EXPECTED}")
    return load


def _insert(scratch: sqlite3.Connection, rows: Sequence[tuple[int, str, bytes, tuple[float, float]]]) -> None:
    scratch.executemany(
        "INSERT INTO probe (rowid, owner, code, place) VALUES (?, ?, vec_bit(?), ?)",
        [(row, owner, code, struct.pack("<2f", *place)) for row, owner, code, place in rows],
    )


def _answers(scratch: sqlite3.Connection) -> dict[str, list[tuple[int, float]]]:
    """Return, by column, the rows of owner a that are nearest, and how far they are."""
    select = "SELECT rowid, distance FROM probe WHERE k = 3 AND owner = 'a' AND"
    return {
        "code": scratch.execute(f"{select} code MATCH vec_bit(?)", (_CODE,)).fetchall(),
        "place": scratch.execute(f"{select} place MATCH ?", (struct.pack("<2f", *_PLACE),)).fetchall(),
    }
