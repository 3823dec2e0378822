"""What a page has to know first."""

from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant

from ..conftest import SetUp
from .conftest import Client, Connect


async def test_a_user_sees_themselves(hass: HomeAssistant, bea: Client) -> None:
    info = await bea.ask("info")

    assert info["user_id"] == bea.user.id
    assert (info["is_admin"], info["can_change"]) == (False, True)
    assert info["people"] == [{"user_id": bea.user.id, "name": "Bea"}]
    assert info["version"] == "0.1.0"


async def test_administrators_see_everybody(hass: HomeAssistant, ada: Client, users: dict[str, User]) -> None:
    await hass.auth.async_create_system_user("Add-on")
    hass.states.async_set("person.bea", "home", {"friendly_name": "Anne-Beatrix", "user_id": users["bea"].id})

    info = await ada.ask("info")

    people = {person["user_id"]: person["name"] for person in info["people"]}
    made_here = [name for user_id, name in people.items() if user_id in {user.id for user in users.values()}]
    assert made_here == ["Ada", "Anne-Beatrix", "Carl", "Wall"]
    assert next(iter(people)) == ada.user.id
    assert "Add-on" not in people.values()


async def test_agents_and_settings(hass: HomeAssistant, set_up: SetUp, connect: Connect) -> None:
    hass.states.async_set("conversation.home_assistant", "idle")
    hass.states.async_set("conversation.llama", "idle", {"friendly_name": "Llama"})
    await set_up(options={"llm": {"expose_tools": False}, "recall": {"limit": 7}})

    info = await (await connect("bea")).ask("info")

    assert info["agents"] == [{"entity_id": "conversation.llama", "name": "Llama"}]
    assert info["exposed_to_assist"] is False
    assert info["settings"] == {
        "recall_limit": 7, "threshold": 0.18, "default_expiry_days": 180, "forgotten_days": 30,
    }  # fmt: skip
