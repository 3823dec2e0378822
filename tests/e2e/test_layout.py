"""What must not lie over each other, move away, or be offered to the wrong people."""

from collections.abc import AsyncIterator
import re

from playwright.async_api import Browser, Locator, expect
import pytest
import pytest_asyncio

from ..houses import House
from .browser import Watch, async_new_page
from .frontend import Frontend
from .marks import E2E
from .panel import Panel

pytestmark = E2E
_BY_HAND = "The stepladder is lent to Mr. Abernathy"


@pytest_asyncio.fixture(loop_scope="session")
async def panel(browser: Browser, furnished: House) -> AsyncIterator[Panel]:
    """Return the page in a window of Mara."""
    watch = Watch()
    page = await async_new_page(browser, watch)
    await Frontend(page, furnished.instance.url).use_token(furnished.owner_token)
    yield Panel(page, furnished.instance.url)
    await page.context.close()
    watch.check()


async def _box(locator: Locator) -> dict[str, float]:
    box = await locator.bounding_box()
    assert box is not None
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    return {"x": x, "y": y, "right": x + width, "bottom": y + height}


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (900, 700), (360, 740)])
async def test_news_leave_the_button_that_adds_free(panel: Panel, width: int, height: int) -> None:
    await panel.page.set_viewport_size({"width": width, "height": height})
    await panel.open()
    await panel.add(f"{_BY_HAND} ({width})")
    await panel.show(f"({width})")
    await panel.detail.get_by_role("button", name="Forget", exact=True).click()
    await expect(panel.toast).to_contain_text("Memory forgotten")
    if width < 1280:  # one memory takes the place of the list
        await panel.detail.get_by_role("button", name="Back").click()
    news = await _box(panel.root.locator("sm-toast .toast"))
    button = await _box(panel.root.get_by_role("button", name="Add memory"))
    apart = news["bottom"] <= button["y"] or news["right"] <= button["x"] or button["right"] <= news["x"]
    assert apart, (news, button)


async def test_nothing_moves_the_page(panel: Panel) -> None:
    await panel.open("memories?q=piano+tuner")
    await panel.show("The piano tuner comes on Friday at ten")
    await panel.edit("The piano tuner comes on Friday at eleven")
    undo = panel.detail.get_by_role("button", name=re.compile("Undo what happened"))
    await undo.last.focus()
    await panel.detail.get_by_text("Told by").scroll_into_view_if_needed()
    assert await panel.root.evaluate("element => element.scrollTop") == 0
    assert await panel.root.evaluate("element => element.scrollHeight <= element.clientHeight")
    await undo.first.click()
    await expect(panel.toast).to_contain_text("It is as it was before.")


async def test_only_administrators_delete_the_households_for_good(browser: Browser, furnished: House) -> None:
    for token, offered in ((furnished.owner_token, 1), (furnished.guest_token, 0)):
        watch = Watch()
        page = await async_new_page(browser, watch)
        await Frontend(page, furnished.instance.url).use_token(token)
        panel = Panel(page, furnished.instance.url)
        await panel.open("memories?q=wifi+password+heron")
        await panel.show("The wifi password at home is heron-42")
        await panel.detail.get_by_role("button", name="More", exact=True).click()
        await expect(panel.root.get_by_role("menuitem", name="Copy the text")).to_be_visible()
        await expect(panel.root.get_by_role("menuitem", name="Delete for good")).to_have_count(offered)
        await page.context.close()
        watch.check()
