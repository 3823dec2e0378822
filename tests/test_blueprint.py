"""The blueprint, loaded by the script integration and called as the two older memory tools were."""

from datetime import timedelta
from pathlib import Path
import shutil
from typing import Any

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.llm import LLM_API_ASSIST, LLMContext, ToolInput, async_get_api
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import HOUSEHOLD

from .service_helpers import PERSON, async_act, async_add_person, days_until

PATH = "script/semantic_memory/memory_tool.yaml"
BLUEPRINT = Path(__file__).parent.parent / "blueprints" / PATH


@pytest.fixture(autouse=True)
async def _blueprint(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    """Install the blueprint as Home Assistant does when it is imported."""
    target = Path(hass.config.path("blueprints", PATH))
    target.parent.mkdir(parents=True)
    shutil.copy(BLUEPRINT, target)


async def async_add_script(hass: HomeAssistant, **inputs: str) -> None:
    """Make the script from the blueprint."""
    use = {"path": "semantic_memory/memory_tool.yaml", "input": inputs}
    assert await async_setup_component(hass, "script", {"script": {"memory_tool": {"use_blueprint": use}}})
    assert hass.states.get("script.memory_tool") is not None


async def async_run(hass: HomeAssistant, user: MockUser | None = None, /, **fields: Any) -> dict[str, Any]:
    """Run the script and return its response."""
    context = Context(user_id=user.id if user else None)
    answer = await hass.services.async_call(
        "script", "memory_tool", fields, blocking=True, return_response=True, context=context
    )
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("name", ["operation", "action"])
async def test_every_operation(hass: HomeAssistant, name: str) -> None:
    await async_add_script(hass)

    stored = await async_run(
        hass, **{name: "set"}, key="car parking slot", value="Column B2E9", scope="household", tags="car, parking"
    )
    read = await async_run(hass, **{name: "get"}, key="car_parking_slot")
    found = await async_run(hass, **{name: "search"}, query="where is the car", limit=3)
    gone = await async_run(hass, **{name: "forget"}, key="car_parking_slot")
    missing = await async_run(hass, **{name: "get"}, key="car_parking_slot")

    kept = {"key": "car_parking_slot", "value": "Column B2E9", "tags": "car, parking", "scope": "household"}
    assert stored.items() >= (kept | {"status": "ok", "op": "set", "key_exists": False}).items()
    assert read.items() >= (kept | {"status": "ok", "op": "get"}).items()
    assert read["memory"].items() >= kept.items()
    assert found.items() >= {"status": "ok", "op": "search", "count": 1, "query": "where is the car"}.items()
    assert found["results"][0].items() >= kept.items()
    assert 0 < found["results"][0]["score"] == found["results"][0]["match_score"] <= 1
    assert gone.items() >= {"status": "ok", "op": "forget", "key": "car_parking_slot", "deleted": 1}.items()
    assert missing.items() >= {"status": "error", "op": "get", "error": "not_found", "matches": []}.items()


@pytest.mark.parametrize("query", ['"the car slot"', "slot -column", "-car"])
async def test_what_a_model_writes_is_no_syntax(hass: HomeAssistant, query: str) -> None:
    await async_add_script(hass)
    await async_run(hass, operation="set", key="car parking slot", value="Column B2E9")

    assert (await async_run(hass, operation="search", query=query))["count"] == 1


async def test_answers_spare_the_context(hass: HomeAssistant) -> None:
    await async_add_script(hass)
    await async_run(hass, operation="set", key="novel", value="A lamp. " * 1000)

    (hit,) = (await async_run(hass, operation="search", query="lamp"))["results"]

    assert len(hit["value"]) == 2000
    assert set(hit) == {
        *("id", "key", "value", "scope", "tags", "score", "match_score", "match"),
        *("created_at", "last_used_at", "expires_at"),
    }


@pytest.mark.parametrize(
    "value",
    [
        *("0041", "+41 44 668 18 00", "+41446681800", "1.10", "[1, 2]", "{'a': 1}", "{{ 1 + 1 }}", "yes", "None"),
        *('It\'s "quoted"\nand goes on', "Địa chỉ nhà: 東京都 🏠", "\\n is no line break", " {% raw %} "),
    ],
)
async def test_values_arrive_as_they_were_said(hass: HomeAssistant, value: str) -> None:
    await async_add_script(hass)

    stored = await async_run(hass, operation="set", key="value", value=value)

    assert stored["value"] == (await async_act(hass, "get", key="value"))["value"] == value.strip()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"value": 42}, {"value": "42", "key": "42"}),
        ({"value": ["bus", 5]}, {"value": '["bus",5]'}),
        ({"value": "x", "key": 1984}, {"key": "1984"}),
        ({"value": "x", "tags": ["car", "slot"]}, {"tags": "car, slot"}),
        ({"value": "x", "tags": "", "tags_search": "car slot"}, {"tags": "car slot"}),
        ({"value": "x", "expiration_days": 0}, {"expires_at": None}),
        ({"value": "x", "expiration_days": "0", "force_new": "false"}, {"expires_at": None}),
        ({"value": "x", "scope": ""}, {"scope": "household"}),
        ({"value": "x", "scope": "user"}, {"scope": "household"}),
        ({"value": "x", "scope": "session"}, {"scope": "session"}),
    ],
)
async def test_what_models_send(hass: HomeAssistant, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    await async_add_script(hass)

    answer = await async_run(hass, operation=" SET ", **fields)

    assert answer["status"] == "ok"
    assert {field: answer[field] for field in expected} == expected


async def test_date_of_expiry(hass: HomeAssistant) -> None:
    await async_add_script(hass)
    soon = dt_util.now() + timedelta(days=2)

    for written in (soon, soon.isoformat(), soon.strftime("%Y-%m-%d %H:%M")):
        answer = await async_run(hass, operation="set", key="car", value="x", expires_at=written, expiration_days=180)
        assert abs(days_until(answer["expires_at"]) - 2) < 0.1


async def test_limit_of_a_search(hass: HomeAssistant) -> None:
    await async_add_script(hass)
    for number in range(4):
        await async_act(hass, "set", key=f"lamp_{number}", value=f"Lamp number {number} is in the attic")

    for fields in ({"limit": 2}, {"search_limit": "2"}, {"limit": "", "search_limit": 2}):
        assert (await async_run(hass, operation="search", query="lamp", **fields))["count"] == 2


async def test_several_are_forgotten(hass: HomeAssistant) -> None:
    await async_add_script(hass)
    await async_act(hass, "set", key="car", value="Column B2E9")
    await async_act(hass, "set", key="bike", value="In the shed")

    assert (await async_run(hass, operation="forget", key=["car", "bike"]))["deleted"] == 2


@pytest.mark.parametrize(
    ("fields", "op"), [({"value": "x"}, "set"), ({"query": "x", "key": "y"}, "search"), ({"key": "x"}, "get")]
)
async def test_operation_that_was_left_out(hass: HomeAssistant, fields: dict[str, str], op: str) -> None:
    await async_add_script(hass)

    assert (await async_run(hass, **fields))["op"] == op


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"operation": "set", "key": "car"}, "missing_input"),
        ({"operation": "set", "key": "car", "value": "  "}, "missing_input"),
        ({"operation": "set", "key": "car", "value": None}, "missing_input"),
        ({"action": "get", "key": ""}, "missing_input"),
        ({"action": "search", "key": "car"}, "missing_input"),
        ({"operation": "forget", "query": "car"}, "missing_input"),
        ({"operation": "destroy", "key": "car"}, "invalid_operation"),
        ({}, "invalid_operation"),
    ],
)
async def test_what_is_missing_is_data(hass: HomeAssistant, fields: dict[str, Any], error: str) -> None:
    await async_add_script(hass)

    answer = await async_run(hass, **fields)

    assert (answer["status"], answer["error"]) == ("error", error)
    assert answer["message"].endswith(".")


async def test_other_errors_reach_the_caller(hass: HomeAssistant) -> None:
    await async_add_script(hass)

    with pytest.raises(ServiceValidationError, match="at most 36500 days") as raised:
        await async_run(hass, operation="set", value="x", expiration_days=99_999)

    assert raised.value.translation_key == "invalid_expiry"


async def test_whose_memories(hass: HomeAssistant, hass_admin_user: MockUser) -> None:
    await async_add_person(hass, hass_admin_user)
    await async_add_script(hass)

    own = await async_run(hass, hass_admin_user, operation="set", key="shoes", value="My size is 42", scope="user")
    unseen = await async_run(hass, operation="get", key="shoes")

    assert own["scope"] == "user"
    assert (await async_act(hass, "get", person=PERSON, key="shoes"))["owner"] == hass_admin_user.id
    assert unseen["error"] == "not_found"


async def test_script_of_a_person(hass: HomeAssistant, hass_admin_user: MockUser) -> None:
    await async_add_person(hass, hass_admin_user)
    await async_add_script(hass, person=PERSON)

    stored = await async_run(hass, operation="set", key="shoes", value="My size is 42", scope="user")
    for operation, fields in (("get", {"key": "shoes"}), ("search", {"query": "size"}), ("forget", {"key": "shoes"})):
        assert (await async_run(hass, operation=operation, **fields))["status"] == "ok"

    assert stored["scope"] == "user"
    assert (await async_act(hass, "list", forgotten=True))["total"] == 0
    assert (await async_act(hass, "list", forgotten=True, person=PERSON))["total"] == 1


async def test_as_a_tool_of_assist(hass: HomeAssistant, engine: MemoryEngine) -> None:
    await async_add_script(hass, key_prompt="The key, in Portuguese.")
    assert await async_setup_component(hass, "llm", {})
    async_expose_entity(hass, "conversation", "script.memory_tool", should_expose=True)
    context = LLMContext(
        platform="test", context=Context(), language="en", assistant="conversation", device_id="satellite"
    )

    api = await async_get_api(hass, LLM_API_ASSIST, context)
    (tool,) = (tool for tool in api.tools if tool.integration == "script")
    result = await api.async_call_tool(
        ToolInput(tool.name, {"operation": "set", "value": "The bins go out on Tuesday"})
    )

    assert tool.description is not None
    assert tool.description.startswith("Remembers facts")
    described = {str(marker): marker.description for marker in tool.parameters.schema}
    assert described["key"] == "The key, in Portuguese."
    assert set(described) == {
        *("operation", "key", "value", "query", "scope", "tags"),
        *("expiration_days", "expires_at", "force_new", "limit"),
    }
    answer: Any = result.data["result"]
    assert (answer["status"], answer["scope"]) == ("ok", HOUSEHOLD)
    assert engine.status.memories == 1


def test_metadata() -> None:
    blueprint = load_yaml_dict(str(BLUEPRINT))

    assert blueprint["mode"] == "parallel"
    assert blueprint["blueprint"]["homeassistant"] == {"min_version": "2026.10.0"}
    assert blueprint["blueprint"]["source_url"].endswith(f"/blob/main/blueprints/{PATH}")
