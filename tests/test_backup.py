"""Home Assistant's backup, by its own manager: what was acknowledged is in it, and we never spoil it."""

import asyncio
from contextlib import closing
import io
from pathlib import Path
import sqlite3
import tarfile
from typing import Any
from unittest.mock import patch

from homeassistant.components.backup.const import DATA_MANAGER, EXCLUDE_FROM_BACKUP
from homeassistant.components.backup.manager import BackupManager
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.semantic_memory as integration
from custom_components.semantic_memory import backup, restoring
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import StorageError
from custom_components.semantic_memory.memory.hold import Hold

from .conftest import SetUp
from .glue_helpers import state_of
from .service_helpers import async_act


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the files of the entry are."""
    return tmp_path / "semantic_memory"


def sizes(folder: Path) -> dict[str, int]:
    """Return the files and how large they are."""
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


async def test_the_hooks_hold_and_release(
    hass: HomeAssistant, setup_integration: MockConfigEntry, folder: Path
) -> None:
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    await async_act(hass, "backup")
    await backup.async_pre_backup(hass)
    assert backup.async_is_under_way(hass)
    before = sizes(folder)
    assert before["memory.db-wal"] == 0
    for number in range(20):
        await async_act(hass, "set", key=f"n{number}", value=f"The number is {number}")
    await async_act(hass, "forget", key="cat", purge=True)
    after = sizes(folder)
    assert set(before) <= set(after)
    assert {name for name in before if before[name] != after[name]} == {"memory.db-wal"}
    await backup.async_post_backup(hass)
    assert not backup.async_is_under_way(hass)
    assert sizes(folder)["memory.db-wal"] == 0
    assert (await async_act(hass, "list"))["total"] == 20


@pytest.mark.parametrize("error", [StorageError(reason="odd"), RuntimeError("a bug")])
async def test_failures_are_logged_only(
    hass: HomeAssistant, setup_integration: MockConfigEntry, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with patch.object(Hold, "async_begin", side_effect=error), patch.object(Hold, "async_end", side_effect=error):
        await backup.async_pre_backup(hass)
        await backup.async_post_backup(hass)
    assert "The backup may hold memories of the last snapshot only" in caplog.text
    assert "could not be tidied up after a backup" in caplog.text
    assert not backup.async_is_under_way(hass)


async def test_without_a_loaded_entry(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    await hass.config_entries.async_unload(setup_integration.entry_id)
    await backup.async_pre_backup(hass)
    await backup.async_post_backup(hass)


async def test_a_reload_meanwhile(hass: HomeAssistant, setup_integration: MockConfigEntry, folder: Path) -> None:
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    await backup.async_pre_backup(hass)
    before = (folder / "memory.db").read_bytes()
    await async_act(hass, "set", key="dog", value="The dog is called Rex")
    await hass.config_entries.async_reload(setup_integration.entry_id)
    assert state_of(setup_integration) is ConfigEntryState.LOADED
    for number in range(5):
        await async_act(hass, "set", key=f"n{number}", value=f"The number is {number}")
    assert (folder / "memory.db").read_bytes() == before
    await backup.async_post_backup(hass)
    assert (folder / "memory.db").read_bytes() != before
    assert (await async_act(hass, "list"))["total"] == 7


@pytest.mark.parametrize("begins", [True, False])
async def test_it_begins_or_ends_while_the_entry_is_set_up(
    hass: HomeAssistant, setup_integration: MockConfigEntry, *, begins: bool
) -> None:
    if not begins:
        await backup.async_pre_backup(hass)
    set_up = integration._async_set_up

    async def slowly(*args: Any) -> None:
        await (backup.async_pre_backup if begins else backup.async_post_backup)(hass)
        await set_up(*args)

    with patch.object(integration, "_async_set_up", slowly):
        await hass.config_entries.async_reload(setup_integration.entry_id)
    assert setup_integration.runtime_data.engine.hold.active is begins
    await backup.async_post_backup(hass)
    assert not setup_integration.runtime_data.engine.hold.active


async def test_it_waits_for_a_restore(hass: HomeAssistant, setup_integration: MockConfigEntry, folder: Path) -> None:
    """The files are not copied while they are being replaced."""
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    await async_act(hass, "backup")
    beginning: list[asyncio.Task[None]] = []
    unload = restoring._async_unload

    async def unload_meanwhile(*args: Any) -> None:
        beginning.append(asyncio.create_task(backup.async_pre_backup(hass)))
        await unload(*args)

    with patch.object(restoring, "_async_unload", unload_meanwhile):
        await async_act(hass, "restore_backup")
    await beginning[0]
    assert setup_integration.runtime_data.engine.hold.active
    with pytest.raises(HomeAssistantError, match="making a backup"):
        await async_act(hass, "restore_backup")
    await backup.async_post_backup(hass)


async def test_its_end_is_never_told(
    hass: HomeAssistant, setup_integration: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made it has crashed: backups of the memory can be restored again after some hours."""
    await async_act(hass, "backup")
    monkeypatch.setattr(backup, "LONGEST_SECONDS", 0.0)
    await backup.async_pre_backup(hass)
    await setup_integration.runtime_data.engine.hold.async_end()
    assert (await async_act(hass, "restore_backup"))["status"] == "ok"


def test_nothing_of_ours_is_left_out() -> None:
    """Home Assistant's patterns count from the configuration directory."""
    ours = ("memory.db", "memory.db-wal", "memory.db-shm", "snapshots/memory-20261101T031500Z-daily.db", "purged")
    left_out = [
        (name, pattern)
        for name in ours
        for pattern in EXCLUDE_FROM_BACKUP
        if Path(f"data/semantic_memory/{name}").full_match(f"data/{pattern}")
    ]
    assert left_out == []


@pytest.fixture
async def manager(hass: HomeAssistant, set_up: SetUp, tmp_path: Path) -> BackupManager:
    """Return Home Assistant's own backups, with ours among the platforms, and a loaded entry."""
    assert await async_setup_component(hass, "backup", {})
    await set_up()
    await hass.async_block_till_done()
    return hass.data[DATA_MANAGER]


async def _async_back_up(manager: BackupManager) -> None:
    """Have Home Assistant make a backup of its configuration."""
    await manager.async_create_backup(
        agent_ids=["backup.local"],
        include_addons=None,
        include_all_addons=False,
        include_database=False,
        include_folders=None,
        include_homeassistant=True,
        name="test",
        password=None,
    )


def _unpack(backup_file: Path, target: Path) -> Path:
    """Unpack what Home Assistant has made, and return the memory in it."""
    with tarfile.open(backup_file) as outer:
        (name,) = (name for name in outer.getnames() if name.endswith("homeassistant.tar.gz"))
        inner = outer.extractfile(name)
        assert inner is not None
        with tarfile.open(fileobj=io.BytesIO(inner.read())) as config:
            config.extractall(target, filter="tar")
    return target / "data" / "semantic_memory" / "memory.db"


async def test_home_assistant_makes_one_while_memories_are_stored(
    hass: HomeAssistant, manager: BackupManager, tmp_path: Path
) -> None:
    assert "semantic_memory" in manager.platforms
    for number in range(10):
        await async_act(hass, "set", key=f"before_{number}", value=f"Stored before {number}")
    await async_act(hass, "backup")
    ending = asyncio.Event()

    async def write() -> int:
        number = 0
        while not ending.is_set():
            number += 1
            await async_act(hass, "set", key=f"meanwhile_{number}", value=f"Stored meanwhile {number}")
        return number

    writing = asyncio.create_task(write())
    await _async_back_up(manager)
    await hass.async_block_till_done()
    ending.set()
    assert await writing > 0
    (file,) = (tmp_path / "backups").glob("*.tar")
    found = await hass.async_add_executor_job(_unpack, file, tmp_path / "unpacked")
    with closing(sqlite3.connect(found)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        keys = {key for (key,) in connection.execute("SELECT key FROM memory")}
    assert {f"before_{number}" for number in range(10)} <= keys
    assert len(list((found.parent / "snapshots").glob("*.db"))) == 1


async def test_the_engine_is_released_when_home_assistant_fails(hass: HomeAssistant, manager: BackupManager) -> None:
    """Home Assistant tells that it has ended, however it ended."""
    engine: MemoryEngine = hass.config_entries.async_entries("semantic_memory")[0].runtime_data.engine
    with (
        patch("homeassistant.components.backup.manager.atomic_contents_add", side_effect=OSError("disk full")),
        pytest.raises(Exception, match="disk full"),
    ):
        await _async_back_up(manager)
    await hass.async_block_till_done()
    assert not engine._database.held
