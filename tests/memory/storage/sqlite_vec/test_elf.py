"""Changing what a shared object asks for, and refusing everything that is not understood."""

from collections.abc import Callable
from hashlib import sha256
import struct

from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest

from custom_components.semantic_memory.memory.storage.sqlite_vec.elf import UnrecognisedFileError, adapt
from custom_components.semantic_memory.memory.storage.sqlite_vec.wheel import Target

from .elf_files import ADAPTATIONS, LOADER, X86_64, ElfFile, aarch64

_FILES = {"x86_64": ElfFile, "aarch64": aarch64}
_HEADER_AT = {"type": (16, 2), "machine": (18, 2), "headers": (32, 8), "size": (54, 2), "count": (56, 2)}
_SEGMENT = 64
_DYNAMIC_SEGMENT = 64 + 2 * 56


def changed(before: bytes, after: bytes) -> set[int]:
    """Return where two files of the same length differ."""
    return {at for at, (one, other) in enumerate(zip(before, after, strict=True)) if one != other}


def expected_changes(file: ElfFile) -> set[int]:
    """Return where a file may be changed."""
    places = [file.name_of_symbol(b"__memcpy_chk"), file.name_of_symbol(b"__fread_chk")]
    if LOADER in file.needed:
        places.append(file.name_of_library(LOADER))
    return {at for place in places for at in place}


def value(content: bytes, place: range) -> int:
    """Return the number at a place."""
    return int.from_bytes(content[place.start : place.stop], "little")


def overwritten(content: bytes, at: int, number: int, size: int = 8) -> bytes:
    """Return the file with another number at a place."""
    return content[:at] + number.to_bytes(size, "little") + content[at + size :]


@pytest.mark.parametrize("make", _FILES.values(), ids=_FILES)
def test_names_are_replaced_and_nothing_else(make: Callable[[], ElfFile]) -> None:
    file = make()
    before = file.build()
    after = adapt(before, ADAPTATIONS[file.machine])
    assert changed(before, after) <= expected_changes(file)
    for name, replacement in ((b"__memcpy_chk", b"memcpy"), (b"__fread_chk", b"fread")):
        assert value(after, file.name_of_symbol(name)) == value(before, file.name_of_symbol(replacement))
    if LOADER in file.needed:
        assert value(after, file.name_of_library(LOADER)) == value(before, file.name_of_library(b"libc.so.6"))


def test_the_official_file(official: tuple[bytes, Target]) -> None:
    content, target = official
    assert sha256(content).hexdigest() == target.original
    assert sha256(adapt(content, target.adaptation)).hexdigest() == target.adapted


def test_it_is_not_adapted_twice() -> None:
    """What has been replaced is no longer asked for."""
    once = adapt(ElfFile().build(), ADAPTATIONS[X86_64])
    with pytest.raises(UnrecognisedFileError):
        adapt(once, ADAPTATIONS[X86_64])


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        (aarch64(), "not a shared object for this architecture"),
        (ElfFile(symbols=[b"memcpy", b"fread", b"__fread_chk"]), "does not ask for __memcpy_chk"),
        (ElfFile(symbols=[b"__memcpy_chk", b"fread", b"__fread_chk"]), "does not ask for memcpy"),
        (ElfFile(symbols=[*ElfFile().symbols, b"__explicit_bzero_chk"]), "needs the symbol __explicit_bzero_chk"),
        (ElfFile(symbols=[*ElfFile().symbols, b"\xff\x00"]), r"needs the symbol \\xff"),
        (ElfFile(symbols=[*ElfFile().symbols, b"memcpy"]), "symbol is of an unknown kind"),
        (ElfFile(symbols=[*ElfFile().symbols, b""]), "symbol is of an unknown kind"),
        (ElfFile(binding=0), "symbol is of an unknown kind"),
        (ElfFile(needed=[b"libc.so.6", b"libm.so.6"]), "needs the library libm.so.6"),
        (ElfFile(needed=[b"libc.so.6", b"libc.so.6"]), "needs the library libc.so.6"),
        (ElfFile(defined=[]), "hash table is empty"),
        (ElfFile(ended=False), "dynamic section has no end"),
        (ElfFile(tags={0x1D: 1}), r"unexpected entry \(0x1d\)"),  # a path to look for libraries in
        (ElfFile(tags={11: 16}), "symbols have an unknown size"),
        (ElfFile(tags={10: 20}), "table of names has no end"),
        (ElfFile(tags={10: 1 << 40}), "where nothing of it is loaded"),
        (ElfFile(tags={5: 1 << 63}), "where nothing of it is loaded"),
        (ElfFile(tags={6: 0}), "tables overlap"),
        *((ElfFile(without_tag=tag), "lacks an entry") for tag in (5, 6, 10, 11, 0x6FFFFEF5)),
    ],
)
def test_what_is_asked_for_is_not_understood(file: ElfFile, complaint: str) -> None:
    with pytest.raises(UnrecognisedFileError, match=complaint):
        adapt(file.build(), ADAPTATIONS[X86_64])


def test_an_additional_library_that_should_be_replaced_is_missing() -> None:
    file = ElfFile(machine=183)
    with pytest.raises(UnrecognisedFileError, match=r"does not ask for ld-linux-aarch64\.so\.1"):
        adapt(file.build(), ADAPTATIONS[183])


@pytest.mark.parametrize(
    ("at", "size", "number", "complaint"),
    [
        (0, 4, 0x464C4580, "not a little-endian 64-bit ELF file"),
        (4, 1, 1, "not a little-endian 64-bit ELF file"),  # 32 bits
        (5, 1, 2, "not a little-endian 64-bit ELF file"),  # big endian
        (7, 1, 9, "header is of an unknown kind"),  # FreeBSD
        (*_HEADER_AT["type"], 2, "not a shared object"),
        (*_HEADER_AT["machine"], 243, "not a shared object for this architecture"),
        (*_HEADER_AT["headers"], 1 << 62, "ends too early"),
        (*_HEADER_AT["size"], 32, "headers have an unknown size"),
        (*_HEADER_AT["count"], 0, "headers have an unknown size"),
        (*_HEADER_AT["count"], 65, "headers have an unknown size"),
        (*_HEADER_AT["count"], 2, "does not have one dynamic section"),
        (_SEGMENT, 4, 2, "does not have one dynamic section"),
        (_SEGMENT + 32, 8, 1 << 40, "ends too early"),  # a segment longer than the file
        (_SEGMENT + 16, 8, 1 << 40, "where nothing of it is loaded"),
        (_DYNAMIC_SEGMENT + 8, 8, 64, "not where the loader looks for it"),
        (_DYNAMIC_SEGMENT + 32, 8, 1 << 40, "where nothing of it is loaded"),
    ],
)
def test_headers_that_are_not_understood(at: int, size: int, number: int, complaint: str) -> None:
    with pytest.raises(UnrecognisedFileError, match=complaint):
        adapt(overwritten(ElfFile().build(), at, number, size), ADAPTATIONS[X86_64])


def test_a_name_outside_of_the_table() -> None:
    file = ElfFile()
    content = file.build()
    place = file.name_of_symbol(b"strlen")
    with pytest.raises(UnrecognisedFileError, match="name is not in its table"):
        adapt(overwritten(content, place.start, 1 << 31, 4), ADAPTATIONS[X86_64])


def test_a_chain_of_hashes_without_an_end() -> None:
    content = bytearray(ElfFile().build())
    end = 64 + 4 * 56 + struct.calcsize("<IIIIQIII")
    for at in range(end - 4, len(content) - 3, 4):
        content[at] &= 0xFE
    with pytest.raises(UnrecognisedFileError):
        adapt(bytes(content), ADAPTATIONS[X86_64])


def refused_or_as_expected(content: bytes, adaptation_of: ElfFile) -> None:
    """See that a damaged file is refused, or changed in no other place than a sound one."""
    try:
        after = adapt(content, ADAPTATIONS[adaptation_of.machine])
    except UnrecognisedFileError:
        return
    assert changed(content, after) <= expected_changes(adaptation_of)


@settings(max_examples=2_000, deadline=None)
@given(
    name=st.sampled_from(sorted(_FILES)),
    damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    length=st.floats(0, 1) | st.just(1.0),
)
@example(name="x86_64", damage=[], length=1.0)
@example(name="x86_64", damage=[], length=0.0)
def test_damage_of_a_small_file(name: str, damage: list[tuple[float, int]], length: float) -> None:
    """Nearly every byte of it means something."""
    file = _FILES[name]()
    content = bytearray(file.build())
    for at, byte in damage:
        content[int(at * len(content))] = byte
    refused_or_as_expected(bytes(content[: round(length * len(content))]), file)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), min_size=1, max_size=4),
    cut=st.integers(0, 200_000),
)
def test_damage_of_the_official_file(official: tuple[bytes, Target], damage: list[tuple[float, int]], cut: int) -> None:
    """Bits are flipped where the loader looks; whatever is cut off, it is noticed or was not needed."""
    content, target = official
    right = changed(content, adapt(content, target.adaptation))
    tables = [*range(0x2000), *range(0x21B00, 0x23000)]
    damaged = bytearray(content)
    for at, bit in damage:
        damaged[tables[int(at * len(tables))]] ^= 1 << bit
    for candidate in (bytes(damaged), bytes(damaged[:cut]), content[:cut]):
        try:
            after = adapt(candidate, target.adaptation)
        except UnrecognisedFileError:
            continue
        places = changed(candidate, after)
        assert all(any(abs(at - near) < 4 for near in right) for at in places)
        assert len(places) <= 16
