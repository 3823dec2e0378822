"""What a file is, and what is said of one that is nothing of use."""

from collections.abc import Callable
import os
from pathlib import Path

import pytest

from custom_components.semantic_memory.memory.engine import DATABASE
from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.transfer import jsonl
from custom_components.semantic_memory.memory.transfer.reading import files
from custom_components.semantic_memory.memory.transfer.reading.found import Format

from ..fakes import START, OpenEngine, remember
from .foreign import entity, json_lines, luuquangvu, mem

HEADER = jsonl.encode(jsonl.dump_header(jsonl.Header(exported_at=START)))


def refusal(path: Path, wanted: Format | None = None, own: Path | None = None) -> InvalidInputError:
    """Return the error that opening a file raises."""
    with pytest.raises(InvalidInputError) as error:
        files.open_reader(path, wanted, START, own=own)
    return error.value


def written(content: bytes) -> Callable[[Path], Path]:
    """Return what makes a file of this content."""

    def make(folder: Path) -> Path:
        path = folder / "file"
        path.write_bytes(content)
        return path

    return make


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def circle(folder: Path) -> Path:
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    return folder / "a"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda folder: folder / "missing", "import_not_found"),
        (lambda folder: folder, "import_not_a_file"),
        (pipe, "import_not_a_file"),
        (circle, "import_not_readable"),
        (lambda folder: folder / ("x" * 500), "import_not_readable"),
        (lambda folder: folder / "a\0b", "import_not_readable"),
        (written(b""), "import_empty"),
        (written(b"\n\n\n"), "import_unknown_format"),
        (written(b"Remember the milk\n"), "import_unknown_format"),
        (written(b'{"entities": [], "relations": []}'), "import_unknown_format"),
        (written(b"[1, 2]"), "import_unknown_format"),
        (written(b"name,mood\na,b\n"), "import_unknown_format"),
        (written(b"key,value,key\na,b,c\n"), "import_unknown_format"),
        (written(b"key,value" + b",x" * 1_000_000), "import_unknown_format"),
        (written(b'key,"value\na,b'), "import_unknown_format"),
        (written(b"x" * 10_000_000), "import_unknown_format"),
        (written(b"[" * 1_000_000), "import_unknown_format"),
        (written(b"\x1f\x8b\x08\x00compressed"), "import_encoding"),
        (written("key,value".encode("utf-16-le")), "import_encoding"),
        (written("key,value".encode("utf-32")), "import_encoding"),
        (written(b'{"format": "semantic_memory", "version": 99}'), "export_version_unknown"),
        (written(b"SQLite format 3\0" + b"\0" * 4080), "import_damaged"),
        (written(b"SQLite format 3\0"), "import_damaged"),
    ],
)
def test_what_is_refused(tmp_path: Path, make: Callable[[Path], Path], code: str) -> None:
    assert refusal(make(tmp_path)).code == code


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (HEADER.encode(), Format.OWN),
        (b"\n" + HEADER.encode(), Format.OWN),
        (b"key,value\n", Format.HA_SEMANTIC_MEMORY),
        (b"no json\n\xff\n" + b'{"type": "relation"}', Format.MCP),
        ("key;value\r\n".encode("utf-16"), Format.HA_SEMANTIC_MEMORY),
    ],
)
def test_the_content_tells(tmp_path: Path, content: bytes, format_: Format) -> None:
    reader = files.open_reader(written(content)(tmp_path), None, START)
    reader.close()
    assert reader.format is format_


def test_a_part_of_an_export_is_one_if_it_is_said_to_be(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "x", {"type": "memory"})
    assert refusal(path).code == "import_unknown_format"
    files.open_reader(path, Format.OWN, START).close()


def test_another_format_than_wanted(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "x", entity("a", "b", "c"))
    error = refusal(path, Format.LUUQUANGVU)
    assert (error.code, error.placeholders["found"], error.placeholders["wanted"]) == (
        "import_wrong_format", "mcp_memory", "luuquangvu"
    )  # fmt: skip


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_what_lies_beside_a_database(tmp_path: Path, end: str) -> None:
    path = tmp_path / f"other.db{end}"
    path.write_bytes(b"something")
    assert refusal(path).code == "import_unknown_format"


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = json_lines(tmp_path / "x", entity("a", "b", "c"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert refusal(path).code == "import_not_readable"


async def test_our_own_database(tmp_path: Path, open_engine: OpenEngine) -> None:
    """Neither the one in use, by whatever name, which is not even opened, nor a copy of one."""
    engine = await open_engine()
    await remember(engine, "A memory")
    own = tmp_path / "memory" / DATABASE
    link = tmp_path / "link"
    link.hardlink_to(own)
    symbolic = tmp_path / "symbolic"
    symbolic.symlink_to(own)
    for path in (own, link, symbolic, own.with_name("memory.db-wal")):
        assert refusal(path, own=own).code == "import_own_database"
    await engine.async_close()
    copy = tmp_path / "copy.db"
    copy.write_bytes(own.read_bytes())
    assert refusal(copy, own=own).code == "import_own_database"


def test_links_are_followed(tmp_path: Path) -> None:
    luuquangvu(tmp_path / "memory.db", mem("a", "b"))
    (tmp_path / "link").symlink_to(tmp_path / "memory.db")
    reader = files.open_reader(tmp_path / "link", None, START)
    assert len(list(reader.read())) == 1
    reader.close()
