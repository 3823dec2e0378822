"""Whatever is stored is shown as text: scripts and markup in every field, and nothing of it is executed or built."""

from collections.abc import AsyncIterator, Iterator
import re

from playwright.async_api import Browser, Page, expect
import pytest
import pytest_asyncio

from scripts.demo_app.client import Api
from scripts.demo_app.people import Person, async_add_person

from ..houses import House, MakeInstance, async_house, async_set_up_built_in
from .browser import Watch, async_new_page
from .dashboards import CARD, DASHBOARD, async_add_dashboard
from .frontend import Frontend
from .marks import E2E
from .panel import Panel

pytestmark = E2E
_RUN = "window.executed=1"
_MARKUP = (
    f"<script>{_RUN}</script>",
    f"<img src=nowhere onerror={_RUN}>",
    f"<svg onload={_RUN}><animate onbegin={_RUN} attributeName=x></svg>",
    f"\"'><iframe srcdoc='<script>parent.{_RUN}</script>'></iframe>",
    f"[link](javascript:{_RUN})",
    f"<details open ontoggle={_RUN}>",
    "${window.executed=1}{{7*7}}{count, plural, one {#} other {#}}",
    "</textarea></title></style><marquee id=injected>&lt;b&gt;",
)
_TITLE = "Mallory<b>Bold</b>"
_MALLORY = Person(name=f"{_TITLE}<img src=nowhere onerror={_RUN}>", username="mallory", password="mallory's password")
_BUILT = """() => {
  const found = [];
  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const name = element.localName;
      const ours = element.getRootNode().host?.localName ?? "";
      if (["iframe", "marquee", "animate"].includes(name) || element.id === "injected") found.push(name);
      if (ours.startsWith("s") && (name === "script" || (name === "img" && element.src.includes("nowhere"))))
        found.push(`${name} in ${ours}`);
      for (const attribute of element.attributes)
        if (attribute.name.startsWith("on")) found.push(`${name} ${attribute.name}`);
      if (element.href?.toString().startsWith("javascript:")) found.push(`${name} with a script as its address`);
      if (element.shadowRoot) look(element.shadowRoot);
    }
  };
  look(document);
  return found;
}"""


def _tag(markup: str) -> str:
    """Return what can be a tag: no longer, and without what parts tags."""
    return markup.replace(",", ";")[:64].strip()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(make_instance: MakeInstance) -> House:
    """Return a house where somebody has put markup into every field, and a person is called by markup, too."""
    house = await async_house(make_instance())
    async with Api(house.instance.url, house.owner_token) as api:
        await async_set_up_built_in(api)
        for number, markup in enumerate(_MARKUP):
            await api.act(
                "memory_set",
                key=f"{markup} {number}",
                value=f"{markup} {number}",
                tags=[_tag(markup)],
                pinned=number < 2,
            )
            await api.act("memory_search", query=markup)
        first = (await api.act("memory_list", limit=1))["memories"][0]
        await api.act("memory_update", key=first["id"], value=f"{_MARKUP[1]} changed to {_MARKUP[0]}")
        mallory = await async_add_person(api, _MALLORY)
        await mallory.api.act("memory_set", value=f"{_MARKUP[0]} of Mallory", scope="household")
        await mallory.api.close()
    return house


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Return what watches the window."""
    watch = Watch()
    yield watch
    watch.check()


@pytest_asyncio.fixture(loop_scope="session")
async def panel(browser: Browser, house: House, watch: Watch) -> AsyncIterator[Panel]:
    """Return the page in a window of the owner."""
    page = await async_new_page(browser, watch)
    await Frontend(page, house.instance.url).use_token(house.owner_token)
    yield Panel(page, house.instance.url)
    await page.context.close()


async def _async_check(page: Page, watch: Watch) -> None:
    """Check that nothing was executed, and that nothing was built of what is text."""
    await page.wait_for_timeout(300)
    assert not await page.evaluate("window.executed")
    assert await page.evaluate(_BUILT) == []
    assert watch.dialogs == []


async def test_the_check_would_see_it(panel: Panel) -> None:
    """Build of the texts what a careless page would, and see that the check does not overlook it."""
    await panel.page.goto(f"{panel.url}/robots.txt")
    await panel.page.evaluate(
        """(texts) => {
          const element = document.body.appendChild(document.createElement("s-element"));
          element.attachShadow({ mode: "open" }).innerHTML = texts.join("");
        }""",
        _MARKUP,
    )
    await panel.page.wait_for_function("window.executed")
    built = await panel.page.evaluate(_BUILT)
    assert {"script in s-element", "img in s-element", "iframe", "animate", "marquee"} <= set(built)


async def test_list_search_and_one_memory(panel: Panel, watch: Watch) -> None:
    await panel.open()
    for markup in _MARKUP[:-1]:
        await expect(panel.list.get_by_text(markup).first).to_be_visible()
    await _async_check(panel.page, watch)
    for markup in _MARKUP[:-1]:
        await panel.search(markup)
        await expect(panel.list.get_by_text(markup).first).to_be_visible()
        await _async_check(panel.page, watch)
    await panel.search("")
    await panel.show(f"changed to {_MARKUP[0]}")
    await expect(panel.detail.get_by_role("insertion").first).to_be_attached()
    await expect(panel.detail.get_by_role("heading", name="Similar memories")).to_be_visible()
    await _async_check(panel.page, watch)


async def test_added_and_changed_in_the_page(panel: Panel, watch: Watch) -> None:
    await panel.open()
    told = f"<b>Typed</b> {_MARKUP[1]}"
    await panel.add(told, key=_MARKUP[0], tag=_tag(_MARKUP[1]))
    await panel.show("<b>Typed</b>")
    await panel.edit(f"<b>Typed</b> anew {_MARKUP[0]}")
    await _async_check(panel.page, watch)
    await panel.root.get_by_role("button", name="Filters", exact=True).click()
    await expect(panel.dialog("Filters").get_by_role("button", name=_tag(_MARKUP[1]))).to_be_visible()
    await _async_check(panel.page, watch)


async def test_map_activity_and_status(panel: Panel, watch: Watch) -> None:
    await panel.open("map")
    await expect(panel.root.get_by_text("In view")).to_be_visible()
    await panel.root.get_by_role("textbox", name="Search the map").fill(_MARKUP[1])
    await expect(panel.root.get_by_role("heading", name=re.compile(r"Found: \d"))).to_be_visible()
    await _async_check(panel.page, watch)
    await panel.view("Activity")
    closed = panel.root.get_by_role("button", name="Show what was found")
    await expect(closed).not_to_have_count(0)
    for _ in range(await closed.count()):
        await closed.first.click()
    await expect(panel.root.get_by_text(_TITLE).first).to_be_visible()
    await _async_check(panel.page, watch)
    await panel.view("Status")
    await panel.root.get_by_role("textbox", name="Ask something").fill(_MARKUP[1])
    await panel.page.keyboard.press("Enter")
    await expect(panel.root.get_by_text(re.compile(r"Found: \d"))).to_be_visible()
    await _async_check(panel.page, watch)


async def test_the_name_of_a_person(panel: Panel, watch: Watch) -> None:
    await panel.open()
    await panel.root.get_by_role("button", name=re.compile("Memories of")).click()
    await panel.root.get_by_role("menuitemradio", name=_TITLE).click()
    await expect(panel.root.get_by_role("button", name=re.compile("Memories of Mallory"))).to_be_visible()
    await expect(panel.row("of Mallory")).to_be_visible()
    await _async_check(panel.page, watch)


async def test_card(panel: Panel, house: House, watch: Watch) -> None:
    async with Api(house.instance.url, house.owner_token) as api:
        await async_add_dashboard(api, {"type": CARD, "title": _MARKUP[1]})
    await panel.page.goto(f"{house.instance.url}{DASHBOARD}")
    card = panel.page.locator("semantic-memory-card")
    await expect(card.get_by_text(_MARKUP[0]).first).to_be_visible()
    await card.get_by_role("textbox").fill(_MARKUP[2])
    await expect(card.get_by_text(_MARKUP[2]).first).to_be_visible()
    await _async_check(panel.page, watch)
