"""The file that fits musl: found where it was put the last time, or fetched, adapted and put there."""

import asyncio
from contextlib import suppress
from hashlib import sha256
import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from .elf import UnrecognisedFileError, adapt
from .errors import UnobtainableError
from .fetch import async_fetch
from .wheel import VERSION, Target

_MODE: Final = 0o644
_FOLDER_MODE: Final = 0o755


def place(lib: Path, target: Target) -> Path:
    """Return where below ``lib`` the file for ``target`` belongs."""
    return lib / f"{VERSION}-{target.name}" / "vec0.so"


def find(lib: Path, target: Target) -> Path | None:
    """Return the file for ``target`` if it is there, ``None`` if it is not.

    Raises UnobtainableError where what is there is not the file, or cannot be read.
    """
    path = place(lib, target)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as err:
        raise UnobtainableError(f"{path} cannot be read: {err.strerror or err}") from err
    if _hash(content) != target.adapted:
        raise UnobtainableError(f"{path} is damaged")
    return path


async def async_obtain(lib: Path, target: Target) -> Path:
    """Return the file for ``target``, which is fetched only where it is not there in one piece already.

    Nothing is loaded. Raises UnobtainableError.
    """
    loop = asyncio.get_running_loop()
    with suppress(UnobtainableError):  # what is damaged is replaced
        if path := await loop.run_in_executor(None, find, lib, target):
            return path
    original = await async_fetch(target)
    return await loop.run_in_executor(None, put, original, lib, target)


def put(original: bytes, lib: Path, target: Target) -> Path:
    """Adapt the file of the official wheel and put it in its place below ``lib``, as a whole or not at all.

    Returns where it is. Raises UnobtainableError.
    """
    path = place(lib, target)
    adapted = _adapted(original, target)
    try:
        path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        _write(path, adapted)
    except OSError as err:
        raise UnobtainableError(f"{path} cannot be written: {err.strerror or err}") from err
    return path


def _adapted(original: bytes, target: Target) -> bytes:
    if _hash(original) != target.original:
        raise UnobtainableError("the package index sent another file than the official one")
    try:
        adapted = adapt(original, target.adaptation)
    except UnrecognisedFileError as err:
        raise UnobtainableError(f"the file cannot be fitted to this system: {err}", final=True) from err
    if _hash(adapted) != target.adapted:
        raise UnobtainableError("the file was not fitted to this system as it should have been", final=True)
    return adapted


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Put ``content`` under this name such that a reader, and a power cut, finds all of it or what was there before."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), _MODE)
            os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
