"""The main ways through the Memory page with nothing but a keyboard."""

from collections.abc import AsyncIterator
import re

from playwright.async_api import Browser, Page, expect
import pytest_asyncio

from scripts.demo_app.client import Api

from ..houses import House
from .browser import Watch, async_new_page
from .frontend import Frontend
from .marks import E2E
from .panel import Panel

pytestmark = E2E
_FOCUSED = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  const style = getComputedStyle(element);
  const name = element.getAttribute("aria-label") || element.labels?.[0]?.textContent || element.textContent || "";
  return name.trim().replace(/\\s+/g, " ");
}"""
_MOST_STOPS = 40


@pytest_asyncio.fixture(loop_scope="session")
async def panel(browser: Browser, furnished: House) -> AsyncIterator[Panel]:
    """Return the page in a window of Mara."""
    watch = Watch()
    page = await async_new_page(browser, watch)
    await Frontend(page, furnished.instance.url).use_token(furnished.owner_token)
    panel = Panel(page, furnished.instance.url)
    await panel.open()
    await expect(panel.list.get_by_role("option").first).to_be_visible()
    yield panel
    await page.context.close()
    watch.check()


async def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called so."""
    seen: list[str] = []
    for _ in range(_MOST_STOPS):
        await page.keyboard.press("Tab")
        seen.append(await page.evaluate(_FOCUSED))
        if re.match(name, seen[-1]):
            return
    raise AssertionError(f"Tab does not lead to {name}, but to {seen}")


async def test_find_read_change_and_undo(panel: Panel) -> None:
    keyboard = panel.page.keyboard
    await keyboard.press("/")
    await keyboard.type("at what time does the tuner of the piano come?")
    await expect(panel.list.get_by_role("option").first).to_contain_text("The piano tuner comes on Friday at ten")
    await keyboard.press("ArrowDown")
    await keyboard.press("Home")
    await keyboard.press("Enter")
    field = panel.detail.get_by_role("textbox", name="What to remember")
    await expect(field).to_have_value("The piano tuner comes on Friday at ten")
    await _tab_to(panel.page, "What to remember")
    await keyboard.press("End")
    await keyboard.type(" sharp")
    await keyboard.press("Control+Enter")
    await expect(panel.toast).to_contain_text("Saved")
    await _tab_to(panel.page, "Undo what happened to piano_tuner")
    await keyboard.press("Enter")
    await expect(field).to_have_value("The piano tuner comes on Friday at ten")
    await keyboard.press("Escape")
    await expect(panel.detail).to_have_count(0)


async def test_add_and_forget(panel: Panel, furnished: House) -> None:
    keyboard = panel.page.keyboard
    await _tab_to(panel.page, "Add memory")
    await keyboard.press("Enter")
    await expect(panel.dialog("Add memory")).to_have_count(1)
    await keyboard.type("The trombone is lent to Mr. Abernathy")
    await keyboard.press("Control+Enter")
    await expect(panel.dialog("Remembered")).to_have_count(1)
    await keyboard.press("Escape")
    await expect(panel.dialog("Remembered")).to_have_count(0)
    assert re.match("Add memory", await panel.page.evaluate(_FOCUSED)), "the focus is not where the dialog was opened"
    await expect(panel.row("The trombone is lent")).to_be_visible()
    await keyboard.press("/")
    await keyboard.type("who has the trombone?")
    await expect(panel.list.get_by_role("option").first).to_contain_text("The trombone is lent")
    await keyboard.press("ArrowDown")
    await keyboard.press("Home")
    await keyboard.press("Enter")
    await expect(panel.detail.get_by_role("textbox", name="What to remember")).to_be_visible()
    await _tab_to(panel.page, "Forget")
    await keyboard.press("Enter")
    await expect(panel.toast).to_contain_text("Memory forgotten")
    async with Api(furnished.instance.url, furnished.owner_token) as api:
        assert (await api.act("memory_list", text="trombone"))["memories"] == []


async def test_select_and_filter(panel: Panel) -> None:
    keyboard = panel.page.keyboard
    await _tab_to(panel.page, "Select memories")
    await keyboard.press("Enter")
    await panel.list.focus()
    await keyboard.press("Space")
    await keyboard.press("ArrowDown")
    await keyboard.press("Space")
    await expect(panel.root.get_by_text("2 selected")).to_be_visible()
    await keyboard.press("Escape")
    await expect(panel.root.get_by_text("2 selected")).to_have_count(0)
    await panel.open()
    await _tab_to(panel.page, "Filters")
    await keyboard.press("Enter")
    await expect(panel.dialog("Filters")).to_have_count(1)
    await _tab_to(panel.page, "Pinned")
    await keyboard.press("Enter")
    await keyboard.press("Escape")
    await expect(panel.root.get_by_role("status").filter(has_text="3 memories")).to_be_visible()


async def test_other_views(panel: Panel) -> None:
    keyboard = panel.page.keyboard
    await _tab_to(panel.page, "Map")
    await keyboard.press("Enter")
    await expect(panel.page).to_have_url(re.compile("/map$"))
    await _tab_to(panel.page, "Map of all memories")
    await keyboard.press("ArrowRight")
    await keyboard.press("Enter")
    await expect(panel.detail.get_by_role("textbox", name="What to remember")).to_be_visible()
    await panel.view("Activity")
    await _tab_to(panel.page, "Show what the model saw")
    await keyboard.press("Enter")
    await expect(panel.root.get_by_text("What the model saw: the exact tool result")).to_be_visible()
    await panel.view("Status")
    await _tab_to(panel.page, "Ask something")
    await keyboard.type("who has our tent pegs?")
    await keyboard.press("Enter")
    await expect(panel.root.get_by_text("Priya has our tent pegs since the festival.")).to_be_visible()
