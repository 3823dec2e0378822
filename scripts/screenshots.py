"""Choose the README's pictures among those of the end-to-end tests, and make their files small."""

from pathlib import Path
import sys
from typing import Final

from PIL import Image

_IMAGES: Final = Path(__file__).resolve().parents[1] / "docs" / "images"
_CHOSEN: Final = {
    "memories.png": "asked-light-1280.png",
    "map.png": "map-light-1280.png",
    "activity.png": "recall-light-1280.png",
}
"""File in the documentation, and the picture that it is made of."""
_COLOURS: Final = 256


def main(folder: Path) -> None:
    """Write the pictures with few colours, which nobody sees in a user interface."""
    _IMAGES.mkdir(parents=True, exist_ok=True)
    for name, picture in _CHOSEN.items():
        with Image.open(folder / picture) as image:
            small = image.convert("RGB").quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            small.save(_IMAGES / name, optimize=True)
        print(f"docs/images/{name}: {(_IMAGES / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
