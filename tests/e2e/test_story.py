"""From the very first page of Home Assistant to an assistant that remembers: what a new user does, in a browser."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
import re

from playwright.async_api import Browser, expect
import pytest
import pytest_asyncio
import pytest_socket

from scripts.demo_app.client import Api
from scripts.demo_app.flows import async_loaded_entry, async_set_up_ollama_agent
from scripts.demo_app.instance import HomeAssistantInstance
from scripts.demo_app.ollama_server import CHAT_MODEL, EMBEDDING_MODEL, StandInServer
from scripts.demo_app.people import async_log_in

from ..houses import OWNER, MakeInstance
from .browser import Watch, async_new_page
from .frontend import Frontend
from .marks import E2E

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


async def test_actions(window: Frontend) -> None:
    told = "We keep the spare key in the blue tin in the hall"
    stored = await window.perform("memory_set", {"Value": told, "Key": "spare key"})
    assert "status: ok" in stored  # of a long response, only the first lines are rendered
    assert "key: spare_key" in stored
    found = await window.perform("memory_search", {"Query": "where is the second key to the house?"})
    assert f"value: {told}" in found


async def test_assist_remembers(window: Frontend, ollama: StandInServer) -> None:
    resident = await async_log_in(window.url, OWNER)
    async with resident.api as api:
        await async_loaded_entry(api)
        await _async_talk_to(api, await async_set_up_ollama_agent(api, ollama.url, f"{CHAT_MODEL}:latest"))
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
