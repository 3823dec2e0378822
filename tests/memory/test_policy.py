"""Who may see what, and whose a memory becomes."""

import pytest

from custom_components.semantic_memory.memory import policy
from custom_components.semantic_memory.memory.errors import InvalidInputError, NotAllowedError
from custom_components.semantic_memory.memory.models import HOUSEHOLD, Caller, Category, Scope

ANN = Caller(user_id="ann")
NOBODY = Caller()
PROXY = Caller(user_id="ann", actor_id="admin")


@pytest.mark.parametrize(
    ("caller", "owner", "expected"),
    [
        (ANN, None, ("ann", HOUSEHOLD)),
        (PROXY, None, ("ann", HOUSEHOLD)),
        (NOBODY, None, (HOUSEHOLD,)),
        (ANN, "ann", ("ann",)),
        (ANN, HOUSEHOLD, (HOUSEHOLD,)),
        (NOBODY, HOUSEHOLD, (HOUSEHOLD,)),
    ],
)
def test_visible_owners(caller: Caller, owner: str | None, expected: tuple[str, ...]) -> None:
    assert policy.visible_owners(caller, owner) == expected


@pytest.mark.parametrize(("caller", "owner"), [(ANN, "bob"), (NOBODY, "ann"), (PROXY, "admin"), (ANN, "")])
def test_other_owners_are_not_visible(caller: Caller, owner: str) -> None:
    with pytest.raises(NotAllowedError) as caught:
        policy.visible_owners(caller, owner)
    assert caught.value.code == "not_allowed"


@pytest.mark.parametrize(
    ("caller", "scope", "expected"),
    [
        (ANN, Scope.USER, "ann"),
        (ANN, Scope.SESSION, "ann"),
        (ANN, Scope.HOUSEHOLD, HOUSEHOLD),
        (PROXY, Scope.USER, "ann"),
        (NOBODY, Scope.SESSION, HOUSEHOLD),
        (NOBODY, Scope.HOUSEHOLD, HOUSEHOLD),
    ],
)
def test_owner_of_what_is_stored(caller: Caller, scope: Scope, expected: str) -> None:
    assert policy.owner_for(caller, scope) == expected


def test_nobody_has_no_personal_memories() -> None:
    with pytest.raises(InvalidInputError) as caught:
        policy.owner_for(NOBODY, Scope.USER)
    assert caught.value.code == "scope_needs_person"


def test_scope_and_category_by_name() -> None:
    assert policy.parse_scope(" Household ") is Scope.HOUSEHOLD
    assert policy.parse_scope(Scope.USER) is Scope.USER
    assert policy.parse_category("EVENT") is Category.EVENT


@pytest.mark.parametrize("name", ["", "everybody", "user\0", "\ud800"])
def test_unknown_names_are_told_with_those_that_exist(name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        policy.parse_scope(name)
    assert caught.value.code == "invalid_scope"
    assert caught.value.placeholders == {"scope": name, "allowed": "user, household, session"}
    with pytest.raises(InvalidInputError) as caught:
        policy.parse_category(name)
    assert caught.value.code == "invalid_category"
    assert "routine" in caught.value.placeholders["allowed"]


def test_the_actor_is_who_acts() -> None:
    assert (ANN.actor, PROXY.actor, NOBODY.actor) == ("ann", "admin", None)
