"""The formats in which memories are given out, each written piece by piece. Pure functions of what they are given."""

from collections.abc import Sequence
import csv
from datetime import UTC, datetime
from enum import StrEnum
from io import StringIO
import re
from typing import Final, Protocol, override
import unicodedata

from ..models import Category, HistoryEntry, Memory
from . import jsonl


class ExportFormat(StrEnum):
    """What a file can be written as."""

    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"
    TEXT = "text"


class Writer(Protocol):
    """Makes the text of one file."""

    suffix: str
    by_category: bool
    """Whether the memories have to come category by category."""

    def begin(self, header: jsonl.Header) -> str:
        """Return what stands before the memories."""
        ...

    def memory(self, memory: Memory, history: Sequence[HistoryEntry] | None) -> str:
        """Return what stands for a memory."""
        ...


class JsonLinesWriter(Writer):
    """Everything, so that it can be taken in again: see :mod:`.jsonl`."""

    suffix = ".jsonl"
    by_category = False

    @override
    def begin(self, header: jsonl.Header) -> str:
        return jsonl.encode(jsonl.dump_header(header))

    @override
    def memory(self, memory: Memory, history: Sequence[HistoryEntry] | None) -> str:
        return jsonl.encode(jsonl.dump(memory, history))


_FORMULA: Final = frozenset("=+-@\t\r\n\uff0b\uff0d\uff1d\uff20")
"""What makes a cell a formula in a spreadsheet, also in full width (OWASP, "CSV Injection")."""


class CsvWriter(Writer):
    """A table for spreadsheets (RFC 4180).

    It begins with a byte order mark, without which Excel takes UTF-8 for something else, and every text is quoted.
    An apostrophe goes before a text that a spreadsheet would take for a formula, so that what somebody remembered can
    never reach out from the computer of whoever opens the file.
    """

    suffix = ".csv"
    by_category = False
    _COLUMNS: Final = (
        "id", "key", "value", "scope", "owner", "category", "tags", "confidence", "pinned", "created_at",
        "updated_at", "last_used_at", "use_count", "expires_at", "deleted_at", "surface",
    )  # fmt: skip

    @override
    def begin(self, header: jsonl.Header) -> str:
        return "\ufeff" + self._row(self._COLUMNS)

    @override
    def memory(self, memory: Memory, history: Sequence[HistoryEntry] | None) -> str:
        times = (
            memory.created_at, memory.updated_at, memory.last_used_at, memory.expires_at, memory.deleted_at,
        )  # fmt: skip
        created_at, updated_at, last_used_at, expires_at, deleted_at = ("" if t is None else _iso(t) for t in times)
        return self._row((
            memory.id, _cell(memory.key), _cell(memory.value), str(memory.scope), memory.owner, str(memory.category),
            _cell(", ".join(memory.tags)), memory.confidence, "true" if memory.pinned else "false", created_at,
            updated_at, last_used_at, memory.use_count, expires_at, deleted_at, _cell(memory.source.surface),
        ))  # fmt: skip

    @staticmethod
    def _row(cells: Sequence[str | float]) -> str:
        line = StringIO()
        csv.writer(line, quoting=csv.QUOTE_NONNUMERIC).writerow(cells)
        return line.getvalue()


class MarkdownWriter(Writer):
    """A document by category.

    Values stand in fenced code blocks and the rest of what people wrote in code spans (CommonMark 0.31, 4.5 and 6.1):
    whatever is in them stays text in every renderer, where escaped signs would still become links in some.
    """

    suffix = ".md"
    by_category = True

    def __init__(self) -> None:
        """Begin without a category."""
        self._category: Category | None = None

    @override
    def begin(self, header: jsonl.Header) -> str:
        return f"# Memories\n\nExported on {_day(header.exported_at)}.\n"

    @override
    def memory(self, memory: Memory, history: Sequence[HistoryEntry] | None) -> str:
        title = f"\n## {memory.category.capitalize()}\n" if memory.category is not self._category else ""
        self._category = memory.category
        facts = " · ".join(_facts(memory, [_code_span(tag) for tag in memory.tags]))
        value = "\n".join(_lines(memory.value))
        fence = _longer_than_any_run(value, 3)
        return f"{title}\n### {_code_span(memory.key)}\n\n{facts}\n\n{fence}text\n{value}\n{fence}\n"


class TextWriter(Writer):
    """Something to read or print."""

    suffix = ".txt"
    by_category = False

    @override
    def begin(self, header: jsonl.Header) -> str:
        return f"Memories, exported on {_day(header.exported_at)}\n"

    @override
    def memory(self, memory: Memory, history: Sequence[HistoryEntry] | None) -> str:
        value = "".join(f"  {line}\n" for line in _lines(memory.value))
        facts = ", ".join([str(memory.category), *_facts(memory, [_printable(tag) for tag in memory.tags])])
        return f"\n{memory.key}\n{value}  ({facts})\n"


WRITERS: Final[dict[ExportFormat, type[Writer]]] = {
    ExportFormat.JSONL: JsonLinesWriter,
    ExportFormat.CSV: CsvWriter,
    ExportFormat.MARKDOWN: MarkdownWriter,
    ExportFormat.TEXT: TextWriter,
}


def _facts(memory: Memory, tags: Sequence[str]) -> list[str]:
    """Return what a reader wants to know beside the value."""
    facts = [str(memory.scope), f"changed {_day(memory.updated_at)}"]
    if memory.pinned:
        facts.append("pinned")
    if memory.expires_at is not None:
        facts.append(f"expires {_day(memory.expires_at)}")
    if memory.deleted_at is not None:
        facts.append(f"forgotten {_day(memory.deleted_at)}")
    if tags:
        facts.append(f"tags: {', '.join(tags)}")
    return facts


def _cell(text: str) -> str:
    """Return what is no formula; what looks like that already gets an apostrophe as well, to be told from it again."""
    bare = text.lstrip("'")
    return f"'{text}" if bare[:1] in _FORMULA or bare.lstrip()[:1] in _FORMULA else text


def _code_span(text: str) -> str:
    """Return text of one line as a code span; a space on both sides is taken off again by whoever reads it."""
    shown = " ".join(_lines(text))
    ticks = _longer_than_any_run(shown, 1)
    return f"{ticks} {shown} {ticks}" if shown[:1] in "` " or shown[-1:] in "` " else f"{ticks}{shown}{ticks}"


def _longer_than_any_run(text: str, least: int) -> str:
    """Return a run of backticks that does not occur in the text."""
    return "`" * max(least, 1 + max((len(run) for run in re.findall("`+", text)), default=0))


def _lines(text: str) -> list[str]:
    """Return the lines of a text, however they are ended, as they can be shown."""
    return [_printable(line) for line in text.splitlines()]


def _printable(text: str) -> str:
    """Return text without control characters, which a terminal would obey."""
    return "".join("\ufffd" if unicodedata.category(char) == "Cc" and char != "\t" else char for char in text)


def _iso(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat()


def _day(timestamp: float) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M} UTC"
