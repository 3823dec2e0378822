"""SQLite files of other tools, opened so that they can do nothing and nothing is done to them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
import sqlite3
from typing import Any, Final

from ...errors import InvalidInputError
from .found import Reason, Refused

_BUSY_SECONDS: Final = 5.0
_LARGEST_FIELD: Final = 1024 * 1024
"""Bytes. A row with a larger one is refused without being read."""
_ROWS: Final = 256
_FIRST: Final = -(2**63)
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_CANNOT_SHARE: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})

type Row = tuple[int, dict[str, Any]]
"""Number of a row, and its fields."""


class NoDatabaseError(Exception):
    """A file is not one of SQLite's."""


class ForeignDatabase:
    """An open SQLite file: read-only, without its triggers, views, virtual tables and generated columns."""

    def __init__(self, path: Path) -> None:
        """Open the file and look at its tables. Raises NoDatabaseError, InvalidInputError."""
        self._path = path
        self.cut_short = False
        """Whether rows could not be read because the file is damaged."""
        try:
            self._connection, self.tables = _open(path)
        except sqlite3.Error as err:
            if _primary(err) == sqlite3.SQLITE_NOTADB:
                raise NoDatabaseError from err
            raise self._refusal(err) from err

    def last(self, table: str) -> int:
        """Return the highest number of a row, which is about how many there are."""
        try:
            (last,) = self._connection.execute(f"SELECT max(_rowid_) FROM {_quoted(table)}").fetchone()
        except sqlite3.Error as err:
            raise self._refusal(err) from err
        return last if isinstance(last, int) else 0

    def rows(self, table: str, wanted: Sequence[str]) -> Iterator[Row | Refused]:
        """Yield each row of a table with those of these columns that the table has.

        A few rows at a time are read and no lock is held between them, so that the tool that owns the file can go on
        writing. Raises InvalidInputError.
        """
        columns = [column for column in wanted if column in self.tables[table]]
        last, more = _FIRST, True
        while more:
            rows: list[Row] = []
            refused: Reason | None = None
            try:
                rows.extend(
                    (row[0], dict(zip(columns, row[1:], strict=True))) for row in self._select(table, columns, last)
                )
            except sqlite3.Error as err:
                refused = self._reason(err)
            yield from rows
            last, more = (rows[-1][0] if rows else last), len(rows) == _ROWS
            if refused is Reason.TOO_LONG:  # a field of the row after those that were read
                last, more = self._next(table, last), True
                yield Refused(last, refused)
            elif refused:
                self.cut_short = True
                yield Refused(last + 1 if rows else 0, refused)
                return

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _select(self, table: str, columns: Sequence[str], after: int) -> sqlite3.Cursor:
        names = ", ".join(["_rowid_", *map(_quoted, columns)])
        return self._connection.execute(
            f"SELECT {names} FROM {_quoted(table)} WHERE _rowid_ > ? ORDER BY _rowid_ LIMIT {_ROWS}", (after,)
        )

    def _next(self, table: str, after: int) -> int:
        try:
            (found,) = self._connection.execute(
                f"SELECT min(_rowid_) FROM {_quoted(table)} WHERE _rowid_ > ?", (after,)
            ).fetchone()
        except sqlite3.Error as err:
            raise self._refusal(err) from err
        return int(found)

    def _reason(self, err: sqlite3.Error) -> Reason:
        """Return why a row cannot be had. Raises InvalidInputError where that may be otherwise the next time."""
        code = _primary(err)
        if code == sqlite3.SQLITE_TOOBIG:
            return Reason.TOO_LONG
        if code in _DAMAGED:
            return Reason.DAMAGED
        raise self._refusal(err) from err

    def _refusal(self, err: sqlite3.Error) -> InvalidInputError:
        """Return what SQLite complains about in our terms."""
        code = _primary(err)
        if code in _BUSY:
            return InvalidInputError("import_locked", path=self._path)
        if code in _DAMAGED:
            return InvalidInputError("import_damaged", path=self._path)
        return InvalidInputError("import_not_readable", path=self._path, reason=err)


def _open(path: Path) -> tuple[sqlite3.Connection, dict[str, list[str]]]:
    try:
        return _connect(path, "mode=ro")
    except sqlite3.OperationalError as err:
        # A file in WAL mode in a folder that cannot be written; what its log holds must not be passed over.
        log = path.with_name(f"{path.name}-wal")
        if _primary(err) not in _CANNOT_SHARE or (log.exists() and log.stat().st_size):
            raise
        return _connect(path, "mode=ro&immutable=1")


def _connect(path: Path, mode: str) -> tuple[sqlite3.Connection, dict[str, list[str]]]:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        autocommit=True,
        check_same_thread=False,  # every batch is read by whichever thread is free
    )
    try:
        connection.text_factory = _decoded
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        for unwanted in (
            sqlite3.SQLITE_DBCONFIG_TRUSTED_SCHEMA,
            sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER,
            sqlite3.SQLITE_DBCONFIG_ENABLE_VIEW,
            sqlite3.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
        ):
            connection.setconfig(unwanted, False)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_FIELD)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cell_size_check = ON")
        return connection, _tables(connection)
    except BaseException:
        connection.close()
        raise


def _tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the ordinary tables with their ordinary columns."""
    names = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    return {
        name: [column[1] for column in connection.execute(f"PRAGMA table_xinfo({_quoted(name)})") if not column[6]]
        for (name,) in names
    }


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _decoded(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")


def _primary(err: sqlite3.Error) -> int:
    return int(getattr(err, "sqlite_errorcode", 0)) & 0xFF
