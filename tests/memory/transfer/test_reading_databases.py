"""SQLite files of the two other tools that keep memories in them."""

from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
import sqlite3
import subprocess
import sys

import pytest

from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.models import Category, Scope
from custom_components.semantic_memory.memory.transfer.reading import files, sqlite
from custom_components.semantic_memory.memory.transfer.reading.found import Format, Found, Note, Reason, Refused

from ..fakes import START
from . import foreign
from .foreign import CREATED, USED, mem


def read(path: Path, zone: timezone | None = None) -> tuple[list[Found], list[Refused], list[str]]:
    """Return what is found, what is refused and what is ignored in a file."""
    reader = files.open_reader(path, None, START, zone=zone)
    try:
        items = list(reader.read())
        assert reader.progress() == 1.0
        ignored = list(reader.ignored)
    finally:
        reader.close()
    return [i for i in items if isinstance(i, Found)], [i for i in items if isinstance(i, Refused)], ignored


def seconds(written: str) -> float:
    return datetime.fromisoformat(written).timestamp()


def test_luuquangvu(tmp_path: Path) -> None:
    path = foreign.luuquangvu(
        tmp_path / "memory.db",
        mem("car_parking_slot", "Column B2E9"),
        mem("dog", "Rex barks", scope="household", tags="pet animal dog", expires_at="2030-01-01T00:00:00+00:00"),
        mem("today", "Guests come", scope="session"),
        mem("wine", "Red", scope="cellar", tags="wine,drinks; red wine"),
    )
    found, refused, ignored = read(path)
    parking, dog, today, wine = found

    assert refused == []
    assert ignored == []
    assert (parking.key, parking.value, parking.scope) == ("car_parking_slot", "Column B2E9", Scope.USER)
    assert parking.tags == ()  # they were made of the key
    assert parking.created_at == seconds(CREATED)
    assert parking.last_used_at == seconds(USED)
    assert (parking.updated_at, parking.expires_at, parking.category) == (None, None, None)
    assert dog.scope is Scope.HOUSEHOLD
    assert dog.tags == ("pet", "animal")
    assert dog.expires_at == datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    assert today.scope is Scope.SESSION
    assert wine.scope is Scope.USER
    assert wine.notes == (Note.SCOPE_UNKNOWN,)
    assert wine.tags == ("drinks", "red wine")


def test_luuquangvu_is_read_while_it_is_in_use(tmp_path: Path) -> None:
    """What is only in the write-ahead log is read too, and the tool can go on writing in between."""
    path = foreign.luuquangvu(tmp_path / "memory.db", *(mem(f"key_{n}", f"Value {n}") for n in range(600)))
    with closing(foreign.connect(path)) as tool:
        foreign.insert(tool, "mem", [mem("late", "Only in the log")])
        reader = files.open_reader(path, None, START)
        items = reader.read()
        first = next(items)
        foreign.insert(tool, "mem", [mem("later", "While it was read")])
        rest = list(items)
        reader.close()
        foreign.insert(tool, "mem", [mem("after", "Afterwards")])

    assert isinstance(first, Found)
    values = {item.value for item in rest if isinstance(item, Found)}
    assert {"Only in the log", "While it was read"} <= values
    assert len(rest) == 601


def test_luuquangvu_with_fewer_and_other_columns(tmp_path: Path) -> None:
    path = foreign.database(
        tmp_path / "x", "CREATE TABLE mem (key, value, mood)", "mem", [{"key": "a", "value": "b", "mood": "good"}]
    )
    found, _, ignored = read(path)

    assert (found[0].value, found[0].notes) == ("b", (Note.TIME_UNKNOWN,))
    assert ignored == ["mem.mood"]


def test_rows_that_are_no_memories(tmp_path: Path) -> None:
    path = foreign.database(tmp_path / "x", "CREATE TABLE mem (key, value, expires_at)", "mem", [
        {"key": "empty", "value": " \0 "}, {"key": "nothing", "value": None}, {"key": "--", "value": "x"},
        {"key": "k" * 200, "value": "x"}, {"key": "long", "value": "x" * 20_000},
        {"key": "huge", "value": "x" * 3_000_000}, {"key": "after", "value": "is read"},
        {"key": "blob", "value": b"\xff\0"}, {"key": "number", "value": 5}, {"key": "real", "value": 2.5},
        {"key": "time", "value": "x", "expires_at": "soon"}, {"key": "never", "value": "x", "expires_at": ""},
        {"key": "overflow", "value": "x", "expires_at": 1e300}, {"key": "year", "value": "x", "expires_at": 10**15},
    ])  # fmt: skip
    with closing(foreign.connect(path)) as connection:
        connection.execute("INSERT INTO mem VALUES ('latin', CAST(x'47fc6e746572' AS TEXT), NULL)")
    found, refused, _ = read(path)

    assert {item.key: item.value for item in found} == {
        "after": "is read", "number": "5", "real": "2.5", "never": "x"
    }  # fmt: skip
    assert [(item.where, item.reason) for item in refused] == [
        (1, Reason.EMPTY), (2, Reason.EMPTY), (3, Reason.INVALID_KEY), (4, Reason.INVALID_KEY), (5, Reason.TOO_LONG),
        (6, Reason.TOO_LONG), (8, Reason.NOT_UNDERSTOOD), (11, Reason.INVALID_TIME), (13, Reason.INVALID_TIME),
        (14, Reason.INVALID_TIME), (15, Reason.NOT_UTF8),
    ]  # fmt: skip


def test_tags_that_do_not_fit_are_left_out(tmp_path: Path) -> None:
    path = foreign.luuquangvu(
        tmp_path / "memory.db",
        mem("a", "x", tags="good," + "long" * 50),
        mem("b", "x", tags=",".join(f"tag {n}" for n in range(40))),
        mem("c", "x", tags="  "),
    )
    found, _, _ = read(path)

    assert found[0].tags == ("good",)
    assert len(found[1].tags or ()) == 32
    assert found[2].tags == ()
    assert [item.notes for item in found] == [(Note.TAGS_LEFT_OUT,), (Note.TAGS_LEFT_OUT,), ()]


def test_ai_memory(tmp_path: Path) -> None:
    path = foreign.database(tmp_path / "ai_memory.db", foreign.AI_MEMORY_1, "memories", [
        {
            "id": "uuid-1", "content": "The printer jams ", "scope": "common", "created_at": "2026-01-02T03:04:05.5",
            "updated_at": "2026-01-03T03:04:05", "wing": "household", "room": "devices", "summary": "printer, jam",
            "accessed_at": None, "access_count": 3, "embedding": "[0.1]",
        },
        {"id": "uuid-2", "content": "I like tea", "scope": "private", "agent_id": "ollama", "created_at": CREATED},
        {"id": "uuid-3", "content": None, "scope": "common", "created_at": CREATED},
    ])  # fmt: skip
    with closing(foreign.connect(path)) as connection:
        foreign.insert(connection, "knowledge_graph", [
            {"id": "f1", "subject": "Ann", "relationship": "works_at", "object": "the mill", "confidence": 0.5},
            {"id": "f2", "subject": " ", "relationship": "is", "object": "x"},
            {
                "id": "f3", "subject": "Bob", "relationship": "likes", "object": "jazz", "valid_from": CREATED,
                "valid_to": "2030-01-01T00:00:00+00:00",
            },
        ])  # fmt: skip
    found, refused, ignored = read(path, timezone(timedelta(hours=2)))
    printer, tea, works, likes = found

    assert ignored == []
    assert (printer.value, printer.key, printer.scope) == ("The printer jams", None, Scope.HOUSEHOLD)
    assert printer.category is Category.DEVICE
    assert printer.tags == ("household", "devices", "printer", "jam")
    assert printer.created_at == seconds("2026-01-02T03:04:05.5+02:00")
    assert printer.updated_at == seconds("2026-01-03T03:04:05+02:00")
    assert printer.use_count == 3
    assert (tea.scope, tea.category, tea.source.agent_id) == (Scope.USER, None, "ollama")
    assert tea.tags == ()
    assert (works.value, works.category, works.confidence) == ("Ann works at the mill", Category.RELATIONSHIP, 0.5)
    assert likes.created_at == seconds(CREATED)
    assert likes.expires_at == datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    assert [(item.where, item.reason) for item in refused] == [(3, Reason.EMPTY), (2, Reason.EMPTY)]
    assert len({item.identity for item in found}) == 4


def test_ai_memory_before_its_schema_had_versions(tmp_path: Path) -> None:
    path = foreign.database(tmp_path / "ai_memory.db", foreign.AI_MEMORY_0, "memories", [
        {"id": "uuid-1", "content": "Tea at five", "scope": "common", "created_at": CREATED, "metadata": "{}"},
    ])  # fmt: skip
    found, refused, ignored = read(path)

    assert [(item.value, item.scope, item.tags) for item in found] == [("Tea at five", Scope.HOUSEHOLD, ())]
    assert (refused, ignored) == ([], [])


@pytest.mark.parametrize(("table", "format_"), [("mem", Format.LUUQUANGVU), ("memories", Format.HA_AI_MEMORY)])
def test_format_goes_by_the_tables(tmp_path: Path, table: str, format_: Format) -> None:
    path = foreign.database(tmp_path / "notes.txt", f"CREATE TABLE {table} (key, value, content)", table, [])
    reader = files.open_reader(path, None, START)
    reader.close()
    assert reader.format is format_


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE other (key, value)",
        "CREATE TABLE base (key, value); CREATE VIEW mem AS SELECT key, value FROM base",
        "CREATE VIRTUAL TABLE mem USING fts5 (key, value)",
        "CREATE TABLE mem (key, value AS (upper(key)))",
    ],
)
def test_tables_that_are_not_plain_ones_do_not_count(tmp_path: Path, schema: str) -> None:
    path = foreign.database(tmp_path / "x.db", schema, "", [])
    with pytest.raises(InvalidInputError) as error:
        files.open_reader(path, None, START)
    assert error.value.code == "import_unknown_format"


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    """Triggers, indexes on expressions and checks of a crafted file stay what they are: text."""
    path = foreign.database(
        tmp_path / "x.db",
        "CREATE TABLE mem (key, value CHECK (length(value) < 5)); CREATE TABLE trace (x);"
        "CREATE INDEX i ON mem (lower(key));"
        "CREATE TRIGGER t AFTER INSERT ON mem BEGIN INSERT INTO trace VALUES (1); END",
        "mem",
        [{"key": "a", "value": "b"}],
    )
    found, _, ignored = read(path)
    assert [item.value for item in found] == ["b"]
    assert ignored == ["trace"]
    with closing(foreign.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM trace").fetchone() == (1,)


def test_a_damaged_page_ends_the_reading(tmp_path: Path) -> None:
    path = foreign.luuquangvu(tmp_path / "memory.db", *(mem(f"key_{n}", f"Value {n} " * 20) for n in range(2_000)))
    with closing(foreign.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 100 * 4096] = b"\xff" * (100 * 4096)
    path.write_bytes(content)
    reader = files.open_reader(path, None, START)
    items = list(reader.read())
    reader.close()

    assert isinstance(items[-1], Refused)
    assert items[-1].reason is Reason.DAMAGED
    assert reader.cut_short
    assert 0 < len(items) < 2_000


def test_a_database_that_is_being_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.01)
    path = tmp_path / "memory.db"
    with closing(foreign.connect(path)) as tool:
        tool.executescript("CREATE TABLE mem (key, value); BEGIN EXCLUSIVE")
        with pytest.raises(InvalidInputError) as error:
            files.open_reader(path, None, START)
    assert error.value.code == "import_locked"


def test_locks_of_another_connection_of_the_process_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at the file must not give up locks that a tool in the same process has on it."""
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.01)
    path = tmp_path / "memory.db"
    with closing(foreign.connect(path)) as tool:
        tool.executescript("CREATE TABLE mem (key, value); BEGIN IMMEDIATE; INSERT INTO mem VALUES ('a', 'b')")
        files.open_reader(path, None, START).close()
        code = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
        assert b"database is locked" in run_python(code, path)


def run_python(code: str, *arguments: object) -> bytes:
    """Run code in another process, whose locks are others; return what it complains about."""
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, check=False).stderr


@pytest.mark.parametrize("log", [b"", b"what was stored last"])
def test_a_log_that_cannot_be_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: bytes) -> None:
    """In a folder that cannot be written, a file in WAL mode is read as it stands, but only if its log is empty."""
    path = foreign.luuquangvu(tmp_path / "folder with ? and %20 and #.db", mem("a", "b"))
    path.with_name(f"{path.name}-wal").write_bytes(log)
    connect = sqlite._connect

    def refuse(path: Path, mode: str) -> tuple[sqlite3.Connection, dict[str, list[str]]]:
        if "immutable" not in mode:
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error
        return connect(path, mode)

    monkeypatch.setattr(sqlite, "_connect", refuse)
    if log:
        with pytest.raises(InvalidInputError) as caught:
            read(path)
        assert caught.value.code == "import_not_readable"
    else:
        assert [item.value for item in read(path)[0]] == ["b"]
