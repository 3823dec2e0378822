"""Renders brand/*.svg to the images that Home Assistant shows, in the sizes that it asks for."""

from pathlib import Path

from resvg_py import svg_to_bytes

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "brand"
TARGETS = ROOT / "custom_components" / "semantic_memory" / "brand"
HEIGHT = 256
ON_DARK = "svg { color: #f1f1ff }"
"""The icon reads on any ground; the words of the logo do not."""


def render(source: str, target: str, style: str | None = None) -> None:
    """Write ``target`` and its copy of twice the size."""
    for name, height in ((f"{target}.png", HEIGHT), (f"{target}@2x.png", 2 * HEIGHT)):
        image = bytes(svg_to_bytes(svg_path=str(SOURCES / source), height=height, style_sheet=style))
        (TARGETS / name).write_bytes(image)
        print(f"{name}: {len(image) / 1000:.0f} kB")


if __name__ == "__main__":
    TARGETS.mkdir(parents=True, exist_ok=True)
    render("icon.svg", "icon")
    render("logo.svg", "logo")
    render("logo.svg", "dark_logo", ON_DARK)
