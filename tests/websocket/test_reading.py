"""The commands that show memories."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, MemoryDraft, Scope, Source

from .conftest import Client


async def store(client: Client, value: str, **fields: Any) -> dict[str, Any]:
    """Store a memory as a user does, and return it."""
    memory: dict[str, Any] = (await client.ask("set", value=value, **fields))["memory"]
    return memory


async def test_list(bea: Client, carl: Client) -> None:
    for number in range(5):
        await store(bea, f"Number {number}", key=f"n{number}", category="home" if number % 2 else "event")
    await store(carl, "The household's", key="ours", scope="household")
    await store(carl, "Carl's", key="his")

    answer = await bea.ask("list")
    assert [memory["key"] for memory in answer["memories"]] == ["ours", "n4", "n3", "n2", "n1", "n0"]
    assert (answer["total"], answer["groups"], answer["offset"]) == (6, [], 0)
    assert answer["memories"][1] | {
        "value": "Number 4", "owner": bea.user.id, "scope": "user", "category": "event", "tag_list": [],
        "pinned": False, "deleted_at": None,
    } == answer["memories"][1]  # fmt: skip
    assert answer["memories"][1]["source"]["surface"] == "panel"

    answer = await bea.ask("list", sort="key", descending=False, group_by="category", offset=1, limit=3)
    assert [memory["key"] for memory in answer["memories"]] == ["n3", "n0", "n2"]
    assert answer["groups"] == [
        {"value": "home", "count": 2}, {"value": "event", "count": 3}, {"value": "general", "count": 1},
    ]  # fmt: skip
    assert (answer["total"], answer["offset"]) == (6, 1)


async def test_list_with_filters(bea: Client) -> None:
    await store(bea, "Milk is in the fridge", key="milk", tags=["food", "cold"], pinned=True)
    await store(bea, "Bread is on the shelf", key="bread", tags=["food"], scope="household")
    await store(bea, "Guests come at eight", key="guests", scope="session")
    gone = await store(bea, "Cheese is gone", key="cheese")
    await bea.ask("forget", ids=[gone["id"]])

    async def keys(**where: Any) -> set[str]:
        return {memory["key"] for memory in (await bea.ask("list", filter=where))["memories"]}

    assert await keys() == {"milk", "bread", "guests"}
    assert await keys(owner="household") == {"bread"}
    assert await keys(owner=bea.user.id, scope=None) == {"milk", "guests"}
    assert await keys(scope="session") == {"guests"}
    assert await keys(tags=["food", "cold"]) == {"milk"}
    assert await keys(text="shelf bread") == {"bread"}
    assert await keys(pinned=True) == {"milk"}
    assert await keys(expiring=True) == {"guests"}
    assert await keys(surface="llm") == set()
    assert await keys(category="general", forgotten=True) == {"cheese"}


async def test_facets(bea: Client, carl: Client) -> None:
    await store(bea, "Milk is in the fridge", tags=["food", "cold"], pinned=True)
    await store(carl, "Bread is on the shelf", tags=["food"], scope="household", category="home")
    await store(bea, "Guests come at eight", scope="session")
    await store(carl, "His own", tags=["secret"])
    await bea.ask("forget", ids=[(await store(bea, "Cheese is gone"))["id"]])

    assert await bea.ask("facets") == {
        "total": 3,
        "pinned": 1,
        "expiring": 1,
        "forgotten": 1,
        "owners": {bea.user.id: 2, "household": 1},
        "scopes": {"user": 1, "household": 1, "session": 1},
        "categories": {"general": 2, "home": 1},
        "surfaces": {"panel": 3},
        "tags": [{"tag": "food", "count": 2}, {"tag": "cold", "count": 1}],
    }
    assert (await bea.ask("facets", filter={"tags": ["cold"]}))["total"] == 1


async def test_search(bea: Client) -> None:
    await store(bea, "Anna drinks green tea", key="tea", tags=["drink"])
    await store(bea, "The bins are collected on Friday", key="bins")

    answer = await bea.ask("search", query="who likes tea", threshold=0.3)

    assert [(hit["key"], hit["match"]) for hit in answer["hits"]] == [("tea", "both")]
    assert 0 < answer["hits"][0]["score"] <= 1
    assert (answer["query"], answer["embedder"], answer["model"]) == ("who likes tea", "built_in", "built-in")
    assert answer["took_ms"] > 0
    assert answer["certain"] is (answer["hits"][0]["score"] >= 0.5)
    assert "explanation" not in answer
    assert "tea" not in [hit["key"] for hit in (await bea.ask("search", query="tea -green"))["hits"]]
    nothing = await bea.ask("search", query="tea", filter={"tags": ["x"]})
    assert (nothing["hits"], nothing["certain"]) == ([], False)
    assert len((await bea.ask("search", query="tea", threshold=0, limit=1))["hits"]) == 1


async def test_search_explained(bea: Client) -> None:
    await store(bea, "Anna drinks green tea", key="tea")

    answer = await bea.ask("search", query="tea", explain=True)

    assert answer["explanation"]["text"] == "tea"
    parts = answer["hits"][0]["explanation"]["parts"]
    assert sum(part["contribution"] for part in parts) == pytest.approx(answer["hits"][0]["score"], abs=0.01)


async def test_typing_is_no_use(bea: Client, engine: MemoryEngine) -> None:
    memory = await store(bea, "Anna drinks green tea", key="tea")

    for text in ("t", "te", "tea"):
        await bea.ask("search", query=text)
    await bea.ask("get", memory_id=memory["id"])
    await engine._uses.async_flush()

    assert (await bea.ask("get", memory_id=memory["id"]))["memory"]["use_count"] == 0
    assert engine.status.last_recall_at is None


async def test_get(hass: HomeAssistant, bea: Client, setup_integration: MockConfigEntry, engine: MemoryEngine) -> None:
    area = ar.async_get(hass).async_create("Kitchen")
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=setup_integration.entry_id, identifiers={("x", "y")}, name="Satellite"
    )
    hass.states.async_set("conversation.llama", "idle", {"friendly_name": "Llama"})
    hass.states.async_set("person.bea", "home", {"friendly_name": "Beatrix", "user_id": bea.user.id})
    source = Source(
        surface="llm", conversation_id="c1", agent_id="conversation.llama", device_id=device.id, area_id=area.id
    )
    draft = MemoryDraft(value="Anna drinks tea", key="tea", scope=Scope.HOUSEHOLD, source=source)
    stored = (await engine.async_remember(Caller(actor_id="automation"), draft)).memory

    answer = await bea.ask("get", memory_id=stored.id)
    assert answer["memory"]["source"] == {
        "surface": "llm", "conversation_id": "c1", "agent_id": "conversation.llama", "device_id": device.id,
        "area_id": area.id,
    }  # fmt: skip
    assert answer["origin"] == {
        "created_by": "automation", "changed_by": "automation", "agent_name": "Llama", "device_name": "Satellite",
        "area_name": "Kitchen",
    }  # fmt: skip

    await bea.ask("update", ids=[stored.id], changes={"value": "Anna drinks coffee"})
    answer = await bea.ask("get", memory_id="tea")
    changed, made = answer["history"]
    assert [changed["kind"], made["kind"]] == ["change", "set"]
    assert [changed["actor_name"], made["actor_name"]] == ["Beatrix", "automation"]
    assert [changed["undoable"], made["undoable"]] == [True, False]
    assert [changed["surface"], changed["actor"]] == ["panel", bea.user.id]
    assert (changed["before"]["value"], changed["after"]["value"]) == ("Anna drinks tea", "Anna drinks coffee")
    assert (made["before"], made["after"]) == (None, changed["before"])
    assert changed["before"]["expires_at"] == answer["memory"]["expires_at"]
    assert (answer["origin"]["created_by"], answer["origin"]["changed_by"]) == ("automation", "Beatrix")


async def test_get_what_is_forgotten(bea: Client) -> None:
    memory = await store(bea, "Anna drinks tea")
    await bea.ask("forget", ids=[memory["id"]])

    answer = await bea.ask("get", memory_id=memory["id"])

    assert answer["memory"]["deleted_at"] is not None
    assert answer["history"][0]["undoable"]


async def test_similar(bea: Client, carl: Client) -> None:
    tea = await store(bea, "Anna likes green tea in the morning")
    black = await store(carl, "Anna likes black tea in the morning", scope="household")
    await store(carl, "Anna likes white tea in the morning")

    (hit,) = (await bea.ask("similar", memory_id=tea["id"]))["hits"]

    assert hit["id"] == black["id"]


@pytest.mark.parametrize(
    ("command", "fields", "code"),
    [
        ("list", {"filter": []}, "field_invalid"),
        ("list", {"filter": {"colour": "red"}}, "field_invalid"),
        ("list", {"filter": {"tags": "food"}}, "field_invalid"),
        ("list", {"filter": {"tags": ["x" * 65]}}, "tag_too_long"),
        ("list", {"filter": {"pinned": 1}}, "field_invalid"),
        ("list", {"filter": {"scope": "x"}}, "invalid_scope"),
        ("list", {"filter": {"category": "x"}}, "invalid_category"),
        ("list", {"filter": {"owner": "0" * 32}}, "not_allowed"),
        ("list", {"sort": "colour"}, "invalid_sort"),
        ("list", {"sort": None}, "invalid_sort"),
        ("list", {"group_by": "owner"}, "invalid_group"),
        ("list", {"offset": -1}, "invalid_offset"),
        ("list", {"offset": 0.5}, "field_invalid"),
        ("list", {"offset": True}, "field_invalid"),
        ("list", {"offset": "1"}, "field_invalid"),
        ("list", {"limit": 0}, "invalid_limit"),
        ("list", {"limit": 501}, "invalid_limit"),
        ("list", {"descending": "no"}, "field_invalid"),
        ("list", {"page": 2}, "field_unknown"),
        ("search", {}, "field_missing"),
        ("search", {"query": " "}, "query_empty"),
        ("search", {"query": "-tea"}, "query_only_exclusions"),
        ("search", {"query": "tea", "limit": 51}, "invalid_limit"),
        ("search", {"query": "tea", "threshold": 2}, "invalid_threshold"),
        ("search", {"query": "tea", "threshold": 2**60}, "field_invalid"),
        ("get", {"memory_id": "missing"}, "not_found"),
        ("get", {"memory_id": 5}, "field_invalid"),
        ("similar", {"memory_id": "missing"}, "not_found"),
    ],
)
async def test_what_cannot_be_answered(bea: Client, command: str, fields: dict[str, Any], code: str) -> None:
    assert await bea.refused(command, **fields) == code
