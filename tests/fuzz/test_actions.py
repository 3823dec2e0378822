"""Every field of every action, with whatever may be sent there."""

from typing import Any, Final

from homeassistant.core import Context, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from hypothesis import given, strategies as st
import pytest
import voluptuous as vol

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.services import ACTIONS

from ..isolation.home import ADA, BEA, KINDS, Home
from ..isolation.who import DELETED
from .conftest import Looked
from .outcomes import CASES, check_answer, check_error, long, short
from .values import Sent, Values, anything, texts

SCHEMAS: Final = {f"memory_{action.op}": action.schema for action in ACTIONS}
USEFUL: Final[dict[str, tuple[Any, ...]]] = {
    "value": ("The combination of the safe is new", "Bea likes tea", "The gift is hidden"),
    "key": (*KINDS, ["safe", "gift"], "tea"),
    "new_key": (*KINDS, "tea"),
    "query": ("combination of the safe", "tea", "hidden gift", '"the safe"', "comb*", "tea -safe", "-tea"),
    "text": ("combination", "tea"),
    "scope": ("user", "household", "session"),
    "category": ("user", "general", "home"),
    "tags": ("vault", ["vault", "tea"], []),
    "confidence": (0.5, "1"),
    "threshold": (0, 0.3, "0.9"),
    "expiration_days": (0, 1, 30, 0.000_001),
    "expires_at": ("2099-01-31", "2099-01-31T20:00:00+01:00"),
    "created_after": ("2020-01-01",),
    "updated_before": ("2099-01-01", "2019-01-01"),
    "updated_after": ("2020-01-01",),
    "limit": (1, 5, 500),
    "sort": ("created", "key", "expires"),
    "order": ("asc", "desc"),
    "person": ("person.bea", "person.carl", "person.guest"),
    "format": ("jsonl", "csv", "markdown", "text", "native"),
    "path": ("semantic_memory/memory.db", "x.jsonl", "semantic_memory/exports/x.csv"),
    "name": ("memory",),
    "user_id": (DELETED,),
} | dict.fromkeys(
    ("pinned", "forgotten", "all_matching", "purge", "force_new", "confirm", "history", "overwrite", "dry_run",
     "keep_owners", "syntax", "explain"), (True, False, "true", "no"),
)  # fmt: skip
"""Values that get further than the first check."""
CALLERS: Final = (BEA, None, "add-on", "deleted")


def field_values(name: str) -> Values:
    """Return what is sent in a field: as often something useful as anything at all."""
    useful = USEFUL.get(name)
    return st.sampled_from(useful) | anything if useful else anything


def calls(name: str) -> st.SearchStrategy[dict[Any, Any]]:
    """Return the data of calls of an action, now and then with a field that there is not."""
    fields = {str(marker.schema): field_values(str(marker.schema)) for marker in SCHEMAS[name].schema}
    known = st.fixed_dictionaries({}, optional=fields)
    unknown = st.dictionaries(texts, anything, min_size=1, max_size=1)
    return known | known | known | st.builds(lambda first, second: first | second, known, unknown)


cases: Final = st.sampled_from(sorted(SCHEMAS)).flatmap(lambda name: st.builds(Sent, st.just(name), calls(name)))


def touches_ada(home: Home, user: str | None, data: dict[Any, Any]) -> bool:
    """Return whether a call may touch Ada's memories: administrators and automations may name her."""
    try:
        named = f"{data.get('person')} {data.get('user_id')}".lower()
    except ValueError, RecursionError:  # numbers that Python does not write
        return False
    return user != BEA and (f"person.{ADA}" in named or home.users[ADA].id in named)


async def async_try(home: Home, looked: Looked, name: str, user: str | None, data: dict[Any, Any]) -> None:
    """Call an action and look at everything that came of it."""
    if touches_ada(home, user, data):
        return
    CASES["action calls"] += 1
    user_id = DELETED if user == "deleted" else home.users[user].id if user else None
    answers = home.hass.services.supports_response(DOMAIN, name) is not SupportsResponse.NONE
    call = home.hass.services.async_call(
        DOMAIN, name, data, blocking=True, return_response=answers, context=Context(user_id=user_id)
    )
    try:
        answer = await call
    except (HomeAssistantError, vol.Invalid) as err:
        check_error(err)
    else:
        check_answer(answer)
    await looked()


async def test_the_actions_are_those_that_are_registered(home: Home) -> None:
    registered = home.hass.services.async_services()[DOMAIN]
    assert {name: action.schema for name, action in registered.items()} == SCHEMAS


def test_useful_values_are_of_fields() -> None:
    assert set(USEFUL) <= {str(marker.schema) for schema in SCHEMAS.values() for marker in schema.schema}


@short(500)
@given(case=cases, user=st.sampled_from(CALLERS))
async def test_actions(home: Home, looked: Looked, case: Sent, user: str | None) -> None:
    await async_try(home, looked, case.to, user, case.data)


@pytest.mark.long
@pytest.mark.timeout(3_600)
@long(20_000)
@given(case=cases, user=st.sampled_from(CALLERS))
async def test_many_more_actions(home: Home, looked: Looked, case: Sent, user: str | None) -> None:
    await async_try(home, looked, case.to, user, case.data)
