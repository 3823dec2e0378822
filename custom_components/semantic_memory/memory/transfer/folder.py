"""The folder of exports: one folder in it for each owner, so that it is known whose a file is.

Everything here blocks: not for the event loop.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
import os
from pathlib import Path
import shutil
from typing import Final

from .new_file import PARTIAL, NewFile

FOLDER: Final = "exports"
MEMORIES: Final = "memories"
PERSON: Final = "person"
DOWNLOAD: Final = "download"
"""How files are called by what they are for."""
_CHUNK: Final = 1 << 20
_IN_USE: Final = frozenset({"memory.db", "memory.db-wal", "memory.db-shm"})
"""Files that SQLite has open: whoever else closes them in the same process drops its locks on them."""


def path_for_new(folder: Path, owner: str, name: str, suffix: str, now: float) -> Path:
    """Return a path that is not taken in an owner's folder, which is made if need be. Raises OSError.

    What an export that was cut short left there is removed: no two exports run at once.
    """
    own = folder / owner
    for part in (folder, own):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in own.glob(f".*{PARTIAL}"):
        left.unlink(missing_ok=True)
    stem = f"{name}-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}"
    path, number = own / f"{stem}{suffix}", 2
    while os.path.lexists(path):
        path, number = own / f"{stem}-{number}{suffix}", number + 1
    return path


def remove_downloads(folder: Path) -> None:
    """Remove what was to be fetched once, and was not. Raises OSError."""
    for path in folder.glob(f"*/{DOWNLOAD}-*"):
        path.unlink(missing_ok=True)


def remove_owner(folder: Path, owner: str) -> int:
    """Remove an owner's exports; return how many files those were. Raises OSError."""
    own = folder / owner
    if not own.is_dir():
        return 0
    count = sum(1 for _ in own.iterdir())
    shutil.rmtree(own)
    return count


def remove_actor(folder: Path, user_id: str) -> None:
    """Take a person's id out of the history in everybody else's exports. Raises OSError, FileUnavailableError."""
    named = f'"actor": "{user_id}"'.encode()
    for path in folder.glob("*/*.jsonl") if folder.is_dir() else ():
        if not _holds(path, named):
            continue
        new = NewFile(partial(Path, path), overwrite=True)
        try:
            new.open()
            with path.open("rb") as lines:
                for line in lines:
                    new.write(line.replace(named, b'"actor": null').decode())
            new.commit()
        finally:
            new.discard()


def files_with(folder: Path, user_id: str) -> Iterator[Path]:
    """Yield the files, at any depth, that still name a person, but not the database itself."""
    needle = user_id.encode()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not (path.parent == folder and path.name in _IN_USE):
            with suppress(FileNotFoundError):
                if _holds(path, needle):
                    yield path


def _holds(path: Path, needle: bytes) -> bool:
    """Return whether a file holds these bytes, without reading all of it at once."""
    with path.open("rb") as stream:
        before = b""
        while chunk := stream.read(_CHUNK):
            if needle in before + chunk:
                return True
            before = chunk[-len(needle) :]
    return False
