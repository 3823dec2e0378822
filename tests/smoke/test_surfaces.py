"""Every surface of the integration in one real Home Assistant, with the built-in model."""

from collections.abc import AsyncIterator
import json
import re
from typing import Any

import pytest
import pytest_asyncio

from scripts.demo_app.client import DOMAIN, Api, ApiError
from scripts.demo_app.flows import (
    async_config_flow,
    async_entry,
    async_loaded_entry,
    async_options_flow,
    async_set_up_ollama_agent,
)
from scripts.demo_app.ollama_server import CHAT_MODEL, StandInServer

from ..houses import House, MakeInstance, async_house, async_set_up_built_in
from ..memory.transfer.foreign import luuquangvu, mem
from .log_check import complaints

pytestmark = [pytest.mark.smoke, pytest.mark.timeout(300)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(make_instance: MakeInstance) -> House:
    """Return one instance for all tests of this module, set up with the built-in model."""
    house = await async_house(make_instance())
    async with Api(house.instance.url, house.owner_token) as api:
        entry = await async_set_up_built_in(api)
        assert entry["state"] == "loaded"
    return house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(house: House, stand_in: StandInServer) -> AsyncIterator[str]:
    """Return an agent of Home Assistant's own ollama integration."""
    async with Api(house.instance.url, house.owner_token) as api:
        yield await async_set_up_ollama_agent(api, stand_in.url, f"{CHAT_MODEL}:latest")


async def _entities(api: Api) -> dict[str, str]:
    """Return our entity ids by what their unique ids end with."""
    async with api.connect() as connection:
        entries = await connection.command("config/entity_registry/list")
    ours = [entry for entry in entries if entry["platform"] == DOMAIN]
    return {entry["unique_id"].partition("_")[2]: entry["entity_id"] for entry in ours}


async def test_only_one_entry(owner: Api) -> None:
    flow = await async_config_flow(owner, DOMAIN)
    flow.ended("single_instance_allowed")


async def test_actions_keep_and_find(owner: Api) -> None:
    stored = await owner.act("memory_set", key="Tea", value="My tea is Earl Grey with milk", tags=["drink", "morning"])
    assert stored["status"] == "ok"
    assert stored["result"] == "added"
    assert stored["key"] == "tea"

    again = await owner.act("memory_set", key="Tea", value="My tea is Earl Grey with milk")
    assert again["result"] == "unchanged"
    assert again["id"] == stored["id"]

    found = await owner.act("memory_get", key="tea")
    assert found["value"] == "My tea is Earl Grey with milk"
    assert found["tag_list"] == ["drink", "morning"]

    searched = await owner.act("memory_search", query="which hot drink do I like after getting up?")
    assert searched["embedder"] == "built_in"
    assert searched["results"][0]["key"] == "tea"
    assert 0 < searched["results"][0]["score"] <= 1

    listed = await owner.act("memory_list", tags="drink")
    assert [memory["key"] for memory in listed["memories"]] == ["tea"]


async def test_actions_change_forget_restore(owner: Api) -> None:
    await owner.act("memory_set", key="shoe size", value="My shoe size is 42")
    changed = await owner.act("memory_update", key="shoe_size", value="My shoe size is 43", pinned=True)
    assert changed["value"] == "My shoe size is 43"
    assert changed["pinned"] is True

    forgotten = await owner.act("memory_forget", key="shoe_size")
    assert forgotten["deleted"] == 1
    assert forgotten["restorable_until"]
    gone = await owner.act("memory_get", key="shoe_size")
    assert gone["status"] == "error"
    assert gone["error"] in ("not_found", "ambiguous")
    assert all(hit["key"] != "shoe_size" for hit in (await owner.act("memory_search", query="shoe size"))["results"])

    assert (await owner.act("memory_restore", key="shoe_size"))["value"] == "My shoe size is 43"
    stats = await owner.act("memory_stats")
    assert stats["total"] >= 1
    assert stats["pending"] == 0
    assert stats["embedder"] == "built_in"


async def test_action_errors_are_sentences(owner: Api) -> None:
    for action, data in (
        ("memory_set", {"value": ""}),
        ("memory_set", {"value": "x", "category": "nonsense"}),
        ("memory_search", {"query": ""}),
        ("memory_forget", {}),
        ("memory_list", {"cursor": "nonsense"}),
        ("memory_search", {"query": "x", "person": "person.nobody"}),
    ):
        with pytest.raises(ApiError) as caught:
            await owner.act(action, **data)
        assert caught.value.translation_key, f"{action} {data}: {caught.value}"
        assert len(caught.value.message.split()) > 3
        assert "Error" not in caught.value.message
        assert "{" not in caught.value.message


async def test_people_are_kept_apart(house: House, owner: Api, guest: Api) -> None:
    await owner.act("memory_set", key="diary", value="I am planning a surprise party for Jonas")
    await owner.act("memory_set", key="bins", value="Bins go out on Tuesday", scope="household")
    await guest.act("memory_set", key="diary", value="I want to learn the cello")

    listed = (await guest.act("memory_list", limit=500))["memories"]
    assert {memory["owner"] for memory in listed} == {house.guest_id, "household"}
    assert (await guest.act("memory_get", key="diary"))["value"] == "I want to learn the cello"
    found = await guest.act("memory_search", query="surprise party", threshold=0, limit=50)
    assert all(hit["owner"] != house.owner_id for hit in found["results"])
    with pytest.raises(ApiError):
        await guest.act("memory_list", person="person.maya")

    acting_for_guest = await owner.act("memory_get", key="diary", person=house.guest_entity)
    assert acting_for_guest["value"] == "I want to learn the cello"


async def test_assist_remembers(owner: Api, guest: Api, agent: str) -> None:
    await owner.ask(agent, "Remember that I live in Portland")
    stored = (await owner.act("memory_list", text="Portland"))["memories"]
    assert len(stored) == 1
    assert stored[0]["source"]["surface"] == "llm"

    answer, _ = await owner.ask(agent, "Where do I live?")
    assert "Portland" in answer
    answer, _ = await guest.ask(agent, "Where do I live?")
    assert "Portland" not in answer

    answer, conversation = await owner.ask(agent, "Forget where I live")
    if (await owner.act("memory_list", text="Portland"))["memories"]:
        assert "Portland" in answer
        await owner.ask(agent, "Yes", conversation)
    assert not (await owner.act("memory_list", text="Portland"))["memories"]


async def test_own_llm_api_can_be_chosen(owner: Api) -> None:
    entry = await async_entry(owner, "ollama") if await _has_ollama(owner) else None
    if entry is None:
        pytest.skip("the agent was not set up")
    path = "/api/config/config_entries/subentries/flow"
    step = await owner.post(path, {"handler": [entry["entry_id"], "conversation"]})
    (field,) = [field for field in step["data_schema"] if field["name"] == "llm_hass_api"]
    options = {option["value"] for option in field["selector"]["select"]["options"]}
    assert {"assist", DOMAIN} <= options
    await owner.request("DELETE", f"{path}/{step['flow_id']}")


async def _has_ollama(api: Api) -> bool:
    return bool(await api.get("/api/config/config_entries/entry?domain=ollama"))


async def test_entities_have_sane_states(owner: Api) -> None:
    entities = await _entities(owner)
    assert set(entities) == {"change", "memories", "pending_embeddings", "last_recall", "embedder", "reembed"}
    stats = await owner.act("memory_stats")
    assert int(await owner.state(entities["memories"])) >= stats["total"] > 0
    assert await owner.state(entities["pending_embeddings"]) == "0"
    assert await owner.state(entities["embedder"]) == "built_in"
    assert re.match(r"\d{4}-\d\d-\d\dT", await owner.state(entities["last_recall"]))
    async with owner.connect() as connection:
        await connection.call("button", "press", entity_id=entities["reembed"])
    searched = await owner.act("memory_search", query="which hot drink do I like?")
    assert searched["results"]


async def test_diagnostics_hold_no_secrets(owner: Api) -> None:
    entry = await async_entry(owner)
    diagnostics = await owner.get(f"/api/diagnostics/config_entry/{entry['entry_id']}")
    assert diagnostics["data"]["engine"]["stats"]["total"] > 0
    text = json.dumps(diagnostics)
    for memory in (await owner.act("memory_list", limit=500))["memories"]:
        assert memory["value"] not in text
        assert f'"{memory["key"]}"' not in text
        assert memory["id"] not in text
        if memory["owner"] != "household":
            assert memory["owner"] not in text


async def test_system_health(owner: Api) -> None:
    info: dict[str, Any] = {}
    async with owner.connect() as connection:
        async for event in connection.stream("system_health/info"):
            if event["type"] == "initial":
                info = event["data"][DOMAIN]["info"]
            if event["type"] == "finish":
                break
    assert info["loaded"] is True
    assert info["embedder"] == "built_in"
    assert info["memories"] > 0


async def test_options_take_effect(owner: Api) -> None:
    entry_id = (await async_entry(owner))["entry_id"]
    flow = await async_options_flow(owner, entry_id)
    await flow.choose("settings")
    await flow.fill(
        "settings",
        {
            "recall": {"limit": 1, "threshold": 0.1, "keyword_weight": 0.4},
            "retention": {"default_expiry_days": 7},
            "people": {},
            "llm": {"expose_tools": True, "prompt": "Answer in one sentence."},
        },
    )
    flow.created()
    await async_loaded_entry(owner)
    assert len((await owner.act("memory_search", query="what do I drink? where do bins go?"))["results"]) == 1
    stored = await owner.act("memory_set", key="umbrella", value="My umbrella is in the car")
    assert stored["expires_at"] is not None

    diagnostics = await owner.get(f"/api/diagnostics/config_entry/{entry_id}")
    assert "Answer in one sentence." not in json.dumps(diagnostics)


async def test_import_from_the_options(owner: Api, house: House) -> None:
    """What another tool left in the configuration folder is offered, shown, confirmed, taken in, and found."""
    luuquangvu(house.instance.folder / "memory.db", mem("skis", "The skis are in the attic"))
    flow = await async_options_flow(owner, (await async_entry(owner))["entry_id"])
    await flow.choose("import_file")
    await flow.fill("import_file", {"path": "memory.db", "format": "automatic"})
    await flow.fill("import_owner", {"owner": "household"})
    report = await flow.finish_progress()
    assert report["description_placeholders"]["added"] == "1"
    await flow.fill("import_report", {})
    await flow.finish_progress()
    flow.ended("import_done")
    found = await owner.act("memory_search", query="winter sports equipment under the roof: skis")
    assert found["results"][0]["value"] == "The skis are in the attic"
    again = await owner.act("memory_import", path="memory.db", scope="household")
    assert (again["unchanged"], again["added"], again["dry_run"]) == (1, 0, True)


async def test_reload_keeps_everything(owner: Api) -> None:
    before = (await owner.act("memory_list", limit=500))["total"]
    entry_id = (await async_entry(owner))["entry_id"]
    answer = await owner.post(f"/api/config/config_entries/entry/{entry_id}/reload")
    assert answer == {"require_restart": False}
    assert (await async_entry(owner))["state"] == "loaded"
    assert (await owner.act("memory_list", limit=500))["total"] == before > 0


async def test_log_is_clean(house: House) -> None:
    assert complaints(house.instance) == []
