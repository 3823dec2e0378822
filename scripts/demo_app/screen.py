"""What the demo prints: headings, results with their time, tables; colours on a terminal only."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import os
import shutil
import sys
import time
from typing import Final
import unicodedata

_BOLD, _DIM, _GREEN, _RED, _CYAN = ("1", "2", "32", "31", "36")
_MAX_CELL: Final = 62
_MIN_SLOW: Final = 0.05
"""Seconds from which on it is worth saying how long a step took."""


class Screen:
    """Writes a transcript to standard output."""

    def __init__(self) -> None:
        """Look at what standard output is."""
        self._is_terminal = sys.stdout.isatty()
        self._coloured = self._is_terminal and "NO_COLOR" not in os.environ
        self._started = time.monotonic()
        self._open_line = False

    @property
    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._started

    def heading(self, text: str) -> None:
        """Begin a chapter."""
        stamp = self._paint(f"[{self.elapsed:5.1f} s]", _DIM)
        self._line(f"\n{stamp} {self._paint(text, _BOLD)}")

    def say(self, text: str) -> None:
        """Write a remark."""
        self._line(f"   {text}")

    def aside(self, text: str) -> None:
        """Write a remark of less weight."""
        self._line(f"   {self._paint(text, _DIM)}")

    def done(self, text: str, seconds: float | None = None) -> None:
        """Report a step that worked."""
        took = self._paint(f"  ({seconds:.1f} s)", _DIM) if seconds is not None and seconds >= _MIN_SLOW else ""
        self._line(f"   {self._paint('✓', _GREEN)} {text}{took}")

    def failed(self, text: str) -> None:
        """Report what went wrong."""
        self._line(f"\n{self._paint('✗', _RED)} {self._paint(text, _BOLD)}")

    def spoken(self, who: str, text: str) -> None:
        """Write a line of a conversation."""
        self._line(f"   {self._paint(f'{who:>9}:', _CYAN)} {text}")

    def progress(self, text: str, fraction: float) -> None:
        """Show a bar that redraws itself on a terminal; elsewhere only its end is written."""
        if not self._is_terminal:
            return
        bar = ("█" * round(fraction * 20)).ljust(20, "░")
        sys.stdout.write(f"\r\x1b[K   {bar} {fraction:4.0%} {text}")
        sys.stdout.flush()
        self._open_line = True

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """Say what is being done while it is, and how long it took when it is."""
        started = time.monotonic()
        if self._is_terminal:
            sys.stdout.write(f"   … {doing}")
            sys.stdout.flush()
            self._open_line = True
        yield
        self.done(done, time.monotonic() - started)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write a table, its columns as wide as they need to be."""
        cells = [[_shortened(cell) for cell in row] for row in (header, *rows)]
        widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
        for number, row in enumerate(cells):
            line = "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
            self._line(f"     {self._paint(line.rstrip(), _DIM) if number == 0 else line.rstrip()}")

    def _line(self, text: str) -> None:
        if self._open_line:
            sys.stdout.write("\r\x1b[K")
            self._open_line = False
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured else text


def _shortened(text: str) -> str:
    limit = min(_MAX_CELL, max(24, shutil.get_terminal_size((120, 24)).columns // 2 - 10))
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
