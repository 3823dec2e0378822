"""Who may see what, and whose a memory becomes. Pure functions."""

from collections.abc import Iterable
from enum import StrEnum

from .errors import InvalidInputError, NotAllowedError
from .models import HOUSEHOLD, Caller, Category, Memory, Scope


def visible_owners(caller: Caller, owner: str | None = None) -> tuple[str, ...]:
    """Return the owners whose memories the caller may see, the own first; only ``owner`` if that is given.

    Raises NotAllowedError for an owner that is not among them.
    """
    owners = (HOUSEHOLD,) if caller.user_id is None else (caller.user_id, HOUSEHOLD)
    if owner is None:
        return owners
    if owner not in owners:
        raise NotAllowedError
    return (owner,)


def owner_for(caller: Caller, scope: Scope) -> str:
    """Return who owns what the caller stores in this scope.

    Raises InvalidInputError (``scope_needs_person``) for personal memories of an unidentified caller.
    """
    if scope is Scope.HOUSEHOLD:
        return HOUSEHOLD
    if caller.user_id is None:
        if scope is Scope.USER:
            raise InvalidInputError("scope_needs_person")
        return HOUSEHOLD
    return caller.user_id


def require_may_purge(caller: Caller, memories: Iterable[Memory]) -> None:
    """Let nobody but trusted callers purge what others cannot restore then. Raises NotAllowedError."""
    if not caller.trusted and any(memory.owner == HOUSEHOLD for memory in memories):
        raise NotAllowedError("household_purge")


def require_may_move(caller: Caller, before: Memory, after: Memory) -> None:
    """Let nobody but trusted callers make their own what others would miss then. Raises NotAllowedError."""
    if not caller.trusted and before.owner == HOUSEHOLD and after.owner != HOUSEHOLD:
        raise NotAllowedError("household_move")


def require_may_give(caller: Caller, owner: str) -> None:
    """Let nobody but trusted callers make a memory somebody else's. Raises NotAllowedError (``move_to_other``)."""
    if not caller.trusted and owner not in visible_owners(caller):
        raise NotAllowedError("move_to_other")


def parse_scope(scope: Scope | str) -> Scope:
    """Return the scope of that name. Raises InvalidInputError (``invalid_scope``)."""
    return _parse(Scope, scope, "scope")


def parse_category(category: Category | str) -> Category:
    """Return the category of that name. Raises InvalidInputError (``invalid_category``)."""
    return _parse(Category, category, "category")


def _parse[E: StrEnum](kind: type[E], text: str, name: str) -> E:
    try:
        return kind(text.strip().casefold())
    except ValueError as err:
        raise InvalidInputError(f"invalid_{name}", **{name: text, "allowed": ", ".join(kind)}) from err
