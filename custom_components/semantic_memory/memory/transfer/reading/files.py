"""Opening a file, and finding out what it is by what is in it, whatever it is called.

No file is opened that SQLite may have open, but through SQLite: closing one gives up all locks that the process has on
it (https://www.sqlite.org/howtocorrupt.html, 2.2), and the tools whose files are read here run in the same process.
"""

from contextlib import suppress
from datetime import tzinfo
from itertools import islice
import os
from pathlib import Path
import stat
from typing import Final

from ...errors import InvalidInputError
from .. import jsonl
from .csv_file import CsvReader, header
from .found import Format, Reader, Reason
from .json_lines import McpReader, OwnReader, parse
from .lines import TextFile
from .sqlite import ForeignDatabase, NoDatabaseError
from .tables import AiMemoryReader, LuuquangvuReader
from .values import UnusableError

_OWN_TABLES: Final = frozenset({"memory", "history", "migration"})
_BESIDE: Final = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database."""
_LINES: Final = 50
"""How many lines are looked at to find out what a file is."""


def open_reader(
    path: Path, wanted: Format | None, now: float, *, zone: tzinfo | None = None, own: Path | None = None
) -> Reader:
    """Open a file for reading; ``zone`` is that of times without one, ``own`` our database, which is refused.

    Raises InvalidInputError: ``import_not_found``, ``import_not_a_file``, ``import_not_readable``, ``import_empty``,
    ``import_encoding``, ``import_locked``, ``import_damaged``, ``import_own_database``, ``import_unknown_format``,
    ``import_wrong_format`` for a file of another format than ``wanted``, or what :func:`jsonl.load_header` raises.
    """
    _check(path, own)
    try:
        reader = _of_database(path, ForeignDatabase(path), now, zone)
    except NoDatabaseError:
        reader = _of_text(path, wanted, now, zone)
    if wanted not in {None, reader.format}:
        found = reader.format
        reader.close()
        raise InvalidInputError("import_wrong_format", path=path, found=found, wanted=wanted)
    return reader


def _check(path: Path, own: Path | None) -> None:
    """Look at a file without opening it."""
    try:
        about = path.stat()
    except FileNotFoundError as err:
        raise InvalidInputError("import_not_found", path=path) from err
    except (OSError, ValueError) as err:  # ValueError: a NUL in the path
        raise _unreadable(path, err) from err
    if not stat.S_ISREG(about.st_mode):
        raise InvalidInputError("import_not_a_file", path=path)
    if own is not None and any(_is(about, own.with_name(f"{own.name}{end}")) for end in ("", *_BESIDE)):
        raise InvalidInputError("import_own_database", path=path)
    if path.name.endswith(_BESIDE):
        raise InvalidInputError("import_unknown_format", path=path)
    if not about.st_size:
        raise InvalidInputError("import_empty", path=path)
    if not os.access(path, os.R_OK):
        raise InvalidInputError("import_not_readable", path=path, reason="permission denied")


def _is(about: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(about, path.stat())
    except OSError:
        return False


def _unreadable(path: Path, err: OSError | ValueError) -> InvalidInputError:
    reason = err.strerror if isinstance(err, OSError) else err
    return InvalidInputError("import_not_readable", path=path, reason=reason)


def _of_database(path: Path, database: ForeignDatabase, now: float, zone: tzinfo | None) -> Reader:
    try:
        if {"key", "value"}.issubset(database.tables.get("mem", ())):
            return LuuquangvuReader(database, now, zone)
        if "content" in database.tables.get("memories", ()):
            return AiMemoryReader(database, now, zone)
        ours = _OWN_TABLES.issubset(database.tables)
        raise InvalidInputError("import_own_database" if ours else "import_unknown_format", path=path)
    except BaseException:
        database.close()
        raise


def _of_text(path: Path, wanted: Format | None, now: float, zone: tzinfo | None) -> Reader:
    try:
        text = TextFile(path)
    except OSError as err:
        raise _unreadable(path, err) from err
    try:
        found = _text_format(text, wanted)
        text.restart()
        if found is None:
            raise InvalidInputError("import_unknown_format", path=path)
    except BaseException:
        text.close()
        raise
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
