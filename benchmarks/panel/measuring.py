"""What is measured in the page, by scripts that run in it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
import random
from typing import Any, Final

from playwright.async_api import Browser, Page

from benchmarks.report import number, percentile, table
from tests.e2e.browser import Watch, async_new_page
from tests.e2e.frontend import Frontend
from tests.e2e.panel import Panel
from tests.houses import House

QUESTIONS: Final = (
    "where is the old lamp?",
    "which filter does the dishwasher take?",
    "who waters the plants on Tuesday",
    "when is the wedding of the cousin",
    "allergic to peanuts",
    "the code of the garage",
    "what does Olivia like to drink?",
    "battery of the smoke detector",
    "spare key of the shed",
    "birthday of the neighbour's dog",
)
_SECONDS: Final = 4.0
_SLOW_FRAME: Final = 34.0
"""A frame that lasts longer than two of sixty in a second."""
_TOOLS: Final = """
  const deep = (selector, root) => {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const element of root.querySelectorAll("*")) {
      const inner = element.shadowRoot && deep(selector, element.shadowRoot);
      if (inner) return inner;
    }
    return null;
  };
  const frame = () => new Promise(requestAnimationFrame);
  let page = null;
  window.find = (selector) => {
    page = page?.isConnected ? page : deep("semantic-memory-panel", document);
    return page?.shadowRoot ? deep(selector, page.shadowRoot) : null;
  };
  window.until = async (holds) => {
    while (!holds()) await frame();
    await frame();
    return performance.now();
  };
  window.frames = async (seconds, each) => {
    const took = [];
    let last = await frame();
    for (const end = last + seconds * 1000; last < end; ) {
      each(took.length);
      const now = await frame();
      took.push(now - last);
      last = now;
    }
    return took;
  };
  addEventListener("click", () => { window.clicked = performance.now(); }, true);
  addEventListener("input", () => { window.typed = performance.now(); }, true);
"""
_ROW: Final = "find('[role=option]:not([aria-busy])')"
_OPENED: Final = f"() => until(() => {_ROW})"
_CLICKED: Final = f"async () => (await until(() => {_ROW})) - clicked"
_FOUND: Final = "async () => (await until(() => find('[role=option] .score') || find('sm-empty'))) - typed"
_MAPPED: Final = "async () => (await until(() => find('canvas') && find('sm-map-legend'))) - clicked"
_SCROLLED: Final = """(seconds) => {
  const list = find("[role=listbox]");
  return frames(seconds, () => list.scrollBy(0, 120));
}"""
_JUMPED: Final = f"""async (share) => {{
  const list = find("[role=listbox]");
  const from = performance.now();
  list.scrollTop = list.scrollHeight * share;
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return (await until(() => {_ROW} && !find("[role=option][aria-busy]"))) - from;
}}"""
_MOVED: Final = """async (seconds) => {
  const canvas = find("canvas.front");
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const before = find("canvas").toDataURL();
  const took = await frames(seconds, (step) => canvas.dispatchEvent(new WheelEvent("wheel", {
    bubbles: true, composed: true, cancelable: true, deltaY: step % 120 < 60 ? -12 : 12,
    clientX: left + width * (0.5 + 0.2 * Math.sin(step / 20)), clientY: top + height / 2,
  })));
  if (find("canvas").toDataURL() === before) throw new Error("the map did not move");
  return took;
}"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, in milliseconds."""

    size: int
    name: str
    median: float
    p95: float
    high: float
    slow: float | None = None
    """Of frames: the share that lasts longer than two of sixty in a second."""


def show(figures: Sequence[Figure]) -> str:
    """Return a table."""
    rows = [
        (
            f"{figure.size:,}",
            figure.name,
            number(figure.median),
            number(figure.p95),
            number(figure.high),
            "" if figure.slow is None else f"{figure.slow:.1%}",
        )
        for figure in figures
    ]
    return table(("memories", "ms", "median", "p95", "highest", "slow frames"), rows)


def record(figures: Sequence[Figure]) -> dict[str, Any]:
    """Return the figures for a file."""
    return {"figures": [asdict(figure) for figure in figures]}


async def async_measure(
    browser: Browser, house: House, size: int, repeats: int, seconds: float = _SECONDS
) -> list[Figure]:
    """Measure the page of one house. ``seconds`` is how long is scrolled, and how long the map is moved."""
    opened = []
    for _ in range(repeats):
        page = await _async_page(browser, house)
        await page.goto(f"{house.instance.url}/semantic-memory")
        opened.append(float(await page.evaluate(_OPENED)))
        await page.context.close()
    page = await _async_page(browser, house)
    figures = [_figure(size, "the list, from its address on", opened)]
    clicked = []
    for _ in range(repeats):
        await page.goto(f"{house.instance.url}/profile")
        await page.get_by_role("link", name="Memory", exact=True).click()
        clicked.append(float(await page.evaluate(_CLICKED)))
    figures.append(_figure(size, "the list, from the click in the sidebar on", clicked))
    panel = Panel(page, house.instance.url)
    figures.append(_figure(size, "a search, from the key on", await _async_search(panel, repeats)))
    figures += await _async_scroll(panel, size, repeats, seconds)
    figures += await _async_map(panel, size, seconds)
    await page.context.close()
    return figures


async def _async_page(browser: Browser, house: House) -> Page:
    page = await async_new_page(browser, Watch())
    await page.context.add_init_script(_TOOLS)
    await Frontend(page, house.instance.url).use_token(house.owner_token)
    return page


async def _async_search(panel: Panel, repeats: int) -> list[float]:
    """Return how long it takes from the last input to the frame that shows what was found."""
    await panel.open()
    took = []
    for query in QUESTIONS * (1 + repeats // 5):
        await panel.search("")
        await panel.page.evaluate("() => until(() => !find('[role=option] .score') && find('[role=option]'))")
        await panel.search(query)
        took.append(float(await panel.page.evaluate(_FOUND)))
    return took


async def _async_scroll(panel: Panel, size: int, repeats: int, seconds: float) -> list[Figure]:
    await panel.open()
    await panel.page.evaluate(_OPENED)
    smooth = _figure(size, "a frame while scrolling", await panel.page.evaluate(_SCROLLED, seconds), frames=True)
    chance = random.Random(size)
    jumps = [float(await panel.page.evaluate(_JUMPED, chance.random())) for _ in range(5 * repeats)]
    return [smooth, _figure(size, "somewhere else in the list", jumps)]


async def _async_map(panel: Panel, size: int, seconds: float) -> list[Figure]:
    took = []
    for _ in range(2):  # the first time it is computed
        await panel.open()
        await panel.view("Map")
        took.append(float(await panel.page.evaluate(_MAPPED)))
    frames = await panel.page.evaluate(_MOVED, seconds)
    return [
        _figure(size, "the map, computed", took[:1]),
        _figure(size, "the map, computed before", took[1:]),
        _figure(size, "a frame while the map is zoomed", frames, frames=True),
    ]


def _figure(size: int, name: str, took: Sequence[float], *, frames: bool = False) -> Figure:
    slow = sum(each > _SLOW_FRAME for each in took) / len(took) if frames else None
    return Figure(size, name, percentile(took, 0.5), percentile(took, 0.95), max(took), slow)
