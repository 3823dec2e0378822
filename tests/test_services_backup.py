"""The actions on backups: who may, what they answer, and that nothing is lost on the way."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized, UnknownUser
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import StorageError
from custom_components.semantic_memory.memory.snapshots import Snapshots
from custom_components.semantic_memory.memory.storage import restoring

from .conftest import SetUp
from .glue_helpers import content, damage, issues_of, left_running, state_of
from .service_helpers import async_act

SECRET = "The wombat sleeps in the shed"


@pytest.fixture
def folder(setup_integration: MockConfigEntry, tmp_path: Path) -> Path:
    """Return where the files of the loaded entry are."""
    return tmp_path / "semantic_memory"


def names(folder: Path) -> list[str]:
    """Return the files, without what belongs to the open database."""
    return sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("memory.db"))


def holding(folder: Path, text: bytes) -> list[str]:
    """Return the files with a text in them, in whatever case."""
    return [path.name for path in folder.rglob("*") if path.is_file() and text in path.read_bytes().lower()]


async def keys(hass: HomeAssistant) -> list[str]:
    """Return what is remembered."""
    return sorted(memory["key"] for memory in (await async_act(hass, "list"))["memories"])


async def test_a_backup_is_answered_and_listed(hass: HomeAssistant, folder: Path) -> None:
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    answer = await async_act(hass, "backup")
    (listed,) = answer["backups"]
    assert answer == {"status": "ok", "op": "backup", **listed, "backups": [listed]}
    assert set(listed) == {"name", "taken_at", "reason", "size", "memories"}
    assert (listed["reason"], listed["memories"]) == ("manual", 1)
    assert (folder / "snapshots" / listed["name"]).stat().st_size == listed["size"]


@pytest.mark.parametrize("named", [True, False])
async def test_there_and_back(
    hass: HomeAssistant, folder: Path, setup_integration: MockConfigEntry, named: bool
) -> None:
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    backup = await async_act(hass, "backup")
    await async_act(hass, "set", key="dog", value="The dog is called Rex")
    await async_act(hass, "set", key="cat", value="The cat is called Felix")

    data = {"name": backup["name"]} if named else {}
    answer = await async_act(hass, "restore_backup", **data)
    assert {name: answer[name] for name in ("status", "op", "name", "memories")} == {
        "status": "ok",
        "op": "restore_backup",
        "name": backup["name"],
        "memories": 1,
    }
    assert state_of(setup_integration) is ConfigEntryState.LOADED
    assert await keys(hass) == ["cat"]
    assert (await async_act(hass, "get", key="cat"))["value"] == "The cat is called Tom"
    assert (await async_act(hass, "search", query="my kitten's name"))["results"][0]["key"] == "cat"
    assert names(folder) == []
    assert "-restore" in answer["before"]

    await async_act(hass, "restore_backup", name=answer["before"])
    assert await keys(hass) == ["cat", "dog"]
    assert (await async_act(hass, "get", key="cat"))["value"] == "The cat is called Felix"


async def test_what_was_purged_stays_purged(hass: HomeAssistant, folder: Path) -> None:
    await async_act(hass, "set", key="animal", value=SECRET)
    backup = await async_act(hass, "backup")
    await async_act(hass, "forget", key="animal", purge=True)
    assert holding(folder, b"wombat") == []
    await async_act(hass, "restore_backup", name=backup["name"])
    assert await keys(hass) == []


@pytest.mark.parametrize("op", ["backup", "restore_backup"])
@pytest.mark.parametrize("group", [GROUP_ID_USER, GROUP_ID_READ_ONLY])
async def test_only_for_administrators(hass: HomeAssistant, folder: Path, op: str, group: str) -> None:
    groups = [await hass.auth.async_get_group(group)]
    user = MockUser(groups=[group for group in groups if group]).add_to_hass(hass)
    assert not user.is_admin
    with pytest.raises(Unauthorized):
        await async_act(hass, op, user)
    assert not (folder / "snapshots").exists()


async def test_administrators_and_automations_may(hass: HomeAssistant, folder: Path, hass_admin_user: MockUser) -> None:
    group = await hass.auth.async_get_group(GROUP_ID_ADMIN)
    assert group in hass_admin_user.groups
    for user in (hass_admin_user, None):
        assert (await async_act(hass, "backup", user))["status"] == "ok"
        assert (await async_act(hass, "restore_backup", user))["status"] == "ok"


async def test_a_user_that_is_no_more(hass: HomeAssistant, folder: Path) -> None:
    with pytest.raises(UnknownUser):
        await hass.services.async_call(DOMAIN, "memory_backup", {}, blocking=True, context=Context(user_id="0" * 32))


async def test_a_wrong_name(hass: HomeAssistant, folder: Path, setup_integration: MockConfigEntry) -> None:
    backup = await async_act(hass, "backup")
    with pytest.raises(ServiceValidationError, match=f"There is no backup yesterday.*{backup['name']}"):
        await async_act(hass, "restore_backup", name="yesterday")
    assert state_of(setup_integration) is ConfigEntryState.LOADED
    assert len(list((folder / "snapshots").iterdir())) == 1


async def test_no_backup_yet(hass: HomeAssistant, folder: Path) -> None:
    with pytest.raises(ServiceValidationError, match="memory_backup"):
        await async_act(hass, "restore_backup")


async def test_not_while_home_assistant_copies_the_files(hass: HomeAssistant, folder: Path) -> None:
    await async_act(hass, "backup")
    with (
        patch("custom_components.semantic_memory.restoring.async_is_under_way", return_value=True),
        pytest.raises(ServiceValidationError, match="Home Assistant is making a backup"),
    ):
        await async_act(hass, "restore_backup")


async def test_no_room(hass: HomeAssistant, folder: Path) -> None:
    with (
        patch("shutil.disk_usage", return_value=type("Usage", (), {"free": 1_000})),
        pytest.raises(HomeAssistantError, match="1 MB have to be free, 0 MB are"),
    ):
        await async_act(hass, "backup")
    assert list((folder / "snapshots").iterdir()) == []


def _not_swapped() -> Any:
    return patch.object(restoring, "_swap", side_effect=StorageError(reason="odd"))


def _not_unloaded() -> Any:
    return patch("homeassistant.config_entries.ConfigEntries.async_unload_platforms", return_value=False)


def _not_opened() -> Any:
    opening = MemoryEngine.async_open
    tried: list[bool] = []

    async def fail_once(*args: Any, **options: Any) -> MemoryEngine:
        tried.append(True)
        if len(tried) == 1:
            raise StorageError(reason="odd")
        return await opening(*args, **options)

    return patch.object(MemoryEngine, "async_open", fail_once)


@pytest.mark.parametrize(
    ("breaking", "code"),
    [(_not_swapped, "storage_failed"), (_not_unloaded, "not_unloaded"), (_not_opened, "restore_failed")],
)
async def test_a_failure_leaves_everything_as_it_was(
    hass: HomeAssistant,
    folder: Path,
    setup_integration: MockConfigEntry,
    breaking: Callable[[], Any],
    code: str,
) -> None:
    backup = await async_act(hass, "backup")
    await async_act(hass, "set", key="dog", value="The dog is called Rex")
    with breaking(), pytest.raises(HomeAssistantError) as raised:
        await async_act(hass, "restore_backup", name=backup["name"])
    assert raised.value.translation_key == code
    assert "{" not in str(raised.value)
    if code == "not_unloaded":
        assert state_of(setup_integration) is ConfigEntryState.FAILED_UNLOAD
        with pytest.raises(HomeAssistantError) as raised:
            await async_act(hass, "restore_backup", name=backup["name"])
        assert raised.value.translation_key == code
        setup_integration.mock_state(hass, ConfigEntryState.LOADED)
    assert state_of(setup_integration) is ConfigEntryState.LOADED
    assert await keys(hass) == ["dog"]
    assert names(folder) == []


async def test_a_snapshot_of_before_that_cannot_be_taken(hass: HomeAssistant, folder: Path) -> None:
    """Then the file itself is kept."""
    backup = await async_act(hass, "backup")
    await async_act(hass, "set", key="dog", value="The dog is called Rex")
    with patch.object(Snapshots, "async_take", side_effect=StorageError(reason="odd")):
        answer = await async_act(hass, "restore_backup", name=backup["name"])
    assert names(folder) == [answer["before"]]
    assert answer["before"].startswith("replaced-")
    assert b"Rex" in content(folder / answer["before"])


async def test_two_at_once(hass: HomeAssistant, folder: Path, setup_integration: MockConfigEntry) -> None:
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    await async_act(hass, "backup")
    answers = await asyncio.gather(*(async_act(hass, "restore_backup") for _ in range(2)))
    assert [answer["status"] for answer in answers] == ["ok", "ok"]
    assert await keys(hass) == ["cat"]


async def test_whoever_waits_is_cancelled(
    hass: HomeAssistant, folder: Path, setup_integration: MockConfigEntry
) -> None:
    """A script is stopped: it must not leave the memory unloaded."""
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    await async_act(hass, "backup")
    restore = asyncio.create_task(async_act(hass, "restore_backup"))
    with patch.object(restoring, "choose", side_effect=restoring.choose) as choosing:
        while not choosing.called:
            await asyncio.sleep(0)
    restore.cancel()
    with pytest.raises(asyncio.CancelledError):
        await restore
    await hass.async_block_till_done()
    assert state_of(setup_integration) is ConfigEntryState.LOADED
    assert await keys(hass) == ["cat"]


async def test_restoring_where_nothing_runs(hass: HomeAssistant, set_up: SetUp, tmp_path: Path) -> None:
    """The database is damaged, and somebody prefers the action to the repair."""
    entry = await set_up()
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    await async_act(hass, "backup")
    await hass.config_entries.async_unload(entry.entry_id)
    file = tmp_path / "semantic_memory" / "memory.db"
    damage(file)
    before = content(file)
    await hass.config_entries.async_setup(entry.entry_id)
    assert state_of(entry) is ConfigEntryState.SETUP_ERROR
    with pytest.raises(ServiceValidationError):
        await async_act(hass, "backup")

    answer = await async_act(hass, "restore_backup")
    assert state_of(entry) is ConfigEntryState.LOADED
    assert await keys(hass) == ["cat"]
    assert issues_of(hass) == set()
    assert content(file.with_name(answer["before"])) == before


async def test_a_disabled_entry(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    await hass.config_entries.async_set_disabled_by(setup_integration.entry_id, ConfigEntryDisabler.USER)
    with pytest.raises(ServiceValidationError):
        await async_act(hass, "restore_backup")
    assert left_running() == []
