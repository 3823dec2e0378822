"""Who a surface acts for."""

from typing import Any, Final
from unittest.mock import Mock

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.llm import LLMContext
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.semantic_memory.data import SemanticMemoryData
from custom_components.semantic_memory.memory.models import Caller
from custom_components.semantic_memory.people import AUTOMATION, async_caller_for_action, caller_for_llm

from .conftest import SetUp

ADMIN, NORMAL, SYSTEM, DELETED = "a" * 32, "b" * 32, "c" * 32, "d" * 32
USERS: Final[dict[str, str | None]] = {
    "admin": ADMIN,
    "normal": NORMAL,
    "system": SYSTEM,
    "deleted": DELETED,
    "nobody": None,
}
PERSONS: Final = {
    "admins": "person.admin",
    "normals": "person.normal",
    "without-user": "person.guest",
    "unknown": "person.stranger",
    "no-person": "light.lamp",
}
REFUSED, UNKNOWN, NO_USER = "other_person", "person_not_found", "person_without_user"


@pytest.fixture(autouse=True)
async def _people(hass: HomeAssistant) -> None:
    """Have users of every kind, and persons."""
    MockUser(id=ADMIN, name="Ada", is_owner=True).add_to_hass(hass)
    MockUser(id=NORMAL, name="Grace").add_to_hass(hass)
    MockUser(id=SYSTEM, name="Add-on", system_generated=True).add_to_hass(hass)
    persons = [
        {"id": "admin", "name": "Admin", "user_id": ADMIN},
        {"id": "normal", "name": "Normal", "user_id": NORMAL},
        {"id": "guest", "name": "Guest"},
    ]
    assert await async_setup_component(hass, "person", {"person": persons})
    await hass.async_block_till_done()
    # What looks like a person's attribute on something else means nothing.
    hass.states.async_set("light.lamp", "on", {"user_id": ADMIN})


MATRIX: Final[list[tuple[str, str | None, Caller | str]]] = [
    ("admin", None, Caller(ADMIN, ADMIN, trusted=True)),
    ("admin", "admins", Caller(ADMIN, ADMIN, trusted=True)),
    ("admin", "normals", Caller(NORMAL, ADMIN, trusted=True)),
    ("admin", "without-user", NO_USER),
    ("admin", "unknown", UNKNOWN),
    ("admin", "no-person", NO_USER),
    ("normal", None, Caller(NORMAL, actor_id=NORMAL)),
    ("normal", "admins", REFUSED),
    ("normal", "normals", Caller(NORMAL, actor_id=NORMAL)),
    ("normal", "without-user", NO_USER),
    ("normal", "unknown", UNKNOWN),
    ("normal", "no-person", NO_USER),
    ("system", None, Caller(None, SYSTEM, trusted=True)),
    ("system", "admins", Caller(ADMIN, SYSTEM, trusted=True)),
    ("system", "normals", Caller(NORMAL, SYSTEM, trusted=True)),
    ("system", "without-user", NO_USER),
    ("system", "unknown", UNKNOWN),
    ("system", "no-person", NO_USER),
    ("deleted", None, Caller(actor_id=DELETED)),
    ("deleted", "admins", REFUSED),
    ("deleted", "normals", REFUSED),
    ("deleted", "without-user", NO_USER),
    ("deleted", "unknown", UNKNOWN),
    ("deleted", "no-person", NO_USER),
    ("nobody", None, Caller(None, AUTOMATION, trusted=True)),
    ("nobody", "admins", Caller(ADMIN, AUTOMATION, trusted=True)),
    ("nobody", "normals", Caller(NORMAL, AUTOMATION, trusted=True)),
    ("nobody", "without-user", NO_USER),
    ("nobody", "unknown", UNKNOWN),
    ("nobody", "no-person", NO_USER),
]


@pytest.mark.parametrize(("user", "person", "expected"), MATRIX, ids=lambda value: str(value)[:24])
async def test_actions(hass: HomeAssistant, user: str, person: str | None, expected: Caller | str) -> None:
    context = Context(user_id=USERS[user])
    named = PERSONS[person] if person else None
    if isinstance(expected, Caller):
        assert await async_caller_for_action(hass, context, named) == expected
        return
    with pytest.raises(ServiceValidationError) as error:
        await async_caller_for_action(hass, context, named)
    assert error.value.translation_key == expected
    assert error.value.translation_domain == "semantic_memory"
    if expected != REFUSED:
        assert error.value.translation_placeholders == {"person": named}


def test_the_matrix_is_complete() -> None:
    assert len({(user, person) for user, person, _ in MATRIX}) == len(USERS) * (len(PERSONS) + 1)


def _entry(*rows: dict[str, str], options: dict[str, Any] | None = None) -> MockConfigEntry:
    """Return an entry with these satellites."""
    given = {"people": {"satellites": list(rows)}} if options is None else options
    entry = MockConfigEntry(domain="semantic_memory", options=given)
    entry.runtime_data = SemanticMemoryData(Mock(), None, {SYSTEM}, downloads=Mock(), uploads=Mock())
    return entry


def _llm(user: str | None, device: str | None, *, context: bool = True) -> LLMContext:
    given = Context(user_id=user) if context else None
    return LLMContext(platform="test", context=given, language="en", assistant="conversation", device_id=device)


KITCHEN = {"device": "kitchen", "person": "person.admin"}
BEDROOM = {"device": "bedroom", "person": "person.normal"}
GUEST_ROOM = {"device": "guest_room", "person": "person.guest"}
ATTIC = {"device": "attic", "person": "person.moved_out"}
CELLAR = {"device": "cellar"}


@pytest.mark.parametrize(
    ("user", "device", "expected"),
    [
        (None, None, Caller()),
        (None, "kitchen", Caller(ADMIN)),
        (None, "bedroom", Caller(NORMAL)),
        (None, "guest_room", Caller()),
        (None, "attic", Caller()),
        (None, "cellar", Caller()),
        (None, "garage", Caller()),
        (NORMAL, None, Caller(NORMAL)),
        (NORMAL, "kitchen", Caller(NORMAL)),
        (SYSTEM, None, Caller()),
        (SYSTEM, "kitchen", Caller(ADMIN)),
    ],
)
def test_agents(hass: HomeAssistant, user: str | None, device: str | None, expected: Caller) -> None:
    """The user counts before the device; a satellite speaks for the person it belongs to."""
    entry = _entry(KITCHEN, BEDROOM, GUEST_ROOM, ATTIC, CELLAR)
    assert caller_for_llm(hass, entry, _llm(user, device)) == expected


def test_callers_have_names_and_a_language(hass: HomeAssistant) -> None:
    hass.config.language = "nl"
    caller = caller_for_llm(hass, _entry(KITCHEN), _llm(None, "kitchen"))
    assert (caller.names, caller.language) == (("Admin",), "en")
    nobody = caller_for_llm(hass, _entry(KITCHEN), _llm(None, "garage"))
    assert (nobody.names, nobody.language) == ((), "en")


async def test_actions_are_called_in_the_language_of_the_house(hass: HomeAssistant) -> None:
    hass.config.language = "nl"
    caller = await async_caller_for_action(hass, Context(user_id=NORMAL), None)
    assert (caller.names, caller.language) == (("Normal",), "nl")


def test_agents_without_a_context(hass: HomeAssistant) -> None:
    assert caller_for_llm(hass, _entry(KITCHEN), _llm(None, "kitchen", context=False)) == Caller(ADMIN)
    assert caller_for_llm(hass, _entry(options={}), _llm(None, "kitchen", context=False)) == Caller()


async def test_users_of_add_ons_are_known(hass: HomeAssistant, set_up: SetUp) -> None:
    entry = await set_up()
    system = {user.id for user in await hass.auth.async_get_users() if user.system_generated}
    assert SYSTEM in system
    known = entry.runtime_data.system_users
    assert known == system

    later = await hass.auth.async_create_system_user("Add-on that came later")
    person = await hass.auth.async_create_user("Person who came later")
    await hass.async_block_till_done()
    assert known == {*system, later.id}
    assert caller_for_llm(hass, entry, _llm(later.id, None)) == Caller()
    assert caller_for_llm(hass, entry, _llm(person.id, None)) == Caller(person.id)

    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.auth.async_create_system_user("Add-on that came too late")
    await hass.async_block_till_done()
    assert known == {*system, later.id}
