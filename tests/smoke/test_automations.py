"""Events, the event entity, the blueprints and the card in a real Home Assistant of the current release."""

import asyncio
import shutil
import time
from typing import Any

import pytest
import pytest_asyncio

from scripts.demo_app.client import Api, ApiError
from scripts.demo_app.processes import ROOT

from ..houses import House, MakeInstance, async_house, async_set_up_built_in
from .log_check import complaints

pytestmark = [pytest.mark.smoke, pytest.mark.timeout(300)]

EVENT = "semantic_memory_changed"
ENTITY = "event.semantic_memory_change_of_memories"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(make_instance: MakeInstance) -> House:
    """Return one instance for all tests of this module, with the blueprints in its folder."""
    instance = make_instance(configuration="automation: !include automations.yaml\n")
    shutil.copytree(ROOT / "blueprints", instance.folder / "blueprints")
    (instance.folder / "automations.yaml").write_text("[]")
    house = await async_house(instance)
    async with Api(house.instance.url, house.owner_token) as api:
        await async_set_up_built_in(api)
    return house


async def async_automate(api: Api, blueprint: str, **inputs: Any) -> str:
    """Make an automation from a blueprint as the editor does; return its entity."""
    use = {"path": f"semantic_memory/{blueprint}.yaml", "input": inputs}
    await api.post(f"/api/config/automation/config/{blueprint}", {"alias": blueprint, "use_blueprint": use})
    entity_id = f"automation.{blueprint}"
    for _ in range(100):
        states = {state["entity_id"]: state["state"] for state in await api.get("/api/states")}
        if states.get(entity_id) == "on":
            return entity_id
        await asyncio.sleep(0.1)
    raise AssertionError(f"{entity_id} does not come on")


async def async_notification(api: Api, title: str) -> str:
    """Return the text of the notification with this title, and dismiss it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        async with api.connect() as connection:
            for found in await connection.command("persistent_notification/get"):
                if found["title"] == title:
                    identity = found["notification_id"]
                    await connection.call("persistent_notification", "dismiss", notification_id=identity)
                    return str(found["message"])
        await asyncio.sleep(0.1)
    raise AssertionError(f"no notification {title!r}")


async def test_administrators_hear_events_and_others_do_not(owner: Api, guest: Api, house: House) -> None:
    async with owner.connect() as connection:
        events = connection.stream("subscribe_events", event_type=EVENT)
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.5)
        memory = await owner.act("memory_set", key="secret", value="My code word is heron", scope="user")
        event = await asyncio.wait_for(first, 20)

    assert event["data"]["kind"] == "added"
    assert event["data"]["id"] == memory["id"]
    assert event["data"]["owner"] == event["context"]["user_id"] == house.owner_id
    assert "heron" not in str(event)
    assert "secret" not in str(event)

    async with guest.connect() as connection:
        with pytest.raises(ApiError, match="Unauthorized"):
            await anext(connection.stream("subscribe_events", event_type=EVENT))
    state = await guest.get(f"/api/states/{ENTITY}")
    assert state["attributes"]["event_type"] == "added"
    assert state["attributes"]["personal"] == 1
    assert {"id", "key", "category", "owner"}.isdisjoint(state["attributes"])


async def test_learned_something(owner: Api) -> None:
    await async_automate(owner, "learned_something", surfaces=["action"])
    memory = await owner.act("memory_set", key="bins", value="The bins go out on Tuesdays", scope="household")

    message = await async_notification(owner, "Assist remembers")
    assert message == f"“The bins go out on Tuesdays” [Open](/semantic-memory/memories/{memory['id']})"


async def test_morning_briefing(owner: Api) -> None:
    await owner.act("memory_set", key="pills", value="Take the pills", scope="household", pinned=True, tags="reminder")
    entity_id = await async_automate(owner, "morning_briefing", weekdays=", ".join(["Noday"] * 7))
    async with owner.connect() as connection:
        await connection.call("automation", "trigger", entity_id=entity_id, skip_condition=False)

    assert await async_notification(owner, "Good morning!") == "Keep in mind:\n- Take the pills"


async def test_forget_me_not(owner: Api) -> None:
    await owner.act("memory_set", key="lease", value="The lease", scope="household", expiration_days=1 + 2 / 86_400)
    await owner.act("memory_set", key="parking", value="Parked in B2", scope="household", expiration_days=0.5)
    entity_id = await async_automate(owner, "forget_me_not", days=1)
    await asyncio.sleep(2)
    async with owner.connect() as connection:
        await connection.call("automation", "trigger", entity_id=entity_id, skip_condition=False)

    message = await async_notification(owner, "Soon forgotten")
    assert message.startswith("- The lease (until ")
    assert "Parked" not in message  # it was never to last


async def test_every_page_loads_the_card(house: House, owner: Api) -> None:
    page = str(await owner.get("/"))
    (start, _, _) = page.partition("/semantic-memory-card.js")
    address = f"{start.rpartition('"')[2]}/semantic-memory-card.js"

    assert address.startswith("/")
    assert "customCards" in str(await owner.get(address))


async def test_log_is_clean(house: House) -> None:
    assert complaints(house.instance, f"Refusing to allow Jonas to subscribe to event {EVENT}") == []
