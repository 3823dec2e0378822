"""Everybody who may call an action or talk to an agent, and what they may see."""

from dataclasses import dataclass
from typing import Final

from custom_components.semantic_memory.memory.models import HOUSEHOLD

from .home import ADA, BEA, CARL

DELETED: Final = "d" * 32
"""A user that has been deleted, whose context is still around."""
_NOTHING: Final = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who calls an action."""

    user: str | None
    """Name of the user, ``None`` for an automation."""
    person: str | None = None
    """For whom."""
    sees: frozenset[str] = _NOTHING
    """Whose memories; empty where the call is refused."""
    trusted: bool = False
    """Whether the household's memories may be taken away for good."""

    @property
    def administers(self) -> bool:
        """Return whether actions for administrators are open."""
        return self.user in {ADA, None}

    @property
    def own(self) -> frozenset[str]:
        """Return who of the owners is a person."""
        return self.sees - {HOUSEHOLD}

    @property
    def takes(self) -> frozenset[str]:
        """Return the owners from whom may be taken for good."""
        return self.sees if self.trusted else self.own


def _sees(*owners: str) -> frozenset[str]:
    return frozenset({*owners, HOUSEHOLD})


CALLERS: Final = {
    "user": Who(BEA, None, _sees(BEA)),
    "user, naming herself": Who(BEA, "person.bea", _sees(BEA)),
    "user, naming another": Who(BEA, "person.carl"),
    "user, naming the administrator": Who(BEA, "person.ada"),
    "user, naming a guest": Who(BEA, "person.guest"),
    "user, naming a stranger": Who(BEA, "person.stranger"),
    "user, naming no person": Who(BEA, "sun.sun"),
    "administrator": Who(ADA, None, _sees(ADA), trusted=True),
    "administrator, naming another": Who(ADA, "person.carl", _sees(CARL), trusted=True),
    "administrator, naming a guest": Who(ADA, "person.guest"),
    "automation": Who(None, None, _sees(), trusted=True),
    "automation, naming somebody": Who(None, "person.carl", _sees(CARL), trusted=True),
    "automation, naming a stranger": Who(None, "person.stranger"),
    "add-on": Who("add-on", None, _sees(), trusted=True),
    "add-on, naming somebody": Who("add-on", "person.bea", _sees(BEA), trusted=True),
    "deleted user": Who("deleted", None, _sees()),
    "deleted user, naming somebody": Who("deleted", "person.bea"),
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who talks to an agent."""

    user: str | None
    satellite: str | None
    """Whose satellite it is, ``None`` for a browser or phone."""
    sees: frozenset[str]

    @property
    def own(self) -> frozenset[str]:
        """Return who of the owners is a person."""
        return self.sees - {HOUSEHOLD}


SPEAKERS: Final = {
    "user": Speaker(BEA, None, _sees(BEA)),
    "administrator": Speaker(ADA, None, _sees(ADA)),
    "user at another's satellite": Speaker(CARL, BEA, _sees(CARL)),
    "nobody": Speaker(None, None, _sees()),
    "somebody at Bea's satellite": Speaker(None, BEA, _sees(BEA)),
    "somebody at the guest's satellite": Speaker(None, "guest", _sees()),
    "somebody at a satellite of nobody": Speaker(None, "nobody", _sees()),
    "somebody at a device that is gone": Speaker(None, "gone", _sees()),
    "add-on": Speaker("add-on", None, _sees()),
    "add-on at Bea's satellite": Speaker("add-on", BEA, _sees(BEA)),
}
