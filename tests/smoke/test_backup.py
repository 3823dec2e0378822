"""Home Assistant's own backup, made and restored by two real processes; and our own, in one of them."""

import asyncio
from dataclasses import replace
import json
from pathlib import Path
import shutil
import time

from homeassistant.const import RESTART_EXIT_CODE
import pytest
import pytest_asyncio

from scripts.demo_app.client import DOMAIN, Api, ApiError
from scripts.demo_app.flows import async_loaded_entry
from scripts.demo_app.instance import HomeAssistantInstance

from ..houses import PYTHON, House, MakeInstance, async_house, async_set_up_built_in, async_until_stored, login
from .log_check import complaints

pytestmark = [pytest.mark.smoke, pytest.mark.timeout(300)]

_TIMEOUT = 120.0


@pytest.fixture(scope="module")
def second(make_instance: MakeInstance) -> HomeAssistantInstance:
    """Return an instance that was never started."""
    return make_instance()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(make_instance: MakeInstance, second: HomeAssistantInstance) -> House:
    """Return one instance for all tests of this module. They build on each other, in this order."""
    return await async_house(make_instance())


@pytest.fixture(scope="module")
def restored(house: House, second: HomeAssistantInstance) -> House:
    """Return the same people in the second instance, which the first one's backup is restored in."""
    return replace(house, instance=second)


async def _async_backup(api: Api, folder: Path) -> Path:
    """Have Home Assistant make a backup, and return its file."""
    async with api.connect() as connection:
        agents = (await connection.command("backup/agents/info"))["agents"]
        await connection.command("backup/generate", agent_ids=[agent["agent_id"] for agent in agents], name="test")
        deadline = time.monotonic() + _TIMEOUT
        while True:
            info = await connection.command("backup/info")
            if info["state"] == "idle" and info["backups"]:
                break
            assert time.monotonic() < deadline, info
            await asyncio.sleep(0.2)
    (file,) = (folder / "backups").glob("*.tar")
    return file


async def _async_write(api: Api, stop: asyncio.Event) -> int:
    """Store memories until it is enough; return how many were acknowledged."""
    number = 0
    while not stop.is_set():
        await api.act("memory_set", key=f"meanwhile {number}", value=f"Stored while the backup was made, {number}")
        number += 1
    return number


async def test_a_backup_is_made_while_memories_are_stored(house: House, owner: Api) -> None:
    await async_set_up_built_in(owner)
    await owner.act("memory_set", key="piano", value="The piano is tuned by Mrs Okafor every autumn")
    for number in range(30):
        await owner.act("memory_set", key=f"before {number}", value=f"Acknowledged before the backup, {number}")
    await async_until_stored(house, "core.config_entries", DOMAIN)  # what Home Assistant has not written is not in it
    await async_until_stored(house, "auth", login(house.owner_token))
    await async_until_stored(house, "auth", login(house.guest_token))
    stop = asyncio.Event()
    writing = asyncio.create_task(_async_write(owner, stop))
    await _async_backup(owner, house.instance.folder)
    stop.set()
    written = await writing
    assert (await owner.act("memory_stats"))["total"] == 31 + written


def _prepare_restore(house: House, instance: HomeAssistantInstance) -> None:
    """Tell Home Assistant to restore the backup when it starts, as its own panel does."""
    (file,) = (house.instance.folder / "backups").glob("*.tar")
    instance.folder.mkdir(parents=True)
    copy = instance.folder.parent / file.name
    shutil.copy(file, copy)
    instruction = {
        "path": str(copy),
        "password": None,
        "remove_after_restore": False,
        "restore_database": True,
        "restore_homeassistant": True,
    }
    (instance.folder / ".HA_RESTORE").write_text(json.dumps(instruction), encoding="utf-8")


async def test_everything_is_found_in_the_restored_one(house: House, restored: House) -> None:
    _prepare_restore(house, restored.instance)
    house.instance.stop()  # the second one listens on the same port: that is in the backup, too
    restored.instance.port = house.instance.port
    command = (str(PYTHON), "-m", "homeassistant", "--config", str(restored.instance.folder))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == RESTART_EXIT_CODE
    restored.instance.launch()
    await restored.instance.async_wait()
    async with Api(restored.instance.url, restored.owner_token) as api:
        await async_loaded_entry(api)
        found = await api.act("memory_search", query="who takes care of our instrument?")
        assert found["results"][0]["key"] == "piano"
        for number in range(30):
            memory = await api.act("memory_get", key=f"before_{number}")
            assert memory["value"] == f"Acknowledged before the backup, {number}"
        await api.act("memory_set", key="boat", value="The rowing boat lies at pier four")
    assert complaints(restored.instance) == []


async def test_our_own_backup(restored: House) -> None:
    async with Api(restored.instance.url, restored.owner_token) as api:
        taken = await api.act("memory_backup")
        await api.act("memory_forget", key="boat", purge=True)
        await api.act("memory_set", key="car", value="The car is in the garage")
        answer = await api.act("memory_restore_backup", name=taken["name"])
        assert answer["status"] == "ok"
        assert (await api.act("memory_get", key="piano"))["status"] == "ok"
        for key in ("boat", "car"):  # the one was purged from the backup, too; the other was stored after it
            assert (await api.act("memory_get", key=key))["status"] == "error"
        with pytest.raises(ApiError, match="There is no backup yesterday"):
            await api.act("memory_restore_backup", name="yesterday")
    async with Api(restored.instance.url, restored.guest_token) as guest:
        for action in ("memory_backup", "memory_restore_backup"):
            with pytest.raises(ApiError) as caught:
                await guest.act(action)
            assert caught.value.message == "Unauthorized"
    assert complaints(restored.instance, "Unauthorized") == []
