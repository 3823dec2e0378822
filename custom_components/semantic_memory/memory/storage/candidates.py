"""Finding the memories whose vectors are near, before they are compared exactly.

The vectors themselves are rows of ``vector``. What an index holds is derived from them and can be rebuilt at any time.
"""

from collections.abc import Collection, Iterable, Sequence
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from numpy import bool_, float32
    from numpy.typing import NDArray

type Vector = NDArray[float32]
"""Shape (dimension,), length 1."""
type Matrix = NDArray[float32]
"""Shape (vectors, dimension), each of length 1."""
type Neighbours = dict[int, float | None]
"""Memories by seq, the nearest first, with their cosines where the vectors themselves were compared."""


class Entry(NamedTuple):
    """What an index is told of one memory."""

    seq: int
    owner: str
    embedding: bytes
    """float32, little-endian."""


class CandidateIndex(Protocol):
    """Finds likely neighbours. Every method runs on a database thread; those that write run inside a transaction."""

    @property
    def name(self) -> str:
        """Return what people are told is in use."""
        ...

    def prepare(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Bring the index of a space in line with its vectors."""
        ...

    def put(self, connection: sqlite3.Connection, space_id: int, entries: Sequence[Entry]) -> None:
        """Take in the vectors of live memories that it does not know yet."""
        ...

    def remove(self, connection: sqlite3.Connection, space_ids: Iterable[int], seqs: Sequence[int]) -> None:
        """Forget memories in all these spaces, leaving no trace of their codes."""
        ...

    def drop(self, connection: sqlite3.Connection, space_id: int) -> None:
        """Forget a whole space, leaving no trace of its codes."""
        ...

    def search(
        self, connection: sqlite3.Connection, space_id: int, owners: Sequence[str], query: Vector, limit: int
    ) -> Neighbours:
        """Return memories of these owners among which the ``limit`` nearest most likely are."""
        ...

    def cosines(self, space_id: int, owners: Sequence[str], seqs: Collection[int], query: Vector) -> dict[int, float]:
        """Return the cosines of those of these memories whose vectors are in memory, with a query of length 1."""
        ...


def marks(seqs: Collection[int]) -> NDArray[bool_]:
    """Return marks by seq; the last, which is none, stands for all beyond."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    marked = np.zeros(max(seqs, default=0) + 2, np.bool_)
    marked[list(seqs)] = True
    return marked


FITTING: Final = "length(embedding) = 4 * (SELECT dimension FROM space WHERE id = :space_id)"
"""Leaves out what another program has stored with a wrong length, until it is mended: one must not hide all others."""


def live_entries(connection: sqlite3.Connection, space_id: int) -> sqlite3.Cursor:
    """Return (seq, owner, embedding) of every live memory that has a vector in the space."""
    return connection.execute(
        "SELECT m.seq, m.owner, v.embedding FROM vector v JOIN memory m ON m.seq = v.memory_seq"
        f" WHERE v.space_id = :space_id AND m.deleted_at IS NULL AND {FITTING}",
        {"space_id": space_id},
    )
