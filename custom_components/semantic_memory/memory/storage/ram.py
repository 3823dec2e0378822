"""Bit codes and words in memory, of those owners whose memories are searched.

Changes reach them when their transaction has been committed, on the writer's thread and before the change is confirmed:
whoever asks after that finds it. What is known of an owner is read once somebody has searched them, in the background;
what is committed meanwhile is applied on top. It may know more than a reader's snapshot has, which the
search leaves out, and never less than what was confirmed before it began.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
import logging
import sqlite3
import threading
from typing import Any, Final

from .candidates import CandidateIndex, Entry, Neighbours, Vector, marks
from .codes import Codes, nearest
from .fillings import WORDS, CodeFilling, Filling, Holding, Place, WordFilling
from .scan import NoIndex

_LOGGER = logging.getLogger(__name__)

BUDGET: Final = 64 * 1024 * 1024
"""Bytes. Codes of 768 bits take 302 each with their sketches: those of more than 200,000 memories."""
SPARE_BUDGET: Final = 40 * 1024 * 1024
"""Bytes, beside these, for what makes searches faster and is not needed: 10,000 vectors of 768 numbers."""
type Latest = Mapping[int, Any]
"""How memories are after a change, by seq; ``None`` for one that is not to be found any more."""


class RamTier:
    """Holds as much as the budget allows: what is known of those owners that were asked for last."""

    def __init__(self, budget: int = BUDGET, spare_budget: int = SPARE_BUDGET) -> None:
        """Begin with none; both budgets are in bytes."""
        self.budget = budget
        self.spare_budget = spare_budget
        self._lock = threading.Lock()
        self._held: dict[Place, Holding] = {}
        """The one that was asked for least recently comes first."""
        self._fillings: list[Filling] = []
        self._wanted: dict[Place, None] = {}
        self._too_large: set[Place] = set()
        self._staged: dict[int, dict[int, Any]] = {}
        """By space. Only the writer's thread touches what is staged."""
        self._dropped: set[int] = set()

    @property
    def nbytes(self) -> int:
        """Return how many bytes everything takes."""
        with self._lock:
            return self._nbytes()

    # For the writer

    def stage(self, space_id: int, changes: Latest) -> None:
        """Note what the transaction that is under way changes."""
        self._staged.setdefault(space_id, {}).update(changes)

    def stage_drop(self, space_id: int) -> None:
        """Note that the transaction that is under way drops a space."""
        self._dropped.add(space_id)

    def settle(self, committed: bool) -> None:
        """Take over what the transaction changed, or forget that. Never raises: the transaction counts already."""
        staged, self._staged = self._staged, {}
        dropped, self._dropped = self._dropped, set()
        if not committed or not (staged or dropped):
            return
        with self._lock:
            try:
                self._forget(dropped)
                for (space_id, owner), holding in self._held.items():
                    if changes := staged.get(space_id):
                        holding.follow(owner, changes)
                for filling in self._fillings:
                    filling.missed.update(staged.get(filling.place[0], {}))
                self._keep_to_budget()
            except Exception:
                _LOGGER.exception("An index in memory could not follow a change, it is made anew")
                self._forget({space_id for space_id, _ in [*self._held, *(item.place for item in self._fillings)]})

    def followed(self, space_id: int) -> set[str]:
        """Return the owners of whom something is here or on its way."""
        with self._lock:
            places = [*self._held, *(filling.place for filling in self._fillings)]
            return {owner for place, owner in places if place == space_id}

    # For readers

    def ask[H: Holding](self, kind: type[H], space_id: int, owner: str) -> H | None:
        """Return what there is of an owner, or want it to be read if it is not here."""
        place = space_id, owner
        with self._lock:
            holding = self._held.pop(place, None)
            if holding is not None:
                self._held[place] = holding
            elif place not in self._too_large:
                self._wanted[place] = None
            return holding if isinstance(holding, kind) else None

    def leave_no_trace(self) -> None:
        """Forget all that is left of what has gone, and of questions."""
        with self._lock:
            held = [*self._held.values()]
        for holding in held:
            holding.leave_no_trace()

    # For whoever fills it

    @property
    def wants(self) -> bool:
        """Return whether somebody has wanted something since it was last taken."""
        return bool(self._wanted)

    def begin_wanted(self) -> Filling | None:
        """Begin to keep in mind what is committed while somebody wanted is read; ``None`` where nobody is."""
        with self._lock:
            while self._wanted:
                place = next(iter(self._wanted))
                del self._wanted[place]
                if place not in self._held and all(filling.place != place for filling in self._fillings):
                    return self._begin(place)
            return None

    def begin(self, place: Place) -> Filling:
        """Begin to keep in mind what is committed while an owner is read."""
        with self._lock:
            return self._begin(place)

    def end(self, filling: Filling) -> None:
        """Take over what was read, if it is everything, and what was committed meanwhile."""
        with self._lock:
            self._fillings.remove(filling)
            if filling.abandoned or not filling.complete:
                return
            if filling.holding is None:
                self._too_large.add(filling.place)
                return
            filling.holding.follow(filling.place[1], filling.missed)
            self._held[filling.place] = filling.holding
            self._keep_to_budget()

    # Inside, with the lock

    def _begin(self, place: Place) -> Filling:
        kind = WordFilling if place[0] == WORDS else CodeFilling
        filling: Filling = kind(place, self.budget, self.spare_budget - self._spare_bytes())
        self._fillings.append(filling)
        return filling

    def _forget(self, space_ids: set[int]) -> None:
        """Let go of whole spaces."""
        self._held = {place: held for place, held in self._held.items() if place[0] not in space_ids}
        self._too_large = {place for place in self._too_large if place[0] not in space_ids}
        for filling in self._fillings:
            filling.abandoned |= filling.place[0] in space_ids

    def _keep_to_budget(self) -> None:
        for held in self._held.values():
            if self._spare_bytes() <= self.spare_budget:
                break
            held.slim()
        too_large = {place for place, held in self._held.items() if held.nbytes - held.spare_bytes > self.budget}
        self._too_large |= too_large
        for place in [*too_large, *self._held]:
            if self._nbytes() - self._spare_bytes() <= self.budget:
                return
            self._held.pop(place, None)

    def _nbytes(self) -> int:
        return sum(held.nbytes for held in self._held.values())

    def _spare_bytes(self) -> int:
        return sum(held.spare_bytes for held in self._held.values())


class TieredIndex:
    """The codes in memory in front of another index, which answers for owners whose codes are not there yet."""

    def __init__(self, tier: RamTier, behind: CandidateIndex) -> None:
        """Take both."""
        self.name: Final = "memory" if behind.name == NoIndex.name else behind.name
        self._tier = tier
        self._behind = behind

    def prepare(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Prepare the index behind; the codes in memory are always in line."""
        self._behind.prepare(connection, space_id)

    def put(self, connection: sqlite3.Connection, space_id: int, entries: Sequence[Entry]) -> None:
        """Take them in on disk now, and in memory once they are committed."""
        self._behind.put(connection, space_id, entries)
        self._tier.stage(space_id, {entry.seq: entry for entry in entries})

    def remove(self, connection: sqlite3.Connection, space_ids: Iterable[int], seqs: Sequence[int]) -> None:
        """Forget them on disk now, and in memory once that is committed."""
        affected = list(space_ids)
        self._behind.remove(connection, affected, seqs)
        for space_id in affected:
            self._tier.stage(space_id, dict.fromkeys(seqs))

    def drop(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Forget a whole space in both."""
        self._behind.drop(connection, space_id)
        self._tier.stage_drop(space_id)

    def cosines(self, space_id: int, owners: Sequence[str], seqs: Collection[int], query: Vector) -> dict[int, float]:
        """Return the cosines of those of the memories whose vectors are in memory."""
        marked, found = marks(seqs), dict[int, float]()
        for owner in owners:
            codes = self._tier.ask(Codes, space_id, owner)
            if codes is not None and (known := codes.cosines(marked, query)) is not None:
                found.update(zip(known[0], known[1].tolist(), strict=True))
        return found

    def search(
        self, connection: sqlite3.Connection, space_id: int, owners: Sequence[str], query: Vector, limit: int
    ) -> Neighbours:
        """Search the owners' codes in memory, and behind it those of whom they are not there."""
        asked = {owner: self._tier.ask(Codes, space_id, owner) for owner in owners}
        held = [codes for codes in asked.values() if codes is not None]
        missing = [owner for owner, codes in asked.items() if codes is None]
        near = nearest(held, query, limit)
        found: Neighbours = dict(zip(near.seqs, near.cosines, strict=True)) if near.exact else dict.fromkeys(near.seqs)
        return found | self._behind.search(connection, space_id, missing, query, limit) if missing else found
