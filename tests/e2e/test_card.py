"""The card "Ask memory" in a dashboard of Home Assistant's own frontend."""

from collections.abc import AsyncIterator
import re

from playwright.async_api import Browser, Page, expect
import pytest
import pytest_asyncio

from scripts.demo_app.client import Api

from ..houses import House, MakeInstance, async_house, async_set_up_built_in
from .browser import Watch, async_new_page
from .frontend import Frontend
from .marks import E2E

pytestmark = E2E

MARKUP = "<b>bold</b> <img src=x onerror=alert(1)> {{ states }}"
TYPE = "custom:semantic-memory-card"
CARDS = [{"type": TYPE}, {"type": TYPE, "mode": "pinned", "title": "On the wall", "scope": "household"}]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(make_instance: MakeInstance) -> House:
    """Return a house with some memories, and a dashboard with two cards."""
    house = await async_house(make_instance())
    async with Api(house.instance.url, house.owner_token) as api:
        await async_set_up_built_in(api)
        await api.act("memory_set", key="spare_key", value="The spare key is with Mrs. Okafor", scope="household")
        await api.act("memory_set", key="bins", value="Bins go out on Tuesday", scope="household", pinned=True)
        await api.act("memory_set", key="shoes", value="My shoe size is 39", scope="user", pinned=True)
        await api.act("memory_set", key="markup", value=MARKUP, scope="household", tags="<i>tag</i>")
        async with api.connect() as connection:
            await connection.command("lovelace/dashboards/create", url_path="card-test", title="Home", mode="storage")
            views = [{"title": "Cards", "path": "cards", "cards": CARDS}]
            await connection.command("lovelace/config/save", url_path="card-test", config={"views": views})
    return house


@pytest_asyncio.fixture(loop_scope="session")
async def watch() -> AsyncIterator[Watch]:
    """Return what notes what goes wrong, and fail if anything did."""
    watch = Watch()
    yield watch
    watch.check()
    assert watch.dialogs == []


async def async_open(browser: Browser, watch: Watch, house: House, token: str, path: str = "") -> Page:
    """Open the dashboard as somebody."""
    page = await async_new_page(browser, watch)
    frontend = Frontend(page, house.instance.url)
    await frontend.use_token(token)
    await frontend.open(f"/card-test/cards{path}")
    return page


async def test_ask_and_open_by_keyboard(browser: Browser, watch: Watch, house: House) -> None:
    page = await async_open(browser, watch, house, house.owner_token)
    card = page.get_by_role("region", name="Ask memory")
    await expect(card.get_by_role("link")).to_have_text([re.compile("shoe size"), re.compile("Bins")])

    await card.get_by_role("textbox", name="Ask what is remembered").focus()
    await page.keyboard.type("who has the spare key?")
    best = card.get_by_role("link").first
    await expect(best).to_contain_text("The spare key is with Mrs. Okafor")
    await expect(best).to_contain_text(re.compile(r"\d+\s?%"))
    await expect(best).to_contain_text("by meaning and word")
    await expect(card.get_by_role("status")).to_contain_text("found")

    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/semantic-memory/memories/[0-9A-Z]{26}$"))
    await page.context.close()


async def test_clearing_shows_what_is_pinned_again(browser: Browser, watch: Watch, house: House) -> None:
    page = await async_open(browser, watch, house, house.owner_token)
    card = page.get_by_role("region", name="Ask memory")
    field = card.get_by_role("textbox", name="Ask what is remembered")
    await field.fill("markup bold")
    await expect(card.get_by_role("link").filter(has_text=MARKUP)).to_be_visible()
    await expect(card.locator("b, i, img")).to_have_count(0)

    await page.keyboard.press("Escape")
    await expect(field).to_have_value("")
    await expect(card.get_by_role("heading", name="Pinned memories")).to_be_visible()
    await page.context.close()


async def test_what_is_pinned_appears_without_a_reload(browser: Browser, watch: Watch, house: House) -> None:
    page = await async_open(browser, watch, house, house.owner_token)
    wall = page.get_by_role("region", name="On the wall")
    await expect(wall.get_by_role("link")).to_have_text([re.compile("Bins")])

    async with Api(house.instance.url, house.owner_token) as api:
        await api.act("memory_set", key="wifi", value="The Wi-Fi is called Heron", scope="household", pinned=True)
        await expect(wall.get_by_role("link").filter(has_text="Heron")).to_be_visible()
        await api.act("memory_forget", key="wifi")
        await expect(wall.get_by_role("link").filter(has_text="Heron")).to_have_count(0)
    await page.context.close()


async def test_others_see_nothing_of_mine(browser: Browser, watch: Watch, house: House) -> None:
    page = await async_open(browser, watch, house, house.guest_token)
    card = page.get_by_role("region", name="Ask memory")
    await expect(card.get_by_role("link")).to_have_text([re.compile("Bins")])

    await card.get_by_role("textbox", name="Ask what is remembered").fill("what is my shoe size?")
    await expect(card.get_by_role("link").first).to_be_visible()
    await expect(card.get_by_role("status")).to_contain_text("found")
    await expect(card.get_by_role("link").filter(has_text="shoe")).to_have_count(0)
    await page.context.close()


async def test_added_and_set_up_in_the_editor(browser: Browser, watch: Watch, house: House) -> None:
    page = await async_open(browser, watch, house, house.owner_token, "?edit=1")
    await page.get_by_role("button", name="Add card").click()
    await page.get_by_role("tab", name="By card").click()
    await page.get_by_placeholder("Search cards").fill("ask memory")
    preview = page.locator("hui-card-picker").get_by_role("region", name="Ask memory")
    await expect(preview.get_by_role("link").first).to_be_visible()  # it is alive
    await page.locator("hui-card-picker .card .overlay").first.click()

    editor = page.locator("hui-dialog-edit-card")
    await editor.get_by_role("textbox", name="Title").fill("Where is it?")
    await expect(editor.get_by_role("region", name="Where is it?")).to_be_visible()
    for label in ("What to show", "Whose memories", "Category"):
        await expect(editor.get_by_text(label, exact=True).first).to_be_visible()
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("button", name="Done").click()
    await expect(page.get_by_role("region", name="Where is it?")).to_be_visible()
    await page.context.close()
    # Home Assistant's own cards show pictures from its demonstration in their previews.
    watch.complaints = [complaint for complaint in watch.complaints if "//demo.home-assistant.io/" not in complaint]


@pytest.mark.parametrize("width", [200, 360, 1280])
async def test_nothing_is_cut_off(browser: Browser, watch: Watch, house: House, width: int) -> None:
    page = await async_open(browser, watch, house, house.owner_token)
    await page.set_viewport_size({"width": width, "height": 800})
    card = page.get_by_role("region", name="Ask memory")
    await card.get_by_role("textbox", name="Ask what is remembered").fill("spare key")
    await expect(card.get_by_role("link").first).to_contain_text("Okafor")

    assert await card.evaluate("card => card.scrollWidth <= card.clientWidth")
    await page.context.close()
