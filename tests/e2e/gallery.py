"""Pictures of a page in light and dark and in three widths, and what axe-core says about it."""

from dataclasses import dataclass, field
import os
from pathlib import Path
from typing import Any, Final, Literal

from playwright.async_api import Locator, Page

from scripts.demo_app.processes import ROOT

FOLDER: Final = Path(os.environ.get("SCREENSHOTS") or ROOT / "tests" / "e2e" / "screenshots")
"""Where pictures are put."""
AXE: Final = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
_WIDE: Final = (1280, 900)
_SIZES: Final = ((360, 740), (768, 1024), _WIDE)
_AXE_SIZES: Final = (360, 1280)
_SETTLED: Final = 250
"""Milliseconds for what moves to come to rest."""
_RUN: Final = """async (element) => {
  const { violations } = await axe.run(element, {
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  });
  return violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help, nodes: nodes.map((node) => `${node.target.flat().at(-1)}: ${node.failureSummary}`),
  }));
}"""
_SERIOUS: Final = ("serious", "critical")


@dataclass(slots=True)
class Gallery:
    """Takes pictures of one page, and collects what axe-core finds in one element of it."""

    page: Page
    element: str
    """Selector of what is ours on the page: Home Assistant's own parts are not judged."""
    violations: list[str] = field(default_factory=list)

    async def take(self, name: str, *, few: bool = False, at: Locator | None = None) -> None:
        """Take pictures of the page as it is, and judge it.

        ``few`` leaves out dark ones and those of medium width, ``at`` is brought into view before each.
        """
        for scheme in _SCHEMES[:1] if few else _SCHEMES:
            await self.page.emulate_media(color_scheme=scheme)
            for width, height in _SIZES[::2] if few else _SIZES:
                await self.page.set_viewport_size({"width": width, "height": height})
                await self.page.wait_for_timeout(_SETTLED)
                if at is not None:
                    await at.scroll_into_view_if_needed()
                await self._picture(f"{name}-{scheme}-{width}")
                if width in _AXE_SIZES:
                    await self._judge(f"{name}, {scheme}, {width} px")
        await self.page.emulate_media(color_scheme="light")

    async def _picture(self, name: str) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", caret="hide")

    async def _judge(self, where: str) -> None:
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = await self.page.locator(self.element).first.evaluate(_RUN)
        self.violations += [
            f"{where}: {item['id']} ({item['impact']}): {item['help']}\n  " + "\n  ".join(item["nodes"][:3])
            for item in found
            if item["impact"] in _SERIOUS
        ]

    def check(self) -> None:
        """Fail if axe-core found something serious, and begin anew."""
        violations, self.violations = self.violations, []
        assert not violations, "\n".join(violations)
