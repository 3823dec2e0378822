"""The images that Home Assistant shows have the sizes that it asks for."""

from pathlib import Path
import struct

import pytest

BRAND = Path(__file__).parent.parent / "custom_components" / "semantic_memory" / "brand"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def size_of(name: str) -> tuple[int, int]:
    """Return width and height of a PNG image, as its header gives them."""
    header = (BRAND / name).read_bytes()[:24]
    assert header.startswith(SIGNATURE)
    width, height = struct.unpack(">II", header[16:])
    return width, height


@pytest.mark.parametrize(("name", "side"), [("icon.png", 256), ("icon@2x.png", 512)])
def test_icons_are_square(name: str, side: int) -> None:
    assert size_of(name) == (side, side)


@pytest.mark.parametrize("name", ["logo", "dark_logo"])
def test_logos_are_landscape_and_double(name: str) -> None:
    width, height = size_of(f"{name}.png")
    double_width, double_height = size_of(f"{name}@2x.png")
    assert height == 256
    assert width > 2 * height
    assert double_height == 512
    assert abs(double_width - 2 * width) <= 1
