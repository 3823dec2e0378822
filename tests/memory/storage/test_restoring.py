"""Putting snapshots in the place of the database, and back."""

from collections.abc import Callable
from contextlib import closing
import os
from pathlib import Path
import shutil
import sqlite3
import stat
from typing import Any

import pytest

from custom_components.semantic_memory.memory.errors import InvalidInputError, StorageError
from custom_components.semantic_memory.memory.storage import purged, restoring, snapshot_files, snapshots

from .stores import NOW, Store, connect

STAMP = "20270115T080000Z"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a database with two memories, and a snapshot of when there was one."""
    path = tmp_path / "memory.db"
    with closing(connect(path)) as connection:
        store = Store(connection)
        store.remember("The cat is called Tom", key="cat")
        snapshots.take(path, tmp_path / "snapshots", "daily", NOW)
        store.remember("The dog is called Rex", key="dog")
    return path


@pytest.fixture
def name(file: Path) -> str:
    """Return the name of the snapshot."""
    return snapshot_files.files(file.parent / "snapshots")[0].name


def keys(path: Path) -> list[str]:
    """Return what a database holds."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return sorted(key for (key,) in connection.execute("SELECT key FROM memory WHERE deleted_at IS NULL"))


def contents(file: Path) -> dict[str, bytes]:
    """Return every file beside the database."""
    return {path.name: path.read_bytes() for path in file.parent.iterdir() if path.is_file()}


def test_a_snapshot_takes_the_place_of_the_database(file: Path, name: str) -> None:
    before = file.read_bytes()
    replaced = restoring.restore(file, name, "replaced", NOW)
    aside = file.with_name(f"replaced-{STAMP}-memory.db")
    assert replaced.aside == {file: aside}
    assert aside.read_bytes() == before
    assert keys(file) == ["cat"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(contents(file)) == {"memory.db", aside.name}
    replaced.discard()
    assert set(contents(file)) == {"memory.db"}


def test_and_back(file: Path, name: str) -> None:
    before = contents(file)
    restoring.restore(file, name, "replaced", NOW).undo()
    assert contents(file) == before
    assert keys(file) == ["cat", "dog"]


def test_the_log_of_the_one_before_does_not_get_into_it(file: Path, name: str) -> None:
    """SQLite would read the pages of the old log as pages of the new file."""
    with closing(connect(file)) as connection:
        Store(connection).remember("The parrot is called Joe", key="parrot")
        log = file.with_name("memory.db-wal").read_bytes()
        shutil.copy(file, file.with_name("copy"))
    file.with_name("copy").replace(file)
    file.with_name("memory.db-wal").write_bytes(log)
    file.with_name("memory.db-shm").write_bytes(b"\0" * 32_768)
    before = contents(file)
    replaced = restoring.restore(file, name, "damaged", NOW)
    assert keys(file) == ["cat"]
    names = {f"damaged-{STAMP}-{part}" for part in ("memory.db", "memory.db-wal", "memory.db-shm")}
    assert names <= set(contents(file))
    replaced.undo()
    assert contents(file) == before
    assert keys(file) == ["cat", "dog", "parrot"]


def test_where_there_is_no_database(file: Path, name: str) -> None:
    """Somebody moved it away."""
    file.unlink()
    replaced = restoring.restore(file, name, "replaced", NOW)
    assert keys(file) == ["cat"]
    replaced.undo()
    assert contents(file) == {}


def test_what_was_put_aside_before_stays(file: Path, name: str) -> None:
    first = restoring.restore(file, name, "replaced", NOW)
    second = restoring.restore(file, name, "replaced", NOW)
    assert second.aside[file].name == f"replaced-{STAMP}-2-memory.db"
    assert first.aside[file].exists()
    assert restoring.set_aside(file, "replaced", NOW).aside[file].name == f"replaced-{STAMP}-3-memory.db"


def test_what_was_purged_is_not_brought_back(file: Path, name: str) -> None:
    """The snapshot could not be changed at the time."""
    with closing(sqlite3.connect(file)) as connection:
        ids = [id_ for (id_,) in connection.execute("SELECT id FROM memory WHERE key = 'cat'")]
    purged.add(file.parent / "snapshots", ids)
    restoring.restore(file, name, "replaced", NOW)
    assert keys(file) == []
    assert b"Tom" not in file.read_bytes()


def test_a_file_system_without_links(file: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    replaced = restoring.restore(file, name, "replaced", NOW)
    assert keys(file) == ["cat"]
    replaced.undo()
    assert keys(file) == ["cat", "dog"]


def _broken_snapshot(file: Path, name: str, _: pytest.MonkeyPatch) -> None:
    path = file.parent / "snapshots" / name
    path.write_bytes(path.read_bytes()[:10_000])


def _no_room(_file: Path, _name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def _not_replaced(_file: Path, _name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Path.replace

    def fail(path: Path, target: Path) -> Any:
        if path.name.startswith(".restored"):
            raise PermissionError(13, "Permission denied")
        return original(path, target)

    monkeypatch.setattr(Path, "replace", fail)


@pytest.mark.parametrize("breaking", [_broken_snapshot, _no_room, _not_replaced])
@pytest.mark.parametrize("links", [True, False])
def test_a_failure_leaves_everything_as_it_was(
    file: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    breaking: Callable[[Path, str, pytest.MonkeyPatch], None],
    links: bool,
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (file / "missing").stat())
    before = contents(file)
    breaking(file, name, monkeypatch)
    with pytest.raises(StorageError):
        restoring.restore(file, name, "replaced", NOW)
    assert keys(file) == ["cat", "dog"]
    left = contents(file)
    left.pop(f"replaced-{STAMP}-memory.db", None)  # a second link to the same file
    assert left == before


def test_choosing(file: Path, name: str) -> None:
    newest = snapshots.take(file, file.parent / "snapshots", "manual", NOW + 10)
    assert restoring.choose(file, None) == newest
    assert restoring.choose(file, name).memories == 1
    assert restoring.choose(file, f" {name.removesuffix('.db')} ").name == name
    path = file.parent / "snapshots" / newest.name
    path.write_bytes(b"x" * 1_000)
    assert restoring.choose(file, None).name == name
    with pytest.raises(StorageError):
        restoring.choose(file, newest.name)


@pytest.mark.parametrize("asked", ["yesterday", "../memory.db", "/etc/passwd", "memory.db"])
def test_a_wrong_name(file: Path, name: str, asked: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        restoring.choose(file, asked)
    assert caught.value.code == "backup_not_found"
    assert caught.value.placeholders == {"name": asked, "known": name}


def test_an_error_does_not_name_a_hundred(file: Path) -> None:
    folder = file.parent / "snapshots"
    for number in range(1, 30):
        (folder / f"memory-202701{number:02}T000000Z-daily.db").touch()
    with pytest.raises(InvalidInputError) as caught:
        restoring.choose(file, "yesterday")
    assert len(caught.value.placeholders["known"]) < 200


@pytest.mark.parametrize("asked", ["yesterday", None])
def test_no_backups(tmp_path: Path, asked: str | None) -> None:
    with pytest.raises(InvalidInputError) as caught:
        restoring.choose(tmp_path / "memory.db", asked)
    assert caught.value.code == "no_backups"
