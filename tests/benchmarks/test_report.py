"""What measurements report."""

import json
from pathlib import Path

import pytest

from benchmarks import report


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0], 0.5, 3.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 3.0, 2.0], 0.51, 3.0),
        (range(1, 101), 0.95, 95),
        (range(1, 101), 1.0, 100),
    ],
)
def test_percentile_is_one_of_the_values(values: list[float], share: float, expected: float) -> None:
    assert report.percentile(values, share) == expected


def test_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        report.percentile([], 0.5)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (0.0, "0"),
        (0.000123, "0.00012"),
        (0.01234, "0.0123"),
        (0.1, "0.100"),
        (1.234, "1.23"),
        (1234.5, "1,234"),
    ],
)
def test_numbers_have_three_digits(value: float | None, expected: str) -> None:
    assert report.number(value) == expected


def test_table_lines_up() -> None:
    rows = [["search", "1.2", "× 20"], ["set, with a key", "", "× 3.5"]]
    assert report.table(["what", "ms", "ratio"], rows).splitlines() == [
        "| what            |  ms | ratio |",
        "| --------------- | --: | ----: |",
        "| search          | 1.2 |  × 20 |",
        "| set, with a key |     | × 3.5 |",
    ]


def test_table_of_nothing() -> None:
    assert report.table(["what", "ms"], []).splitlines() == ["| what | ms |", "| ---- | -- |"]


def test_json_says_on_which_machine(tmp_path: Path) -> None:
    on = report.machine()
    report.write_json(tmp_path / "found.json", "speed", on, {"figures": [1, 2]})
    written = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert written["benchmark"] == "speed"
    assert written["figures"] == [1, 2]
    assert written["machine"]["cores"] == on.cores > 0
    assert written["machine"]["packages"]["numpy"]
    assert written["machine"].keys() == {
        *("date", "cores", "memory_mb", "architecture", "processor", "python", "sqlite", "packages")
    }


def test_heading_names_the_class_of_machine() -> None:
    on = report.Machine("2026-01-02", 2, 4096, "aarch64", "", "3.14.0", "3.50.0", {})
    assert str(on) == "2026-01-02, 2 cores aarch64, 4 GB, Python 3.14.0, SQLite 3.50.0"
