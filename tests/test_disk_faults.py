"""Locks and full disks, as people meet them: an error in words, the rest of Home Assistant unharmed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
import sys

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.semantic_memory.memory.storage import database

from .conftest import SetUp
from .glue_helpers import issues_of, left_running, state_of
from .service_helpers import async_act
from .small_disk import Disk, small_disk

_LOCKING = """\
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], autocommit=True)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def locked(file: Path) -> AsyncIterator[None]:
    """Have another process lock a database."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _LOCKING, str(file)), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    try:
        assert await process.stdout.readline() == b"locked\n"
        yield
    finally:
        process.stdin.close()
        await process.wait()


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for locks as little as possible."""
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.05)


async def test_another_process_locks_it_for_a_while(
    hass: HomeAssistant, short_wait: None, setup_integration: MockConfigEntry, tmp_path: Path
) -> None:
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    engine = setup_integration.runtime_data.engine
    async with locked(tmp_path / "semantic_memory" / "memory.db"):
        with pytest.raises(HomeAssistantError, match=r"another process has locked it\. Check that no other program"):
            await async_act(hass, "set", key="dog", value="The dog is called Rex")
        assert engine.status.storage_error == "database_unavailable"
        assert (await async_act(hass, "get", key="cat"))["value"] == "The cat is called Tom"
        assert (await async_act(hass, "search", query="cat"))["count"] == 1
        assert issues_of(hass) == set()
    assert (await async_act(hass, "set", key="dog", value="The dog is called Rex"))["status"] == "ok"
    assert engine.status.storage_error is None


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Return a disk of 16 MB where the database goes, and nothing else of Home Assistant."""
    with small_disk(tmp_path / "semantic_memory", 16) as disk:
        yield disk


async def _store_much(hass: HomeAssistant) -> None:
    for number in range(1_000):
        await async_act(hass, "set", key=f"n{number}", value="wombat " * 2_000)


async def test_a_full_disk(hass: HomeAssistant, disk: Disk, set_up: SetUp) -> None:
    entry = await set_up()
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    disk.fill()
    with pytest.raises(HomeAssistantError, match="the disk is full"):
        await _store_much(hass)
    with pytest.raises(HomeAssistantError, match="not enough room on the disk"):
        await async_act(hass, "backup")
    assert (await async_act(hass, "get", key="cat"))["value"] == "The cat is called Tom"
    assert issues_of(hass) == set()
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"light": None}})
    disk.empty()
    assert (await async_act(hass, "set", key="dog", value="The dog is called Rex"))["status"] == "ok"
    assert (await async_act(hass, "backup"))["status"] == "ok"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_disk_that_is_read_only_when_it_starts(hass: HomeAssistant, disk: Disk, set_up: SetUp) -> None:
    """Tried again, and loaded as soon as it can be written, with everything that was there."""
    entry = await set_up()
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    await hass.config_entries.async_unload(entry.entry_id)
    disk.protect(read_only=True)
    await hass.config_entries.async_setup(entry.entry_id)
    assert state_of(entry) is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "database_unavailable"
    assert "ead-only" in (entry.error_reason_translation_placeholders or {})["reason"]
    assert left_running() == []
    assert issues_of(hass) == set()
    disk.protect(read_only=False)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=2))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(entry) is ConfigEntryState.LOADED
    assert (await async_act(hass, "get", key="cat"))["value"] == "The cat is called Tom"
    await hass.config_entries.async_unload(entry.entry_id)
