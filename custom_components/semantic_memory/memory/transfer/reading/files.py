"""Opening a file, and finding out what it is by what is in it, whatever it is called."""

from contextlib import suppress
from datetime import tzinfo
from itertools import islice
import os
from pathlib import Path
import stat
from typing import BinaryIO, Final

from ...errors import InvalidInputError
from .. import jsonl
from .csv_file import CsvReader, header
from .found import Format, Reader, Reason
from .json_lines import McpReader, OwnReader, parse
from .lines import TextFile
from .sqlite import MAGIC, ForeignDatabase
from .tables import AiMemoryReader, LuuquangvuReader
from .values import UnusableError

_OWN_TABLES: Final = frozenset({"memory", "history", "migration"})
_LINES: Final = 50
"""How many lines are looked at to find out what a file is."""


def open_reader(path: Path, wanted: Format | None, now: float, zone: tzinfo | None = None) -> Reader:
    """Open a file for reading; ``zone`` is that of times without one.

    Raises InvalidInputError: ``import_not_found``, ``import_not_a_file``, ``import_not_readable``, ``import_empty``,
    ``import_encoding``, ``import_locked``, ``import_damaged``, ``import_own_database``, ``import_unknown_format``,
    ``import_wrong_format`` for a file of another format than ``wanted``, or what :func:`jsonl.load_header` raises.
    """
    file, size = _open(path)
    reader: Reader | None = None
    try:
        database = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        if database:
            file.close()
            reader = _of_database(path, now, zone)
        else:
            reader = _of_text(path, file, size, wanted, now, zone)
        if wanted not in {None, reader.format}:
            raise InvalidInputError("import_wrong_format", path=path, found=reader.format, wanted=wanted)
    except BaseException:
        file.close()
        if reader is not None:
            reader.close()
        raise
    return reader


def _open(path: Path) -> tuple[BinaryIO, int]:
    try:
        # Nothing but a regular file: opening a pipe would wait until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as err:
        raise InvalidInputError("import_not_found", path=path) from err
    except (OSError, ValueError) as err:  # ValueError: a path with a NUL in it
        reason = err.strerror if isinstance(err, OSError) else err
        raise InvalidInputError("import_not_readable", path=path, reason=reason) from err
    about = os.fstat(descriptor)
    if stat.S_ISREG(about.st_mode) and about.st_size:
        return os.fdopen(descriptor, "rb"), about.st_size
    os.close(descriptor)
    raise InvalidInputError("import_empty" if stat.S_ISREG(about.st_mode) else "import_not_a_file", path=path)


def _of_database(path: Path, now: float, zone: tzinfo | None) -> Reader:
    database = ForeignDatabase(path)
    try:
        if {"key", "value"}.issubset(database.tables.get("mem", ())):
            return LuuquangvuReader(database, now, zone)
        if "content" in database.tables.get("memories", ()):
            return AiMemoryReader(database, now, zone)
        own = _OWN_TABLES.issubset(database.tables)
        raise InvalidInputError("import_own_database" if own else "import_unknown_format", path=path)
    except BaseException:
        database.close()
        raise


def _of_text(path: Path, file: BinaryIO, size: int, wanted: Format | None, now: float, zone: tzinfo | None) -> Reader:
    text = TextFile(file, path, size)
    found = _text_format(text, wanted)
    text.restart()
    if found is None:
        raise InvalidInputError("import_unknown_format", path=path)
    if found is Format.HA_SEMANTIC_MEMORY:
        return CsvReader(text, now, zone)
    return OwnReader(text, now) if found is Format.OWN else McpReader(text, now)


def _text_format(text: TextFile, wanted: Format | None) -> Format | None:
    """Return what a text file is, by the first of its lines that tells."""
    for number, line in islice(text.lines(), _LINES):
        if isinstance(line, Reason) or not line.strip():
            continue
        if number == 1 and header(line):
            return Format.HA_SEMANTIC_MEMORY
        with suppress(UnusableError):
            if (found := _of_record(parse(line), wanted)) is not None:
                return found
    return None


def _of_record(record: object, wanted: Format | None) -> Format | None:
    """Return what a file is that has this on a line. Raises InvalidInputError for an export that we cannot read."""
    if not isinstance(record, dict):
        return None
    if record.get("format") == jsonl.FORMAT:
        jsonl.load_header(record)
        return Format.OWN
    if record.get("type") in {"entity", "relation"}:
        return Format.MCP
    # A part of an export, without its header: only if that is what it is said to be.
    return Format.OWN if wanted is Format.OWN and record.get("type") == "memory" else None
