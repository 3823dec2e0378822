"""The actions as a whole: registration, wrong input, errors, statistics."""

from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
import voluptuous as vol

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import StorageError
from custom_components.semantic_memory.memory.models import HOUSEHOLD, Caller
from custom_components.semantic_memory.people import AUTOMATION
from custom_components.semantic_memory.services import ACTIONS

from .service_helpers import PERSON, async_act, async_add_person

pytestmark = pytest.mark.usefixtures("setup_integration")


async def test_supported_responses(hass: HomeAssistant) -> None:
    supported = {action.op: hass.services.supports_response(DOMAIN, f"memory_{action.op}") for action in ACTIONS}

    ours = ("set", "get", "search", "list", "update", "forget", "restore", "stats", "backup", "restore_backup")
    expected = {op: SupportsResponse.ONLY if op in {"list", "stats"} else SupportsResponse.OPTIONAL for op in ours}
    assert expected.items() <= supported.items()


async def test_entry_that_is_not_loaded(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    assert await hass.config_entries.async_unload(setup_integration.entry_id)

    with pytest.raises(ServiceValidationError) as raised:
        await async_act(hass, "stats")

    assert raised.value.translation_key == "service_config_entry_not_loaded"


async def test_unknown_fields_are_mistakes(hass: HomeAssistant) -> None:
    with pytest.raises(vol.Invalid, match="all_maching"):
        await async_act(hass, "forget", scope="household", all_maching=True)


async def test_fields_of_older_scripts_are_ignored(hass: HomeAssistant) -> None:
    await async_act(hass, "set", key="tea", value="Green tea", user_id="default", tags_search="tea green")

    assert (await async_act(hass, "get", key="tea", user_id="default"))["tags"] == ""


async def test_failures_are_translated(hass: HomeAssistant, engine: MemoryEngine) -> None:
    with (
        patch.object(type(engine), "async_stats", side_effect=StorageError(reason="disk full")),
        pytest.raises(HomeAssistantError, match="could not do what it was asked: disk full") as raised,
    ):
        await async_act(hass, "stats")

    assert not isinstance(raised.value, ServiceValidationError)
    assert raised.value.translation_key == "storage_failed"


@pytest.mark.parametrize(
    ("op", "data", "code"),
    [
        ("set", {}, "value_empty"),
        ("set", {"value": "  "}, "value_empty"),
        ("set", {"value": "x" * 20_000}, "value_too_long"),
        ("set", {"value": "x", "key": "!?"}, "key_empty"),
        ("set", {"value": "x", "key": "k" * 200}, "key_too_long"),
        ("set", {"value": "x", "category": "food"}, "invalid_category"),
        ("set", {"value": "x", "scope": "everyone"}, "invalid_scope"),
        ("set", {"value": "x", "tags": {"a": 1}}, "invalid_tags"),
        ("set", {"value": "x", "tags": [str(tag) for tag in range(40)]}, "too_many_tags"),
        ("set", {"value": "x", "tags": "t" * 70}, "tag_too_long"),
        ("set", {"value": "x", "confidence": "sure"}, "invalid_confidence"),
        ("set", {"value": "x", "confidence": 2}, "invalid_confidence"),
        ("set", {"value": "x", "confidence": "nan"}, "invalid_confidence"),
        ("set", {"value": "x", "expiration_days": "soon"}, "invalid_expiry"),
        ("set", {"value": "x", "expiration_days": -1}, "invalid_expiry"),
        ("set", {"value": "x", "expiration_days": 99_999}, "invalid_expiry"),
        ("set", {"value": "x", "expires_at": "2001-01-01"}, "invalid_expiry"),
        ("set", {"value": "x", "expires_at": "next week"}, "invalid_date"),
        ("set", {"value": "x", "expires_at": "2027-02-31T00:00:00"}, "invalid_date"),
        ("set", {"value": "x", "pinned": "perhaps"}, "invalid_flag"),
        ("set", {"value": "x", "force_new": "perhaps"}, "invalid_flag"),
        ("get", {}, "reference_missing"),
        ("get", {"key": ""}, "reference_missing"),
        ("update", {"value": "x"}, "reference_missing"),
        ("restore", {}, "reference_missing"),
        ("search", {}, "query_empty"),
        ("search", {"query": " "}, "query_empty"),
        ("search", {"query": "x", "limit": "many"}, "invalid_limit"),
        ("search", {"query": "x", "limit": 2.5}, "invalid_limit"),
        ("search", {"query": "x", "threshold": "high"}, "invalid_threshold"),
        ("search", {"query": "x", "threshold": 7}, "invalid_threshold"),
        ("search", {"query": "x", "category": "food"}, "invalid_category"),
        ("search", {"query": "x", "scope": "user"}, "scope_needs_person"),
        ("list", {"scope": "User"}, "scope_needs_person"),
        ("list", {"limit": 0}, "invalid_limit"),
        ("list", {"limit": 501}, "invalid_limit"),
        ("list", {"cursor": "nonsense"}, "invalid_cursor"),
        ("list", {"sort": "colour"}, "invalid_sort"),
        ("list", {"order": "upwards"}, "invalid_order"),
        ("list", {"created_after": "once"}, "invalid_date"),
        ("list", {"scope": "everyone"}, "invalid_scope"),
        ("forget", {}, "nothing_selected"),
        ("forget", {"key": ["", " "], "text": "", "tags": []}, "nothing_selected"),
        ("forget", {"all_matching": True}, "nothing_selected"),
        ("forget", {"text": "car"}, "forget_needs_all_matching"),
        ("forget", {"text": "car", "all_matching": "false"}, "forget_needs_all_matching"),
        ("forget", {"key": "car", "tags": "car"}, "forget_key_or_filter"),
        ("forget", {"id": "01KAHB7X5T8Q2M4N6P8R0S2T4V", "text": "x", "all_matching": True}, "forget_key_or_filter"),
    ],
)
async def test_wrong_input_says_what_to_do(hass: HomeAssistant, op: str, data: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await async_act(hass, op, **data)

    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == code
    assert len(str(raised.value)) > 30  # the text, and not the code
    assert "{" not in str(raised.value)


async def test_stats(hass: HomeAssistant, engine: MemoryEngine, hass_admin_user: MockUser) -> None:
    await async_add_person(hass, hass_admin_user)
    await async_act(hass, "set", key="car", value="Column B2E9", pinned=True)
    await async_act(hass, "set", hass_admin_user, key="shoes", value="My shoe size is 42", category="user")

    household = await async_act(hass, "stats")
    everything = await async_act(hass, "stats", person=PERSON)

    assert (household["status"], household["op"], household["total"]) == ("ok", "stats", 1)
    assert everything["total"] == 2
    assert everything["pinned"] == 1
    assert everything["by_owner"] == {HOUSEHOLD: 1, hass_admin_user.id: 1}
    assert everything["by_category"]["user"] == 1
    assert everything["embedder"] == engine.status.embedder.value
    assert everything["unavailable_since"] is None


async def test_history_names_who_acted(hass: HomeAssistant, engine: MemoryEngine, hass_admin_user: MockUser) -> None:
    await async_add_person(hass, hass_admin_user)
    await async_act(hass, "set", hass_admin_user, key="shoes", value="My shoe size is 42")

    (change,) = await engine.async_history(Caller(hass_admin_user.id), "shoes")

    assert (change.actor, change.surface) == (hass_admin_user.id, "action")


async def test_history_does_not_take_an_automation_for_the_person(
    hass: HomeAssistant, engine: MemoryEngine, hass_admin_user: MockUser
) -> None:
    await async_add_person(hass, hass_admin_user)
    await async_act(hass, "set", person=PERSON, key="shoes", value="My shoe size is 42")
    await async_act(hass, "forget", hass_admin_user, key="shoes")
    await async_act(hass, "restore", person=PERSON, key="shoes")

    history = await engine.async_history(Caller(hass_admin_user.id), "shoes")

    assert [(entry.kind.value, entry.actor) for entry in history] == [
        ("set", AUTOMATION),
        ("forget", hass_admin_user.id),
        ("restore", AUTOMATION),
    ]
    assert {entry.surface for entry in history} == {"action"}
