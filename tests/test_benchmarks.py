"""The measurements still run."""

from pathlib import Path

import pytest

from benchmarks.speed import async_measure


async def test_speed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await async_measure([60], tmp_path)
    printed = capsys.readouterr().out
    assert printed.count("p95") == 4
    assert "index: sqlite-vec" in printed
