"""A machine with musl: the library out of Debian's packages, a compiler for it, and what runs its programs."""

from hashlib import sha256
import os
from pathlib import Path
import shutil
import subprocess
from typing import Final

from .untried import UntriedError

_SCRIPTS: Final = Path(__file__).parent.parent
_PROBE: Final = Path(__file__).parent / "probe.c"
_DEBIAN_NAMES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
_OPTIONS: Final = {"x86_64": (), "aarch64": ("-mno-outline-atomics",)}
"""GCC's helpers for atomic operations ask glibc what the processor can do."""


class Probe:
    """The program probe.c, built for an architecture and linked with musl."""

    def __init__(self, architecture: str, cache: Path, sqlite: Path) -> None:
        """Get and build what is not in the folder ``cache`` yet; ``sqlite`` holds sqlite3.c. Raises UntriedError."""
        native = os.uname().machine == architecture
        self.architecture = architecture
        self._compiler = _program("gcc" if native else f"{architecture}-linux-gnu-gcc")
        self._runner = [] if native else [_program(f"qemu-{architecture}")]
        self._cache = cache / architecture
        self._cache.mkdir(parents=True, exist_ok=True)
        self._root = self._cache / "root"
        if not self._root.exists():
            self._unpack()
        self._libc = next(self._root.glob(f"**/lib/{architecture}-linux-musl/libc.so"))
        self._program = self._build(sqlite)

    @property
    def version(self) -> str:
        """Return which musl this is."""
        said = subprocess.run([*self._runner, str(self._libc)], capture_output=True, text=True, check=False).stderr
        return ", ".join(said.splitlines()[:2])

    def run(self, extension: Path, statements: list[str]) -> subprocess.CompletedProcess[str]:
        """Load ``extension`` and have SQLite run ``statements``; see probe.c for what comes back."""
        # SQLite appends the suffix, and tells only what was wrong with the last name it tried.
        command = [*self._runner, str(self._libc), str(self._program), str(extension.with_suffix(""))]
        return subprocess.run(command, input="\n".join(statements), capture_output=True, text=True, check=False)

    def _unpack(self) -> None:
        command = [str(_SCRIPTS / "musl_from_debian"), str(self._root), _DEBIAN_NAMES[self.architecture]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UntriedError(f"musl for {self.architecture} could not be had from Debian:\n{done.stderr}")

    def _build(self, sqlite: Path) -> Path:
        """Return the program, which is built anew if anything of it has changed."""
        key = sha256(f"{sqlite} {self._compiler} {_OPTIONS}".encode() + _PROBE.read_bytes()).hexdigest()[:16]
        program = self._cache / f"probe-{key}"
        if program.exists():
            return program
        part = program.with_suffix(".part")
        headers = next(self._root.glob(f"**/include/{self.architecture}-linux-musl"))
        library = next(self._root.glob(f"**/lib/{self.architecture}-linux-musl/crt1.o")).parent
        command = [
            *(self._compiler, "-O1", "-w", "-nostdinc", "-isystem", str(headers), f"-I{sqlite}"),
            *(*_OPTIONS[self.architecture], "-fno-stack-protector", "-nostdlib", "-no-pie", "-o", str(part)),
            *(str(library / "crt1.o"), str(library / "crti.o"), str(_PROBE), str(sqlite / "sqlite3.c")),
            *(str(self._libc), "-lgcc", str(library / "crtn.o")),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"the program for {self.architecture} could not be built:\n{done.stderr}")
        part.rename(program)
        return program


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise UntriedError(f"{name} is not installed (Debian: {_debian_package(name)})")
    return path


def _debian_package(program: str) -> str:
    if program.startswith("qemu-"):
        return "qemu-user"
    architecture, _, rest = program.partition("-linux-gnu-")
    return f"gcc-{architecture.replace('_', '-')}-linux-gnu" if rest else program
