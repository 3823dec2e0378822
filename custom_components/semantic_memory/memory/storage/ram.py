"""The bit codes in memory, of those owners whose memories are searched.

Changes reach them when their transaction has been committed, on the writer's thread and before the change is confirmed:
whoever asks after that finds it. An owner's codes are read from the vectors once somebody has searched them, in the
background; what is committed meanwhile is applied on top. They may know more than a reader's snapshot has, which the
search leaves out, and never less than what was confirmed before it began.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
import logging
import sqlite3
import threading
from typing import TYPE_CHECKING, Final

from . import spaces
from .candidates import CandidateIndex, Entry
from .codes import Codes, bytes_of, sign_words
from .scan import NoIndex

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    type Vector = NDArray[float32]

_LOGGER = logging.getLogger(__name__)

BUDGET: Final = 64 * 1024 * 1024
"""Bytes. Codes of 768 bits take 106 each: more than 600,000 memories."""
_BATCH: Final = 1_000

type Place = tuple[int, str]
"""A space and an owner."""
type Latest = Mapping[int, Entry | None]
"""How memories are after a change, by seq; ``None`` for one that is not to be found any more."""


@dataclass(slots=True)
class Filling:
    """The codes of one owner while they are read, piece by piece, so that no reader is kept for long."""

    place: Place
    budget: int
    codes: Codes | None = None
    """``None`` before the first piece, and where there is no room for them."""
    missed: dict[int, Entry | None] = field(default_factory=dict)
    """What was committed since it began, which the pieces may or may not have."""
    abandoned: bool = False
    complete: bool = False
    _seqs: Sequence[int] = ()
    _position: int = 0

    def read_on(self, connection: sqlite3.Connection) -> bool:
        """Read the next piece; return whether there is another one.

        The pieces need not be of one snapshot: whatever changes after the beginning is among what was missed.
        """
        if self.codes is None:
            self._begin(connection)
        if self.codes is not None and not self.abandoned:
            seqs = self._seqs[self._position : self._position + _BATCH]
            vectors = spaces.embeddings_of(connection, self.place[0], seqs)
            self.codes.update((), list(vectors), sign_words(list(vectors.values()), self.codes.dimension))
            self._position += len(seqs)
            self.complete = self._position == len(self._seqs)
        return not (self.complete or self.abandoned)

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Find out which codes there are, and whether there is room for them."""
        space_id, owner = self.place
        row = connection.execute("SELECT dimension FROM space WHERE id = ?", (space_id,)).fetchone()
        self.abandoned |= row is None
        if row is None:
            return
        rows = connection.execute("SELECT seq FROM memory WHERE owner = ? AND deleted_at IS NULL", (owner,))
        self._seqs = sorted(seq for (seq,) in rows)
        self.complete = bytes_of(row[0], len(self._seqs)) > self.budget
        if not self.complete:
            self.codes = Codes(row[0], len(self._seqs))


class RamTier:
    """Holds as many owners' codes as the budget allows: those that were asked for last."""

    def __init__(self, budget: int = BUDGET) -> None:
        """Begin with none; ``budget`` is in bytes."""
        self.budget = budget
        self._lock = threading.Lock()
        self._held: dict[Place, Codes] = {}
        """The one that was asked for least recently comes first."""
        self._fillings: list[Filling] = []
        self._wanted: dict[Place, None] = {}
        self._too_large: set[Place] = set()
        self._staged: dict[int, dict[int, Entry | None]] = {}
        """By space. Only the writer's thread touches what is staged."""
        self._dropped: set[int] = set()

    @property
    def nbytes(self) -> int:
        """Return how many bytes the codes take."""
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
                for (space_id, owner), codes in self._held.items():
                    if changes := staged.get(space_id):
                        _apply(codes, owner, changes)
                for filling in self._fillings:
                    filling.missed.update(staged.get(filling.place[0], {}))
                self._keep_to_budget()
            except Exception:
                _LOGGER.exception("The vector index in memory could not follow a change, it is made anew")
                self._forget({space_id for space_id, _ in [*self._held, *(item.place for item in self._fillings)]})

    # For readers

    def ask(self, space_id: int, owner: str) -> Codes | None:
        """Return an owner's codes, or want them to be read if they are not here."""
        place = space_id, owner
        with self._lock:
            codes = self._held.pop(place, None)
            if codes is not None:
                self._held[place] = codes
            elif place not in self._too_large:
                self._wanted[place] = None
            return codes

    # For whoever fills it

    def take_wanted(self) -> Place | None:
        """Return an owner whose codes somebody wanted, and who are neither here nor on their way."""
        with self._lock:
            while self._wanted:
                place = next(iter(self._wanted))
                del self._wanted[place]
                if place not in self._held and all(filling.place != place for filling in self._fillings):
                    return place
            return None

    def begin(self, place: Place) -> Filling:
        """Begin to keep in mind what is committed while an owner's codes are read."""
        filling = Filling(place, self.budget)
        with self._lock:
            self._fillings.append(filling)
        return filling

    def end(self, filling: Filling) -> None:
        """Take over what was read, if it is everything, and what was committed meanwhile."""
        with self._lock:
            self._fillings.remove(filling)
            if filling.abandoned or not filling.complete:
                return
            if filling.codes is None:
                self._too_large.add(filling.place)
                return
            _apply(filling.codes, filling.place[1], filling.missed)
            self._held[filling.place] = filling.codes
            self._keep_to_budget()

    # Inside, with the lock

    def _forget(self, space_ids: set[int]) -> None:
        """Let go of whole spaces."""
        self._held = {place: codes for place, codes in self._held.items() if place[0] not in space_ids}
        self._too_large = {place for place in self._too_large if place[0] not in space_ids}
        for filling in self._fillings:
            filling.abandoned |= filling.place[0] in space_ids

    def _keep_to_budget(self) -> None:
        too_large = {place for place, codes in self._held.items() if codes.nbytes > self.budget}
        self._too_large |= too_large
        for place in [*too_large, *self._held]:
            if self._nbytes() <= self.budget:
                return
            self._held.pop(place, None)

    def _nbytes(self) -> int:
        return sum(codes.nbytes for codes in self._held.values())


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

    def search(
        self, connection: sqlite3.Connection, space_id: int, owners: Sequence[str], query: Vector, limit: int
    ) -> list[int]:
        """Search each owner's codes in memory, or behind it while they are not there."""
        found: list[int] = []
        for owner in owners:
            codes = self._tier.ask(space_id, owner)
            if codes is None:
                found += self._behind.search(connection, space_id, (owner,), query, limit)
            else:
                (code,) = sign_words([query.astype("<f4").tobytes()], codes.dimension)
                found += codes.nearest(code, limit)
        return found


def _apply(codes: Codes, owner: str, changes: Latest) -> None:
    """Bring an owner's codes up to date."""
    entries = [entry for entry in changes.values() if entry is not None and entry.owner == owner]
    words = sign_words([entry.embedding for entry in entries], codes.dimension)
    codes.update(list(changes), [entry.seq for entry in entries], words)
