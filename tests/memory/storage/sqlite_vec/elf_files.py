"""Small shared objects, made for tests: everything the loader needs, and nothing to run."""

from dataclasses import dataclass, field
from itertools import accumulate
import struct
from typing import Final

from custom_components.semantic_memory.memory.storage.sqlite_vec.elf import Adaptation

X86_64: Final = 62
AARCH64: Final = 183
LOADER: Final = b"ld-linux-aarch64.so.1"
ADAPTATIONS: Final = {
    machine: Adaptation(
        machine=machine,
        symbols={b"__memcpy_chk": b"memcpy", b"__fread_chk": b"fread"},
        libraries=libraries,
        provided=frozenset({b"memcpy", b"fread", b"strlen", b"libc.so.6"}),
    )
    for machine, libraries in ((X86_64, {}), (AARCH64, {LOADER: b"libc.so.6"}))
}

_HEADERS: Final = 64 + 4 * 56
_SHIFT: Final = 0x10000
"""How much further on the dynamic section is in memory than in the file."""


def _table(names: list[bytes]) -> tuple[bytes, dict[bytes, int]]:
    """Return a string table, and where each name is in it."""
    starts = accumulate((len(name) + 1 for name in names), initial=1)
    return b"\0" + b"".join(name + b"\0" for name in names), dict(zip(names, starts, strict=False))


@dataclass
class ElfFile:
    """What goes into the file; ``build`` puts it together."""

    machine: int = X86_64
    needed: list[bytes] = field(default_factory=lambda: [b"libc.so.6"])
    symbols: list[bytes] = field(
        default_factory=lambda: [b"strlen", b"memcpy", b"__memcpy_chk", b"fread", b"__fread_chk"]
    )
    weak: list[bytes] = field(default_factory=lambda: [b"__gmon_start__"])
    defined: list[bytes] = field(default_factory=lambda: [b"sqlite3_vec_init", b"vec0_free"])
    tags: dict[int, int] = field(default_factory=dict)
    """Entries of the dynamic section that are added, or that have another value than they should."""
    without_tag: int | None = None
    ended: bool = True
    """Whether the dynamic section has an end."""
    binding: int = 1

    def build(self) -> bytes:
        """Return the file: headers, hash table, symbols, names, dynamic section."""
        strings, at = _table([*self.symbols, *self.weak, *self.defined, *self.needed])
        undefined = 1 + len(self.symbols) + len(self.weak)
        chains = [2 * number + (number == len(self.defined) - 1) for number in range(len(self.defined))]
        hashes = struct.pack(f"<IIIIQI{len(chains)}I", 1, undefined, 1, 0, 0, undefined if chains else 0, *chains)
        symbols = bytes(24) + b"".join(
            [struct.pack("<IBBHQQ", at[name], self.binding << 4, 0, 0, 0, 0) for name in self.symbols]
            + [struct.pack("<IBBHQQ", at[name], 2 << 4, 0, 0, 0, 0) for name in self.weak]
            + [struct.pack("<IBBHQQ", at[name], 1 << 4, 0, 5, 64, 8) for name in self.defined]
        )
        self.symbols_at = _HEADERS + len(hashes)
        strings_at = self.symbols_at + len(symbols)
        self.dynamic_at = strings_at + len(strings)
        values = {0x6FFFFEF5: _HEADERS, 5: strings_at, 6: self.symbols_at, 10: len(strings), 11: 24} | self.tags
        if self.without_tag is not None:
            del values[self.without_tag]
        entries = [(1, at[name]) for name in self.needed] + list(values.items()) + [(0, 0)] * self.ended
        dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
        return self._headers(len(dynamic)) + hashes + symbols + strings + dynamic

    def name_of_symbol(self, name: bytes) -> range:
        """Return where in the file it says where the symbol's name is."""
        start = self.symbols_at + 24 * (1 + self.symbols.index(name))
        return range(start, start + 4)

    def name_of_library(self, name: bytes) -> range:
        """Return where in the file it says where the library's name is."""
        start = self.dynamic_at + 16 * self.needed.index(name) + 8
        return range(start, start + 8)

    def _headers(self, dynamic: int) -> bytes:
        header = struct.pack(
            "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, self.machine, 1, 0, 64, 0, 0, 64, 56, 4, 64, 0, 0
        )
        segments = (
            (1, 4, 0, 0, self.dynamic_at),
            (1, 6, self.dynamic_at, self.dynamic_at + _SHIFT, dynamic),
            (2, 6, self.dynamic_at, self.dynamic_at + _SHIFT, dynamic),
            (0x6474E551, 6, 0, 0, 0),
        )
        return header + b"".join(
            struct.pack("<IIQQQQQQ", kind, flags, offset, address, address, size, size, 8)
            for kind, flags, offset, address, size in segments
        )


def aarch64() -> ElfFile:
    """Return what has the peculiarities of that architecture."""
    return ElfFile(machine=AARCH64, needed=[b"libc.so.6", LOADER])
