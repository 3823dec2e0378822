"""What holds for every command: who may use it, and for whom."""

import json
from pathlib import Path
import re
from typing import Any, Final

from homeassistant.components.websocket_api import DOMAIN as WEBSOCKET
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, MemoryDraft
from custom_components.semantic_memory.people import caller_for_connection
from custom_components.semantic_memory.websocket import COMMANDS, base

from .conftest import ADA, BEA, CARL, GROUPS, Client, Connect

ROOT: Final = Path(__file__).parents[2]
DOCUMENTED: Final = (ROOT / "docs" / "websocket.md").read_text("utf-8")
CHANGES: Final = {"set", "update", "undo", "forget", "restore"}
"""What no reader may do. What administrators only may do is refused to them all the same."""
BY_NAME: Final = {command.name: command for command in COMMANDS}
NAMES: Final = sorted(BY_NAME)


def documented(name: str) -> str:
    """Return the section on a command."""
    found = re.search(rf"^### `semantic_memory/{name}`$(.*?)(?=^##)", f"{DOCUMENTED}\n## End", re.DOTALL | re.MULTILINE)
    assert found, f"docs/websocket.md does not describe semantic_memory/{name}"
    return found[1]


def test_each_command_is_there_once() -> None:
    assert len(NAMES) == len(COMMANDS)


def test_nothing_else_is_documented() -> None:
    assert sorted(re.findall(r"^### `semantic_memory/(\w+)`$", DOCUMENTED, re.MULTILINE)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_commands_are_documented_with_their_fields(name: str) -> None:
    text = documented(name)

    for field in BY_NAME[name].fields:
        assert f"`{field}`" in text, f"{name} takes {field}"
    assert ("*Administrators only.*" in text) is BY_NAME[name].admin
    assert ("*Changes memories.*" in text) is BY_NAME[name].changes


@pytest.mark.parametrize("name", NAMES)
def test_home_assistant_keeps_the_names_of_its_own_fields(name: str) -> None:
    assert not {str(field) for field in BY_NAME[name].fields} & {"id", "type", "user_id"}


async def test_home_assistant_knows_them(hass: HomeAssistant, connect: Connect) -> None:
    registered = {name: schema for name, (_, schema) in hass.data[WEBSOCKET].items() if name.startswith(f"{DOMAIN}/")}

    assert {name.partition("/")[2] for name in registered} == set(NAMES)
    for name, schema in registered.items():
        taken = {str(marker) for marker in schema.schema}
        assert taken == {"id", "type", "user_id", *map(str, BY_NAME[name.partition("/")[2]].fields)}


@pytest.mark.parametrize("name", NAMES)
async def test_without_a_loaded_entry(connect: Connect, name: str) -> None:
    client = await connect(ADA)

    assert await client.refused(name, **_sent(name)) == "not_loaded"


async def test_an_entry_that_is_not_loaded_is_none(
    hass: HomeAssistant, connect: Connect, setup_integration: MockConfigEntry
) -> None:
    client = await connect(BEA)
    await hass.config_entries.async_set_disabled_by(setup_integration.entry_id, ConfigEntryDisabler.USER)

    assert await client.refused("list") == "not_loaded"


def _sent(name: str) -> dict[str, Any]:
    """Return something that a command takes."""
    usual: dict[str, Any] = {
        "ids": ["x"], "changes": {}, "value": "x", "query": "x", "memory_id": "x", "entry": 1, "name": "x",
        "file_id": "x", "owner": None, "dry_run": True, "format": "jsonl",
    }  # fmt: skip
    return {str(field): usual[str(field)] for field in BY_NAME[name].fields if isinstance(field, vol.Required)}


@pytest.mark.parametrize("name", NAMES)
async def test_a_field_that_there_is_not(ada: Client, name: str) -> None:
    assert await ada.refused(name, **_sent(name), nonsense=1) == "field_unknown"


@pytest.mark.parametrize("name", [name for name in NAMES if _sent(name)])
async def test_a_field_that_is_missing(ada: Client, name: str) -> None:
    assert await ada.refused(name) == "field_missing"


@pytest.mark.parametrize("name", NAMES)
async def test_only_administrators_look_at_others(bea: Client, carl: Client, name: str) -> None:
    code = await bea.refused(name, **_sent(name), user_id=carl.user.id)

    assert code == ("administrators_only" if BY_NAME[name].admin else "other_user")


@pytest.mark.parametrize("user_id", ["", "household", "person.bea", "0" * 31, "G" * 32, "add-on", 5, None])
async def test_whom_nobody_looks_at(hass: HomeAssistant, ada: Client, user_id: Any) -> None:
    if user_id == "add-on":
        user_id = (await hass.auth.async_create_system_user("Add-on")).id
    expected = "user_not_found" if isinstance(user_id, str) else "field_invalid"

    assert await ada.refused("list", user_id=user_id) == expected


async def test_naming_oneself(bea: Client) -> None:
    await bea.ask("set", value="Anna drinks tea", user_id=bea.user.id)

    assert (await bea.ask("list", user_id=bea.user.id))["total"] == 1


async def test_an_administrator_acts_for_somebody(ada: Client, bea: Client, engine: MemoryEngine) -> None:
    memory = (await ada.ask("set", value="Bea drinks tea", user_id=bea.user.id))["memory"]
    assert memory["owner"] == bea.user.id
    assert (await ada.ask("list"))["total"] == 0

    shown = await bea.ask("get", memory_id=memory["id"])

    assert (shown["history"][0]["actor"], shown["origin"]["created_by"]) == (ada.user.id, "Ada")


async def test_what_was_left_by_somebody_who_was_deleted(
    hass: HomeAssistant, ada: Client, engine: MemoryEngine, users: dict[str, Any]
) -> None:
    carl = users[CARL]
    await engine.async_remember(Caller(carl.id), MemoryDraft(value="Carl drinks tea"))
    await hass.auth.async_remove_user(carl)

    (memory,) = (await ada.ask("list", user_id=carl.id))["memories"]
    (moved,) = (await ada.ask("update", ids=[memory["id"]], changes={"owner": ada.user.id}, user_id=carl.id))[
        "memories"
    ]

    assert moved["owner"] == ada.user.id


@pytest.mark.parametrize("name", NAMES)
async def test_readers_change_nothing(wall: Client, name: str) -> None:
    answer = await wall.send(name, **_sent(name))

    code = None if answer["success"] else answer["error"]["code"]
    assert (code == "read_only_user") is (name in CHANGES)
    assert (code == "administrators_only") is BY_NAME[name].admin
    assert BY_NAME[name].changes is (name in CHANGES)


async def test_readers_see_what_is_theirs(bea: Client, wall: Client) -> None:
    await bea.ask("set", value="Ours", scope="household")
    await bea.ask("set", value="Bea's")

    assert [memory["value"] for memory in (await wall.ask("list"))["memories"]] == ["Ours"]
    assert (await wall.ask("info"))["can_change"] is False


async def test_users_of_home_assistant_are_nobody(
    hass: HomeAssistant, connect: Connect, setup_integration: MockConfigEntry, users: dict[str, Any]
) -> None:
    users["add-on"] = await hass.auth.async_create_system_user("Add-on", group_ids=[GROUPS[BEA]])
    addon, bea = await connect("add-on"), await connect(BEA)
    await bea.ask("set", value="Bea's")

    memory = (await addon.ask("set", value="From an add-on"))["memory"]

    assert memory["owner"] == "household"
    assert (await addon.ask("list"))["total"] == 1
    assert (await addon.ask("info"))["people"] == []
    assert await addon.refused("set", value="x", scope="user") == "scope_needs_person"
    assert await addon.refused("list", user_id=bea.user.id) == "other_user"


async def test_a_person_is_called_by_their_name(
    hass: HomeAssistant, setup_integration: MockConfigEntry, users: dict[str, Any]
) -> None:
    hass.states.async_set("person.bea", "home", {"friendly_name": "Beatrix", "user_id": users[BEA].id})

    caller = caller_for_connection(hass, setup_integration, users[ADA], users[BEA].id)

    assert (caller.names, caller.actor, caller.trusted) == (("Beatrix",), users[ADA].id, True)


async def test_errors_that_nobody_translated_are_home_assistants(hass: HomeAssistant, bea: Client) -> None:
    async def fail(_: base.Request) -> None:
        raise HomeAssistantError("Something else")

    base.register(hass, base.Command("fail", fail, {}))

    error = (await bea.send("fail"))["error"]
    assert (error["code"], error["message"]) == ("home_assistant_error", "Something else")


async def test_home_assistants_errors_are_translated_too(hass: HomeAssistant, bea: Client) -> None:
    async def fail(_: base.Request) -> None:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="import_upload_missing")

    base.register(hass, base.Command("fail", fail, {}))

    assert await bea.refused("fail") == "import_upload_missing"


def test_the_table_is_what_the_frontend_knows() -> None:
    """Every command is named in the contract."""
    contract = (ROOT / "frontend" / "src" / "api" / "types.ts").read_text("utf-8")

    assert set(re.findall(r"`semantic_memory/(\w+)`", contract)) == set(NAMES)
    assert json.loads((ROOT / "custom_components" / DOMAIN / "manifest.json").read_text())["dependencies"] == [
        "file_upload", "http", "websocket_api",
    ]  # fmt: skip
