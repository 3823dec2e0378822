"""Getting sqlite-vec into a connection, and what can be wrong with it."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
import sqlite3
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import sqlite_vec

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import EngineSettings
from custom_components.semantic_memory.memory.storage import vec
from custom_components.semantic_memory.memory.storage.sqlite_vec.errors import UnobtainableError
from custom_components.semantic_memory.memory.storage.sqlite_vec.obtain import place
from custom_components.semantic_memory.memory.storage.sqlite_vec.wheel import TARGETS, Target
from custom_components.semantic_memory.memory.storage.vec import LIB_FOLDER, IndexUnavailableError, load_extension

type PutPackage = Callable[[bytes | None], None]


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    """Return where files that fit musl are kept."""
    return tmp_path / LIB_FOLDER


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PutPackage:
    """Return a function that has a package with this file be installed, ``None`` for one without a file."""

    def install(content: bytes | None) -> None:
        file = tmp_path / "package" / "vec0"
        file.parent.mkdir()
        if content is not None:
            file.with_suffix(".so").write_bytes(content)
        monkeypatch.setitem(sys.modules, "sqlite_vec", SimpleNamespace(loadable_path=lambda: str(file)))

    return install


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no package be installed."""
    monkeypatch.setitem(sys.modules, "sqlite_vec", None)


@pytest.fixture
def musl(monkeypatch: pytest.MonkeyPatch) -> Target:
    """Have a machine with musl, for which the file that loads here is the right one."""
    content = Path(f"{sqlite_vec.loadable_path()}.so").read_bytes()
    target = replace(TARGETS["x86_64"], adapted=sha256(content).hexdigest())
    monkeypatch.setattr(vec, "is_musl", lambda: True)
    monkeypatch.setattr(vec, "this_target", lambda: target)
    return target


def put_fitted(lib: Path, target: Target, content: bytes | None = None) -> Path:
    """Put the file that fits in its place, or another one."""
    path = place(lib, target)
    path.parent.mkdir(parents=True)
    path.write_bytes(content or Path(f"{sqlite_vec.loadable_path()}.so").read_bytes())
    return path


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths that SQLite is told to load, in the order in which that happens."""
    paths: list[str] = []
    real = vec._load

    def load(path: str, connection: sqlite3.Connection) -> None:
        paths.append(path)
        real(path, connection)

    monkeypatch.setattr(vec, "_load", load)
    return paths


def version(load: vec.Load) -> str:
    """Return which sqlite-vec is loaded, and see that nothing else can be loaded afterwards."""
    connection = sqlite3.connect(":memory:")
    load(connection)
    [(found,)] = connection.execute("SELECT vec_version()").fetchall()
    with pytest.raises(sqlite3.OperationalError, match="not authorized"):
        connection.execute("SELECT load_extension('x')")
    connection.close()
    return str(found)


def test_it_loads(lib: Path) -> None:
    assert version(load_extension(lib)).startswith("v")


def test_the_package_is_missing(lib: Path, no_package: None) -> None:
    with pytest.raises(IndexUnavailableError, match="is not installed"):
        load_extension(lib)


def test_the_package_is_empty(lib: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an update that was interrupted may leave."""
    monkeypatch.setitem(sys.modules, "sqlite_vec", SimpleNamespace())
    with pytest.raises(IndexUnavailableError, match="is not installed"):
        load_extension(lib)


@pytest.mark.parametrize("content", [None, b"", b"\x7fELF but not really"])
def test_the_file_is_broken(lib: Path, package: PutPackage, content: bytes | None) -> None:
    package(content)
    with pytest.raises(IndexUnavailableError, match="vec0"):
        load_extension(lib)


def test_extension_loading_is_off_after_an_error(tmp_path: Path) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError):
        vec._load(str(tmp_path / "nothing"), connection)
    with pytest.raises(sqlite3.OperationalError, match="not authorized"):
        connection.execute("SELECT load_extension('x')")
    connection.close()


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("column", ["code", "place"])
def test_it_answers_wrongly(lib: Path, monkeypatch: pytest.MonkeyPatch, at: int, column: str) -> None:
    """Each kind of column counts, before and after rows have left and come."""
    expected = list(vec._EXPECTED)
    expected[at] = expected[at] | {column: [(2, 0.0)]}
    monkeypatch.setattr(vec, "_EXPECTED", tuple(expected))
    with pytest.raises(IndexUnavailableError, match=r"answered .* instead of"):
        load_extension(lib)


def test_this_python_cannot_load_extensions(lib: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sqlite3.connect

    class Connection:
        """A connection of a Python that was built without loadable extensions."""

        def __init__(self, *args: Any, **options: Any) -> None:
            self._real = real(*args, **options)

        def close(self) -> None:
            self._real.close()

    monkeypatch.setattr(sqlite3, "connect", Connection)
    with pytest.raises(IndexUnavailableError, match="this Python cannot load SQLite extensions"):
        load_extension(lib)


def test_the_file_that_fits_musl(lib: Path, musl: Target, no_package: None, loaded: list[str]) -> None:
    path = put_fitted(lib, musl)
    assert version(load_extension(lib)).startswith("v")
    assert set(loaded) == {str(path.with_suffix(""))}


def test_a_package_that_works_comes_first(lib: Path, musl: Target, loaded: list[str]) -> None:
    put_fitted(lib, musl)
    load_extension(lib)
    assert loaded == [sqlite_vec.loadable_path()]


def test_a_package_for_glibc_on_musl(lib: Path, musl: Target, package: PutPackage, loaded: list[str]) -> None:
    """Somebody has installed it by force; it is there and does not load."""
    package(b"\x7fELF for something else")
    path = put_fitted(lib, musl)
    assert version(load_extension(lib)).startswith("v")
    assert loaded[1] == str(path.with_suffix(""))


def test_nothing_fits_yet(lib: Path, musl: Target, package: PutPackage) -> None:
    package(b"\x7fELF for something else")
    with pytest.raises(IndexUnavailableError, match="package/vec0"):
        load_extension(lib)


@pytest.mark.parametrize("content", [b"\x7fELF but another one", b" "])
def test_a_file_of_unknown_content_is_not_loaded(
    lib: Path, musl: Target, no_package: None, loaded: list[str], content: bytes
) -> None:
    path = put_fitted(lib, musl, content)
    with pytest.raises(IndexUnavailableError, match=f"{path} is damaged"):
        load_extension(lib)
    assert loaded == []


def test_a_file_that_fits_and_does_not_load(
    lib: Path, musl: Target, no_package: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a folder out of which nothing may be executed, for example."""
    strange = b"\x7fELF that the loader does not like"
    target = replace(musl, adapted=sha256(strange).hexdigest())
    monkeypatch.setattr(vec, "this_target", lambda: target)
    path = put_fitted(lib, target, strange)
    with pytest.raises(IndexUnavailableError, match=str(path)):  # and not the path with another suffix
        load_extension(lib)


def test_a_machine_that_nothing_fits(
    lib: Path, musl: Target, no_package: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Target:
        raise UnobtainableError("there is no sqlite-vec for a processor of the type armv7l", final=True)

    monkeypatch.setattr(vec, "this_target", refuse)
    with pytest.raises(IndexUnavailableError, match="armv7l"):
        load_extension(lib)


def test_what_fits_musl_is_not_for_glibc(
    lib: Path, musl: Target, no_package: None, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of the configuration may have come from another machine."""
    put_fitted(lib, musl)
    monkeypatch.setattr(vec, "is_musl", lambda: False)
    with pytest.raises(IndexUnavailableError, match="is not installed"):
        load_extension(lib)
    assert loaded == []


async def test_a_start_uses_the_file_at_once(tmp_path: Path, musl: Target, no_package: None) -> None:
    """Without network, and without having to wait for anything."""
    folder = tmp_path / "semantic_memory"
    put_fitted(folder / LIB_FOLDER, musl)
    engine = await MemoryEngine.async_open(folder, EngineSettings())
    try:
        assert (engine.status.index, engine.status.index_error) == ("sqlite-vec", None)
    finally:
        await engine.async_close()
