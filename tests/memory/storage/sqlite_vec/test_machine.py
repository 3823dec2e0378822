"""Knowing the machine."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.semantic_memory.memory.storage.sqlite_vec import machine
from custom_components.semantic_memory.memory.storage.sqlite_vec.errors import UnobtainableError
from custom_components.semantic_memory.memory.storage.sqlite_vec.wheel import TARGETS


@pytest.mark.parametrize(
    ("answer", "musl"),
    [("glibc 2.41", False), ("", True), (None, True), (ValueError(), True), (OSError(), True)],
)
def test_the_library_is_known_without_reading_a_file(answer: Any, musl: bool) -> None:
    """On musl the C library has no such name, or an empty answer."""
    behaviour = {"side_effect": answer} if isinstance(answer, Exception) else {"return_value": answer}
    with patch("sys.platform", "linux"), patch("os.confstr", **behaviour), patch("builtins.open") as opened:
        assert machine.is_musl() is musl
    opened.assert_not_called()


def test_what_is_not_linux_has_no_musl() -> None:
    with patch("sys.platform", "darwin"), patch("os.confstr", return_value=""):
        assert not machine.is_musl()


@pytest.mark.parametrize(
    ("processor", "name"),
    [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "aarch64"), ("arm64", "aarch64")],
)
def test_processors_that_something_fits(processor: str, name: str) -> None:
    with patch("os.uname", return_value=SimpleNamespace(machine=processor)):
        assert machine.this_target() is TARGETS[name]


@pytest.mark.parametrize("processor", ["armv7l", "i686", "riscv64", ""])
def test_processors_that_nothing_fits(processor: str) -> None:
    with (
        patch("os.uname", return_value=SimpleNamespace(machine=processor)),
        pytest.raises(UnobtainableError, match=f"for a processor of the type {processor}") as raised,
    ):
        machine.this_target()
    assert raised.value.final


def test_a_32_bit_system_on_a_64_bit_kernel() -> None:
    """Home Assistant's image for armv7 on a Raspberry Pi, for example."""
    with (
        patch("os.uname", return_value=SimpleNamespace(machine="aarch64")),
        patch("sys.maxsize", 2**31 - 1),
        pytest.raises(UnobtainableError, match="32-bit") as raised,
    ):
        machine.this_target()
    assert raised.value.final
