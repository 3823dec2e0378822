"""Bringing a file up to date when it is opened, with a way back."""

from collections.abc import Callable
import logging
from pathlib import Path
import sqlite3

from ..errors import DatabaseDamagedError, StorageError
from . import snapshot_files, snapshots
from .database import Work
from .migrations import is_outdated, migrate
from .retention import MIGRATION

_LOGGER = logging.getLogger(__name__)


def open_schema(path: Path, clock: Callable[[], float]) -> Work[None]:
    """Return what brings the schema of the database at ``path`` up to date, after a snapshot of it as it was.

    It raises DatabaseDamagedError for a damaged file, which is left as it is. A snapshot that cannot be taken for
    another reason is logged: a full disk is no reason to do without the memory.
    """

    def work(connection: sqlite3.Connection) -> None:
        if is_outdated(connection):
            try:
                snapshots.take(path, path.parent / snapshot_files.FOLDER, MIGRATION, clock())
            except DatabaseDamagedError:
                raise
            except StorageError as err:
                _LOGGER.warning("There is no snapshot of the memory as it was before this update: %s", err)
        migrate(connection)

    return work
