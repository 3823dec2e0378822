"""What pages are told while they are open."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.const import GROUP_ID_USER
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, MemoryDraft, MemoryFilter, RecallRequest, Scope
from custom_components.semantic_memory.memory.status import EngineEvent
from custom_components.semantic_memory.websocket import subscribing

from .conftest import ADA, Client, Connect


class Page:
    """A page that is open: one connection listens, another one acts."""

    def __init__(self, listens: Client) -> None:
        """Take the connection that listens."""
        self.client = listens

    async def open(self, **fields: Any) -> dict[str, Any]:
        """Subscribe, and return the status that comes first."""
        await self.client.ask("subscribe", **fields)
        first: dict[str, Any] = await self.client.event()
        assert first["kind"] == "status"
        return first

    async def next(self) -> dict[str, Any]:
        """Return what is told next of memories."""
        while (event := await self.client.event())["kind"] == "status":
            pass
        told: dict[str, Any] = event
        return told


@pytest.fixture
async def page(connect: Connect, setup_integration: MockConfigEntry) -> Page:
    """Return Bea's page."""
    return Page(await connect("bea"))


async def test_the_first_event_is_a_status(page: Page) -> None:
    first = await page.open()

    assert first["status"] | {
        "memories": 0, "pending": 0, "embedder": "built_in", "model": "built-in", "storage_error": None,
    } == first["status"]  # fmt: skip
    assert set(first["status"]) == {
        "memories", "pending", "embedder", "model", "preferred_model", "embedder_error", "unavailable_since", "index",
        "index_error", "storage_error", "last_recall_at",
    }  # fmt: skip


async def test_what_happens_to_own_memories(page: Page, bea: Client) -> None:
    await page.open()

    memory = (await bea.ask("set", value="Anna drinks tea", key="tea"))["memory"]
    assert await page.next() == {"kind": "set", "memories": [memory], "removed": [], "reload": False}
    (changed,) = (await bea.ask("update", ids=[memory["id"]], changes={"pinned": True}))["memories"]
    assert await page.next() == {"kind": "change", "memories": [changed], "removed": [], "reload": False}
    await bea.ask("forget", ids=[memory["id"]])
    forgotten = await page.next()
    assert (forgotten["kind"], forgotten["removed"]) == ("forget", [])
    assert forgotten["memories"][0]["deleted_at"] is not None
    (back,) = (await bea.ask("restore", ids=[memory["id"]]))["memories"]
    assert await page.next() == {"kind": "restore", "memories": [back], "removed": [], "reload": False}
    await bea.ask("forget", ids=[memory["id"]], purge=True)
    assert await page.next() == {"kind": "purge", "memories": [], "removed": [memory["id"]], "reload": False}


async def test_a_recall_by_an_agent(page: Page, bea: Client, engine: MemoryEngine) -> None:
    memory = (await bea.ask("set", value="Anna drinks tea", key="tea"))["memory"]
    await page.open()

    await bea.ask("search", query="tea")  # of typing nobody is told
    await engine.async_recall(Caller(bea.user.id), RecallRequest(query="tea"))

    told = await page.next()
    assert (told["kind"], [found["id"] for found in told["memories"]]) == ("recall", [memory["id"]])


async def test_a_recall_that_finds_nothing(page: Page, bea: Client, carl: Client, engine: MemoryEngine) -> None:
    await page.open()
    his = Page(carl)
    await his.open()

    await engine.async_recall(Caller(bea.user.id), RecallRequest(query="tea"))

    nothing = {"kind": "recall", "memories": [], "removed": [], "reload": False}
    assert await page.next() == nothing
    await engine.async_recall(Caller(), RecallRequest(query="tea", touch=False, log=True))
    assert await page.next() == await his.next() == nothing
    shared = (await bea.ask("set", value="The household's", key="ours", scope="household"))["memory"]
    # Of the recall for Bea he was told nothing.
    assert await page.next() == await his.next() == {**nothing, "kind": "set", "memories": [shared]}


async def test_what_others_do(page: Page, bea: Client, carl: Client) -> None:
    await page.open()

    await carl.ask("set", value="His own", key="his")
    shared = (await carl.ask("set", value="The household's", key="ours", scope="household"))["memory"]

    assert (await page.next())["memories"] == [shared]


async def test_who_loses_sight_of_a_memory_is_told(
    page: Page, bea: Client, carl: Client, connect: Connect, engine: MemoryEngine
) -> None:
    ada = await connect(ADA)
    memory = (await carl.ask("set", value="The code is 1234", scope="household"))["memory"]
    await page.open()
    his = Page(carl)
    await his.open()

    await ada.ask("update", ids=[memory["id"]], changes={"owner": carl.user.id})

    assert await page.next() == {"kind": "change", "memories": [], "removed": [memory["id"]], "reload": False}
    seen = await his.next()
    assert (seen["memories"][0]["owner"], seen["removed"]) == (carl.user.id, [])


async def test_what_expires(page: Page, bea: Client, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = (await bea.ask("set", value="Guests come at eight", scope="session"))["memory"]
    await page.open()
    now = engine._writes.clock()
    monkeypatch.setattr(engine._writes, "clock", lambda: now + 2 * 86_400)

    await engine.async_run_maintenance()

    told = await page.next()
    assert (told["kind"], [gone["id"] for gone in told["memories"]]) == ("forget", [memory["id"]])


async def test_too_many_to_name(page: Page, bea: Client, engine: MemoryEngine) -> None:
    caller = Caller(bea.user.id)
    for number in range(101):
        await engine.async_remember(caller, MemoryDraft(value=f"Number {number}", key=f"n{number}", tags="many"))
    await page.open()

    await engine.async_forget(caller, where=MemoryFilter(tags="many"))

    assert await page.next() == {"kind": "forget", "memories": [], "removed": [], "reload": True}


async def test_an_administrator_looks_at_somebody(ada: Client, bea: Client, connect: Connect) -> None:
    page = Page(ada)
    await page.open(user_id=bea.user.id)
    acting = await connect(ADA)

    await acting.ask("set", value="The administrator's own")
    memory = (await bea.ask("set", value="Bea's"))["memory"]

    assert (await page.next())["memories"] == [memory]


async def test_who_is_no_administrator_any_more_is_told_nothing(
    hass: HomeAssistant, ada: Client, bea: Client, engine: MemoryEngine
) -> None:
    page = Page(ada)
    await page.open(user_id=bea.user.id)
    ada.user.is_owner = False  # as the first user of a home is, and owners stay administrators
    await hass.auth.async_update_user(ada.user, group_ids=[GROUP_ID_USER])

    await bea.ask("set", value="Bea's")
    await bea.ask("set", value="Ours", scope="household")

    assert not await _is_told(page)
    assert await page.client.refused("list", user_id=bea.user.id) == "other_user"


async def _is_told(page: Page) -> bool:
    """Return whether there is something about memories on the way: of what is asked then, the answer comes first."""
    await page.client.socket.send_json_auto_id({"type": "ping"})
    while (message := await page.client.socket.receive_json())["type"] != "pong":
        if message["event"]["kind"] != "status":
            return True
    return False


async def test_status_is_told_now_and_then(
    page: Page, bea: Client, engine: MemoryEngine, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await engine._background.async_stop("embeddings")  # it knows how many wait, and would say so
    await page.open()

    def pending(count: int) -> None:
        engine._worker.serving.update(pending=count)

    for count in range(50, 0, -1):  # a batch after the other
        pending(count)
    assert not await _has_status(page)
    freezer.tick(subscribing._STATUS_SECONDS + 0.1)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    event = await page.client.event()
    assert (event["kind"], event["status"]["pending"]) == ("status", 1)
    freezer.tick(subscribing._STATUS_SECONDS + 0.1)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert not await _has_status(page)
    pending(0)
    event = await page.client.event()
    assert (event["kind"], event["status"]["pending"]) == ("status", 0)


async def _has_status(page: Page) -> bool:
    await page.client.socket.send_json_auto_id({"type": "ping"})
    return bool((await page.client.socket.receive_json())["type"] != "pong")


async def test_a_page_stays_open_while_the_entry_is_loaded_anew(
    page: Page, connect: Connect, hass: HomeAssistant, setup_integration: MockConfigEntry
) -> None:
    await page.open()

    assert await hass.config_entries.async_reload(setup_integration.entry_id)

    assert (await page.client.event())["kind"] == "status"
    assert await page.next() == {"kind": "import", "memories": [], "removed": [], "reload": True}
    acting = await connect("bea")
    memory = (await acting.ask("set", value="Anna drinks tea"))["memory"]
    assert (await page.next())["memories"] == [memory]


async def test_nothing_is_told_while_no_entry_is_loaded(
    page: Page, hass: HomeAssistant, setup_integration: MockConfigEntry, engine: MemoryEngine
) -> None:
    await page.open()
    assert engine._listeners

    assert await hass.config_entries.async_unload(setup_integration.entry_id)
    engine._listeners.tell(EngineEvent(kind="status"))

    assert not await _has_status(page)
    assert await page.client.refused("subscribe") == "not_loaded"


async def test_a_subscription_ends_when_it_is_cancelled(page: Page, bea: Client, engine: MemoryEngine) -> None:
    before = len(engine._listeners)
    await page.client.socket.send_json({"id": 100, "type": "semantic_memory/subscribe"})
    while (await page.client.socket.receive_json())["type"] != "event":
        pass
    assert len(engine._listeners) == before + 1

    await page.client.socket.send_json({"id": 101, "type": "unsubscribe_events", "subscription": 100})
    assert (await page.client.socket.receive_json())["success"]

    assert len(engine._listeners) == before


async def test_a_subscription_ends_with_its_connection(page: Page, hass: HomeAssistant, engine: MemoryEngine) -> None:
    before = len(engine._listeners)
    await page.open()

    await page.client.socket.close()
    await hass.async_block_till_done()

    assert len(engine._listeners) == before


async def test_scope_names_do_not_matter(page: Page, engine: MemoryEngine) -> None:
    """What nobody in particular stores for today is the household's, and everybody is told."""
    await page.open()

    await engine.async_remember(Caller(), MemoryDraft(value="Guests come at eight", scope=Scope.SESSION))

    assert [memory["scope"] for memory in (await page.next())["memories"]] == ["session"]
