"""The commands that change memories."""

from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from .conftest import ADA, Client, Connect
from .test_reading import store

NOTHING = "01M7XHCTBXMBTQ5E58Z9NS5QBJ"


def soon(days: float = 3) -> str:
    """Return a time that lies ahead."""
    return (dt_util.utcnow() + timedelta(days=days)).isoformat()


async def test_set(bea: Client) -> None:
    answer = await bea.ask(
        "set", value="Anna drinks tea", key="tea", category="preference", tags=["drink"], pinned=True, expires_at=None
    )
    memory = answer["memory"]
    assert answer["result"] == "added"
    assert memory | {"owner": bea.user.id, "tag_list": ["drink"], "pinned": True, "expires_at": None} == memory

    assert (await bea.ask("set", value="Anna drinks tea", key="tea"))["result"] == "unchanged"
    answer = await bea.ask("set", value="Anna drinks coffee", key="tea", expires_at=soon(3))
    assert (answer["result"], answer["memory"]["id"]) == ("updated", memory["id"])
    assert answer["memory"]["expires_at"][:10] == soon(3)[:10]


async def test_set_says_what_is_similar(bea: Client) -> None:
    first = await store(bea, "Anna drinks tea in the morning", key="tea")

    answer = await bea.ask("set", value="Anna drinks tea in the morning!", key="another")

    assert [hit["id"] for hit in answer["similar"]] == [first["id"]]
    assert (await bea.ask("set", value="Anna drinks tea in the morning"))["result"] == "unchanged"
    assert (await bea.ask("set", value="Anna drinks tea in the morning", force_new=True))["result"] == "added"


async def test_set_takes_the_default_expiry(bea: Client) -> None:
    memory = await store(bea, "Anna drinks tea")

    assert memory["expires_at"][:10] == soon(180)[:10]


async def test_update(bea: Client) -> None:
    one, two = await store(bea, "Number 1", tags=["a", "b"]), await store(bea, "Number 2", scope="household")

    answer = await bea.ask(
        "update",
        ids=[one["id"], two["id"], one["id"]],
        changes={"add_tags": ["c"], "remove_tags": ["A"], "category": "home", "pinned": True, "confidence": 0.5},
    )

    assert [memory["id"] for memory in answer["memories"]] == [one["id"], two["id"]]
    assert [memory["tag_list"] for memory in answer["memories"]] == [["b", "c"], ["c"]]
    assert {(m["category"], m["pinned"], m["confidence"]) for m in answer["memories"]} == {("home", True, 0.5)}


async def test_update_one(bea: Client) -> None:
    memory = await store(bea, "Anna drinks tea", key="tea")
    end = soon(5)

    (changed,) = (
        await bea.ask(
            "update",
            ids=[memory["id"]],
            changes={"key": "Coffee", "value": "Anna drinks coffee", "tags": [], "expires_at": end},
        )
    )["memories"]
    assert (changed["key"], changed["value"], changed["expires_at"]) == ("coffee", "Anna drinks coffee", end)
    (changed,) = (await bea.ask("update", ids=[memory["id"]], changes={"expires_at": None}))["memories"]
    assert changed["expires_at"] is None
    (same,) = (await bea.ask("update", ids=[memory["id"]], changes={}))["memories"]
    assert same == changed


async def test_moving(bea: Client, carl: Client, connect: Connect) -> None:
    ada = await connect(ADA)
    memory = await store(bea, "The code is 1234", key="code")
    ids = [memory["id"]]
    assert await bea.refused("update", ids=ids, changes={"owner": carl.user.id}) == "move_to_other"

    (shared,) = (await bea.ask("update", ids=ids, changes={"owner": "household"}))["memories"]
    assert (shared["owner"], shared["scope"]) == ("household", "household")
    assert await bea.refused("update", ids=ids, changes={"owner": bea.user.id}) == "household_move"
    (given,) = (await ada.ask("update", ids=ids, changes={"owner": carl.user.id}))["memories"]
    assert (given["owner"], given["scope"]) == (carl.user.id, "user")
    assert await bea.refused("get", memory_id=memory["id"]) == "not_found"
    assert (await carl.ask("get", memory_id=memory["id"]))["memory"]["key"] == "code"


async def test_moving_to_nobody(hass: HomeAssistant, ada: Client) -> None:
    memory = await store(ada, "The code is 1234")
    addon = await hass.auth.async_create_system_user("Add-on")

    for owner in ("f" * 32, "", addon.id, "person.ada"):
        assert await ada.refused("update", ids=[memory["id"]], changes={"owner": owner}) == "user_not_found"


async def test_storing_for_somebody_who_was_deleted(ada: Client) -> None:
    assert await ada.refused("set", value="The code is 1234", user_id="f" * 32) == "user_not_found"


async def test_undo(bea: Client) -> None:
    memory = await store(bea, "Anna drinks tea", key="tea")
    await bea.ask("update", ids=[memory["id"]], changes={"value": "Anna drinks coffee", "pinned": True})
    (entry, first) = (await bea.ask("get", memory_id=memory["id"]))["history"]

    undone = (await bea.ask("undo", memory_id=memory["id"], entry=entry["id"]))["memory"]

    assert (undone["value"], undone["pinned"], undone["expires_at"]) == (
        "Anna drinks tea", False, memory["expires_at"],
    )  # fmt: skip
    assert len((await bea.ask("get", memory_id=memory["id"]))["history"]) == 3
    assert await bea.refused("undo", memory_id=memory["id"], entry=first["id"]) == "undo_nothing_before"
    assert await bea.refused("undo", memory_id=memory["id"], entry=0) == "undo_unknown"


async def test_forget_and_restore(bea: Client) -> None:
    ids = [(await store(bea, f"Number {number}"))["id"] for number in range(3)]

    assert await bea.ask("forget", ids=ids[:2]) == {"ids": ids[:2]}
    assert (await bea.ask("list"))["total"] == 1
    back = (await bea.ask("restore", ids=ids[:2]))["memories"]
    assert [memory["id"] for memory in back] == ids[:2]
    assert (await bea.ask("list"))["total"] == 3
    assert await bea.ask("forget", ids=ids[:1], purge=True) == {"ids": ids[:1]}
    assert await bea.refused("restore", ids=ids[:1]) == "not_found"


async def test_forgetting_all_or_none(bea: Client, carl: Client) -> None:
    mine, his = await store(bea, "Mine"), await store(carl, "His")

    assert await bea.refused("forget", ids=[mine["id"], his["id"]]) == "not_found"
    assert await bea.refused("restore", ids=[mine["id"]]) == "not_found"

    assert (await bea.ask("list"))["total"] == 1
    assert (await carl.ask("list"))["total"] == 1


async def test_purging_the_households(ada: Client, bea: Client) -> None:
    memory = await store(bea, "Ours", scope="household")

    assert await bea.refused("forget", ids=[memory["id"]], purge=True) == "household_purge"
    assert await ada.ask("forget", ids=[memory["id"]], purge=True) == {"ids": [memory["id"]]}


@pytest.mark.parametrize(
    ("command", "fields", "code"),
    [
        ("set", {}, "field_missing"),
        ("set", {"value": ""}, "value_empty"),
        ("set", {"value": "x" * 16_385}, "value_too_long"),
        ("set", {"value": "x", "key": "!"}, "key_empty"),
        ("set", {"value": "x", "scope": "everybody"}, "invalid_scope"),
        ("set", {"value": "x", "category": "x"}, "invalid_category"),
        ("set", {"value": "x", "tags": "a, b"}, "field_invalid"),
        ("set", {"value": "x", "tags": [1]}, "field_invalid"),
        ("set", {"value": "x", "pinned": "yes"}, "field_invalid"),
        ("set", {"value": "x", "expires_at": "2020-01-01T00:00:00+00:00"}, "invalid_expiry"),
        ("set", {"value": "x", "expires_at": "soon"}, "invalid_date"),
        ("set", {"value": "x", "expires_at": "2027-02-30T00:00:00+00:00"}, "invalid_date"),
        ("set", {"value": "x", "expires_at": 5}, "invalid_date"),
        ("set", {"value": "x", "owner": "y"}, "field_unknown"),
        ("update", {"ids": [NOTHING], "changes": {}}, "not_found"),
        ("update", {"ids": [], "changes": {}}, "no_ids"),
        ("update", {"ids": ["x"] * 5, "changes": {}}, "not_found"),
        ("update", {"ids": [str(number) for number in range(1_001)], "changes": {}}, "too_many_ids"),
        ("update", {"ids": NOTHING, "changes": {}}, "field_invalid"),
        ("update", {"ids": [NOTHING], "changes": []}, "field_invalid"),
        ("update", {"ids": [NOTHING], "changes": {"colour": "red"}}, "field_invalid"),
        ("update", {"ids": [NOTHING], "changes": {"confidence": "high"}}, "field_invalid"),
        ("update", {"ids": [NOTHING, "x"], "changes": {"value": "y"}}, "one_memory_only"),
        ("update", {"ids": [NOTHING]}, "field_missing"),
        ("undo", {"memory_id": NOTHING, "entry": 1}, "not_found"),
        ("undo", {"memory_id": NOTHING, "entry": "1"}, "field_invalid"),
        ("forget", {"ids": [None]}, "field_invalid"),
        ("forget", {"ids": [NOTHING], "purge": True}, "not_found"),
        ("restore", {"ids": []}, "no_ids"),
    ],
)
async def test_what_cannot_be_done(bea: Client, command: str, fields: dict[str, Any], code: str) -> None:
    assert await bea.refused(command, **fields) == code


async def test_a_key_that_is_taken(bea: Client) -> None:
    await store(bea, "Anna drinks tea", key="tea")
    other = await store(bea, "Tea is in the cupboard", key="cupboard")

    assert await bea.refused("update", ids=[other["id"]], changes={"key": "tea"}) == "key_in_use"
