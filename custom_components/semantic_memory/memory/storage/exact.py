"""Vectors in memory, as they are: those of owners who have so few that it hardly matters.

Reading one of them from the file takes 4 µs, as long as all the rest that a search does for a candidate.
"""

from collections.abc import Iterable, Mapping, Sequence
import threading
from typing import Final

from .candidates import Entry, Matrix

BUDGET: Final = 32 * 1024 * 1024
"""Bytes. Those of some 10,000 memories with 768 numbers each; who has more is served by the file."""
_SMALLEST: Final = 64
_PLACE_BYTES: Final = 150
"""Of a memory in the dictionary and the list of places."""


def bytes_of(dimension: int, count: int) -> int:
    """Return how many bytes the vectors of so many memories take in :class:`Exact`."""
    return count * (4 * dimension + _PLACE_BYTES)


class Exact:
    """The vectors of one owner's memories. Several threads may use it at once."""

    def __init__(self, dimension: int, capacity: int = 0) -> None:
        """Begin with none, and with room for ``capacity`` of them."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        self._lock = threading.Lock()
        self._places: dict[int, int] = {}
        self._seqs: list[int] = []
        """By place."""
        self._rows: Matrix = np.zeros((max(capacity, _SMALLEST), dimension), np.float32)

    def __len__(self) -> int:
        """Return how many memories there are."""
        return len(self._seqs)

    @property
    def nbytes(self) -> int:
        """Return how many bytes are taken, with what is kept free for more."""
        return self._rows.nbytes + _PLACE_BYTES * len(self._seqs)

    def follow(self, owner: str, changes: Mapping[int, Entry | None]) -> None:
        """Take over changes of memories of all owners, by seq; ``None`` for one that is not to be found any more."""
        entries = [entry for entry in changes.values() if entry is not None and entry.owner == owner]
        self.update(list(changes), [entry.seq for entry in entries], [entry.embedding for entry in entries])

    def update(self, gone: Sequence[int], seqs: Sequence[int], embeddings: Sequence[bytes]) -> None:
        """Take memories out, then others in, in one step; a memory that is there already has to be among ``gone``."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        with self._lock:
            for seq in gone:
                self._remove(seq)
            start, size = len(self._seqs), len(self._seqs) + len(seqs)
            if size > len(self._rows):
                self._allocate(max(size, len(self._rows) * 9 // 8))
            self._rows[start:size] = np.frombuffer(b"".join(embeddings), "<f4").reshape(len(seqs), -1) if seqs else 0
            self._places.update(zip(seqs, range(start, size), strict=True))
            self._seqs += seqs

    def at(self, seqs: Iterable[int]) -> tuple[list[int], Matrix]:
        """Return those of the memories that are here, with their vectors."""
        with self._lock:
            found = [seq for seq in seqs if seq in self._places]
            return found, self._rows.take([self._places[seq] for seq in found], axis=0)

    def _remove(self, seq: int) -> None:
        """Move the last memory to the place of the one that goes, and overwrite what is left behind."""
        place = self._places.pop(seq, None)
        if place is None:
            return
        last = self._seqs.pop()
        if last != seq:
            self._places[last], self._seqs[place] = place, last
            self._rows[place] = self._rows[len(self._seqs)]
        self._rows[len(self._seqs)] = 0

    def _allocate(self, capacity: int) -> None:
        """Move to a larger matrix; nothing stays readable in the old one."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        rows = np.zeros((capacity, self._rows.shape[1]), np.float32)
        rows[: len(self._seqs)] = self._rows[: len(self._seqs)]
        self._rows.fill(0)
        self._rows = rows
