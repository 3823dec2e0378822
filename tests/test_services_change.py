"""``memory_update``, ``memory_forget`` and ``memory_restore``."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.semantic_memory.memory.engine import MemoryEngine

from .service_helpers import PERSON, async_act, async_add_person, days_until

pytestmark = pytest.mark.usefixtures("setup_integration")


async def test_update_only_what_is_given(hass: HomeAssistant) -> None:
    stored = await async_act(hass, "set", key="car", value="Column B2E9", tags="car", confidence=0.5)

    answer = await async_act(
        hass, "update", key="car", new_key="parking", value="Column C4", category="event", confidence="", tags=""
    )

    assert {field: answer[field] for field in ("status", "op", "id", "key", "value", "tags", "confidence")} == {
        "status": "ok",
        "op": "update",
        "id": stored["id"],
        "key": "parking",
        "value": "Column C4",
        "tags": "car",
        "confidence": 0.5,
    }
    assert (answer["category"], answer["pinned"]) == ("event", False)
    assert answer["memory"]["expires_at"] == stored["expires_at"]


async def test_update_pins(hass: HomeAssistant) -> None:
    await async_act(hass, "set", key="car", value="Column B2E9")

    assert (await async_act(hass, "update", key="car", pinned="yes"))["pinned"] is True


async def test_update_tags_and_expiry_can_be_removed(hass: HomeAssistant) -> None:
    stored = await async_act(hass, "set", key="car", value="Column B2E9", tags="car")

    answer = await async_act(hass, "update", id=stored["id"], tags=[], expiration_days=0)

    assert (answer["tags"], answer["expires_at"]) == ("", None)


async def test_update_key_of_another(hass: HomeAssistant) -> None:
    await async_act(hass, "set", key="car", value="Column B2E9")
    await async_act(hass, "set", key="bike", value="In the shed")

    with pytest.raises(ServiceValidationError, match="`bike`") as raised:
        await async_act(hass, "update", key="car", new_key="bike")

    assert raised.value.translation_key == "key_in_use"


async def test_update_move_to_a_person(hass: HomeAssistant, hass_admin_user: MockUser) -> None:
    await async_add_person(hass, hass_admin_user)
    await async_act(hass, "set", key="car", value="Column B2E9")

    answer = await async_act(hass, "update", key="car", scope="user", person=PERSON)

    assert (answer["scope"], answer["owner"]) == ("user", hass_admin_user.id)


async def test_only_administrators_take_from_the_household(
    hass: HomeAssistant, hass_admin_user: MockUser, hass_read_only_user: MockUser
) -> None:
    """What is forgotten can be brought back by everybody; this could not."""
    await async_act(hass, "set", key="car", value="Column B2E9")
    await async_act(hass, "set", hass_read_only_user, key="shoes", value="My shoe size is 42")

    with pytest.raises(HomeAssistantError, match="the others would lose it") as raised:
        await async_act(hass, "update", hass_read_only_user, key="car", scope="user")
    assert raised.value.translation_key == "household_move"
    with pytest.raises(HomeAssistantError, match="can be restored for a while") as raised:
        await async_act(hass, "forget", hass_read_only_user, key=["shoes", "car"], purge=True)
    assert raised.value.translation_key == "household_purge"

    assert (await async_act(hass, "list", hass_read_only_user))["total"] == 2
    assert (await async_act(hass, "forget", hass_read_only_user, key="shoes", purge=True))["deleted"] == 1
    assert (await async_act(hass, "forget", hass_read_only_user, key="car"))["deleted"] == 1
    assert (await async_act(hass, "forget", hass_admin_user, key="car", purge=True))["deleted"] == 1


async def test_update_unknown_key(hass: HomeAssistant) -> None:
    await async_act(hass, "set", key="car_parking", value="The car is parked at column B2E9")

    answer = await async_act(hass, "update", key="parking_of_the_car", value="Column C4")

    assert (answer["op"], answer["error"]) == ("update", "ambiguous")
    assert [match["key"] for match in answer["matches"]] == ["car_parking"]


@pytest.fixture
async def memories(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    """Store three memories."""
    await async_act(hass, "set", key="car", value="The car is parked at column B2E9", tags="parking")
    await async_act(hass, "set", key="bike", value="The bike is in the shed", tags="parking")
    await async_act(hass, "set", key="tea", value="Green tea")


async def async_keys(hass: HomeAssistant) -> set[str]:
    """Return the keys that are there."""
    return {memory["key"] for memory in (await async_act(hass, "list"))["memories"]}


@pytest.mark.usefixtures("memories")
async def test_forget_by_key_and_back(hass: HomeAssistant, engine: MemoryEngine) -> None:
    answer = await async_act(hass, "forget", key="Car")

    assert {field: answer[field] for field in ("status", "op", "key", "deleted")} == {
        "status": "ok",
        "op": "forget",
        "key": "car",
        "deleted": 1,
    }
    assert [memory["key"] for memory in answer["memories"]] == ["car"]
    assert abs(days_until(answer["restorable_until"]) - engine.settings.forgotten_days) < 0.1
    assert await async_keys(hass) == {"bike", "tea"}

    restored = await async_act(hass, "restore", key="car")
    assert (restored["status"], restored["op"], restored["key"]) == ("ok", "restore", "car")
    assert restored["memory"]["deleted_at"] is None
    assert await async_keys(hass) == {"car", "bike", "tea"}


@pytest.mark.usefixtures("memories")
async def test_forget_several(hass: HomeAssistant) -> None:
    tea = await async_act(hass, "get", key="tea")

    answer = await async_act(hass, "forget", key=["car", "bike"], id=tea["id"])

    assert answer["deleted"] == 3
    assert set(answer["key"].split(", ")) == {"car", "bike", "tea"}
    assert await async_keys(hass) == set()


@pytest.mark.usefixtures("memories")
async def test_forget_all_or_nothing(hass: HomeAssistant) -> None:
    answer = await async_act(hass, "forget", key=["tea", "parked_car"])

    assert (answer["status"], answer["error"], answer["key"]) == ("error", "ambiguous", "parked_car")
    assert answer["matches"][0]["key"] == "car"
    assert await async_keys(hass) == {"car", "bike", "tea"}


@pytest.mark.usefixtures("memories")
async def test_forget_unknown_id(hass: HomeAssistant) -> None:
    answer = await async_act(hass, "forget", id=["parked car"])

    assert (answer["error"], answer["matches"]) == ("not_found", [])


@pytest.mark.usefixtures("memories")
async def test_forget_by_filter(hass: HomeAssistant) -> None:
    answer = await async_act(hass, "forget", tags="parking", all_matching="true")

    assert (answer["deleted"], answer["key"]) == (2, None)
    assert await async_keys(hass) == {"tea"}


@pytest.mark.usefixtures("memories")
async def test_forget_filter_that_matches_nothing(hass: HomeAssistant) -> None:
    answer = await async_act(hass, "forget", tags="cooking", all_matching=True)

    assert (answer["status"], answer["deleted"], answer["restorable_until"]) == ("ok", 0, None)


@pytest.mark.usefixtures("memories")
async def test_forget_purge(hass: HomeAssistant) -> None:
    answer = await async_act(hass, "forget", key="car", purge="true")

    assert (answer["deleted"], answer["restorable_until"]) == (1, None)
    restored = await async_act(hass, "restore", key="car")
    assert (restored["status"], restored["error"], restored["matches"]) == ("error", "not_found", [])


@pytest.mark.usefixtures("memories")
async def test_forget_restore_suggests_what_is_forgotten(hass: HomeAssistant) -> None:
    await async_act(hass, "forget", key=["car", "tea"])

    answer = await async_act(hass, "restore", key="parked_car")

    assert (answer["op"], answer["error"]) == ("restore", "ambiguous")
    assert [match["key"] for match in answer["matches"]] == ["car"]
