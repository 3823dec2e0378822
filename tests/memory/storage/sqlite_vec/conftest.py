"""What the tests of the file that fits musl share."""

from hashlib import sha256
import os
from pathlib import Path

import pytest
import sqlite_vec

from custom_components.semantic_memory.memory.storage.sqlite_vec.elf import adapt
from custom_components.semantic_memory.memory.storage.sqlite_vec.wheel import TARGETS, Target

from .elf_files import ADAPTATIONS, X86_64, ElfFile


@pytest.fixture(scope="session")
def official() -> tuple[bytes, Target]:
    """Return the file of the official wheel for the machine that runs the tests, and what is made of it."""
    return Path(f"{sqlite_vec.loadable_path()}.so").read_bytes(), TARGETS[os.uname().machine]


@pytest.fixture
def original() -> bytes:
    """Return a small file that has to be adapted."""
    return ElfFile().build()


@pytest.fixture
def target(original: bytes) -> Target:
    """Return what the small file is adapted for; ``wheel`` is to be filled in."""
    return Target(
        name="test-musl",
        platform="x86_64-manylinux2014",
        wheel="0" * 64,
        original=sha256(original).hexdigest(),
        adapted=sha256(adapt(original, ADAPTATIONS[X86_64])).hexdigest(),
        adaptation=ADAPTATIONS[X86_64],
    )
