"""A file that is there wholly or not at all. Everything here blocks: not for the event loop."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
import errno
import os
from pathlib import Path
import tempfile
from typing import IO, Final

from ..errors import FileUnavailableError, InvalidInputError

PARTIAL: Final = ".partial"
"""Ending of the name of a file that is not complete yet."""
_REASONS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "access is denied",
    errno.EPERM: "access is denied",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "the disk reports an error",
}


class NewFile:
    """Written under another name beside its place, and moved there once it is on the disk. Mode 0600.

    Every method but :meth:`discard` raises FileUnavailableError for what the operating system refuses.
    """

    def __init__(self, choose_path: Callable[[], Path], *, overwrite: bool = False) -> None:
        """Take how the path is found once the file is opened."""
        self._choose_path = choose_path
        self._overwrite = overwrite
        self._stream: IO[bytes] | None = None
        self.path = Path()
        self.size = 0
        """Bytes written."""

    def open(self) -> None:
        """Begin the file, in a folder that is there.

        Raises InvalidInputError: ``file_exists`` unless it is to be overwritten, ``folder_missing``, and what the
        choice of the path raises.
        """
        with _translated(self.path):
            self.path = self._choose_path()
        with _translated(self.path):
            if self.path.is_dir() or (not self._overwrite and os.path.lexists(self.path)):
                raise InvalidInputError("file_exists", path=self.path)
            try:
                # It makes a new file with mode 0600, and follows no link that somebody put there.
                self._stream = tempfile.NamedTemporaryFile(  # noqa: SIM115 - commit and discard close it
                    "wb", dir=self.path.parent, prefix=f".{self.path.stem[:50]}-", suffix=PARTIAL, delete=False
                )
            except FileNotFoundError, NotADirectoryError:
                raise InvalidInputError("folder_missing", path=self.path.parent) from None

    @property
    def _open_stream(self) -> IO[bytes]:
        if self._stream is None:
            raise FileUnavailableError(path=self.path, reason="it is not open")
        return self._stream

    def write(self, text: str) -> None:
        """Append text as UTF-8."""
        with _translated(self.path):
            self.size += self._open_stream.write(text.encode())

    def commit(self) -> None:
        """Bring the file to the disk and to its place. Raises InvalidInputError (``file_exists``)."""
        stream = self._open_stream
        with _translated(self.path):
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
            if self._overwrite:
                Path(stream.name).replace(self.path)
            else:
                self._move_without_overwriting(Path(stream.name))
            sync_folder(self.path.parent)

    def discard(self) -> None:
        """Leave nothing behind of a file that did not get to its place; do nothing about one that did."""
        if self._stream is None:
            return
        with suppress(OSError):
            self._stream.close()
        with suppress(OSError):
            Path(self._stream.name).unlink(missing_ok=True)

    def _move_without_overwriting(self, partial: Path) -> None:
        try:
            self.path.hardlink_to(partial)  # unlike a rename it fails where a file is
        except FileExistsError:
            raise InvalidInputError("file_exists", path=self.path) from None
        except OSError:  # FAT, and many network shares, have no links
            if os.path.lexists(self.path):
                raise InvalidInputError("file_exists", path=self.path) from None
            partial.rename(self.path)
        else:
            partial.unlink()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a power cut, where its file system can do that. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # network shares refuse it
            os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        reason = _REASONS.get(err.errno or 0, err.strerror or str(err))
        raise FileUnavailableError(path=path if path.name else err.filename, reason=reason) from err
    except ValueError as err:  # a NUL in the name
        raise FileUnavailableError(path=path, reason=err) from err
