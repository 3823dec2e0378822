"""The measurements still run."""

from pathlib import Path

import pytest

from benchmarks import importing
from benchmarks.index import measure


async def test_importing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await importing.async_measure(300, tmp_path)
    printed = capsys.readouterr().out
    assert printed.count("added 300") == 2
    assert "unchanged 300" in printed


def test_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measure(tmp_path, 120, 64)
    printed = capsys.readouterr().out
    assert printed.count("p95") == printed.count("recall@10 1.000") == 8
