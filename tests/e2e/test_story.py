"""From the very first page of Home Assistant to an assistant that remembers: what a new user does, in a browser."""

from collections.abc import AsyncIterator, Iterator
import json
from pathlib import Path
import re

from playwright.async_api import Browser, expect
import pytest
import pytest_asyncio
import pytest_socket

from scripts.demo_app.client import DOMAIN, Api, ApiError
from scripts.demo_app.flows import async_loaded_entry, async_set_up_ollama_agent
from scripts.demo_app.instance import HomeAssistantInstance
from scripts.demo_app.ollama_server import CHAT_MODEL, EMBEDDING_MODEL, StandInServer
from scripts.demo_app.people import async_add_person, async_log_in

from ..houses import GUEST, OWNER, MakeInstance
from ..smoke.log_check import complaints
from .browser import Watch, async_new_page
from .frontend import Frontend
from .gallery import Gallery
from .marks import E2E
from .panel import ELEMENT, Panel

pytestmark = E2E
_PULL_PAUSE = 0.3
"""Seconds between two steps of the download: long enough for the progress to be seen."""


@pytest.fixture(scope="module")
def instance(make_instance: MakeInstance) -> HomeAssistantInstance:
    """Return a new Home Assistant that nobody has looked at. The tests of this module build on each other."""
    instance = make_instance()
    instance.launch()
    instance.wait()
    return instance


@pytest.fixture(scope="module")
def ollama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInServer]:
    """Return a stand-in for Ollama that has no embedding model yet."""
    pytest_socket.enable_socket()
    log: Path = tmp_path_factory.mktemp("ollama") / "ollama.log"
    server = StandInServer(log, pull_pause=_PULL_PAUSE, models=(CHAT_MODEL,))
    server.switch_on()
    yield server
    server.switch_off()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def window(browser: Browser, instance: HomeAssistantInstance) -> AsyncIterator[Frontend]:
    """Return the owner's browser window."""
    watch = Watch()
    page = await async_new_page(browser, watch)
    yield Frontend(page, instance.url)
    watch.check()
    await page.context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def panel(window: Frontend) -> AsyncIterator[Panel]:
    """Return the Memory page in another window of the owner, beside the first."""
    panel = Panel(await window.page.context.new_page(), window.url)
    await panel.open()
    yield panel
    await panel.page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def owner(instance: HomeAssistantInstance) -> AsyncIterator[Api]:
    """Return the API as the owner has it."""
    resident = await async_log_in(instance.url, OWNER)
    async with resident.api as api:
        yield api


async def test_onboarding(window: Frontend) -> None:
    await window.onboard(OWNER)
    await expect(window.page.get_by_role("link", name="Settings")).to_be_visible()


async def test_config_flow_downloads_a_model(window: Frontend, ollama: StandInServer) -> None:
    page = window.page
    await window.open("/config/integrations/dashboard")
    await page.get_by_role("button", name="Add integration").click()
    await page.get_by_placeholder("Search for a brand name").fill("Semantic")
    await page.get_by_role("button", name="Semantic Memory").click()
    await page.get_by_text("Ollama server", exact=True).click()
    await page.get_by_role("textbox", name="Address*").fill(ollama.url)
    await page.get_by_role("button", name="Submit").click()
    await expect(page.get_by_role("button", name=f"Model * {EMBEDDING_MODEL}")).to_be_visible()
    await page.get_by_role("button", name="Submit").click()
    await expect(page.get_by_text(f"The server is downloading {EMBEDDING_MODEL}.")).to_be_visible()
    bar = page.get_by_role("progressbar", name="Progress")
    await expect(bar).to_have_attribute("aria-valuenow", re.compile("[1-9]"))
    ready = page.get_by_text(f"{EMBEDDING_MODEL} is ready: it answers with 768 numbers")
    await expect(ready).to_be_visible(timeout=90_000)
    await page.get_by_role("button", name="Skip and finish").click()
    await expect(page.get_by_text("Pending embeddings")).to_be_visible()


async def test_nothing_to_remember_yet(panel: Panel) -> None:
    """Look at the page of an empty store: what to say, where to write, and how Assist reaches it."""
    await expect(panel.root.get_by_role("heading", name="Nothing to remember yet")).to_be_visible()
    await expect(panel.root.get_by_text("Remember that I take my coffee without sugar.")).to_be_visible()
    gallery = Gallery(panel.page, ELEMENT)
    await gallery.take("first-run")
    gallery.check()
    await panel.page.set_viewport_size({"width": 1280, "height": 900})
    await panel.root.get_by_role("textbox", name="What to remember").fill("The bins go out on Tuesday evening")
    await panel.root.get_by_role("button", name="Remember").click()
    await expect(panel.row("The bins go out on Tuesday evening")).to_be_visible()


async def test_another_version_arrives_while_the_page_is_open(panel: Panel) -> None:
    """After an update, Home Assistant loads the new bundle into the page that shows the old one."""
    await panel.page.evaluate("""async () => {
      const [old] = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("-panel.js"));
      await import(`${old.name}?another`);
    }""")
    await panel.view("Status")
    await panel.view("Memories")
    await expect(panel.row("The bins go out on Tuesday evening")).to_be_visible()


async def test_actions(window: Frontend) -> None:
    told = "We keep the spare key in the blue tin in the hall"
    stored = await window.perform("memory_set", {"Value": told, "Key": "spare key"})
    assert "status: ok" in stored  # of a long response, only the first lines are rendered
    assert "key: spare_key" in stored
    found = await window.perform("memory_search", {"Query": "where is the second key to the house?"})
    assert f"value: {told}" in found


async def test_assist_remembers(window: Frontend, ollama: StandInServer, owner: Api) -> None:
    await async_loaded_entry(owner)
    await _async_talk_to(owner, await async_set_up_ollama_agent(owner, ollama.url, f"{CHAT_MODEL}:latest"))
    await window.open_assist()
    await window.say("Remember that my locker code is 4711", "I will remember that: Your locker code is 4711.")
    await window.open_assist()
    await window.say("What is my locker code?", "Your locker code is 4711.")


async def _async_talk_to(api: Api, agent: str) -> None:
    """Have the Assist dialog talk to this agent."""
    async with api.connect() as connection:
        (pipeline,) = (await connection.command("assist_pipeline/pipeline/list"))["pipelines"]
        settings = {**pipeline, "conversation_engine": agent}
        await connection.command("assist_pipeline/pipeline/update", pipeline_id=settings.pop("id"), **settings)


async def test_a_memory_told_to_assist_appears_in_the_panel(window: Frontend, panel: Panel) -> None:
    await expect(panel.row("My locker code is 4711")).to_be_visible()
    told = "My bicycle is at Miller's for repair"
    await expect(panel.row(told)).to_have_count(0)
    await window.open_assist()
    await window.say(f"Remember that {told}", f"I will remember that: {told.replace('My', 'Your')}.")
    await expect(panel.row(told)).to_be_visible()
    await panel.show(told)
    await expect(panel.detail.get_by_role("definition").filter(has_text="Assist")).not_to_have_count(0)


async def test_search_as_you_type(panel: Panel) -> None:
    await panel.search("where can I get into the house without my own key?")
    best = panel.list.get_by_role("option").first
    await expect(best).to_contain_text("We keep the spare key in the blue tin in the hall")
    await expect(best).to_contain_text(re.compile(r"\d+%"))
    await expect(best).to_contain_text(re.compile("meaning|word"))


async def test_add_edit_and_undo(panel: Panel, owner: Api) -> None:
    await panel.add("The dishwasher tabs are under the sink", key="dishwasher tabs", tag="kitchen", household=True)
    await panel.show("The dishwasher tabs are under the sink")
    await panel.edit("The dishwasher tabs are under the bench")
    await expect(panel.row("The dishwasher tabs are under the bench")).to_be_visible()
    await expect(panel.detail.get_by_role("insertion")).to_have_text("bench")
    assert (await owner.act("memory_get", key="dishwasher_tabs"))["value"] == "The dishwasher tabs are under the bench"
    await panel.detail.get_by_role("button", name="Undo").first.click()
    await expect(panel.row("The dishwasher tabs are under the sink")).to_be_visible()
    memory = await owner.act("memory_get", key="dishwasher_tabs")
    assert memory["value"] == "The dishwasher tabs are under the sink"
    assert memory["owner"] == "household"
    assert memory["tag_list"] == ["kitchen"]


async def test_what_an_agent_overwrote_is_brought_back(panel: Panel, owner: Api) -> None:
    await owner.act("memory_set", key="dishwasher tabs", value="The dishwasher tabs are gone", scope="household")
    await panel.show("The dishwasher tabs are gone")
    await expect(panel.detail.get_by_role("insertion").first).to_have_text("gone")
    await panel.detail.get_by_role("button", name="Undo").first.click()
    await expect(panel.row("The dishwasher tabs are under the sink")).to_be_visible()
    assert (await owner.act("memory_get", key="dishwasher_tabs"))["value"] == "The dishwasher tabs are under the sink"


async def test_forget_and_restore(panel: Panel, owner: Api) -> None:
    await panel.show("My bicycle is at Miller's")
    await panel.detail.get_by_role("button", name="Forget", exact=True).first.click()
    await expect(panel.row("My bicycle is at Miller's")).to_have_count(0)
    await panel.toast.get_by_role("button", name="Undo").click()
    await expect(panel.row("My bicycle is at Miller's")).to_be_visible()
    await panel.detail.get_by_role("button", name="Forget", exact=True).first.click()
    await expect(panel.row("My bicycle is at Miller's")).to_have_count(0)
    assert (await owner.act("memory_list", text="bicycle"))["memories"] == []
    await panel.filter_by("Forgotten")
    await panel.row("My bicycle is at Miller's").click()
    await panel.detail.get_by_role("button", name="Restore").click()
    await panel.open()
    await expect(panel.row("My bicycle is at Miller's")).to_be_visible()
    assert len((await owner.act("memory_list", text="bicycle"))["memories"]) == 1


async def test_many_at_once(panel: Panel, owner: Api) -> None:
    await panel.root.get_by_role("button", name="Select memories").click()
    await panel.row("My locker code").click()
    await panel.row("My bicycle is at Miller's").click()
    await expect(panel.root.get_by_text("2 selected")).to_be_visible()
    await panel.root.get_by_role("button", name="Pin", exact=True).click()
    await expect(panel.toast).to_contain_text("2 memories changed")
    assert len((await owner.act("memory_list", pinned=True))["memories"]) == 2


async def test_map(panel: Panel) -> None:
    await panel.view("Map")
    canvas = panel.root.get_by_label(re.compile("Map of all memories"))
    await expect(canvas).to_be_visible()
    await panel.root.get_by_role("button", name=re.compile("dishwasher_tabs")).click()
    await expect(panel.page).to_have_url(re.compile("/semantic-memory/"))
    await expect(panel.detail.get_by_role("textbox", name="What to remember")).to_have_value(
        "The dishwasher tabs are under the sink"
    )


async def test_activity_shows_what_the_model_saw(panel: Panel) -> None:
    await panel.view("Activity")
    recall = panel.root.get_by_role("article").filter(has_text="What is my locker code?")
    await expect(recall).to_contain_text("Assist")
    await recall.get_by_role("button", name="Show what the model saw").click()
    await expect(recall).to_contain_text("My locker code is 4711")
    await expect(recall).to_contain_text('"key": "my_locker_code"')


async def test_import_and_export(panel: Panel, owner: Api, tmp_path: Path) -> None:
    file = tmp_path / "old memories.csv"
    file.write_text("key,value,scope\nsled,The sled hangs in the garage,household\n,,\n", encoding="utf-8")
    await panel.view("Status")
    await panel.choose_file(file)
    assert (await owner.act("memory_list", text="sled"))["memories"] == []
    await panel.root.get_by_role("button", name="Import (1)").click()
    await expect(panel.root.get_by_text("The memories are imported.")).to_be_visible()
    (sled,) = (await owner.act("memory_list", text="sled"))["memories"]
    assert sled["owner"] == "household"
    async with panel.page.expect_download() as waiting:
        await panel.root.get_by_role("button", name="Download").click()
    download = await waiting.value
    lines = [json.loads(line) for line in (await download.path()).read_text(encoding="utf-8").splitlines()]
    assert lines[0]["format"] == DOMAIN
    assert "The sled hangs in the garage" in {line.get("value") for line in lines}


async def test_snapshot_made_and_restored(panel: Panel, owner: Api) -> None:
    await panel.view("Status")
    await panel.root.get_by_role("button", name="Back up now").click()
    await expect(panel.toast).to_contain_text("The snapshot is there")
    await owner.act("memory_set", key="afterwards", value="This was told after the snapshot")
    await panel.root.get_by_role("button", name=re.compile("^Restore")).first.click()
    dialog = panel.dialog("Go back to this snapshot?")
    await dialog.get_by_role("button", name="Go back").click()
    await expect(panel.toast).to_contain_text("The memories are as they were")
    await expect(panel.root.get_by_role("heading", name="Snapshots")).to_be_visible()
    assert (await owner.act("memory_get", key="afterwards"))["status"] == "error"
    assert (await owner.act("memory_get", key="my_locker_code"))["status"] == "ok"


async def test_somebody_else_sees_nothing_of_it(browser: Browser, instance: HomeAssistantInstance, owner: Api) -> None:
    """Log in as a user without administrator's rights, in a browser of their own."""
    resident = await async_add_person(owner, GUEST)
    watch = Watch()
    page = await async_new_page(browser, watch)
    await Frontend(page, instance.url).log_in(GUEST)
    panel = Panel(page, instance.url)
    await panel.open()
    await expect(panel.row("The dishwasher tabs are under the sink")).to_be_visible()
    await expect(panel.row("My locker code")).to_have_count(0)
    await expect(panel.root.get_by_role("button", name=re.compile("Memories of"))).to_have_count(0)
    await panel.search("what is the code of the locker?")
    await expect(panel.root.get_by_role("status").first).to_contain_text(re.compile("found"))
    await expect(panel.row("4711")).to_have_count(0)
    await panel.view("Activity")
    await expect(panel.root.get_by_text("dishwasher_tabs").first).to_be_visible()
    await expect(panel.root.get_by_text("locker")).to_have_count(0)
    await panel.view("Status")
    await expect(panel.root.get_by_role("heading", name="Export")).to_be_visible()
    for heading in ("Import", "Snapshots"):
        await expect(panel.root.get_by_role("heading", name=heading)).to_have_count(0)
    await expect(panel.root.get_by_role("button", name="Read all anew")).to_have_count(0)
    watch.check()
    await page.context.close()
    async with resident.api as api:
        await _async_refused(api, (await owner.act("memory_get", key="my_locker_code"))["id"])


async def _async_refused(api: Api, memory: str) -> None:
    """Check that the server refuses what the page does not offer."""
    async with api.connect() as connection:
        for command, data in (
            ("get", {"memory_id": memory}),
            ("similar", {"memory_id": memory}),
            ("update", {"ids": [memory], "changes": {"value": "mine"}}),
            ("forget", {"ids": [memory]}),
            ("list", {"user_id": "0" * 32}),
            ("reembed", {}),
            ("backup", {}),
            ("import", {"file_id": "0" * 32, "owner": "household", "dry_run": True}),
        ):
            with pytest.raises(ApiError):
                await connection.command(f"{DOMAIN}/{command}", **data)


async def test_log_is_clean(instance: HomeAssistantInstance) -> None:
    assert complaints(instance) == []
