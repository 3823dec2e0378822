"""Text files: CSV, the MCP memory server's JSON Lines, and our own export."""

import csv
import json
from pathlib import Path
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Category,
    ChangeKind,
    HistoryEntry,
    Memory,
    Scope,
    Source,
)
from custom_components.semantic_memory.memory.transfer import jsonl
from custom_components.semantic_memory.memory.transfer.formats import CsvWriter
from custom_components.semantic_memory.memory.transfer.reading import files, lines
from custom_components.semantic_memory.memory.transfer.reading.found import Found, Note, Reason, Refused

from ..fakes import ALICE, START
from .foreign import CREATED, POSTGRES_COLUMNS, entity, json_lines, postgres_csv, relation
from .strategies import memories, patient
from .test_reading_databases import read, seconds

MEMORY = Memory(
    id="01K00000000000000000000000",
    key="tea",
    value='=Tea, "strong"\nand -hot',
    owner=ALICE.user_id or "",
    scope=Scope.USER,
    category=Category.PREFERENCE,
    tags=("drink", "five o'clock"),
    confidence=0.5,
    pinned=True,
    source=Source(surface="llm", agent_id="agent"),
    created_at=START - 20,
    updated_at=START - 10,
    last_used_at=START - 5,
    use_count=3,
    expires_at=START + 1_000,
    deleted_at=None,
)


def test_postgres(tmp_path: Path) -> None:
    path = postgres_csv(
        tmp_path / "memories.csv",
        {"key": "my_location", "value": 'Portland, "OR"\nUSA', "tags": "home, address"},
        {"key": "wife_name", "value": "Sarah", "user_id": "a" * 32, "scope": "household", "expires_at": "infinity"},
        {"key": "car", "value": "B2", "expires_at": "2030-01-02 03:04:05.6+05:30", "tags": '["garage","blue"]'},
    )
    found, refused, ignored = read(path)
    location, wife, car = found

    assert (refused, ignored) == ([], [])
    assert (location.where, location.key, location.value) == (2, "my_location", 'Portland, "OR"\nUSA')
    assert (location.owner, location.updated_at, location.expires_at, location.pinned) == (None, None, None, None)
    assert location.tags == ("home", "address")
    assert location.created_at == seconds(CREATED)
    assert (wife.where, wife.owner, wife.scope, wife.expires_at) == (4, "a" * 32, Scope.HOUSEHOLD, None)
    assert car.expires_at == seconds("2030-01-02 03:04:05.6+05:30")
    assert car.tags == ("garage", "blue")


def test_postgres_before_it_had_users(tmp_path: Path) -> None:
    columns = [name for name in POSTGRES_COLUMNS if name != "user_id"]
    found, _, _ = read(postgres_csv(tmp_path / "x.csv", {"key": "a", "value": "b"}, columns=columns))
    assert [(item.key, item.owner) for item in found] == [("a", None)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spreadsheets(tmp_path: Path, delimiter: str, encoding: str, end: str) -> None:
    path = tmp_path / "x.csv"
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(
            [[" Key ", "VALUE", "mood"], ["grüße", "Grüß\ndich", "good"], []]
        )
    found, refused, ignored = read(path)
    assert [(item.key, item.value, item.notes) for item in found] == [("grüsse", "Grüß\ndich", (Note.TIME_UNKNOWN,))]
    assert refused == []
    assert ignored == ["mood"]


def test_our_own_csv(tmp_path: Path) -> None:
    path = tmp_path / "memories.csv"
    writer = CsvWriter()
    household = {"id": "01K00000000000000000000001", "key": "bin", "owner": HOUSEHOLD, "scope": Scope.HOUSEHOLD}
    others = [replaced(**household), replaced(key="gone", deleted_at=START - 1)]
    header = jsonl.Header(exported_at=START)
    path.write_text(writer.begin(header) + "".join(writer.memory(m, None) for m in (MEMORY, *others)), newline="")
    (tea, bins, gone), refused, ignored = read(path)

    assert (refused, ignored) == ([], [])
    assert tea.value == MEMORY.value
    for name in ("id", "key", "owner", "scope", "category", "tags", "confidence", "pinned", "use_count"):
        assert getattr(tea, name) == getattr(MEMORY, name), name
    assert (tea.created_at, tea.updated_at) == (MEMORY.created_at, MEMORY.updated_at)
    assert (tea.last_used_at, tea.expires_at) == (MEMORY.last_used_at, MEMORY.expires_at)
    assert (bins.owner, bins.scope) == (HOUSEHOLD, Scope.HOUSEHOLD)
    assert gone.forgotten


@given(memory=memories(deleted=st.none()))
@patient
def test_our_own_csv_loses_no_word(tmp_path_factory: pytest.TempPathFactory, memory: Memory) -> None:
    path = tmp_path_factory.mktemp("csv") / "memories.csv"
    writer = CsvWriter()
    path.write_text(writer.begin(jsonl.Header(exported_at=START)) + writer.memory(memory, None), newline="")
    (found,), refused, _ = read(path)
    assert refused == []
    assert (found.id, found.key, found.value, found.tags) == (memory.id, memory.key, memory.value, memory.tags)


@pytest.mark.parametrize("value", ["=1", "'=1", "''  @x", "'tis", "'"])
def test_apostrophes_of_our_own_csv(tmp_path: Path, value: str) -> None:
    path = tmp_path / "memories.csv"
    writer = CsvWriter()
    memory = replaced(value=value, key="john_smith_works", tags=("John Smith", "works", "[x]"))
    path.write_text(writer.begin(jsonl.Header(exported_at=START)) + writer.memory(memory, None), newline="")
    (found,), _, _ = read(path)
    assert (found.value, found.tags) == (value, memory.tags)


def replaced(**changes: Any) -> Memory:
    return Memory(**{name: getattr(MEMORY, name) for name in Memory.__slots__} | changes)


def test_rows_of_csv_that_are_no_memories(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(
        b"key,value,pinned,confidence\n"
        b"short\n"
        b"too,many,f,1,columns\n"
        b'bad,"quote" here,f,1\n'
        b"latin,Gr\xfc\xdfe,f,1\n"
        b"--,x,f,1\n"
        b"empty,  ,f,1\n"
        b"flag,x,perhaps,1\n"
        b"nul,a\0b,t,7\n"
         b"long," + b"x" * 20_000 + b",f,1\n"
        + b"fine,x,,0.5\n"
    )  # fmt: skip
    found, refused, _ = read(path)

    assert [(item.key, item.value, item.pinned, item.confidence) for item in found] == [
        ("nul", "ab", True, None), ("fine", "x", False, 0.5)
    ]  # fmt: skip
    assert [(item.where, item.reason) for item in refused] == [
        (2, Reason.NOT_UNDERSTOOD), (3, Reason.NOT_UNDERSTOOD), (4, Reason.NOT_UNDERSTOOD), (5, Reason.NOT_UTF8),
        (6, Reason.INVALID_KEY), (7, Reason.EMPTY), (8, Reason.INVALID_FIELD), (10, Reason.TOO_LONG),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b'open,"never closed\n' + b"more,lines\n" * 20_000, Reason.NOT_UNDERSTOOD),
        (b"columns" + b"," * 5_000_000 + b"\nfine,x\n", Reason.LINE_TOO_LONG),
    ],
)
def test_what_ends_the_reading_of_csv(tmp_path: Path, rest: bytes, reason: Reason) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"key,value\nfirst,x\n" + rest)
    reader = files.open_reader(path, None, START)
    items = list(reader.read())
    reader.close()
    assert [type(item) for item in items] == [Found, Refused]
    assert isinstance(items[1], Refused)
    assert items[1].reason is reason
    assert reader.cut_short


def test_mcp(tmp_path: Path) -> None:
    path = json_lines(
        tmp_path / "memory.jsonl",
        entity("John_Smith", "person", "Speaks fluent Spanish", "John Smith graduated in 2019", "Likes tea"),
        entity("default_user", "person", "Is called Ada"),
        entity("Summer party", "event"),
        relation("John_Smith", "works_at", "Anthropic"),
    )
    found, refused, ignored = read(path)

    assert [(item.where, item.value, item.category, item.tags) for item in found] == [
        (1, "John Smith: Speaks fluent Spanish", Category.RELATIONSHIP, ("John Smith", "person")),
        (1, "John Smith graduated in 2019", Category.RELATIONSHIP, ("John Smith", "person")),
        (1, "John Smith: Likes tea", Category.RELATIONSHIP, ("John Smith", "person")),
        (2, "default user: Is called Ada", Category.USER, ("default user", "person")),
        (4, "John Smith works at Anthropic", Category.RELATIONSHIP, ("John Smith",)),
    ]
    assert {(item.key, item.expires_at, item.updated_at) for item in found} == {(None, None, None)}
    assert refused == [Refused(3, Reason.EMPTY, "Summer party")]
    assert ignored == []


def test_lines_of_mcp_that_are_no_memories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 200_000)
    path = tmp_path / "x"
    path.write_bytes(b"\n".join([
        b'{"type": "entity", "name": "a", "entityType": "b", "observations": ["c", 5, "", "\\ud800\\u0000d"]}',
        b"", b"no json", b"[1]", b'"text"', b"NaN", b'{"type": "note"}', b"{}",
        b'{"type": "entity", "name": 5, "observations": []}', b'{"type": "entity", "name": "a"}',
        b'{"type": "relation", "from": "a", "to": " ", "relationType": "b"}', b"[" * 100_000,
        b'{"type": "entity", "name": "a", "observations": [' + b"9" * 10_000 + b"]}",
        b'{"type": "entity", "name": "\xff"}', b'{"type": "entity", "name": "' + b"x" * 300_000 + b'"}',
        b'{"type": "relation", "from": "x", "to": "y", "relationType": "is"}',
    ]))  # fmt: skip
    found, refused, ignored = read(path)

    assert [item.value for item in found] == ["a: c", "a: ?d", "x is y"]
    assert [(item.where, item.reason) for item in refused] == [
        (1, Reason.NOT_UNDERSTOOD), (1, Reason.EMPTY), (3, Reason.NOT_UNDERSTOOD), (4, Reason.NOT_UNDERSTOOD),
        (5, Reason.NOT_UNDERSTOOD), (6, Reason.NOT_UNDERSTOOD), (9, Reason.NOT_UNDERSTOOD),
        (10, Reason.NOT_UNDERSTOOD), (11, Reason.NOT_UNDERSTOOD), (12, Reason.NOT_UNDERSTOOD),
        (13, Reason.NOT_UNDERSTOOD), (14, Reason.NOT_UTF8), (15, Reason.LINE_TOO_LONG),
    ]  # fmt: skip
    assert ignored == ["note", "None"]


def test_our_own_export(tmp_path: Path) -> None:
    history = (HistoryEntry(at=START - 20, kind=ChangeKind.SET, actor="x", surface="llm", before=None, after=None),)
    path = tmp_path / "x.jsonl"
    path.write_text(
        jsonl.encode(jsonl.dump_header(jsonl.Header(exported_at=START)))
        + jsonl.encode(jsonl.dump(MEMORY, history))
        + jsonl.encode(jsonl.dump(replaced(deleted_at=START), None))
        + jsonl.encode({"type": "about"})
        + jsonl.encode(jsonl.dump(MEMORY, None) | {"mood": "good"})
        + jsonl.encode(jsonl.dump(MEMORY, None) | {"value": ""})
        + jsonl.encode(jsonl.dump(MEMORY, None) | {"key": 5})
        + "{"
    )
    (tea, gone), refused, ignored = read(path)

    assert (tea.id, tea.key, tea.value, tea.history) == (MEMORY.id, MEMORY.key, MEMORY.value, history)
    assert (tea.updated_at, tea.source.agent_id) == (MEMORY.updated_at, "agent")
    assert gone.forgotten
    assert refused == [
        Refused(5, Reason.INVALID_FIELD, "tea", "mood"), Refused(6, Reason.EMPTY, "tea"),
        Refused(7, Reason.INVALID_FIELD, "", "key"), Refused(8, Reason.NOT_UNDERSTOOD),
    ]  # fmt: skip
    assert ignored == ["about"]


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    """What comes first is found before the rest has been read."""
    path = tmp_path / "x.jsonl"
    with path.open("w") as file:
        for number in range(20_000):
            file.write(json.dumps(entity(f"name {number}", "thing", "is blue")) + "\n")
    reader = files.open_reader(path, None, START)
    items = reader.read()
    assert isinstance(next(items), Found)
    assert 0 < reader.progress() < 0.1
    assert len(list(items)) == 19_999
    assert reader.progress() == 1.0
    reader.close()
