"""Every view of the Memory page, in light and dark and in three widths: pictures to look at, and judged by axe-core."""

from collections.abc import AsyncIterator
from pathlib import Path
import re

from playwright.async_api import Browser, expect
import pytest
import pytest_asyncio

from ..houses import House
from .browser import Watch, async_new_page
from .frontend import Frontend
from .gallery import Gallery
from .marks import E2E
from .panel import ELEMENT, Panel

pytestmark = E2E
_GEAR = "The tent and the sleeping bags are on the rack above the car in the garage."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watch() -> AsyncIterator[Watch]:
    """Return what watches the window, and may not have seen anything at the end."""
    watch = Watch()
    yield watch
    watch.check()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def panel(browser: Browser, furnished: House, watch: Watch) -> AsyncIterator[Panel]:
    """Return the page in a window of Mara, an administrator."""
    page = await async_new_page(browser, watch)
    await Frontend(page, furnished.instance.url).use_token(furnished.owner_token)
    yield Panel(page, furnished.instance.url)
    await page.context.close()


@pytest.fixture
def gallery(panel: Panel) -> Gallery:
    """Return what takes pictures of that window."""
    return Gallery(panel.page, ELEMENT)


async def _async_open(panel: Panel, path: str) -> None:
    await panel.page.set_viewport_size({"width": 1280, "height": 900})
    await panel.open(path)


@pytest.mark.parametrize(
    ("name", "path", "text"),
    [
        ("memories", "memories", "The bird feeder is filled every Sunday"),
        ("grouped", "memories?group=category", "About a person"),
        ("filtered", "memories?category=device&tags=heating", "heat"),
        ("nothing-fits", "memories?category=device&scope=session", "No memory fits these filters"),
        ("search", "memories?q=where+is+our+camping+equipment%3F", _GEAR),
        ("nothing-found", "memories?q=zyzzyva+quixotry", "Nothing found"),
        ("map", "map", "In view"),
        ("activity", "activity", "When does the gardener come?"),
        ("status", "status", "Snapshots"),
    ],
)
async def test_view(panel: Panel, gallery: Gallery, name: str, path: str, text: str) -> None:
    await _async_open(panel, path)
    await expect(panel.root.get_by_text(text).first).to_be_visible()
    await gallery.take(name)
    gallery.check()


async def test_selected(panel: Panel, gallery: Gallery) -> None:
    await _async_open(panel, "memories")
    await panel.root.get_by_role("button", name="Select memories").click()
    for number in (1, 2, 4):
        await panel.list.get_by_role("option").nth(number).click()
    await expect(panel.root.get_by_text("3 selected")).to_be_visible()
    await gallery.take("selected")
    gallery.check()


async def test_one_memory(panel: Panel, gallery: Gallery) -> None:
    await _async_open(panel, "memories")
    await panel.show("The wifi password at home is heron-42")
    await expect(panel.detail.get_by_role("heading", name="Similar memories")).to_be_visible()
    await gallery.take("memory")
    await panel.page.set_viewport_size({"width": 1280, "height": 900})
    await panel.detail.get_by_role("textbox", name="What to remember").fill("The wifi password at home is heron-43")
    await expect(panel.root.get_by_role("button", name="Save", exact=True)).to_be_visible()
    await gallery.take("memory-changed", at=panel.detail.get_by_role("heading", name="History"))
    await panel.root.get_by_role("button", name="Discard").first.click()
    gallery.check()


async def test_asked(panel: Panel, gallery: Gallery) -> None:
    await _async_open(panel, "memories?q=where+is+our+camping+equipment%3F")
    await panel.show(_GEAR)
    await expect(panel.detail.get_by_role("heading", name="Similar memories")).to_be_visible()
    await gallery.take("asked")
    gallery.check()


@pytest.mark.parametrize(("name", "button"), [("add", "Add memory"), ("filters", "Filters")])
async def test_dialog(panel: Panel, gallery: Gallery, name: str, button: str) -> None:
    await _async_open(panel, "memories")
    await expect(panel.list.get_by_role("option").first).to_be_visible()
    await panel.root.get_by_role("button", name=button, exact=True).click()
    await expect(panel.dialog(button)).to_have_count(1)
    await gallery.take(name)
    await panel.page.keyboard.press("Escape")
    gallery.check()


async def test_map_with_a_search(panel: Panel, gallery: Gallery) -> None:
    await _async_open(panel, "map")
    await panel.root.get_by_role("textbox", name="Search the map").fill("things in the garage")
    await expect(panel.root.get_by_role("heading", name=re.compile(r"Found: \d"))).to_be_visible()
    await gallery.take("map-search")
    gallery.check()


async def test_what_was_recalled(panel: Panel, gallery: Gallery) -> None:
    await _async_open(panel, "activity")
    await panel.root.get_by_role("button", name="Show what the model saw").first.click()
    await expect(panel.root.get_by_text("What the model saw: the exact tool result")).to_be_visible()
    await gallery.take("recall")
    gallery.check()


async def test_import_report(panel: Panel, gallery: Gallery, tmp_path: Path) -> None:
    file = tmp_path / "memories of another tool.csv"
    lines = ("The sled hangs in the garage,sled", "The kite is under the stairs,kite", "Nobody knows the key of this,")
    file.write_text("value,key\n" + "\n".join(lines) + "\n", encoding="utf-8")
    await _async_open(panel, "status")
    await panel.choose_file(file)
    await gallery.take("import", at=panel.root.get_by_role("button", name=re.compile("^Import \\(")))
    gallery.check()


async def test_other_user(browser: Browser, furnished: House) -> None:
    """Look at what somebody sees who is no administrator."""
    watch = Watch()
    page = await async_new_page(browser, watch)
    await Frontend(page, furnished.instance.url).use_token(furnished.guest_token)
    panel, gallery = Panel(page, furnished.instance.url), Gallery(page, ELEMENT)
    await panel.open("status")
    await expect(panel.root.get_by_role("heading", name="Export")).to_be_visible()
    await gallery.take("status-other-user")
    await page.context.close()
    gallery.check()
    watch.check()


async def test_right_to_left(browser: Browser, furnished: House) -> None:
    """Look at the page of somebody whose language is written from right to left."""
    watch = Watch()
    page = await async_new_page(browser, watch, locale="he-IL")
    await page.context.add_init_script("localStorage.selectedLanguage = '\"he\"'")
    await Frontend(page, furnished.instance.url).use_token(furnished.owner_token)
    panel, gallery = Panel(page, furnished.instance.url), Gallery(page, ELEMENT)
    for name, path, text in (
        ("memories", "memories", "The bird feeder is filled every Sunday"),
        ("map", "map", "In view"),
        ("activity", "activity", "When does the gardener come?"),
        ("status", "status", "Snapshots"),
    ):
        await _async_open(panel, path)
        await expect(panel.root.get_by_text(text).first).to_be_visible()
        assert await panel.root.evaluate("element => getComputedStyle(element).direction") == "rtl"
        await gallery.take(f"right-to-left-{name}", few=True)
    await _async_open(panel, "memories")
    await panel.show("The wifi password at home is heron-42")
    await gallery.take("right-to-left-memory", few=True)
    await page.context.close()
    gallery.check()
    watch.check()
