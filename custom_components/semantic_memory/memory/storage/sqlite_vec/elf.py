"""Makes a shared object that was built for glibc load under musl, by changing what its dynamic section asks for.

musl's loader takes any ``libc.so.*`` for itself and ignores symbol versions, so what keeps such a file from loading are
functions and libraries that only glibc has. Their names are replaced by those of others that the file asks for anyway:
nothing is inserted, nothing moves, and only the few bytes that hold an offset of a name change.

Names of structures and constants are those of the System V ABI, chapters 4 and 5, and of its supplements for x86-64 and
AArch64. A file is read through its program headers, as the loader does, never through its section headers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import itertools
import struct
from typing import Final

_MAGIC: Final = b"\x7fELF\x02\x01\x01"
"""64 bits, little endian, version 1."""
_OS_ABIS: Final = (0, 3)
"""System V and GNU."""
_HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM_HEADER: Final = struct.Struct("<IIQQQQQQ")
_DYNAMIC: Final = struct.Struct("<QQ")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_GNU_HASH: Final = struct.Struct("<IIII")
_WORD: Final = struct.Struct("<I")

_ET_DYN: Final = 3
_PT_LOAD, _PT_DYNAMIC = 1, 2
_STB_GLOBAL, _STB_WEAK = 1, 2
_SHN_UNDEF: Final = 0
_MAX_PROGRAM_HEADERS: Final = 64

_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_SYMTAB, _DT_STRSZ, _DT_SYMENT = 0, 1, 5, 6, 10, 11
_DT_GNU_HASH: Final = 0x6FFFFEF5
_WANTED_TAGS: Final = (_DT_STRTAB, _DT_SYMTAB, _DT_STRSZ, _DT_SYMENT, _DT_GNU_HASH)
_HARMLESS_TAGS: Final = frozenset(
    {2, 3, 7, 8, 9, 12, 13, 20, 23, 25, 26, 27, 28}  # relocations, initialisers and finalisers
    | {0x6FFFFFF0, 0x6FFFFFF9, 0x6FFFFFFE, 0x6FFFFFFF}  # symbol versions, number of relative relocations
)


class UnrecognisedFileError(Exception):
    """The file is not what it was taken for, and was not changed; the text says what is odd about it."""


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What a file may ask for, and what is put in the place of what musl lacks."""

    machine: int
    """The ABI's number of the architecture: 62 for x86-64, 183 for AArch64."""
    symbols: Mapping[bytes, bytes]
    """Functions that musl lacks, and which of the file's others take their place."""
    libraries: Mapping[bytes, bytes]
    """Libraries that musl lacks, and which of the file's others take their place."""
    provided: frozenset[bytes]
    """Symbols and libraries that musl has."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A part of the file: offset of its first byte, and of the first one behind it."""

    start: int
    end: int

    def overlaps(self, other: _Span) -> bool:
        return self.start < other.end and other.start < self.end


def adapt(content: bytes, adaptation: Adaptation) -> bytes:
    """Return ``content`` with the names replaced that ``adaptation`` says, and nothing else changed.

    Refuses a file that is not a little-endian 64-bit shared object for the machine, that points outside of itself, that
    asks for anything which is neither provided nor replaced, or that does not ask for what is to be replaced, with
    UnrecognisedFileError.
    """
    file = _SharedObject(content, adaptation.machine)
    edits = _symbol_edits(file, adaptation) | _library_edits(file, adaptation)
    adapted = bytearray(content)
    for offset, value in edits.items():
        adapted[offset : offset + len(value)] = value
    return bytes(adapted)


def _symbol_edits(file: _SharedObject, adaptation: Adaptation) -> dict[int, bytes]:
    """Return offset and new bytes of the name of each symbol that is replaced."""
    entries: dict[bytes, tuple[int, int]] = {}  # name: where its entry is, and where the name is
    for offset in range(file.symbols.start + _SYMBOL.size, file.symbols.end, _SYMBOL.size):
        position, info, _, section, _, _ = file.read(_SYMBOL, offset)
        binding, name = info >> 4, file.name(position)
        if section != _SHN_UNDEF:
            continue
        if binding not in (_STB_GLOBAL, _STB_WEAK) or not name or name in entries:
            raise UnrecognisedFileError("an unresolved symbol is of an unknown kind")
        # The loader leaves out a weak symbol that nobody has.
        if binding != _STB_WEAK and name not in adaptation.provided and name not in adaptation.symbols:
            raise UnrecognisedFileError(f"it needs the symbol {_shown(name)}")
        entries[name] = offset, position
    return _edits(entries, adaptation.symbols, _WORD, 0)


def _library_edits(file: _SharedObject, adaptation: Adaptation) -> dict[int, bytes]:
    """Return offset and new bytes of the name of each library that is replaced."""
    entries: dict[bytes, tuple[int, int]] = {}
    for offset, position in file.needed:
        name = file.name(position)
        if name in entries or (name not in adaptation.provided and name not in adaptation.libraries):
            raise UnrecognisedFileError(f"it needs the library {_shown(name)}")
        entries[name] = offset, position
    return _edits(entries, adaptation.libraries, struct.Struct("<Q"), 8)


def _edits(
    entries: Mapping[bytes, tuple[int, int]], replacements: Mapping[bytes, bytes], form: struct.Struct, within: int
) -> dict[int, bytes]:
    """Return the edits that make the entries named on the left hold the name on the right.

    ``within`` is where in an entry the offset of its name is, as ``form``.
    """
    edits = {}
    for name, replacement in replacements.items():
        if name not in entries or replacement not in entries:
            missing = replacement if name in entries else name
            raise UnrecognisedFileError(f"it does not ask for {_shown(missing)}")
        offset, _ = entries[name]
        _, position = entries[replacement]
        edits[offset + within] = form.pack(position)
    return edits


class _SharedObject:
    """Where in a file the loader finds what."""

    def __init__(self, content: bytes, machine: int) -> None:
        self._content = content
        headers = self._program_headers(machine)
        self._loads = [
            (address, self._span(offset, size)) for kind, offset, address, size in headers if kind == _PT_LOAD
        ]
        self.needed: list[tuple[int, int]] = []
        """Where the entry of each library is, and where its name is in the string table."""
        dynamic, values = self._dynamic_section(headers)
        if values[_DT_SYMENT] != _SYMBOL.size:
            raise UnrecognisedFileError("its symbols have an unknown size")
        self._strings = self._at_address(values[_DT_STRTAB], values[_DT_STRSZ])
        if not content[self._strings.start : self._strings.end].endswith(b"\0"):
            raise UnrecognisedFileError("its table of names has no end")
        hashes, symbols = self._hashed_symbols(values[_DT_GNU_HASH])
        self.symbols = self._at_address(values[_DT_SYMTAB], symbols * _SYMBOL.size)
        self._refuse_overlap([dynamic, self._strings, hashes, self.symbols])

    def read(self, form: struct.Struct, offset: int) -> tuple[int, ...]:
        """Return what is at ``offset``."""
        self._span(offset, form.size)
        return form.unpack_from(self._content, offset)

    def name(self, position: int) -> bytes:
        """Return the name at ``position`` of the string table."""
        start = self._strings.start + position
        if start >= self._strings.end:
            raise UnrecognisedFileError("a name is not in its table of names")
        return self._content[start : self._content.index(b"\0", start)]

    def _program_headers(self, machine: int) -> list[tuple[int, int, int, int]]:
        """Return kind, offset, address and size in the file of each segment."""
        if not self._content.startswith(_MAGIC):
            raise UnrecognisedFileError("it is not a little-endian 64-bit ELF file")
        header = self._content[: _HEADER.size]
        if len(header) < _HEADER.size or header[7] not in _OS_ABIS:
            raise UnrecognisedFileError("its header is of an unknown kind")
        _, kind, architecture, version, _, table, _, _, size, entry_size, count, *_ = _HEADER.unpack(header)
        if (kind, architecture, version) != (_ET_DYN, machine, 1):
            raise UnrecognisedFileError("it is not a shared object for this architecture")
        if (size, entry_size) != (_HEADER.size, _PROGRAM_HEADER.size) or not 0 < count <= _MAX_PROGRAM_HEADERS:
            raise UnrecognisedFileError("its headers have an unknown size")
        self._headers = [_Span(0, _HEADER.size), self._span(table, count * _PROGRAM_HEADER.size)]
        found = []
        for index in range(count):
            kind, _, offset, address, _, stored, _, _ = self.read(_PROGRAM_HEADER, table + index * entry_size)
            found.append((kind, offset, address, stored))
        return found

    def _dynamic_section(self, headers: list[tuple[int, int, int, int]]) -> tuple[_Span, dict[int, int]]:
        """Return the dynamic section, and what it says under the tags that are wanted; fills ``needed``."""
        sections = [header[1:] for header in headers if header[0] == _PT_DYNAMIC]
        if len(sections) != 1:
            raise UnrecognisedFileError("it does not have one dynamic section")
        [(offset, address, size)] = sections
        section = self._at_address(address, size)
        if section.start != offset:
            raise UnrecognisedFileError("its dynamic section is not where the loader looks for it")
        values: dict[int, int] = {}
        for entry in range(section.start, section.end - _DYNAMIC.size + 1, _DYNAMIC.size):
            tag, value = self.read(_DYNAMIC, entry)
            if tag == _DT_NULL:
                break
            if tag == _DT_NEEDED:
                self.needed.append((entry, value))
            elif tag in values or (tag not in _WANTED_TAGS and tag not in _HARMLESS_TAGS):
                raise UnrecognisedFileError(f"its dynamic section holds an unexpected entry ({tag:#x})")
            else:
                values[tag] = value
        else:
            raise UnrecognisedFileError("its dynamic section has no end")
        if missing := [tag for tag in _WANTED_TAGS if tag not in values]:
            raise UnrecognisedFileError(f"its dynamic section lacks an entry ({missing[0]:#x})")
        return section, values

    def _hashed_symbols(self, address: int) -> tuple[_Span, int]:
        """Return the GNU hash table, and how many symbols there are, which only its last chain tells."""
        start = self._at_address(address, _GNU_HASH.size).start
        buckets, first, filters, _ = self.read(_GNU_HASH, start)
        table = start + _GNU_HASH.size + filters * 8
        chains = self._span(table, buckets * _WORD.size).end
        last = max((self.read(_WORD, table + index * _WORD.size)[0] for index in range(buckets)), default=0)
        if last < first:
            raise UnrecognisedFileError("its hash table is empty")
        while not self.read(_WORD, chains + (last - first) * _WORD.size)[0] & 1:
            last += 1
        end = chains + (last - first + 1) * _WORD.size
        return self._at_address(address, end - start), last + 1

    def _at_address(self, address: int, size: int) -> _Span:
        """Return where the ``size`` bytes are that the loader puts at ``address``."""
        for start, segment in self._loads:
            offset = segment.start + address - start
            if segment.start <= offset and offset + size <= segment.end:
                return self._span(offset, size)
        raise UnrecognisedFileError("it points to where nothing of it is loaded")

    def _span(self, offset: int, size: int) -> _Span:
        if offset + size > len(self._content):
            raise UnrecognisedFileError("it ends too early")
        return _Span(offset, offset + size)

    def _refuse_overlap(self, spans: list[_Span]) -> None:
        """See that editing one table cannot change another."""
        ordered = sorted([*self._headers, *spans], key=lambda span: (span.start, span.end))
        if any(before.overlaps(after) for before, after in itertools.pairwise(ordered)):
            raise UnrecognisedFileError("its tables overlap")


def _shown(name: bytes) -> str:
    return name.decode("ascii", "backslashreplace")[:64]
