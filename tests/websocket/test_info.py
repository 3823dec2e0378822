"""What a page has to know first."""

from homeassistant.core import HomeAssistant

from .conftest import Client


async def test_a_user_sees_themselves(hass: HomeAssistant, bea: Client) -> None:
    info = await bea.ask("info")

    assert info["user_id"] == bea.user.id
    assert (info["is_admin"], info["can_change"]) == (False, True)
    assert info["people"] == [{"user_id": bea.user.id, "name": "Bea"}]
    assert info["version"] == "0.1.0"
