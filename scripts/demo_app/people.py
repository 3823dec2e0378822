"""Who lives in the house: onboarding, further users, and logging in, all over the API."""

from dataclasses import dataclass
from typing import Any

from .client import Api, ApiError


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a login."""

    name: str
    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A person who is known to Home Assistant, and their access."""

    person: Person
    api: Api
    user_id: str
    entity_id: str


async def async_onboard(url: str, person: Person) -> Resident:
    """Create the owner of a new Home Assistant, as its first page does, and finish onboarding."""
    client_id = f"{url}/"
    async with Api(url) as api:
        answer = await api.post(
            "/api/onboarding/users",
            {
                "name": person.name,
                "username": person.username,
                "password": person.password,
                "client_id": client_id,
                "language": "en",
            },
        )
    resident = await _async_resident(url, person, answer["auth_code"])
    await resident.api.post("/api/onboarding/analytics")
    await resident.api.post("/api/onboarding/integration", {"client_id": client_id, "redirect_uri": client_id})
    return resident


async def async_add_person(owner: Api, person: Person) -> Resident:
    """Create a user without administrator's rights, and the person entity that goes with it."""
    async with owner.connect() as connection:
        user = (await connection.command("config/auth/create", name=person.name, group_ids=["system-users"]))["user"]
        await connection.command(
            "config/auth_provider/homeassistant/create",
            user_id=user["id"],
            username=person.username,
            password=person.password,
        )
        await connection.command("person/create", name=person.name, user_id=user["id"])
    return await async_log_in(owner.url, person)


async def async_log_in(url: str, person: Person) -> Resident:
    """Log in with name and password."""
    client_id = f"{url}/"
    async with Api(url) as api:
        flow = await api.post(
            "/auth/login_flow",
            {"client_id": client_id, "handler": ["homeassistant", None], "redirect_uri": client_id},
        )
        credentials = {"client_id": client_id, "username": person.username, "password": person.password}
        result = await api.post(f"/auth/login_flow/{flow['flow_id']}", credentials)
    if result["type"] != "create_entry":
        raise ApiError("login", str(result.get("errors") or result))
    return await _async_resident(url, person, result["result"])


async def _async_resident(url: str, person: Person, code: str) -> Resident:
    """Trade an authorization code for access."""
    async with Api(url) as api:
        form = {"grant_type": "authorization_code", "code": code, "client_id": f"{url}/"}
        token: str = (await api.request("POST", "/auth/token", data=form))["access_token"]
    api = Api(url, token)
    async with api.connect() as connection:
        user = await connection.command("auth/current_user")
    return Resident(person=person, api=api, user_id=user["id"], entity_id=await _async_entity(api, user["id"]))


async def _async_entity(api: Api, user_id: str) -> str:
    """Return the person entity of a user."""
    states: list[dict[str, Any]] = await api.get("/api/states")
    for state in states:
        if state["entity_id"].startswith("person.") and state["attributes"].get("user_id") == user_id:
            return str(state["entity_id"])
    raise ApiError("person", f"No person entity belongs to user {user_id}")
