"""A log that SQLite would throw away without a word."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
import shutil
import sqlite3

import pytest

from custom_components.semantic_memory.memory.storage import log
from custom_components.semantic_memory.memory.storage.database import Database

KEPT = "damaged-1-memory.db-wal"


@pytest.fixture
def crashed(tmp_path: Path) -> Iterator[Path]:
    """Return a database as a crash leaves it, with one row in the file and another in the log."""
    path = tmp_path / "memory.db"
    (tmp_path / "running").mkdir()
    running = tmp_path / "running" / "memory.db"
    with closing(sqlite3.connect(running, autocommit=True)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
        connection.execute("CREATE TABLE note (body)")
        connection.execute("INSERT INTO note VALUES ('in the file')")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute("INSERT INTO note VALUES ('in the log')")
        for name in ("memory.db", "memory.db-wal"):
            shutil.copy(running.with_name(name), tmp_path / name)
        yield path


def wal(path: Path) -> Path:
    """Return the log of a database."""
    return path.with_name(f"{path.name}-wal")


def bodies(path: Path) -> list[str]:
    """Return what SQLite finds."""
    with closing(sqlite3.connect(path)) as connection:
        return [body for (body,) in connection.execute("SELECT body FROM note")]


def test_a_sound_log_is_left_to_sqlite(crashed: Path) -> None:
    log.keep_unreadable(crashed, "damaged-1")
    assert not (crashed.parent / KEPT).exists()
    assert bodies(crashed) == ["in the file", "in the log"]


def test_a_full_disk_is_not_filled_with_halves(crashed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening is tried again and again until there is room."""

    def fill(_: Path, kept: Path) -> None:
        kept.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    wal(crashed).write_bytes(b"\xff" * 100)
    monkeypatch.setattr(shutil, "copy2", fill)
    with pytest.raises(OSError, match="No space left"):
        log.keep_unreadable(crashed, "damaged-1")
    assert not (crashed.parent / KEPT).exists()


@pytest.mark.parametrize("place", [0, 3, 8, 17, 23, 25, 31])
def test_a_damaged_header(crashed: Path, place: int, caplog: pytest.LogCaptureFixture) -> None:
    """The control is what SQLite makes of it: the row in the log is gone."""
    content = bytearray(wal(crashed).read_bytes())
    content[place] ^= 0xFF
    wal(crashed).write_bytes(content)
    log.keep_unreadable(crashed, "damaged-1")
    assert (crashed.parent / KEPT).read_bytes() == content
    assert KEPT in caplog.text
    assert bodies(crashed) == ["in the file"]


@pytest.mark.parametrize("content", [b"", b"\0" * 40_000, b"\x37\x7f\x06"])
def test_a_log_with_nothing_in_it(crashed: Path, content: bytes) -> None:
    wal(crashed).write_bytes(content)
    log.keep_unreadable(crashed, "damaged-1")
    assert not (crashed.parent / KEPT).exists()
    assert bodies(crashed) == ["in the file"]


def test_no_log(tmp_path: Path) -> None:
    log.keep_unreadable(tmp_path / "memory.db", "damaged-1")
    assert list(tmp_path.iterdir()) == []


async def test_opening_keeps_it(crashed: Path) -> None:
    wal(crashed).write_bytes(b"This is no log. " * 1_000)
    database = Database(crashed)
    await database.async_open(lambda _: None)
    await database.async_close()
    (kept,) = crashed.parent.glob("damaged-*-memory.db-wal")
    assert kept.read_bytes() == b"This is no log. " * 1_000
    assert bodies(crashed) == ["in the file"]
