"""Embedding anew, backups and restoring: for administrators."""

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, MemoryDraft

from ..glue_helpers import until
from .conftest import Client


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("reembed", {}),
        ("backup", {}),
        ("restore_backup", {"name": "x"}),
        ("import", {"file_id": "x", "owner": "household", "dry_run": True}),
    ],
)
async def test_only_administrators(
    engine: MemoryEngine, bea: Client, wall: Client, command: str, fields: dict[str, object]
) -> None:
    for client in (bea, wall):
        assert await client.refused(command, **fields) == "administrators_only"
    assert await engine.snapshots.async_list() == ()


async def test_embedding_anew(engine: MemoryEngine, ada: Client) -> None:
    await engine.async_remember(Caller(ada.user.id), MemoryDraft(value="The cat is called Tom"))
    await until(engine, lambda status: status.pending == 0)
    assert await ada.ask("reembed") == {}
    await until(engine, lambda status: status.pending == 0)
    assert (await ada.ask("status"))["space"]["vectors"] == 1


async def test_a_backup_and_back(hass: HomeAssistant, setup_integration: MockConfigEntry, ada: Client) -> None:
    def engine() -> MemoryEngine:
        found: MemoryEngine = setup_integration.runtime_data.engine
        return found

    caller = Caller(ada.user.id)
    await engine().async_remember(caller, MemoryDraft(value="The cat is called Tom", key="cat"))
    taken = await ada.ask("backup")
    assert (taken["reason"], taken["memories"]) == ("manual", 1)
    await engine().async_remember(caller, MemoryDraft(value="The dog is called Rex", key="dog"))

    restored = await ada.ask("restore_backup", name=taken["name"])

    assert restored["restored"]["name"] == taken["name"]
    names = [snapshot["name"] for snapshot in (await ada.ask("status"))["snapshots"]]
    assert restored["before"] in names
    assert [memory.key for memory in (await engine().async_list(caller)).memories] == ["cat"]
    assert await ada.refused("restore_backup", name="unknown") == "backup_not_found"
    assert await ada.refused("restore_backup") == "field_missing"
