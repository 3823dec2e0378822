"""The write-ahead log of a database, when SQLite can make nothing of it.

SQLite takes a log whose header is damaged for an empty one, says nothing, and writes over it. What was acknowledged
since the log was last moved into the file would be gone, without a word and without a copy.
"""

import logging
from pathlib import Path
import shutil
import struct
from typing import Final

_LOGGER = logging.getLogger(__name__)

_HEADER: Final = 32
_SUMMED: Final = 24
"""Bytes of the header that its own checksum, two numbers after them, is made of."""
_BIG_ENDIAN: Final = 0x377F0683
_LITTLE_ENDIAN: Final = 0x377F0682


def keep_unreadable(database: Path, mark: str) -> None:
    """Copy the log of a database that nobody has open, if SQLite would throw it away, to a file beside it.

    Raises OSError.
    """
    log = database.with_name(f"{database.name}-wal")
    if not log.is_file():
        return
    with log.open("rb") as opened:
        header = opened.read(_HEADER)
    if not any(header) or _is_sound(header):
        return
    kept = log.with_name(f"{mark}-{log.name}")
    try:
        shutil.copy2(log, kept)
    except OSError:  # it will be tried again, and a full disk must not be filled with halves
        kept.unlink(missing_ok=True)
        raise
    _LOGGER.error(
        "The log of the memory database is damaged; what was stored last may be missing. It is kept as %s", kept
    )


def _is_sound(header: bytes) -> bool:
    """Return whether the header is one (https://sqlite.org/fileformat2.html#walformat)."""
    if len(header) < _HEADER:
        return True  # nothing follows it
    (magic,) = struct.unpack_from(">I", header)
    if magic not in (_BIG_ENDIAN, _LITTLE_ENDIAN):
        return False
    order = ">" if magic == _BIG_ENDIAN else "<"
    words = struct.unpack_from(f"{order}6I", header)
    first = second = 0
    for place in range(0, len(words), 2):
        first = (first + words[place] + second) & 0xFFFFFFFF
        second = (second + words[place + 1] + first) & 0xFFFFFFFF
    return (first, second) == struct.unpack_from(">2I", header, _SUMMED)
