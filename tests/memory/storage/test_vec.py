"""Getting sqlite-vec into a connection, and what can be wrong with it."""

from pathlib import Path
import sqlite3
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from custom_components.semantic_memory.memory.storage import vec
from custom_components.semantic_memory.memory.storage.vec import IndexUnavailableError, load_extension


def test_it_loads() -> None:
    connection = sqlite3.connect(":memory:")
    load_extension()(connection)
    (version,) = connection.execute("SELECT vec_version()").fetchone()
    assert version.startswith("v")
    with pytest.raises(sqlite3.OperationalError, match="not authorized"):
        connection.execute("SELECT load_extension('x')")
    connection.close()


def test_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlite_vec", None)
    with pytest.raises(IndexUnavailableError, match="is not installed"):
        load_extension()


@pytest.mark.parametrize("content", [None, b"", b"\x7fELF but not really"])
def test_the_file_is_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "vec0.so"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setitem(sys.modules, "sqlite_vec", SimpleNamespace(loadable_path=lambda: str(file)))
    with pytest.raises(IndexUnavailableError, match="vec0"):
        load_extension()


def test_it_answers_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vec, "_EXPECTED", [(2, 0.0)])
    with pytest.raises(IndexUnavailableError, match=r"answered .* instead of"):
        load_extension()


def test_this_python_cannot_load_extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sqlite3.connect

    class Connection:
        """A connection of a Python that was built without loadable extensions."""

        def __init__(self, *args: Any, **options: Any) -> None:
            self._real = real(*args, **options)

        def close(self) -> None:
            self._real.close()

    monkeypatch.setattr(sqlite3, "connect", Connection)
    with pytest.raises(IndexUnavailableError, match="this Python cannot load SQLite extensions"):
        load_extension()
