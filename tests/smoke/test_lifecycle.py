"""What must survive: restarts, power cuts, a server that is down, and removal of the integration."""

import asyncio
from pathlib import Path
import time

import pytest
import pytest_asyncio

from scripts.demo_app.client import DOMAIN, Api, ApiError
from scripts.demo_app.flows import async_config_flow, async_entry, async_loaded_entry
from scripts.demo_app.ollama_server import EMBEDDING_MODEL, StandInServer

from ..houses import House, MakeInstance, async_house, async_set_up_built_in, async_until_stored, login
from .log_check import NOT_SET_UP, UNREACHABLE, complaints

pytestmark = [pytest.mark.smoke, pytest.mark.timeout(300)]

CATCH_UP_TIMEOUT = 90.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(make_instance: MakeInstance) -> House:
    """Return one instance for all tests of this module. They build on each other, in this order."""
    return await async_house(make_instance())


async def _restart(house: House) -> None:
    house.instance.stop()
    house.instance.launch()
    await house.instance.async_wait()


async def _until_embedded(api: Api) -> None:
    """Wait until the Ollama model serves and no memory waits for it."""
    await async_loaded_entry(api)
    deadline = time.monotonic() + CATCH_UP_TIMEOUT
    while True:
        stats = await api.act("memory_stats")
        if stats["embedder"] == "ollama" and stats["pending"] == 0:
            return
        assert time.monotonic() < deadline, stats
        await asyncio.sleep(0.2)


def _threads(house: House) -> list[str]:
    """Return the names of the threads of the process."""
    tasks = Path(f"/proc/{house.instance.pid}/task")
    return sorted((task / "comm").read_text().strip() for task in tasks.iterdir())


async def test_power_cut_loses_nothing_acknowledged(house: House, owner: Api) -> None:
    await async_set_up_built_in(owner)
    await async_until_stored(house, "core.config_entries", DOMAIN)
    await async_until_stored(house, "auth", login(house.owner_token))
    for number in range(20):
        await owner.act("memory_set", key=f"before the cut {number}", value=f"Acknowledged fact number {number}")
    house.instance.kill()
    house.instance.launch()
    await house.instance.async_wait()
    for number in range(20):
        found = await owner.act("memory_get", key=f"before_the_cut_{number}")
        assert found["value"] == f"Acknowledged fact number {number}"


async def test_restart_keeps_memories(house: House, owner: Api) -> None:
    await owner.act("memory_set", key="piano", value="The piano is tuned by Mrs Okafor every autumn")
    await _restart(house)
    await async_loaded_entry(owner)
    found = await owner.act("memory_search", query="who takes care of our instrument?")
    assert found["results"][0]["key"] == "piano"


async def test_reconfigure_to_ollama(house: House, owner: Api, stand_in: StandInServer) -> None:
    entry = await async_entry(owner)
    flow = await async_config_flow(owner, DOMAIN, entry["entry_id"])
    await flow.choose("ollama")
    await flow.fill("ollama", {"url": stand_in.url})
    await flow.fill("model", {"model": EMBEDDING_MODEL})
    await flow.finish_progress()
    flow.ended("reconfigure_successful")
    await _until_embedded(owner)
    found = await owner.act("memory_search", query="who takes care of our instrument?")
    assert found["embedder"] == "ollama"
    assert found["results"][0]["key"] == "piano"


async def test_wrong_address_is_explained(owner: Api) -> None:
    entry = await async_entry(owner)
    flow = await async_config_flow(owner, DOMAIN, entry["entry_id"])
    await flow.choose("ollama")
    await flow.fill("ollama", {"url": "http://127.0.0.1:9"})
    assert flow.step["type"] == "form"
    assert "cannot_connect" in flow.step["errors"].values()


async def test_set_up_with_the_server_down(house: House, owner: Api, stand_in: StandInServer) -> None:
    stand_in.switch_off()
    await _restart(house)
    await async_loaded_entry(owner)
    found = await owner.act("memory_search", query="who takes care of our instrument?")
    assert found["embedder"] == "built_in"
    assert found["results"][0]["key"] == "piano"
    stored = await owner.act("memory_set", key="boat", value="The rowing boat lies at pier four")
    assert stored["status"] == "ok"
    assert (await owner.act("memory_get", key="boat"))["value"] == "The rowing boat lies at pier four"
    stand_in.switch_on()
    await _until_embedded(owner)


async def test_unloading_and_removal_leave_nothing(house: House, owner: Api) -> None:
    entry_id = (await async_entry(owner))["entry_id"]
    async with owner.connect() as connection:
        result = await connection.command("config_entries/disable", entry_id=entry_id, disabled_by="user")
        assert result["require_restart"] is False
        assert (await async_entry(owner))["state"] == "not_loaded"
        assert not [name for name in _threads(house) if "semantic" in name or "memory" in name]
        with pytest.raises(ApiError) as caught:
            await owner.act("memory_stats")
        assert caught.value.translation_key
        await connection.command("config_entries/disable", entry_id=entry_id, disabled_by=None)
        assert (await owner.act("memory_get", key="boat"))["status"] == "ok"

        await owner.request("DELETE", f"/api/config/config_entries/entry/{entry_id}")
        entities = await connection.command("config/entity_registry/list")
        devices = await connection.command("config/device_registry/list")
        issues = await connection.command("repairs/list_issues")
    assert not [entity for entity in entities if entity["platform"] == DOMAIN]
    assert not [device for device in devices if ["semantic_memory", entry_id] in device["identifiers"]]
    assert not [issue for issue in issues["issues"] if issue["domain"] == DOMAIN]
    assert not [name for name in _threads(house) if "semantic" in name or "memory" in name]


async def test_log_is_clean(house: House) -> None:
    assert complaints(house.instance, UNREACHABLE, NOT_SET_UP) == []
