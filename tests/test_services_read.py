"""``memory_get``, ``memory_search`` and ``memory_list``."""

import json
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine

from .service_helpers import async_act

UNKNOWN_ID = "01M7XHCTBXMBTQ5E58Z9NS5QBJ"
pytestmark = pytest.mark.usefixtures("setup_integration")


async def test_get_by_key_and_by_id(hass: HomeAssistant) -> None:
    stored = await async_act(hass, "set", key="car_parking_slot", value="Column B2E9", tags="car")

    by_key = await async_act(hass, "get", key="Car Parking Slot")
    by_id = await async_act(hass, "get", id=stored["id"])

    for answer in (by_key, by_id):
        assert {field: answer[field] for field in ("status", "op", "key", "value", "tags")} == {
            "status": "ok",
            "op": "get",
            "key": "car_parking_slot",
            "value": "Column B2E9",
            "tags": "car",
        }
        assert answer["memory"]["id"] == answer["id"] == stored["id"]


async def test_get_unknown_key_with_response(hass: HomeAssistant) -> None:
    answer = await async_act(hass, "get", key="car_parking_slot")

    assert answer == {
        "status": "error",
        "op": "get",
        "key": "car_parking_slot",
        "error": "not_found",
        "message": answer["message"],
        "matches": [],
    }
    assert answer["message"].startswith("There is no memory with the key or ID `car_parking_slot`")


async def test_get_similar_keys_are_suggested(hass: HomeAssistant, engine: MemoryEngine) -> None:
    stored = await async_act(hass, "set", key="car_parking_slot", value="The car is parked at column B2E9")
    await async_act(hass, "set", key="tea", value="Green tea is for the evening")

    answer = await async_act(hass, "get", key="parking_slot_of_the_car")

    assert (answer["error"], answer["matches"][0]["id"]) == ("ambiguous", stored["id"])
    assert answer["matches"][0]["score"] > 0
    await engine._uses.async_flush()
    suggested = await async_act(hass, "get", id=stored["id"])
    assert suggested["use_count"] == 0  # to be suggested is not to be used


async def test_get_nothing_resembles_an_id(hass: HomeAssistant) -> None:
    await async_act(hass, "set", key="car_parking_slot", value="The car is parked at column B2E9")

    for reference in ({"id": "car parking"}, {"id": UNKNOWN_ID}, {"key": UNKNOWN_ID.lower()}):
        answer = await async_act(hass, "get", **reference)

        assert (answer["error"], answer["matches"]) == ("not_found", [])


async def test_get_with_a_key_without_letters(hass: HomeAssistant) -> None:
    """There is nothing to suggest, which is no reason to complain about a query that nobody sent."""
    for key in ("___", "_ _"):
        answer = await async_act(hass, "get", key=key)

        assert (answer["error"], answer["matches"]) == ("not_found", [])


@pytest.mark.parametrize("op", ["get", "update", "forget", "restore"])
async def test_get_unknown_key_without_response(hass: HomeAssistant, op: str) -> None:
    with pytest.raises(ServiceValidationError, match="no memory with the key or ID `nowhere`") as raised:
        await hass.services.async_call(DOMAIN, f"memory_{op}", {"key": "nowhere"}, blocking=True)

    assert raised.value.translation_key == "not_found"


async def test_search_response(hass: HomeAssistant, engine: MemoryEngine) -> None:
    stored = await async_act(hass, "set", key="car", value="The car is parked at column B2E9", tags="car, parking")
    await async_act(hass, "set", key="tea", value="Green tea is for the evening")

    answer = await async_act(hass, "search", query="Where is the car parked?", limit="1")

    assert {field: answer[field] for field in ("status", "op", "query", "count")} == {
        "status": "ok",
        "op": "search",
        "query": "Where is the car parked?",
        "count": 1,
    }
    assert answer["embedder"] == engine.status.embedder.value
    assert answer["certain"] is True
    assert (await async_act(hass, "search", query="the price of the sofa", limit=1))["certain"] is False
    assert (await async_act(hass, "search", query="the car", threshold=1))["certain"] is False
    (hit,) = answer["results"]
    assert (hit["id"], hit["key"], hit["tags"], hit["scope"]) == (stored["id"], "car", "car, parking", "household")
    assert 0 < hit["score"] == hit["match_score"] <= 1
    assert hit["match"] in {"meaning", "word", "both"}
    assert {"created_at", "last_used_at", "expires_at"} <= hit.keys()


@pytest.mark.parametrize(("limit", "count"), [("", 5), (0, 1), (-3, 1), (7, 7), ("1000", 12)])
async def test_search_limit(hass: HomeAssistant, limit: object, count: int) -> None:
    for number in range(12):
        await async_act(hass, "set", key=f"lamp_{number}", value=f"Lamp number {number} is in the attic")

    answer = await async_act(hass, "search", query="lamp in the attic", limit=limit)

    assert answer["count"] == len(answer["results"]) == count


@pytest.mark.parametrize(
    "where",
    [
        {"tags": "car"},
        {"category": "event"},
        {"scope": "session"},
        {"pinned": "true"},
        {"created_after": "2001-01-01", "created_before": "2999-01-01", "pinned": True},
        {"updated_after": "2001-01-01", "updated_before": "2999-01-01T00:00:00Z", "category": "event"},
    ],
)
async def test_search_filter(hass: HomeAssistant, where: dict[str, Any]) -> None:
    await async_act(
        hass, "set", key="slot", value="Parked at B2E9", tags="car", category="event", scope="session", pinned=True
    )
    await async_act(hass, "set", key="bike", value="Parked in the shed")

    answer = await async_act(hass, "search", query="parked", **where)

    assert [hit["key"] for hit in answer["results"]] == ["slot"]


@pytest.mark.parametrize("field", ["created_before", "updated_before"])
async def test_search_by_date(hass: HomeAssistant, field: str) -> None:
    await async_act(hass, "set", key="bike", value="Parked in the shed")

    assert (await async_act(hass, "search", query="parked", **{field: "2001-01-01"}))["results"] == []


@pytest.mark.parametrize("op", ["search", "list"])
async def test_dates_the_wrong_way_round(hass: HomeAssistant, op: str) -> None:
    query = {"query": "parked"} if op == "search" else {}
    with pytest.raises(ServiceValidationError, match="`created_after` has to be earlier than `created_before`"):
        await async_act(hass, op, created_after="2027-02-01", created_before="2027-01-01", **query)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("parked", ["bike", "car"]),
        ('"in the shed"', ["bike"]),
        ("parked -shed", ["car"]),
        ("colu*", ["car"]),
        ('"shed the in"', []),
        ("what is -5 degrees in e-mails", ["bike", "car"]),
    ],
)
async def test_search_syntax(hass: HomeAssistant, query: str, keys: list[str]) -> None:
    await async_act(hass, "set", key="bike", value="Parked in the shed")
    await async_act(hass, "set", key="car", value="Parked at column B2E9")

    answer = await async_act(hass, "search", query=query)

    assert sorted(hit["key"] for hit in answer["results"]) == keys
    assert answer["query"] == query


async def test_search_for_what_somebody_said(hass: HomeAssistant) -> None:
    await async_act(hass, "set", key="bike", value="Parked in the shed")

    for query in ('"shed parked"', "-shed", "x -shed"):
        assert (await async_act(hass, "search", query=query, syntax="false"))["count"] == 1
    with pytest.raises(ServiceValidationError, match="only says what to leave out"):
        await async_act(hass, "search", query="-shed")


async def test_search_explained(hass: HomeAssistant) -> None:
    await async_act(hass, "set", key="bike", value="The bike is parked in the shed")
    await async_act(hass, "set", key="car", value="Parked at column B2E9")

    answer = await async_act(hass, "search", query='"parked" bike nowhere -lost*', threshold=0, explain="true")

    assert (
        answer["explanation"].items()
        >= {
            "text": "parked bike nowhere",
            "required": ["parked"],
            "excluded": ["lost*"],
            "common_words": [],
            "models": [answer["model"]],
            "memories": 2,
            "threshold": 0.0,
        }.items()
    )
    counted = {found["word"]: found["memories"] for found in answer["explanation"]["words"]}
    assert counted == {"parked": 2, "bike": 1, "nowhere": 0}
    bike, car = answer["results"]
    assert (bike["key"], car["key"]) == ("bike", "car")
    for hit in answer["results"]:
        explanation = hit["explanation"]
        parts = {part["name"]: part for part in explanation["parts"]}
        assert explanation["score"] == hit["score"]
        assert sum(part["contribution"] for part in parts.values()) == pytest.approx(hit["score"], abs=5e-4)
        meaning, words = parts["meaning"], parts["words"]
        assert (meaning["value"], words["value"]) == (hit["vector_score"], hit["keyword_score"])
        assert meaning["model"] == answer["model"]
        assert -1 <= meaning["cosine"] <= 1
    (words,) = (part for part in bike["explanation"]["parts"] if part["name"] == "words")
    assert [found["word"] for found in words["matched"]] == ["bike", "parked"]
    assert json.loads(json.dumps(answer)) == answer

    plain = await async_act(hass, "search", query="bike")
    assert "explanation" not in plain
    assert "explanation" not in plain["results"][0]


async def test_search_threshold(hass: HomeAssistant) -> None:
    await async_act(hass, "set", key="bike", value="Parked in the shed")

    assert (await async_act(hass, "search", query="quantum chromodynamics", threshold="0.99"))["results"] == []


async def test_list_pages(hass: HomeAssistant) -> None:
    for letter in "abc":
        await async_act(hass, "set", key=letter, value=f"Letter {letter}")

    first = await async_act(hass, "list", sort="key", order="asc", limit="2")
    second = await async_act(hass, "list", sort="key", order="asc", limit="2", cursor=first["cursor"])

    assert [memory["key"] for memory in first["memories"] + second["memories"]] == ["a", "b", "c"]
    assert (first["count"], second["count"]) == (2, 1)
    assert (first["total"], second["total"], second["cursor"]) == (3, 3, None)
    assert (first["status"], first["op"]) == ("ok", "list")


async def test_list_newest_first(hass: HomeAssistant) -> None:
    for letter in "abc":
        await async_act(hass, "set", key=letter, value=f"Letter {letter}")

    assert [memory["key"] for memory in (await async_act(hass, "list"))["memories"]] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ({}, {"car", "tea"}),
        ({"text": "green"}, {"tea"}),
        ({"tags": ["parking"]}, {"car"}),
        ({"category": "preference"}, {"tea"}),
        ({"scope": "session"}, set()),
        ({"pinned": "true"}, {"tea"}),
        ({"pinned": "false"}, {"car"}),
        ({"forgotten": True}, {"bus"}),
        ({"created_after": "2001-01-01", "updated_after": "2001-01-01"}, {"car", "tea"}),
        ({"created_before": "2001-01-01T00:00:00Z"}, set()),
        ({"updated_before": "2001-01-01"}, set()),
        ({"expires_before": "2001-01-01"}, set()),
        ({"expires_before": "2999-01-01"}, {"car"}),
    ],
)
async def test_list_filter(hass: HomeAssistant, where: dict[str, Any], keys: set[str]) -> None:
    await async_act(hass, "set", key="car", value="Column B2E9", tags="car, parking")
    await async_act(hass, "set", key="tea", value="Green tea", category="preference", pinned=True)
    await async_act(hass, "set", key="bus", value="Line 5")
    await async_act(hass, "forget", key="bus")

    answer = await async_act(hass, "list", **where)

    assert {memory["key"] for memory in answer["memories"]} == keys
    assert answer["total"] == len(keys)
