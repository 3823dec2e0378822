"""The dashboard card in a real dashboard: asking, what is pinned, the editor, and who sees what."""

from collections.abc import AsyncIterator

from playwright.async_api import Browser, Page, expect
import pytest_asyncio
import pytest_socket

from scripts.demo_app.client import Api

from ..houses import House
from .browser import Watch, async_new_page
from .dashboards import CARD, DASHBOARD, async_add_dashboard
from .frontend import Frontend
from .gallery import Gallery
from .marks import E2E

pytestmark = E2E
_ELEMENT = "semantic-memory-card"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(furnished: House) -> House:
    """Return the house with a dashboard that shows the card twice."""
    pytest_socket.enable_socket()
    async with Api(furnished.instance.url, furnished.owner_token) as api:
        await async_add_dashboard(api, {"type": CARD}, {"type": CARD, "mode": "pinned", "title": "In case of trouble"})
    return furnished


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, house: House) -> AsyncIterator[Page]:
    """Return the dashboard in a window of Mara."""
    watch = Watch()
    page = await _async_dashboard(browser, house, house.owner_token, watch)
    yield page
    await page.context.close()
    watch.check()


async def _async_dashboard(browser: Browser, house: House, token: str, watch: Watch) -> Page:
    page = await async_new_page(browser, watch)
    window = Frontend(page, house.instance.url)
    await window.use_token(token)
    await window.open(DASHBOARD)
    return page


async def test_asking_and_what_is_pinned(page: Page, house: House) -> None:
    asking, pinned = page.locator(_ELEMENT).first, page.locator(_ELEMENT).last
    await expect(pinned.get_by_text("The alarm code of the house is 3141.")).to_be_visible()
    await asking.get_by_role("textbox").fill("which code turns the alarm off?")
    await expect(asking.get_by_role("listitem").first).to_contain_text("alarm")
    await expect(asking.get_by_text("Perhaps none of these answers it.")).to_have_count(0)
    await asking.get_by_role("textbox").fill("what is my social security number?")
    await expect(asking.get_by_text("Perhaps none of these answers it.", exact=True)).to_be_visible()
    await expect(asking.get_by_role("listitem").first).to_be_visible()
    await asking.get_by_role("textbox").press("Escape")
    await expect(asking.get_by_role("textbox")).to_have_value("")
    async with Api(house.instance.url, house.owner_token) as api:
        await api.act("memory_update", key="poison_number", pinned=True)
        await expect(pinned.get_by_text("The poison help line is 1-800-222-1222.")).to_be_visible()
        await api.act("memory_update", key="poison_number", pinned=False)
        await expect(pinned.get_by_text("The poison help line is 1-800-222-1222.")).to_have_count(0)


async def test_pictures_of_the_card(page: Page) -> None:
    asking = page.locator(_ELEMENT).first
    await asking.get_by_role("textbox").fill("where are the tent and the sleeping bags?")
    await expect(asking.get_by_text("above the car in the garage").first).to_be_visible()
    gallery = Gallery(page, _ELEMENT)
    await gallery.take("card")
    await asking.get_by_role("textbox").fill("what is my social security number?")
    await expect(asking.get_by_text("Perhaps none of these answers it.", exact=True)).to_be_visible()
    await gallery.take("card-not-certain")
    gallery.check()


async def test_somebody_else_is_shown_nothing_of_the_owner(browser: Browser, house: House) -> None:
    watch = Watch()
    page = await _async_dashboard(browser, house, house.guest_token, watch)
    asking = page.locator(_ELEMENT).first
    await asking.get_by_role("textbox").fill("at what time does the tuner of the piano come?")
    await expect(asking.get_by_role("status")).not_to_be_empty()
    await expect(page.get_by_text("The piano tuner comes on Friday")).to_have_count(0)
    await page.context.close()
    watch.check()


async def test_added_with_the_editor(page: Page) -> None:
    """Add the card as a person does: edit the dashboard, choose it, see the preview, give it a title, save."""
    await page.goto(f"{page.url}?edit=1")
    await page.get_by_role("button", name="Add card").first.click()
    await page.get_by_role("tab", name="By card").click()
    await page.get_by_placeholder("Search cards").fill("Ask memory")
    await expect(page.locator("hui-card-picker").locator(_ELEMENT)).to_be_visible()
    await page.locator("hui-card-picker .overlay").first.click()
    title = page.get_by_role("textbox", name="Title")
    await title.fill("What does the house know?")
    await expect(page.locator(_ELEMENT).last.get_by_role("heading", name="What does the house know?")).to_be_visible()
    await Gallery(page, _ELEMENT).take("card-editor")
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("hui-view").get_by_role("heading", name="What does the house know?")).to_be_visible()
