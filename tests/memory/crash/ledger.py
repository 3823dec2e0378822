"""What was acknowledged, and whether a file holds it."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
import json
from pathlib import Path
import re
import sqlite3
from typing import NamedTuple

from custom_components.semantic_memory.memory.engine import DATABASE

from .jobs import is_whole

_SECRET = re.compile(r"zq[0-9a-f]{12}q")


class State(NamedTuple):
    """How a memory is."""

    kind: str
    """``live``, ``forgotten`` or ``gone``."""
    value: str = ""


GONE = State("gone")


class Attempt(NamedTuple):
    """What a writer is about to do."""

    act: str
    key: str
    value: str


@dataclass
class Ledger:
    """Follows what a process says, and compares the file with it afterwards."""

    states: dict[str, State] = field(default_factory=dict)
    under_way: dict[str, Attempt] = field(default_factory=dict)
    """By writer."""
    secrets: set[str] = field(default_factory=set)
    """Words of memories that were purged, which nothing may hold any more."""
    acknowledged: int = 0
    acts: int = 0
    complaints: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        """Take in a line."""
        what, *rest = line.split("\t")
        if what == "try":
            self.under_way[rest[0]] = Attempt(*rest[1:])
        elif what == "done":
            attempt = self.under_way.pop(rest[0])
            self.acknowledged += 1
            before = self.states.get(attempt.key, GONE)
            if attempt.act == "purge":
                self.secrets |= set(_SECRET.findall(before.value))
            self.states[attempt.key] = after(before, attempt)
        elif what == "act":
            self.acts += 1
        elif what in ("found", "failed"):
            self.complaints.append(json.loads(rest[0]) if what == "failed" else line)

    def compare(self, folder: Path) -> list[str]:
        """Return what is wrong with a file that nobody writes to, and take it as it is from here on."""
        found = actual_states(folder / DATABASE)
        wrong = [f"{key} is not whole: {state}" for key, state in found.items() if not is_whole(state.value)]
        possible = {key: {state} for key, state in self.states.items()}
        for attempt in self.under_way.values():
            before = self.states.get(attempt.key, GONE)
            possible.setdefault(attempt.key, {GONE}).add(after(before, attempt))
        for key in possible.keys() | found.keys():
            state = found.get(key, GONE)
            if state not in possible.get(key, {GONE}):
                wrong.append(f"{key} is {state} instead of {possible.get(key)}")
        self.under_way.clear()
        self.states = found
        return wrong + self.traces(folder)

    def traces(self, folder: Path) -> list[str]:
        """Return where something that was purged can still be read."""
        return [
            f"{path.name} holds {secret}, which was purged"
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            for secret in _SECRET.findall(path.read_bytes().decode("latin-1"))
            if secret in self.secrets
        ]


def after(before: State, attempt: Attempt) -> State:
    """Return how a memory is once something has been done to it."""
    if attempt.act == "purge":
        return GONE
    if attempt.act == "forget":
        return State("forgotten", before.value)
    return State("live", before.value if attempt.act == "restore" else attempt.value)


def actual_states(path: Path) -> dict[str, State]:
    """Read every memory, with what its history and its tags say about it."""
    with closing(sqlite3.connect(path)) as connection:
        rows: Iterable[tuple[str, str, str, float | None, str]] = connection.execute(
            "SELECT key, value, tags, deleted_at, (SELECT after FROM history WHERE memory_seq = seq AND after NOT NULL"
            " ORDER BY history.id DESC LIMIT 1) FROM memory"
        )
        states = {}
        for key, value, tags, deleted_at, last in rows:
            assert key not in states, f"{key} is there twice"
            assert f"version {json.loads(tags)[0][1:]} " in value, f"{key} has tags of another version"
            assert json.loads(last)["value"] == value, f"the history of {key} ends with another value"
            states[key] = State("live" if deleted_at is None else "forgotten", value)
        return states
