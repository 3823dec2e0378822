"""Lines of text files, however long and in whatever encoding they are."""

import codecs
from collections.abc import Iterator
import io
import os
from pathlib import Path
from typing import Final

from ...errors import InvalidInputError
from .found import Reason

LONGEST_LINE: Final = 4 * 1024 * 1024
"""Characters. A graph's entity with thousands of observations is a single line."""
_SQLITE: Final = b"SQLite format 3\0"
_PIECE: Final = 64 * 1024
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class TextFile:
    """A text file in UTF-8, or in UTF-16 with a byte order mark."""

    def __init__(self, path: Path) -> None:
        """Open a file. Raises InvalidInputError (``import_encoding``, ``import_damaged``), OSError."""
        self._file = path.open("rb")
        try:
            self._size = os.fstat(self._file.fileno()).st_size
            encoding = _encoding(self._file.read(len(_SQLITE)), path)
            self._file.seek(0)
        except BaseException:
            self._file.close()
            raise
        errors = "replace" if encoding == "utf-16" else "surrogateescape"
        self._text = io.TextIOWrapper(self._file, encoding=encoding, errors=errors, newline="")

    def lines(self) -> Iterator[tuple[int, str | Reason]]:
        """Yield each line with its number and its end; a reason in place of one that is too long."""
        number = 0
        while line := self._text.readline(LONGEST_LINE):
            number += 1
            if len(line) < LONGEST_LINE or line.endswith("\n"):
                yield number, line
                continue
            while (piece := self._text.readline(_PIECE)) and not piece.endswith("\n"):
                pass
            yield number, Reason.LINE_TOO_LONG

    def restart(self) -> None:
        """Go back to the beginning."""
        self._text.seek(0)

    def progress(self) -> float:
        """Return how much has been read, 0..1."""
        return min(1.0, self._file.tell() / self._size) if self._size else 1.0

    def close(self) -> None:
        """Close the file."""
        self._text.close()


def is_utf8(text: str) -> bool:
    """Return whether every byte of the text was UTF-8: what was not has become halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _encoding(start: bytes, path: Path) -> str:
    if start == _SQLITE:  # and yet SQLite takes it for something else
        raise InvalidInputError("import_damaged", path=path)
    start = start[:4]
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) or b"\0" in start[:2]:
        raise InvalidInputError("import_encoding", path=path)
    encoding = next((name for bom, name in _BOMS if start.startswith(bom)), "utf-8")
    if encoding == "utf-8" and b"\0" in start:
        raise InvalidInputError("import_encoding", path=path)
    return encoding
