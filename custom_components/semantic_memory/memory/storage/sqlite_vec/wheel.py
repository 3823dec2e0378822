"""The release of sqlite-vec that is fitted to musl, by its hashes."""

from dataclasses import dataclass
from typing import Final

from .elf import Adaptation

VERSION: Final = "0.1.9"
MEMBER: Final = "sqlite_vec/vec0.so"
"""Where the shared object is in the wheel."""

_PROVIDED: Final = frozenset(
    b"__assert_fail __errno_location __stack_chk_fail __stack_chk_guard abort fclose fopen fread fseek ftell memcpy"
    b" memset qsort sqrt sqrtf strlen strncmp strtod strtol libc.so.6".split()
)
"""What the file asks for and musl has. It takes any ``libc.so.*`` for itself, and the mathematics are in it."""
_SYMBOLS: Final = {b"__memcpy_chk": b"memcpy", b"__fread_chk": b"fread"}
"""What glibc checks and then does. ``memcpy`` ignores the additional, last argument.

``fread`` would not, its arguments being elsewhere, but is never reached: it is called by ``vec_npy_each`` alone, which
another entry point of the file registers (``sqlite3_vec_numpy_init``), and nobody calls that.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """The file for one architecture, all hashes being SHA-256 in hexadecimal digits."""

    name: str
    """As part of the folder's name."""
    platform: str
    """The platform whose wheel is taken, as uv calls it."""
    wheel: str
    """Hash of the wheel."""
    original: str
    """Hash of the shared object in it."""
    adapted: str
    """Hash of what is made of it."""
    adaptation: Adaptation


TARGETS: Final = {
    "x86_64": Target(
        name="x86_64-musl",
        platform="x86_64-manylinux2014",
        wheel="1515727990b49e79bcaf75fdee2ffc7d461f8b66905013231251f1c8938e7786",
        original="5923730861b86c707cca5602b5f91092f9e52a46706dbc6e269fd4bb9c4498e8",
        adapted="2f1da70774d6ccb80d2b16d1bbe4a2b2707074125341a0887939620bbb8d2019",
        adaptation=Adaptation(machine=62, symbols=_SYMBOLS, libraries={}, provided=_PROVIDED),
    ),
    "aarch64": Target(
        name="aarch64-musl",
        platform="aarch64-manylinux2014",
        wheel="4e921e592f24a5f9a18f590b6ddd530eb637e2d474e3b1972f9bbeb773aa3cb9",
        original="0b84cbd06418ca3040827deddd650539be05be0f657952426b926c8606217437",
        adapted="e5aeaac18b82fb43c71153c4f986460de9c728406e9e75d306b46764f23c50a7",
        adaptation=Adaptation(
            machine=183,
            symbols=_SYMBOLS,
            libraries={b"ld-linux-aarch64.so.1": b"libc.so.6"},
            provided=_PROVIDED,
        ),
    ),
}
"""By the architecture, as the kernel calls it."""
