"""Vectors as one bit a dimension: whether the number is positive.

The Hamming distance of these codes orders unit vectors nearly as the cosine does (Charikar, "Similarity estimation
techniques from rounding algorithms", STOC 2002). Of those that are near by it, the cosine is worked out where the
vectors are in memory too, and else estimated; candidates are compared exactly afterwards.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from . import sketches
from .candidates import Entry, Vector
from .exact import Exact
from .sketches import Sketches

if TYPE_CHECKING:
    from numpy import bool_, int64, uint8, uint16, uint64
    from numpy.typing import NDArray

    type Words = NDArray[uint64]
    """Codes in words of 64 bits, padded with zeros: shape (words,) of one, (codes, words) of several."""

_WORD_BITS: Final = 64
_BLOCK: Final = 8_192
"""Codes that are compared at a time, so that what lies between two steps stays in the processor's cache."""
_SMALLEST: Final = 64
_COMPARED: Final = 432
"""How many more memories than are wanted are compared by more than their codes: with fewer, some are lost."""
_ESTIMATED: Final = 48
"""How many more are returned where cosines are estimated."""


def sign_code(embedding: bytes) -> bytes:
    """Return the sign bits of a float32 vector, padded with zeros to whole bytes."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    return np.packbits(np.frombuffer(embedding, "<f4") > 0, bitorder="little").tobytes()


def sign_words(embeddings: Sequence[bytes], dimension: int) -> Words:
    """Return the sign bits of float32 vectors of this dimension, shape (vectors, words)."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    rows = np.frombuffer(b"".join(embeddings), "<f4").reshape(len(embeddings), dimension)
    padded = np.zeros((len(embeddings), words_of(dimension) * _WORD_BITS), np.bool_)
    np.greater(rows, 0, out=padded[:, :dimension])
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def words_of(dimension: int) -> int:
    """Return how many words a code takes."""
    return -(-dimension // _WORD_BITS)


def places_of_nearest(distances: NDArray[uint16], seqs: NDArray[int64], limit: int) -> NDArray[int64]:
    """Return the places of the least distances, least first, the newer memory first of two that are equally near."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    places = np.arange(distances.size)
    if distances.size > limit:
        # Selecting by counting: a distance is one of only dimension + 1 numbers.
        cut = int(np.searchsorted(np.cumsum(np.bincount(distances)), limit))
        places = np.flatnonzero(distances <= cut)
    nearest: NDArray[int64] = places[np.lexsort((-seqs[places], distances[places]))[:limit]]
    return nearest


def grown(count: int) -> int:
    """Return how many memories there is room for once it has to grow: vectors may take many megabytes."""
    return count * 9 // 8


def bytes_of(dimension: int, count: int) -> int:
    """Return how many bytes the codes of so many memories take in :class:`Codes`."""
    words, seq, distance = words_of(dimension), 8, 2
    working = min(count, _BLOCK) * words * 9
    return count * (8 * words + seq + distance + sketches.bytes_of(dimension)) + working


class Nearest(NamedTuple):
    """Memories in order, the nearest first."""

    seqs: list[int]
    cosines: list[float]
    exact: bool
    """Whether none of the cosines is estimated."""


def nearest(held: Sequence[Codes], query: Vector, limit: int) -> Nearest:
    """Return memories among which the ``limit`` nearest most likely are."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    if not held:
        return Nearest([], [], exact=True)
    (code,) = sign_words([query.astype("<f4").tobytes()], query.size)
    with ExitStack() as locks:
        for codes in sorted(held, key=id):  # all in the same order, or two searches could wait for each other
            locks.enter_context(codes.lock)
        distances = [codes.measure(code) for codes in held]
        # Selecting by counting: a distance is one of only dimension + 1 numbers.
        counts = sum(np.bincount(each, minlength=query.size + 1) for each in distances)
        farthest = int(np.searchsorted(np.cumsum(counts), limit + _COMPARED))
        near = [codes.compare(query, farthest, limit + _COMPARED) for codes in held]
        exact = all(codes.spare_bytes for codes in held)
    seqs, cosines = map(np.concatenate, zip(*near, strict=True))
    seqs, cosines = seqs[::-1], cosines[::-1]  # of memories that are equally near, those that came in last
    best = np.argsort(-cosines, kind="stable")[: limit if exact else limit + _ESTIMATED]
    return Nearest(seqs[best].tolist(), cosines[best].tolist(), exact)


class Codes:
    """The codes of one owner's memories, one contiguous column per word, so that a search reads memory in order.

    Beside each is its vector, or where that would take too much, a sketch of it. Several threads may use it at once.
    """

    def __init__(self, dimension: int, capacity: int = 0, *, exact: bool = False) -> None:
        """Begin with none, and with room for ``capacity`` of them, with their vectors if ``exact``."""
        self.dimension = dimension
        self.lock = threading.Lock()
        self._size = 0
        self._seqs: NDArray[int64]
        self._columns: Words
        self._vectors: Exact | Sketches = Exact(dimension) if exact else Sketches(dimension)
        self._allocate(max(capacity, _SMALLEST))

    def __len__(self) -> int:
        """Return how many memories there are."""
        return self._size

    @property
    def nbytes(self) -> int:
        """Return how many bytes are taken, with what is kept free for more."""
        arrays = (self._seqs, self._columns, self._distances, self._differing, self._counts)
        return sum(array.nbytes for array in arrays) + self._vectors.nbytes

    @property
    def spare_bytes(self) -> int:
        """Return how many bytes the vectors take, which it can do without."""
        return self._vectors.nbytes if isinstance(self._vectors, Exact) else 0

    def slim(self) -> None:
        """Do without the vectors: only sketches of them stay."""
        with self.lock:
            if not isinstance(self._vectors, Exact):
                return
            thin, vectors = Sketches(self.dimension), self._vectors
            thin.resize(0, self._seqs.size)
            for start in range(0, self._size, _BLOCK):
                thin.put(start, vectors.first(self._size)[start : start + _BLOCK])
            vectors.clear(0, self._size)
            self._vectors = thin

    def leave_no_trace(self) -> None:
        """Overwrite what the last search left: it tells the codes of the question and of what has gone."""
        with self.lock:
            for array in (self._distances, self._differing, self._counts):
                array.fill(0)

    def follow(self, owner: str, changes: Mapping[int, Entry | None]) -> None:
        """Take over changes of memories of all owners, by seq; ``None`` for one that is not to be found any more."""
        entries = [entry for entry in changes.values() if entry is not None and entry.owner == owner]
        self.update(list(changes), [entry.seq for entry in entries], [entry.embedding for entry in entries])

    def update(self, gone: Sequence[int], seqs: Sequence[int], embeddings: Sequence[bytes]) -> None:
        """Take memories out, then others in, in one step; a memory that is there already has to be among ``gone``."""
        codes = sign_words(embeddings, self.dimension)
        with self.lock:
            self._remove(gone)
            self._append(seqs, codes, embeddings)

    # For whoever holds the lock

    def measure(self, code: Words) -> NDArray[uint16]:
        """Return the Hamming distance of every memory's code, until the next call."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        distances, asked = self._distances[: self._size], code[:, np.newaxis]
        for start in range(0, self._size, _BLOCK):
            stop = min(start + _BLOCK, self._size)
            differing, counts = self._differing[:, : stop - start], self._counts[:, : stop - start]
            np.bitwise_xor(self._columns[:, start:stop], asked, out=differing)
            np.bitwise_count(differing, out=counts)
            np.add.reduce(counts, axis=0, dtype=np.uint16, out=distances[start:stop])
        return distances

    def compare(self, query: Vector, farthest: int, most: int) -> tuple[NDArray[int64], Vector]:
        """Return those that were measured to be no farther, in no order, with their cosines.

        These are exact where the vectors are in memory, else estimated. Of many that are equally far, as the same text
        stored a thousand times is, no more than the ``most`` of all are compared.
        """
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        distances, seqs = self._distances[: self._size], self._seqs[: self._size]
        places = np.flatnonzero(distances <= farthest)
        if places.size > 2 * most:
            places = places[places_of_nearest(distances[places], seqs[places], most)]
        return seqs[places], self._vectors.cosines(places, query)

    # For everybody

    def cosines(self, marked: NDArray[bool_], query: Vector) -> tuple[list[int], Vector] | None:
        """Return those of the memories that are marked, by seq, with their cosines; the last mark is for all beyond.

        ``None`` where the vectors are not in memory.
        """
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        with self.lock:
            if not isinstance(self._vectors, Exact):
                return None
            seqs = self._seqs[: self._size]
            places = np.flatnonzero(marked.take(seqs, mode="clip"))
            return seqs[places].tolist(), self._vectors.cosines(places, query)

    def _append(self, seqs: Sequence[int], codes: Words, embeddings: Sequence[bytes]) -> None:
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        size = self._size + len(seqs)
        if size > self._seqs.size:
            self._allocate(max(size, grown(self._seqs.size)))
        self._seqs[self._size : size] = seqs
        self._columns[:, self._size : size] = codes.T
        self._vectors.put(self._size, np.frombuffer(b"".join(embeddings), "<f4").reshape(len(seqs), self.dimension))
        self._size = size

    def _remove(self, seqs: Sequence[int]) -> None:
        """Move the last memories to the places of those that go, and overwrite what is left behind."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        going = np.isin(self._seqs[: self._size], np.asarray(seqs, np.int64))
        size = self._size - int(np.count_nonzero(going))
        if size == self._size:
            return
        holes = np.flatnonzero(going[:size])
        moved = np.flatnonzero(~going[size:]) + size
        self._seqs[holes] = self._seqs[moved]
        self._columns[:, holes] = self._columns[:, moved]
        self._vectors.move(holes, moved)
        self._seqs[size : self._size] = 0
        self._columns[:, size : self._size] = 0
        self._vectors.clear(size, self._size)
        self._size = size
        if size * 4 < self._seqs.size > _SMALLEST:
            self._allocate(max(size * 2, _SMALLEST))

    def _allocate(self, capacity: int) -> None:
        """Move to arrays of another size; nothing stays readable in the old ones."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        seqs = np.zeros(capacity, np.int64)
        columns = np.zeros((words_of(self.dimension), capacity), np.uint64)
        if self._size:
            seqs[: self._size] = self._seqs[: self._size]
            columns[:, : self._size] = self._columns[:, : self._size]
            self._columns.fill(0)
        self._seqs, self._columns = seqs, columns
        self._vectors.resize(self._size, capacity)
        # Room to work in, which every search uses again.
        self._distances: NDArray[uint16] = np.empty(capacity, np.uint16)
        working = words_of(self.dimension), min(capacity, _BLOCK)
        self._differing: Words = np.empty(working, np.uint64)
        self._counts: NDArray[uint8] = np.empty(working, np.uint8)
