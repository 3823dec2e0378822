"""A note of memories that were purged but may still be in a snapshot: their ids, which say nothing about them.

It outlasts a crash, so that what was purged is taken out of the snapshots in the end.
"""

from collections.abc import Iterable, Sequence
import os
from pathlib import Path
import sqlite3
from typing import Final

from .faults import translated

_FILE: Final = "purged"
_BATCH: Final = 500


def add(folder: Path, ids: Iterable[str]) -> None:
    """Write ids down, durably. Raises StorageError."""
    path = folder / _FILE
    with translated(path):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, "".join(f"{memory_id}\n" for memory_id in ids).encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(folder: Path) -> list[str]:
    """Return the ids. Raises StorageError."""
    path = folder / _FILE
    with translated(path):
        return path.read_text("ascii", errors="replace").split() if path.exists() else []


def clear(folder: Path) -> None:
    """Forget the note: no snapshot holds any of them. Raises StorageError."""
    path = folder / _FILE
    with translated(path):
        path.unlink(missing_ok=True)


def holds_any(connection: sqlite3.Connection, ids: Sequence[str]) -> bool:
    """Return whether one of these memories is there."""
    return any(
        connection.execute(f"SELECT 1 FROM memory WHERE id IN ({_marks(batch)}) LIMIT 1", batch).fetchone()
        for batch in _batches(ids)
    )


def delete(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Delete these memories; history, words and vectors follow by foreign keys and triggers."""
    for batch in _batches(ids):
        connection.execute(f"DELETE FROM memory WHERE id IN ({_marks(batch)})", batch)


def _batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))


def _marks(ids: Sequence[str]) -> str:
    return ", ".join("?" * len(ids))
