"""``memory_set``, and what automations, templates and models send."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import HOUSEHOLD

from .service_helpers import PERSON, async_act, async_add_person, days_until

pytestmark = pytest.mark.usefixtures("setup_integration")


async def test_set_response(hass: HomeAssistant) -> None:
    answer = await async_act(
        hass,
        "set",
        key="Car parking",
        value="Column B2E9",
        scope="household",
        tags="car; parking",
        expiration_days=0,
    )

    assert answer["memory"]["source"]["surface"] == "action"
    assert answer["memory"] == {field: answer[field] for field in answer["memory"]}
    expected = {
        "status": "ok",
        "op": "set",
        "key": "car_parking",
        "value": "Column B2E9",
        "scope": "household",
        "owner": HOUSEHOLD,
        "category": "general",
        "tags": "car, parking",
        "tag_list": ["car", "parking"],
        "expires_at": None,
        "result": "added",
        "key_exists": False,
        "force_new_applied": False,
        "similar": [],
    }
    assert {field: answer[field] for field in expected} == expected


async def test_set_same_key_updates(hass: HomeAssistant) -> None:
    first = await async_act(hass, "set", key="car", value="Column B2E9")
    second = await async_act(hass, "set", key="car", value="Column C4")
    third = await async_act(hass, "set", key="car", value="Column C4")

    assert [(answer["result"], answer["key_exists"]) for answer in (first, second, third)] == [
        ("added", False),
        ("updated", True),
        ("unchanged", True),
    ]
    assert first["id"] == second["id"] == third["id"]


async def test_set_force_new(hass: HomeAssistant) -> None:
    await async_act(hass, "set", value="The car is parked at column B2E9.")

    repeated = await async_act(hass, "set", value="The car is parked at column B2E9 now.")
    forced = await async_act(hass, "set", value="The car is parked at column B2E9 today.", force_new="true")

    assert (repeated["key_exists"], repeated["force_new_applied"]) == (True, False)
    assert (forced["key_exists"], forced["force_new_applied"]) == (False, True)
    assert repeated["id"] in {memory["id"] for memory in forced["similar"]}


async def test_set_without_response(hass: HomeAssistant) -> None:
    await hass.services.async_call(DOMAIN, "memory_set", {"key": "tea", "value": "Green tea"}, blocking=True)

    assert (await async_act(hass, "get", key="tea"))["value"] == "Green tea"


async def test_set_scope_follows_the_caller(hass: HomeAssistant, hass_admin_user: MockUser) -> None:
    by_automation = await async_act(hass, "set", key="a", value="The bins go out on Tuesday", scope="")
    by_user = await async_act(hass, "set", hass_admin_user, key="b", value="My shoe size is 42")

    assert (by_automation["scope"], by_automation["owner"]) == ("household", HOUSEHOLD)
    assert (by_user["scope"], by_user["owner"]) == ("user", hass_admin_user.id)


async def test_set_personal_memory_of_nobody(hass: HomeAssistant) -> None:
    with pytest.raises(ServiceValidationError, match="Add `person`") as raised:
        await async_act(hass, "set", key="shoes", value="My shoe size is 42", scope="user")

    assert raised.value.translation_key == "scope_needs_person"


async def test_set_automation_for_a_person(
    hass: HomeAssistant, hass_admin_user: MockUser, hass_read_only_user: MockUser
) -> None:
    await async_add_person(hass, hass_admin_user)
    stored = await async_act(hass, "set", key="shoes", value="My shoe size is 42", scope="user", person=PERSON)

    assert stored["owner"] == hass_admin_user.id
    assert (await async_act(hass, "get", hass_admin_user, key="shoes"))["status"] == "ok"
    assert (await async_act(hass, "get", key="shoes", person=PERSON))["status"] == "ok"
    assert (await async_act(hass, "get", key="shoes"))["error"] == "not_found"
    assert (await async_act(hass, "get", hass_read_only_user, key="shoes"))["error"] == "not_found"


async def test_set_unknown_person(hass: HomeAssistant) -> None:
    with pytest.raises(ServiceValidationError, match=r"person\.nobody") as raised:
        await async_act(hass, "set", value="My shoe size is 42", person="person.nobody")

    assert raised.value.translation_domain == DOMAIN


@pytest.mark.parametrize(
    ("field", "sent", "stored"),
    [
        ("value", 42, "42"),
        ("value", True, "true"),
        ("value", {"bus": ["5", "7"]}, '{"bus": ["5", "7"]}'),
        ("key", 1984, "1984"),
        ("tags", ["car", 5, " "], "car, 5"),
        ("tags", "car;parking, b2", "car, parking, b2"),
        ("tags", "", ""),
        ("tags", 2027, "2027"),
        ("category", " Event ", "event"),
        ("category", "", "general"),
        ("confidence", "0.5", 0.5),
        ("confidence", "", 1.0),
        ("pinned", "true", True),
        ("pinned", "", False),
        ("pinned", 0, False),
        ("scope", "Household", "household"),
        ("force_new", "None", None),
        ("expiration_days", "0", None),
        ("person", "", None),
    ],
)
async def test_set_what_models_and_templates_send(
    hass: HomeAssistant, field: str, sent: object, stored: object
) -> None:
    answer = await async_act(hass, "set", **{"value": "The car is at column B2E9", field: sent})

    field = {"expiration_days": "expires_at"}.get(field, field)
    assert answer["status"] == "ok"
    assert answer.get(field) == stored


@pytest.mark.parametrize("days", [30, "30", 30.0, " 30 "])
async def test_set_days_until_expiry(hass: HomeAssistant, days: object) -> None:
    answer = await async_act(hass, "set", value="The car is at column B2E9", expiration_days=days)

    assert abs(days_until(answer["expires_at"]) - 30) < 0.1


@pytest.mark.parametrize("days", ["", "none", None])
async def test_set_default_expiry(hass: HomeAssistant, days: object, engine: MemoryEngine) -> None:
    answer = await async_act(hass, "set", value="The car is at column B2E9", expiration_days=days, expires_at=days)

    assert abs(days_until(answer["expires_at"]) - engine.settings.default_expiry_days) < 0.1


async def test_set_date_of_expiry_wins(hass: HomeAssistant) -> None:
    soon = (dt_util.now() + timedelta(days=2)).replace(microsecond=0)

    for written in (soon, soon.isoformat(), soon.strftime("%Y-%m-%d %H:%M:%S")):
        answer = await async_act(hass, "set", key="car", value="B2E9", expires_at=written, expiration_days=180)
        assert abs(days_until(answer["expires_at"]) - 2) < 0.1

    answer = await async_act(hass, "set", key="car", value="B2E9", expires_at=soon.date().isoformat())
    assert answer["expires_at"] is not None
    assert 0 < days_until(answer["expires_at"]) < 2
