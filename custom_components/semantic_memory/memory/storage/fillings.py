"""Reading what is kept in memory of one owner, piece by piece. Functions of a reader's connection."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
import json
import math
import sqlite3
from typing import Any, Final, Protocol, override

from . import codes, exact, postings, spaces, words
from .codes import Codes
from .postings import Document, Postings

WORDS: Final = 0
"""In the place of a space: the words. No space has this number."""
_BATCH: Final = 1_000

type Place = tuple[int, str]
"""A space, or ``WORDS``, and an owner."""


class Holding(Protocol):
    """What is kept in memory of one owner."""

    @property
    def nbytes(self) -> int:
        """Return how many bytes it takes."""
        ...

    @property
    def spare_bytes(self) -> int:
        """Return how many of them it can do without."""
        ...

    def slim(self) -> None:
        """Do without them."""
        ...

    def leave_no_trace(self) -> None:
        """Forget all that is left of what has gone, and of questions."""
        ...

    def follow(self, owner: str, changes: Mapping[int, Any]) -> None:
        """Take over how memories of all owners are now, by seq; ``None`` for what is not to be found any more."""
        ...


@dataclass(slots=True)
class Filling(ABC):
    """What is read of one owner, piece by piece, so that no reader is kept for long."""

    place: Place
    budget: int
    """Bytes that it may take."""
    spare: int
    """Bytes that it may take for what it can do without."""
    holding: Holding | None = None
    """``None`` before the first piece, and where there is no room for it."""
    missed: dict[int, Any] = field(default_factory=dict)
    """What was committed since it began, which the pieces may or may not have."""
    abandoned: bool = False
    complete: bool = False
    _seqs: Sequence[int] = ()
    _position: int = 0

    def read_on(self, connection: sqlite3.Connection) -> bool:
        """Read the next piece; return whether there is another one.

        The pieces need not be of one snapshot: whatever changes after the beginning is among what was missed.
        """
        if self.holding is None:
            self._begin(connection)
        if self.holding is not None and not self.abandoned:
            seqs = self._seqs[self._position : self._position + _BATCH]
            self._read(connection, seqs)
            self._position += len(seqs)
            self.complete = self._position == len(self._seqs)
        return not (self.complete or self.abandoned)

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Find out what there is, and whether there is room for it."""
        rows = connection.execute("SELECT seq FROM memory WHERE owner = ? AND deleted_at IS NULL", (self.place[1],))
        self._seqs = sorted(seq for (seq,) in rows)

    @abstractmethod
    def _read(self, connection: sqlite3.Connection, seqs: Sequence[int]) -> None:
        """Take in these memories."""


@dataclass(slots=True)
class CodeFilling(Filling):
    """The codes of one owner while they are read, with their vectors where there is room."""

    @override
    def _begin(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT dimension FROM space WHERE id = ?", (self.place[0],)).fetchone()
        self.abandoned |= row is None
        if row is None:
            return
        super()._begin(connection)
        (dimension,), count = row, len(self._seqs)
        self.complete = codes.bytes_of(dimension, count) > self.budget
        if not self.complete:
            # Once it grows by a memory it must not lose them again.
            has_room = exact.bytes_of(dimension, codes.grown(count)) <= self.spare
            self.holding = Codes(dimension, count, exact=has_room)

    @override
    def _read(self, connection: sqlite3.Connection, seqs: Sequence[int]) -> None:
        if isinstance(self.holding, Codes):
            vectors = spaces.embeddings_of(connection, self.place[0], seqs)
            self.holding.update((), list(vectors), list(vectors.values()))


@dataclass(slots=True)
class WordFilling(Filling):
    """The words of one owner while they are read."""

    @override
    def _begin(self, connection: sqlite3.Connection) -> None:
        super()._begin(connection)
        self.complete = postings.bytes_of(len(self._seqs)) > self.budget
        if not self.complete:
            self.holding = Postings(len(self._seqs))

    @override
    def _read(self, connection: sqlite3.Connection, seqs: Sequence[int]) -> None:
        if isinstance(self.holding, Postings):
            last = self._position + len(seqs) == len(self._seqs)
            documents = documents_of(connection, seqs, {self.place[1]})
            self.holding.update((), documents, unsorted=0 if last else None)


def documents_of(connection: sqlite3.Connection, seqs: Sequence[int], owners: Collection[str]) -> list[Document]:
    """Return the words of those of the memories that are live and one of these owners'."""
    rows = connection.execute(
        "SELECT seq, owner, expires_at, key || ' ' || value || ' ' || tags || ' ' || coalesce(pieces, '') FROM memory"
        " WHERE seq IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL"
        " AND +owner IN (SELECT value FROM json_each(?))",
        (json.dumps(list(seqs)), json.dumps(list(owners))),
    ).fetchall()
    found = words.tokens(connection, [text for _, _, _, text in rows])
    return [
        Document(seq, owner, math.inf if expires_at is None else expires_at, tokens)
        for (seq, owner, expires_at, _), tokens in zip(rows, found, strict=True)
    ]
