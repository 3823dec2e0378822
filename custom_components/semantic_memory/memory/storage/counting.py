"""Counting memories once, not in every search: SQLite walks through all of them, 10 ms for 100,000."""

from collections.abc import Mapping
import sqlite3
from typing import Any, Final

_MOST: Final = 256
"""Counts that a reader remembers."""


class Reader(sqlite3.Connection):
    """A connection that only reads, and that remembers what it has counted until somebody else has written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Open the database like any connection."""
        super().__init__(*args, **kwargs)
        self._version = 0
        self._counts: dict[tuple[object, ...], int] = {}

    def count(self, condition: str, parameters: Mapping[str, object]) -> int:
        """Return how many memories meet a condition, as of the snapshot that is being read."""
        (version,) = self.execute("PRAGMA main.data_version").fetchone()
        if version != self._version or len(self._counts) >= _MOST:
            self._counts.clear()
            self._version = version
        key = condition, *parameters.values()
        if key not in self._counts:
            self._counts[key] = _count(self, condition, parameters)
        return self._counts[key]


def count(connection: sqlite3.Connection, condition: str, parameters: Mapping[str, object]) -> int:
    """Return how many memories meet a condition that says nothing of the time."""
    if isinstance(connection, Reader):
        return connection.count(condition, parameters)
    return _count(connection, condition, parameters)


def _count(connection: sqlite3.Connection, condition: str, parameters: Mapping[str, object]) -> int:
    (found,) = connection.execute(f"SELECT count(*) FROM memory WHERE {condition}", parameters).fetchone()
    return int(found)
