"""SQLite as one C file, which the npm package better-sqlite3 carries."""

from base64 import b64encode
from hashlib import sha512
from pathlib import Path
import shutil
import subprocess
import tarfile
from tempfile import TemporaryDirectory
from typing import Final

from .untried import UntriedError

PACKAGE: Final = "better-sqlite3"
VERSION: Final = "13.2.0"
INTEGRITY: Final = "sha512-Z8Q/9x/uNyKxA1v4FNodyItRVRw1TeKBrmj32JhxhR0ceNcBY+wMobt/Bv7M7TzwPAXjnZRtNaEsATnUZSKWZQ=="
_FOLDER: Final = "package/deps/sqlite3"
_FILES: Final = ("sqlite3.c", "sqlite3.h")


def amalgamation(cache: Path) -> Path:
    """Return a folder with sqlite3.c and sqlite3.h, downloaded the first time. Raises UntriedError."""
    folder = cache / f"{PACKAGE}-{VERSION}"
    if not folder.exists():
        with TemporaryDirectory(dir=cache) as temporary:
            unpacked = Path(temporary) / "unpacked"
            unpacked.mkdir()
            _unpack(_download(Path(temporary)), unpacked)
            unpacked.rename(folder)
    return folder


def _download(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise UntriedError("npm is not installed, which downloads SQLite's source (Debian: npm)")
    command = [npm, "pack", "--silent", "--ignore-scripts", f"{PACKAGE}@{VERSION}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    archive = folder / f"{PACKAGE}-{VERSION}.tgz"
    if done.returncode or not archive.exists():
        raise UntriedError(f"npm could not download {PACKAGE} {VERSION}:\n{done.stderr}")
    if f"sha512-{b64encode(sha512(archive.read_bytes()).digest()).decode()}" != INTEGRITY:
        raise SystemExit(f"npm downloaded another {PACKAGE} {VERSION} than the one that is pinned")
    return archive


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        for name in _FILES:
            member = tar.extractfile(f"{_FOLDER}/{name}")
            if member is None:
                raise SystemExit(f"{PACKAGE} {VERSION} does not hold {name}")
            (folder / name).write_bytes(member.read())
