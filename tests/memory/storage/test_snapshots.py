"""Snapshots as files: whole, sound, private, and never at the cost of one that is there."""

from collections.abc import Callable, Iterator
from contextlib import closing
import os
from pathlib import Path
import shutil
import sqlite3
import stat
import threading
from typing import Any

import pytest

from custom_components.semantic_memory.memory.errors import (
    DatabaseClosedError,
    DatabaseDamagedError,
    DatabaseUnavailableError,
    StorageError,
)
from custom_components.semantic_memory.memory.storage import purged, snapshot_files, snapshots
from custom_components.semantic_memory.memory.storage.migrations import STEPS, migrate
from custom_components.semantic_memory.memory.storage.vec0 import Vec0Index

from .stores import NOW, Store, connect

SECRET = "wombat"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the database is."""
    return tmp_path / "memory.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the snapshots go."""
    return tmp_path / "snapshots"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    """Return a database in use, with vectors and a secret."""
    store = Store(connect(file), Vec0Index())
    space = store.add_space()
    for number in range(50):
        memory = store.remember(f"The number is {number}", key=f"n{number}")
        store.embed(space, memory, [number + 1.0, 1, -1, 1, -1, 1, -1, 1])
    memory = store.remember(f"The {SECRET} sleeps in the shed", key="animal")
    store.embed(space, memory, [1, -1, -1, -1, -1, 1, -1, 1])
    yield store
    store.connection.close()


def take(file: Path, folder: Path, now: float = NOW) -> snapshots.Snapshot:
    """Take a snapshot."""
    return snapshots.take(file, folder, "daily", now)


def names(folder: Path) -> list[str]:
    """Return every file of the folder."""
    return sorted(path.name for path in folder.iterdir())


def spoil(path: Path, start: int = 4_096) -> None:
    """Overwrite a part of a file."""
    content = bytearray(path.read_bytes())
    content[start : start + 8_192] = b"\xab" * len(content[start : start + 8_192])
    path.write_bytes(content)


def test_a_snapshot_holds_everything(store: Store, file: Path, folder: Path) -> None:
    taken = take(file, folder)
    path = folder / taken.name
    assert taken == snapshots.Snapshot(
        name="memory-20270115T080000Z-daily.db",
        taken_at=NOW,
        reason="daily",
        size=path.stat().st_size,
        memories=51,
    )
    assert list(snapshots.good(folder)) == [taken]
    assert names(folder) == [taken.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("SELECT count(*) FROM vector").fetchone() == (51,)
        found = copy.execute("SELECT rowid FROM memory_fts WHERE memory_fts MATCH ?", (SECRET,)).fetchall()
    assert len(found) == 1


def test_writers_go_on_and_the_copy_is_of_one_moment(store: Store, file: Path, folder: Path) -> None:
    """Each piece would start the copy anew if it were not one read transaction: it would never end."""
    for number in range(300):
        store.remember("x" * 8_000, key=f"big{number}")
    pieces = 0

    def write() -> None:
        nonlocal pieces
        pieces += 1
        store.remember(f"meanwhile {pieces}", key=f"meanwhile{pieces}")

    taken = snapshots.take(file, folder, "daily", NOW, write)
    assert pieces > 2
    assert taken.memories == 351
    assert len(store.keys(text="meanwhile")) == pieces


def test_nothing_waits_for_a_snapshot(store: Store, file: Path, folder: Path) -> None:
    """A writer in another thread is through while the copy is being made."""
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(file, autocommit=True, timeout=0)) as other:
            other.execute("UPDATE memory SET use_count = use_count + 1")
        done.set()

    def while_copying() -> None:
        if not done.is_set():
            thread = threading.Thread(target=write)
            thread.start()
            thread.join(10)

    snapshots.take(file, folder, "daily", NOW, while_copying)
    assert done.is_set()


def test_two_of_the_same_second(store: Store, file: Path, folder: Path) -> None:
    first, second = take(file, folder), take(file, folder)
    assert second.name == "memory-20270115T080000Z-daily-2.db"
    assert [snapshot.name for snapshot in snapshots.good(folder)] == [second.name, first.name]


def test_the_newest_come_first(store: Store, file: Path, folder: Path) -> None:
    taken = [take(file, folder, NOW + seconds) for seconds in (5, 90_000, 0)]
    assert [snapshot.taken_at for snapshot in snapshots.good(folder)] == [NOW + 90_000, NOW + 5, NOW]
    assert {snapshot.name for snapshot in taken} == set(names(folder))


def test_no_folder_yet(folder: Path) -> None:
    assert snapshot_files.files(folder) == []
    assert list(snapshots.good(folder)) == []


def test_other_files_are_none_of_ours(store: Store, file: Path, folder: Path) -> None:
    taken = take(file, folder)
    for name in ("notes.txt", "memory.db", ".new.db-journal", "memory-99999999T999999Z-x.db-wal"):
        (folder / name).touch()
    (folder / "memory-20279999T999999Z-daily.db").touch()  # ours by its name, but no database
    assert snapshot_files.files(folder)[0].name == taken.name
    assert list(snapshots.good(folder)) == [taken]


def test_a_damaged_snapshot_is_not_offered(store: Store, file: Path, folder: Path) -> None:
    good, bad = take(file, folder), take(file, folder, NOW + 10)
    spoil(folder / bad.name)
    assert list(snapshots.good(folder)) == [good]
    with pytest.raises(DatabaseDamagedError):
        snapshots.look(folder, snapshot_files.files(folder)[0])


@pytest.mark.parametrize("table", ["migration", "memory"])
def test_a_database_of_something_else_is_not_offered(store: Store, file: Path, folder: Path, table: str) -> None:
    taken = take(file, folder)
    with closing(sqlite3.connect(folder / taken.name, autocommit=True)) as copy:
        copy.execute(f"ALTER TABLE {table} RENAME TO something")
    assert list(snapshots.good(folder)) == []


def test_a_word_index_that_is_out_of_order_is_no_damage(store: Store, file: Path, folder: Path) -> None:
    store.connection.execute("DELETE FROM memory_fts_docsize WHERE id = 3")
    store.connection.execute("DELETE FROM memory_fts_data WHERE id > 10")
    assert take(file, folder).memories == 51


def test_damage_of_the_database_is_found(store: Store, file: Path, folder: Path) -> None:
    good = take(file, folder)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    store.connection.close()
    (page,) = _pages_of(file, "memory")
    spoil(file, (page - 1) * 4_096)
    with pytest.raises(DatabaseDamagedError) as caught:
        take(file, folder, NOW + 10)
    assert caught.value.placeholders == {"path": str(file)}
    assert names(folder) == [good.name]


def _pages_of(file: Path, table: str) -> list[int]:
    with closing(sqlite3.connect(file)) as connection:
        return [page for (page,) in connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))]


def _no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def _full_while_copying(monkeypatch: pytest.MonkeyPatch) -> None:
    connect_before = sqlite3.connect

    def connect_small(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect_before(*args, **options)
        if str(args[0]).endswith(".new.db"):
            connection.execute("PRAGMA max_page_count=4").fetchone()
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_small)


def _not_synced(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)


def _not_renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", fail)


@pytest.mark.parametrize(
    ("breaking", "words"),
    [
        (_no_room, "MB|needed="),
        (_full_while_copying, "the disk is full"),
        (_not_synced, "Input/output error"),
        (_not_renamed, "Permission denied"),
    ],
)
def test_a_failure_costs_nothing(
    store: Store,
    file: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    breaking: Callable[[pytest.MonkeyPatch], None],
    words: str,
) -> None:
    good = take(file, folder)
    before = (folder / good.name).read_bytes()
    with monkeypatch.context() as patch:
        breaking(patch)
        with pytest.raises(StorageError, match=words):
            take(file, folder, NOW + 10)
        with pytest.raises(StorageError, match=words):
            snapshots.scrub(folder, good.name, lambda connection: purged.delete(connection, []))
    assert names(folder) == [good.name]
    assert (folder / good.name).read_bytes() == before
    assert take(file, folder, NOW + 10).memories == 51


def test_it_can_be_broken_off(store: Store, file: Path, folder: Path) -> None:
    def end() -> None:
        raise DatabaseClosedError

    with pytest.raises(DatabaseClosedError):
        snapshots.take(file, folder, "daily", NOW, end)
    assert names(folder) == []


def test_what_a_crash_left_is_in_nobodys_way(store: Store, file: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / ".new.db").write_text("half a snapshot")
    assert names(folder) == [".new.db"]
    taken = take(file, folder)
    assert names(folder) == [taken.name]


def test_a_database_that_is_not_there(file: Path, folder: Path) -> None:
    with pytest.raises(DatabaseUnavailableError):
        take(file, folder)
    assert names(folder) == []


def test_a_file_in_place_of_the_folder(store: Store, file: Path, folder: Path) -> None:
    folder.touch()
    with pytest.raises(DatabaseUnavailableError):
        take(file, folder)


# Taking something out


@pytest.mark.parametrize("index", ["sqlite-vec", "none"])
def test_scrubbing_leaves_no_trace(store: Store, file: Path, folder: Path, index: str) -> None:
    memory = store.remember(f"Another {SECRET}", key="animal_2")
    store.remember(f"Another {SECRET}, called Kurt", key="animal_2")
    if index == "none":  # as it is where sqlite-vec was never there
        store.connection.execute("DROP TABLE vector_code_1")
    taken = take(file, folder)
    assert (folder / taken.name).read_bytes().count(SECRET.encode()) > 3
    ids = [memory.id, *[id_ for (id_,) in store.connection.execute("SELECT id FROM memory WHERE key = 'animal'")]]

    snapshots.scrub(folder, taken.name, lambda connection: purged.delete(connection, ids))

    content = (folder / taken.name).read_bytes().lower()
    assert SECRET.encode() not in content
    assert SECRET[:-1].encode() not in content  # the stem, as the word index has it
    assert not any(id_.encode() in (folder / taken.name).read_bytes() for id_ in ids)
    (scrubbed,) = snapshots.good(folder)
    assert scrubbed.memories == 50
    assert stat.S_IMODE((folder / taken.name).stat().st_mode) == 0o600
    assert names(folder) == [taken.name]


def test_the_codes_of_a_scrubbed_snapshot_are_made_anew(store: Store, file: Path, folder: Path) -> None:
    taken = take(file, folder)
    owners = b"ann"
    (seq,) = store.connection.execute("SELECT seq FROM memory WHERE key = 'animal'").fetchone()
    snapshots.scrub(folder, taken.name, lambda connection: connection.execute("DELETE FROM memory WHERE seq = 1"))
    with closing(connect(folder / taken.name)) as copy:
        chunks = copy.execute("SELECT * FROM vector_code_1_chunks").fetchall()
        assert chunks == []
        Vec0Index().prepare(copy, 1)
        rows = copy.execute("SELECT rowid, owner FROM vector_code_1").fetchall()
    assert len(rows) == 50
    assert (seq, owners.decode()) in rows


def test_what_does_not_concern_a_snapshot_leaves_it_alone(store: Store, file: Path, folder: Path) -> None:
    taken = take(file, folder)
    before = (folder / taken.name).stat()
    ids = ["01KAHB7X5T8Q2M4N6P8R0S2T4V"] * 1_200
    snapshots.scrub(
        folder,
        taken.name,
        lambda connection: purged.delete(connection, ids),
        lambda connection: purged.holds_any(connection, ids),
    )
    after = (folder / taken.name).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_scrub_that_fails_leaves_the_snapshot(store: Store, file: Path, folder: Path) -> None:
    taken = take(file, folder)
    before = (folder / taken.name).read_bytes()

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM memory")
        connection.execute("DELETE FROM nothing_like_it")

    with pytest.raises(StorageError):
        snapshots.scrub(folder, taken.name, fail)
    assert (folder / taken.name).read_bytes() == before
    assert names(folder) == [taken.name]


@pytest.mark.parametrize("steps", [1, 2])
def test_scrubbing_a_snapshot_of_an_older_version(file: Path, folder: Path, steps: int) -> None:
    """Before a migration, there may be neither words nor vectors."""
    with closing(sqlite3.connect(file, autocommit=True)) as connection:
        migrate(connection, STEPS[:steps])
        connection.execute(
            "INSERT INTO memory (id, key, value, owner, scope, category, surface, created_at, updated_at)"
            " VALUES (?, 'animal', ?, 'ann', 'user', 'home', 'test', 0, 0)",
            ("0" * 26, SECRET),
        )
    taken = take(file, folder)
    snapshots.scrub(folder, taken.name, lambda connection: purged.delete(connection, ["0" * 26]))
    assert SECRET.encode() not in (folder / taken.name).read_bytes()


# The note of what is still to be taken out


def test_notes_add_up_until_they_are_cleared(folder: Path) -> None:
    assert purged.read(folder) == []
    purged.add(folder, ["A", "B"])
    purged.add(folder, ["C"])
    assert purged.read(folder) == ["A", "B", "C"]
    assert stat.S_IMODE((folder / "purged").stat().st_mode) == 0o600
    purged.clear(folder)
    purged.clear(folder)
    assert purged.read(folder) == []
