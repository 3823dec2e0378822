"""Who a surface acts for."""

from collections.abc import Iterable, Mapping
import re
from typing import Any, Final

from homeassistant.auth import EVENT_USER_ADDED
from homeassistant.auth.const import GROUP_ID_READ_ONLY
from homeassistant.auth.models import User
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.llm import LLMContext

from .const import CONF_DEVICE, CONF_PERSON, CONF_SATELLITES, DOMAIN, SECTION_PEOPLE
from .data import SemanticMemoryConfigEntry
from .errors import quote
from .memory.errors import InvalidInputError, NotAllowedError
from .memory.models import Caller

AUTOMATION: Final = "automation"
"""Who acts, in the history, where no user does: an automation, a schedule, a satellite's script."""

USER_ID: Final = re.compile("[0-9a-f]{32}")
"""What Home Assistant makes the ids of users of."""


async def async_caller_for_action(hass: HomeAssistant, context: Context, person: str | None) -> Caller:
    """Return who an action is for: the person that is named, else the user who called it, else nobody.

    Automations and add-ons act without a user of their own and may name anybody, administrators too; other users only
    themselves. The history names who called, never the person on whose behalf. Raises ServiceValidationError.
    """
    actor_id = context.user_id or AUTOMATION
    user = await hass.auth.async_get_user(context.user_id) if context.user_id else None
    deleted = bool(context.user_id) and user is None
    # An add-on's calls come from a user that Home Assistant made for it, and no person could ever see its memories.
    acting = None if user is None or user.system_generated else user
    acting_id = acting.id if acting else None
    trusted = acting.is_admin if acting else not deleted
    if person is None:
        return _caller(hass, acting_id, actor_id, trusted)
    meant = _user_of(hass, person)
    if meant is None:
        known = hass.states.get(person) is not None
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="person_without_user" if known else "person_not_found",
            translation_placeholders={"person": quote(person)},
        )
    if acting_id != meant and not trusted:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="other_person")
    return _caller(hass, meant, actor_id, trusted)


def caller_for_connection(
    hass: HomeAssistant, entry: SemanticMemoryConfigEntry, user: User, user_id: str | None = None
) -> Caller:
    """Return who asks over a websocket connection: its user, or the one whom an administrator looks at.

    Users that Home Assistant made for itself and its add-ons are nobody in particular. Raises NotAllowedError
    (``other_user``) for anybody else's memories, InvalidInputError (``user_not_found``) for what is no user's id.
    """
    own_id = None if user.system_generated else user.id
    if user_id is None or user_id == own_id:
        return _caller(hass, own_id, user.id, user.is_admin)
    if not user.is_admin:
        raise NotAllowedError("other_user")
    # Who was deleted may have left memories, so the id need not be known.
    if USER_ID.fullmatch(user_id) is None or user_id in entry.runtime_data.system_users:
        raise InvalidInputError("user_not_found", user_id=user_id)
    return _caller(hass, user_id, user.id, trusted=True)


def names_of_users(hass: HomeAssistant, users: Iterable[User]) -> dict[str, str]:
    """Return what people are called, by user id: as their person, else as their user; no users of Home Assistant's."""
    persons = {person.attributes.get("user_id"): person.name for person in hass.states.async_all("person")}
    return {user.id: persons.get(user.id) or user.name or user.id for user in users if not user.system_generated}


def may_change(user: User) -> bool:
    """Return whether a user may do more than look, which those in Home Assistant's group of readers may not."""
    return user.is_admin or any(group.id != GROUP_ID_READ_ONLY for group in user.groups)


def caller_for_llm(hass: HomeAssistant, entry: SemanticMemoryConfigEntry, llm_context: LLMContext) -> Caller:
    """Return who talks to an agent: the user, else the person whose satellite it is, else nobody."""
    user_id = llm_context.context.user_id if llm_context.context else None
    if user_id and user_id not in entry.runtime_data.system_users:
        return _caller(hass, user_id, language=llm_context.language)
    if llm_context.device_id is None:
        return _caller(hass, None, language=llm_context.language)
    for row in entry.options.get(SECTION_PEOPLE, {}).get(CONF_SATELLITES, ()):
        if row.get(CONF_DEVICE) == llm_context.device_id:
            return _caller(hass, _user_of(hass, row.get(CONF_PERSON, "")), language=llm_context.language)
    return _caller(hass, None, language=llm_context.language)


async def async_caller_for_integration(hass: HomeAssistant, user_id: str | None, actor_id: str | None) -> Caller:
    """Return who another integration acts for; like an automation it may name anybody.

    Raises ServiceValidationError for what is no user's id.
    """
    user = await hass.auth.async_get_user(user_id) if user_id is not None else None
    if user_id is not None and (user is None or user.system_generated):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="user_not_found",
            translation_placeholders={"user_id": quote(user_id)},
        )
    return _caller(hass, user_id, actor_id, trusted=True)


def satellites_of(
    hass: HomeAssistant, entry: SemanticMemoryConfigEntry, user_id: str | None
) -> list[Mapping[str, Any]]:
    """Return the rows of the options that map a satellite to a person who is this user."""
    rows = entry.options.get(SECTION_PEOPLE, {}).get(CONF_SATELLITES, ())
    return [row for row in rows if user_id is not None and _user_of(hass, row.get(CONF_PERSON, "")) == user_id]


async def async_follow_system_users(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> None:
    """Keep in mind who is no person: agents are told their tools at once, and the users cannot be asked for then."""
    known = entry.runtime_data.system_users

    async def note(event: Event) -> None:
        user = await hass.auth.async_get_user(event.data["user_id"])
        if user is not None and user.system_generated:
            known.add(user.id)

    entry.async_on_unload(hass.bus.async_listen(EVENT_USER_ADDED, note))  # an add-on that is installed later
    known.update(user.id for user in await hass.auth.async_get_users() if user.system_generated)


def _user_of(hass: HomeAssistant, person: str) -> str | None:
    """Return the user that a person entity is linked to."""
    state = hass.states.get(person)
    if state is None or state.domain != "person":
        return None
    user_id: str | None = state.attributes.get("user_id")
    return user_id


def _caller(
    hass: HomeAssistant,
    user_id: str | None,
    actor_id: str | None = None,
    trusted: bool = False,
    language: str | None = None,
) -> Caller:
    """Return a caller with what they are called and speak; an action is called in the language of the house."""
    people = hass.states.async_all("person") if user_id else []
    names = tuple(person.name for person in people if person.attributes.get("user_id") == user_id)
    return Caller(user_id, actor_id, trusted, names, language or hass.config.language)
