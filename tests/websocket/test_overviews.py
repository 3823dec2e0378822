"""The map, what happened, and how the memory is doing."""

from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, MemoryChanges, MemoryDraft, Scope
from custom_components.semantic_memory.memory.storage.checks import Finding, Part
from custom_components.semantic_memory.websocket import status

from ..glue_helpers import until
from ..llm_helpers import async_answer, llm_context
from ..service_helpers import async_act
from .conftest import Client

HOUSEHOLD: Final = "household"


async def async_store(engine: MemoryEngine, client: Client | None, value: str, **parts: Any) -> str:
    """Store a memory of somebody's, or of nobody's, and return its id."""
    scope = Scope.HOUSEHOLD if client is None else Scope.USER
    caller = Caller() if client is None else Caller(client.user.id)
    draft = MemoryDraft(value=value, scope=scope, **parts)
    return (await engine.async_remember(caller, draft)).memory.id


async def test_the_map(engine: MemoryEngine, bea: Client, carl: Client, ada: Client) -> None:
    cat = await async_store(engine, bea, "The cat is called Tom. " * 10, key="cat", category="home", pinned=True)
    dinner = await async_store(engine, None, "Dinner is at six", key="dinner")
    secret = await async_store(engine, carl, "The present is in the cellar", key="present")
    await until(engine, lambda status: status.pending == 0)

    atlas = await bea.ask("atlas")

    assert {**atlas, "points": None} == {
        "model": "built-in", "total": 2, "missing": 0, "explained": 1.0, "points": None
    }  # fmt: skip
    points = atlas["points"]
    assert {len(column) for column in points.values()} == {2}
    columns = dict(zip(points["id"], zip(*points.values(), strict=True), strict=True))
    _, x, y, *rest = columns[cat]
    assert rest == ["home", bea.user.id, True, "cat", ("The cat is called Tom. " * 10)[:80]]
    assert abs(x) == pytest.approx(1.0)
    assert abs(y) < 0.01
    assert columns[dinner][3:] == ("general", HOUSEHOLD, False, "dinner", "Dinner is at six")
    assert set((await carl.ask("atlas"))["points"]["id"]) == {secret, dinner}
    assert set((await ada.ask("atlas", user_id=carl.user.id))["points"]["id"]) == {secret, dinner}
    assert (await ada.ask("atlas"))["points"]["id"] == [dinner]
    assert await bea.refused("atlas", user_id=carl.user.id) == "other_user"


async def test_changes(engine: MemoryEngine, bea: Client, carl: Client, ada: Client) -> None:
    cat = await async_store(engine, bea, "The cat is called Tom", key="cat", tags="pets", expires_in_days=0)
    await engine.async_update(Caller(bea.user.id, "automation"), "cat", MemoryChanges(value="The cat is called Tim"))
    await async_store(engine, carl, "A secret", key="secret")

    entries = (await bea.ask("activity"))["entries"]

    state = {
        "key": "cat", "value": "The cat is called Tom", "owner": bea.user.id, "scope": "user", "category": "general",
        "tags": ["pets"], "confidence": 1.0, "pinned": False, "expires_at": None,
    }  # fmt: skip
    change, set_ = entries
    assert {**set_, "at": None, "id": None} == {
        "type": "change", "id": None, "at": None, "kind": "set", "memory_id": cat, "key": "cat", "surface": "engine",
        "actor_name": "Bea", "before": None, "after": state,
    }  # fmt: skip
    assert (change["kind"], change["actor_name"], change["before"]) == ("change", "automation", state)
    assert change["after"] == state | {"value": "The cat is called Tim"}
    assert int(change["id"]) > int(set_["id"])
    assert change["at"] >= set_["at"]
    assert change["at"].endswith("+00:00")
    assert [entry["key"] for entry in (await ada.ask("activity", user_id=carl.user.id))["entries"]] == ["secret"]
    assert await bea.refused("activity", user_id=carl.user.id) == "other_user"


async def test_pages_and_kinds(engine: MemoryEngine, bea: Client) -> None:
    for number in range(3):
        await async_store(engine, bea, f"Fact {number}", key=f"fact {number}", force_new=True)
    first = await bea.ask("activity", limit=2)
    assert [entry["key"] for entry in first["entries"]] == ["fact_2", "fact_1"]
    second = await bea.ask("activity", limit=2, cursor=first["cursor"])
    assert [entry["key"] for entry in second["entries"]] == ["fact_0"]
    assert second["cursor"] is None
    assert (await bea.ask("activity", kinds=["forget"], cursor=None))["entries"] == []
    assert await bea.refused("activity", cursor="mine") == "invalid_cursor"
    assert await bea.refused("activity", kinds=["purge"]) == "invalid_kind"
    assert await bea.refused("activity", kinds="set") == "field_invalid"
    assert await bea.refused("activity", limit=0) == "invalid_limit"
    assert await bea.refused("activity", limit=1.5) == "field_invalid"


async def test_what_a_model_saw(
    hass: HomeAssistant, setup_integration: MockConfigEntry, engine: MemoryEngine, bea: Client, carl: Client
) -> None:
    assert await async_setup_component(hass, "llm", {})
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=setup_integration.entry_id, identifiers={("x", "speaker")}, name="Kitchen speaker"
    )
    context = llm_context(bea.user.id, device_id=device.id)
    nothing = await async_answer(hass, "recall", {"query": "What is the dog called?"}, context)
    cat = await async_store(engine, bea, "The cat is called Tom", key="cat")
    answer = await async_answer(hass, "recall", {"query": "What is the cat called?"}, context)
    unclear = await async_answer(hass, "forget", {"what": "about the cat"}, context)
    await async_answer(hass, "forget", {"what": cat}, context)
    await async_answer(hass, "forget", {"what": cat}, context)  # an id that is gone is not looked for

    page = await bea.ask("activity", kinds=["recall"])

    confirm, found, first = page["entries"]
    assert {**found, "took_ms": None, "id": None, "at": None, "hits": None, "surface": None} == {
        "type": "recall", "id": None, "at": None, "query": "What is the cat called?", "surface": None,
        "actor_name": "Bea", "agent_name": "ollama", "device_name": "Kitchen speaker", "conversation_id": None,
        "model": "built-in", "threshold": 0.18, "took_ms": None, "hits": None, "answer": answer,
    }  # fmt: skip
    assert found["surface"] == "llm"
    assert found["took_ms"] > 0
    (hit,) = found["hits"]
    assert {**hit, "score": None} == {
        "id": cat, "key": "cat", "value": "The cat is called Tom", "match": "both", "score": None
    }  # fmt: skip
    assert 0 < hit["score"] <= 1
    assert answer["memories"][0]["value"] == "The cat is called Tom"
    assert (confirm["query"], confirm["answer"]) == ("about the cat", unclear)
    assert unclear["status"] == "confirm"
    assert (first["hits"], first["answer"]) == ([], nothing)
    assert nothing["status"] == "nothing_found"
    assert (await carl.ask("activity", kinds=["recall"]))["entries"] == []


async def test_what_the_panel_and_suggestions_look_for_is_not_kept(
    hass: HomeAssistant, engine: MemoryEngine, bea: Client
) -> None:
    await async_store(engine, bea, "The cat is called Tom", key="cat")
    await bea.ask("search", query="cat")
    await async_act(hass, "get", bea.user, key="nearly a cat")
    assert (await bea.ask("activity", kinds=["recall"]))["entries"] == []

    await async_act(hass, "search", bea.user, query="the cat")

    (entry,) = (await bea.ask("activity", kinds=["recall"]))["entries"]
    assert (entry["query"], entry["surface"], entry["answer"]) == ("the cat", "action", None)
    assert (entry["agent_name"], entry["device_name"], entry["actor_name"]) == (None, None, "Bea")


async def test_what_nobody_asked_is_for_everybody(hass: HomeAssistant, bea: Client, carl: Client) -> None:
    assert await async_setup_component(hass, "llm", {})
    await async_answer(hass, "recall", {"query": "of nobody"}, llm_context())
    for client in (bea, carl):
        (entry,) = (await client.ask("activity"))["entries"]
        assert (entry["query"], entry["actor_name"]) == ("of nobody", None)


async def test_status(engine: MemoryEngine, ada: Client, bea: Client) -> None:
    await async_store(engine, bea, "The cat is called Tom", key="cat")
    await async_store(engine, bea, "The dog is called Rex", key="dog")
    await async_store(engine, ada, "A secret", key="secret")
    await engine.async_forget(Caller(bea.user.id), ["dog"])
    await until(engine, lambda status: status.pending == 0)
    await engine.snapshots.async_take()

    found = await bea.ask("status")

    assert found["engine"]["memories"] == 2
    assert (found["engine"]["embedder"], found["engine"]["index"]) == ("built_in", "sqlite-vec")
    assert found["engine"].keys() == {
        "memories", "pending", "embedder", "model", "preferred_model", "embedder_error", "unavailable_since", "index",
        "index_error", "storage_error", "last_recall_at",
    }  # fmt: skip
    assert (found["visible"], found["forgotten"]) == (1, 1)
    assert found["database_bytes"] > 10_000
    assert found["space"] == {"model": "built-in", "dimension": 384, "vectors": 1, "ready": True}
    assert (found["snapshots"], found["last_check"], found["index_version"]) == (None, None, None)

    told = await ada.ask("status", user_id=bea.user.id)

    (snapshot,) = told["snapshots"]
    assert (snapshot["reason"], snapshot["memories"]) == ("manual", 2)
    assert snapshot["name"].endswith(".db")
    assert snapshot["size"] > 10_000
    assert told["last_check"]["problems"] == []
    assert told["last_check"]["at"].endswith("+00:00")
    assert told["index_version"].startswith("v0.1")
    assert (told["visible"], told["forgotten"]) == (1, 1)
    assert await bea.refused("status", user_id=ada.user.id) == "other_user"


async def test_what_a_check_found(engine: MemoryEngine) -> None:
    report = type(engine.checks.last)(
        at=0.0,
        seconds=0.1,
        thorough=True,
        findings=(Finding(Part.CODES, "codes are missing", 3), Finding(Part.WORDS, "the words do not agree")),
    )
    assert status._check_as_dict(report) == {
        "at": "1970-01-01T00:00:00+00:00",
        "problems": ["3 × codes are missing", "the words do not agree"],
    }


async def test_status_without_a_model(engine: MemoryEngine, bea: Client) -> None:
    await engine.async_start(None)
    found = await bea.ask("status")
    assert found["space"] is None
    assert found["engine"]["embedder"] == "keyword"
