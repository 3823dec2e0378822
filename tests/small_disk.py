"""A disk of its own for a test: small, and read-only when the test wants it."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import shutil
import subprocess

import pytest

_MOUNT = shutil.which("mount") or "mount"
_UNMOUNT = shutil.which("umount") or "umount"


class Disk:
    """A mounted file system in memory."""

    def __init__(self, path: Path, megabytes: int) -> None:
        """Mount it. Skips the test, and says so, where that is not allowed."""
        if os.geteuid():
            pytest.skip("NOT TESTED: a full or read-only disk can only be mounted by root")
        self.path = path
        path.mkdir()
        made = subprocess.run(
            [_MOUNT, "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)],
            check=False,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            pytest.skip(f"NOT TESTED: no disk could be mounted: {made.stderr.strip()}")

    def fill(self, leave: int = 0) -> None:
        """Use up all of it but for so many bytes."""
        with (self.path / "filler").open("wb", buffering=0) as filler:
            block = b"\0" * 65_536
            try:
                while True:
                    filler.write(block)
            except OSError:
                pass
            filler.truncate(max(0, filler.seek(0, os.SEEK_END) - leave))

    def empty(self) -> None:
        """Give it back."""
        (self.path / "filler").unlink()

    def protect(self, *, read_only: bool) -> None:
        """Allow nobody to write, root neither, or allow it again."""
        mode = "ro" if read_only else "rw"
        subprocess.run([_MOUNT, "-o", f"remount,{mode}", str(self.path)], check=True, capture_output=True)

    def remove(self) -> None:
        """Unmount it."""
        subprocess.run([_UNMOUNT, "--lazy", str(self.path)], check=True, capture_output=True)


@contextmanager
def small_disk(path: Path, megabytes: int = 4) -> Iterator[Disk]:
    """Give a disk that is gone afterwards."""
    disk = Disk(path, megabytes)
    try:
        yield disk
    finally:
        disk.remove()
