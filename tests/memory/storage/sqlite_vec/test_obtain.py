"""Having the file that fits musl: from the wheel to its place, with a real uv and a package index in a folder."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
import os
from pathlib import Path
import stat
import tempfile
from zipfile import ZipFile

import pytest

from custom_components.semantic_memory.memory.storage.sqlite_vec.errors import UnobtainableError
from custom_components.semantic_memory.memory.storage.sqlite_vec.obtain import async_obtain, find, place
from custom_components.semantic_memory.memory.storage.sqlite_vec.wheel import MEMBER, TARGETS, VERSION, Target

from .elf_files import ElfFile

ROOT = Path(__file__).parents[4]
_OTHER = b"another file"

type Serve = Callable[..., Target]


def wheel(folder: Path, shared_object: bytes | None, tag: str = "manylinux_2_17_x86_64.manylinux2014_x86_64") -> Path:
    """Write a wheel of sqlite-vec and return where it is."""
    path = folder / f"sqlite_vec-{VERSION}-py3-none-{tag}.whl"
    about = f"sqlite_vec-{VERSION}.dist-info"
    files = {
        MEMBER: shared_object,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: sqlite-vec\nVersion: {VERSION}\n".encode(),
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n".encode(),
        f"{about}/RECORD": b"",
    }
    with ZipFile(path, "w") as file:
        for name, content in files.items():
            if content is not None:
                file.writestr(name, content)
    return path


def index(folder: Path) -> str:
    """Return the address of a package index with the wheels in the folder."""
    links = "".join(f'<a href="{path.name}">{path.name}</a>' for path in folder.glob("*.whl"))
    (folder / "index.html").write_text(links)
    return folder.parent.as_uri()


def empty_folder(folder: Path) -> Path:
    """Return a folder for the wheels of an index that has none."""
    empty = folder / "empty" / "sqlite-vec"
    empty.mkdir(parents=True)
    return empty


@pytest.fixture
def serve(tmp_path: Path, target: Target, original: bytes, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Return a function that offers a wheel, and returns what may be obtained from it."""
    folder = tmp_path / "index" / "sqlite-vec"
    folder.mkdir(parents=True)
    for name in [name for name in os.environ if name.startswith("UV_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))

    def offer(content: bytes | None = original) -> Target:
        path = wheel(folder, content)
        monkeypatch.setenv("UV_DEFAULT_INDEX", index(folder))
        return replace(target, wheel=sha256(path.read_bytes()).hexdigest())

    return offer


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    """Return where files that fit musl are kept."""
    return tmp_path / "semantic_memory" / "lib"


def is_right(path: Path, target: Target) -> bool:
    """Return whether it is the adapted file."""
    return sha256(path.read_bytes()).hexdigest() == target.adapted


def is_untouched(lib: Path) -> bool:
    """Return whether nothing was put there."""
    return not lib.exists()


async def test_a_wheel_is_fetched_and_adapted(serve: Serve, lib: Path) -> None:
    wanted = serve()
    path = await async_obtain(lib, wanted)
    assert path == lib / f"{VERSION}-test-musl" / "vec0.so"
    assert is_right(path, wanted)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(path.parent.iterdir()) == [path]


async def test_it_is_there_without_a_package_index(
    serve: Serve, lib: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = serve()
    path = await async_obtain(lib, wanted)
    before = path.stat()
    monkeypatch.setenv("UV_DEFAULT_INDEX", index(empty_folder(tmp_path)))
    monkeypatch.setenv("UV_NO_CACHE", "1")
    assert await async_obtain(lib, wanted) == path
    assert path.stat() == before
    path.unlink()
    with pytest.raises(UnobtainableError, match="does not offer sqlite-vec"):
        await async_obtain(lib, wanted)


async def test_an_index_before_it_offers_something_else(
    serve: Serve, lib: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One with wheels for musl of its own, for example, as Home Assistant's image has."""
    wanted = serve()
    other = tmp_path / "other" / "sqlite-vec"
    other.mkdir(parents=True)
    wheel(other, _OTHER, "musllinux_1_2_x86_64")
    monkeypatch.setenv("UV_INDEX", index(other))
    assert is_right(await async_obtain(lib, wanted), wanted)


async def test_a_wheel_for_this_processor_is_not_offered(serve: Serve, lib: Path) -> None:
    wanted = replace(serve(), platform="aarch64-manylinux2014")
    with pytest.raises(UnobtainableError, match="does not offer sqlite-vec"):
        await async_obtain(lib, wanted)


@pytest.mark.parametrize("damage", ["corrupted", "truncated", "unknown"])
async def test_a_wheel_that_is_not_the_official_one(serve: Serve, lib: Path, tmp_path: Path, damage: str) -> None:
    """Nothing of it gets to where it could be loaded."""
    wanted = serve()
    [path] = (tmp_path / "index" / "sqlite-vec").glob("*.whl")
    content = path.read_bytes()
    if damage == "corrupted":
        at = content.index(b"__memcpy_chk")
        path.write_bytes(content[:at] + b"X" + content[at + 1 :])
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        serve(_OTHER)
    with pytest.raises(UnobtainableError) as raised:
        await async_obtain(lib, wanted)
    if damage == "unknown":
        assert "another file than the official one" in str(raised.value)
    assert is_untouched(lib)


async def test_a_file_in_the_wheel_that_is_not_the_official_one(serve: Serve, lib: Path) -> None:
    wanted = serve(_OTHER)
    with pytest.raises(UnobtainableError, match="another file than the official one"):
        await async_obtain(lib, wanted)
    assert is_untouched(lib)


async def test_a_wheel_without_the_file(serve: Serve, lib: Path) -> None:
    wanted = serve(None)
    with pytest.raises(UnobtainableError, match="does not hold"):
        await async_obtain(lib, wanted)


async def test_a_file_that_cannot_be_adapted(serve: Serve, lib: Path) -> None:
    """Asking again would bring the same."""
    strange = ElfFile(symbols=[b"qsort_r"]).build()
    wanted = replace(serve(strange), original=sha256(strange).hexdigest())
    with pytest.raises(UnobtainableError, match="cannot be fitted to this system: it needs the symbol") as raised:
        await async_obtain(lib, wanted)
    assert raised.value.final
    assert is_untouched(lib)


async def test_an_adapted_file_that_is_not_as_it_should_be(serve: Serve, lib: Path) -> None:
    wanted = replace(serve(), adapted="0" * 64)
    with pytest.raises(UnobtainableError, match="not fitted to this system as it should have been") as raised:
        await async_obtain(lib, wanted)
    assert raised.value.final
    assert is_untouched(lib)


@pytest.mark.parametrize("content", [b"", _OTHER])
async def test_a_damaged_file_is_replaced(serve: Serve, lib: Path, content: bytes) -> None:
    wanted = serve()
    path = place(lib, wanted)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(UnobtainableError, match="is damaged"):
        find(lib, wanted)
    await async_obtain(lib, wanted)
    assert find(lib, wanted) == path


def test_nothing_is_there_at_first(lib: Path, target: Target) -> None:
    assert find(lib, target) is None


async def test_something_is_in_the_way(serve: Serve, tmp_path: Path) -> None:
    wanted = serve()
    lib = tmp_path / "index" / "sqlite-vec" / "index.html"
    with pytest.raises(UnobtainableError, match="cannot be read: Not a directory"):
        find(lib, wanted)
    with pytest.raises(UnobtainableError, match="cannot be written: "):
        await async_obtain(lib, wanted)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(OSError(28, "No space left on device"), "No space left"), (OSError(30, "Read-only file system"), "Read-only")],
)
async def test_the_file_cannot_be_written(
    serve: Serve, lib: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str
) -> None:
    """What was there before stays, and nothing half-written does."""
    wanted = serve()
    path = place(lib, wanted)
    path.parent.mkdir(parents=True)
    path.write_bytes(_OTHER)

    def fail(_: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UnobtainableError, match=f"cannot be written: {reason}") as raised:
        await async_obtain(lib, wanted)
    assert not raised.value.final
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == _OTHER


async def test_several_at_a_time(serve: Serve, lib: Path) -> None:
    wanted = serve()
    paths = await asyncio.gather(*(async_obtain(lib, wanted) for _ in range(4)))
    assert set(paths) == {place(lib, wanted)}
    assert is_right(paths[0], wanted)
    assert list(paths[0].parent.iterdir()) == [paths[0]]


async def test_it_is_given_up_while_it_is_fetched(
    serve: Serve, lib: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    task = asyncio.create_task(async_obtain(lib, serve()))
    while not list(temporary.iterdir()):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(temporary.iterdir()) == []
    assert is_untouched(lib)


def test_every_pin_names_the_same_release() -> None:
    for file in ("requirements/test.in", "requirements/demo.in", "scripts/check_musl.py"):
        assert f"sqlite-vec=={VERSION}" in (ROOT / file).read_text()
    hashes = [(target.wheel, target.original, target.adapted) for target in TARGETS.values()]
    assert len({digest for digests in hashes for digest in digests}) == 6
    for target in TARGETS.values():
        assert f"sha256:{target.wheel}" in (ROOT / "requirements" / "test.txt").read_text()
