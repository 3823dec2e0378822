"""What every measurement reports in the same way: on which machine, percentiles, a table, a file of JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
import json
from math import ceil, floor, log10
import os
from pathlib import Path
import platform
import sqlite3
from typing import Any, Final, override

_DIGITS: Final = 5
"""Behind the point, at most."""
_PACKAGES: Final = ("numpy", "sqlite-vec", "tokenizers", "wordllama")


@dataclass(frozen=True, slots=True)
class Machine:
    """What figures depend on. Nothing of it tells whose machine it is."""

    date: str
    """Day of the run, UTC."""
    cores: int
    """Those that this process may use."""
    memory_mb: int
    architecture: str
    processor: str
    python: str
    sqlite: str
    packages: dict[str, str]
    """Versions; those that are missing are left out."""

    @override
    def __str__(self) -> str:
        """Return the class of machine in a line, for the heading of a table."""
        processor = f" ({self.processor})" if self.processor else ""
        return (
            f"{self.date}, {self.cores} cores {self.architecture}{processor}, {self.memory_mb / 1024:.0f} GB,"
            f" Python {self.python}, SQLite {self.sqlite}"
        )


def machine() -> Machine:
    """Return the machine that this runs on."""
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        cores=os.process_cpu_count() or 1,
        memory_mb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        architecture=platform.machine(),
        processor=_processor(Path("/proc/cpuinfo")),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        packages=_versions(_PACKAGES),
    )


def percentile(values: Iterable[float], share: float) -> float:
    """Return the least of the values that at least this share (above 0, up to 1) of them do not exceed.

    One of the values themselves (nearest rank), so that few of them claim nothing that was not measured. Raises
    ValueError where there are none.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(ceil(share * len(ordered)), 1) - 1]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown whose columns also line up as plain text: texts to the left, numbers to the right."""
    cells = [list(headings), *(list(row) for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(headings))]
    right = [len(cells) > 1 and all(_is_number(row[place]) for row in cells[1:]) for place in range(len(headings))]

    def line(row: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = ("-" * (width - 1) + (":" if to_right else "-") for width, to_right in zip(widths, right, strict=True))
    return "\n".join([line(cells[0]), f"| {' | '.join(rule)} |", *map(line, cells[1:])])


def number(value: float | None) -> str:
    """Return a figure with three digits that count, nothing for ``None``."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    behind = 2 - floor(log10(abs(value)))
    return f"{value:,.{min(max(behind, 0), _DIGITS)}f}"


def write_json(path: Path, benchmark: str, on: Machine, content: Mapping[str, Any]) -> None:
    """Write what a benchmark found, with the machine that it ran on."""
    record = {"benchmark": benchmark, "machine": asdict(on), **content}
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _is_number(cell: str) -> bool:
    return not cell or cell.lstrip("-+×<≤≥~ ")[:1].isdigit()


def _processor(path: Path) -> str:
    """Return the processor's name where Linux tells it."""
    if not path.exists():
        return ""
    lines = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == "model name"), "")


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
