"""Vectors as one bit a dimension: whether the number is positive.

The Hamming distance of these codes orders unit vectors nearly as the cosine does (Charikar, "Similarity estimation
techniques from rounding algorithms", STOC 2002). Of those that are near by it, the cosine is estimated; candidates are
compared exactly afterwards.
"""

from collections.abc import Mapping, Sequence
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from . import sketches
from .candidates import Entry, Vector

if TYPE_CHECKING:
    from numpy import int64, uint8, uint16, uint64
    from numpy.typing import NDArray

    type Words = NDArray[uint64]
    """Codes in words of 64 bits, padded with zeros: shape (words,) of one, (codes, words) of several."""

_WORD_BITS: Final = 64
_BLOCK: Final = 16_384
"""Codes that are compared at a time, so that what lies between two steps stays in the processor's cache."""
_SMALLEST: Final = 64
_ESTIMATED: Final = 5
"""Of how many times as many candidates the cosine is estimated: with fewer, some of the true ones are lost."""


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


def _places_within(distances: NDArray[uint16], seqs: NDArray[int64], limit: int, farthest: int) -> NDArray[int64]:
    """Return the places of the ``limit`` least distances up to ``farthest``, in no order, and some that are as near.

    Those are left out where there are many of them: the same text stored a thousand times.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    if distances.size > limit:
        farthest = min(farthest, int(np.searchsorted(np.cumsum(np.bincount(distances)), limit)))
    places: NDArray[int64] = np.flatnonzero(distances <= farthest)
    return places if places.size <= 2 * limit else places[places_of_nearest(distances[places], seqs[places], limit)]


def bytes_of(dimension: int, count: int) -> int:
    """Return how many bytes the codes of so many memories take in :class:`Codes`."""
    code, seq, distance, difference, bits = 8 * words_of(dimension), 8, 2, 8, 1
    return count * (code + seq + distance + sketches.bytes_of(dimension)) + min(count, _BLOCK) * (difference + bits)


class Near(NamedTuple):
    """Memories whose codes are near, each with its distance and sketch."""

    seqs: NDArray[int64]
    distances: NDArray[uint16]
    levels: NDArray[uint8]
    lengths: Vector


def candidates(held: Sequence[Codes], query: Vector, limit: int) -> list[tuple[float, int]]:
    """Return estimated cosine and seq of the ``limit`` memories of all that are likely to be nearest, nearest first."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    (code,) = sign_words([query.astype("<f4").tobytes()], query.size)
    wanted, farthest, found = limit * _ESTIMATED, query.size, list[Near]()
    for codes in held:
        found.append(codes.near(code, wanted, farthest))
        if found[-1].seqs.size >= wanted:  # what is farther off is not among the nearest of all either
            farthest = int(found[-1].distances.max())
    if not found:
        return []
    near = found[0]
    if len(found) > 1:
        seqs, distances, levels, lengths = map(np.concatenate, zip(*found, strict=True))
        nearest = _places_within(distances, seqs, wanted, farthest)
        near = Near(seqs[nearest], distances[nearest], levels[nearest], lengths[nearest])
    cosines = sketches.cosines(near.levels, near.lengths, query)
    best = np.argsort(-cosines)[:limit]
    return list(zip(cosines[best].tolist(), near.seqs[best].tolist(), strict=True))


class Codes:
    """The codes of one owner's memories, one contiguous column per word, so that a search reads memory in order.

    Several threads may use it at once.
    """

    def __init__(self, dimension: int, capacity: int = 0) -> None:
        """Begin with none, and with room for ``capacity`` of them."""
        self.dimension = dimension
        self._lock = threading.Lock()
        self._size = 0
        self._seqs: NDArray[int64]
        self._columns: Words
        self._sketches = sketches.Sketches(dimension)
        self._allocate(max(capacity, _SMALLEST))

    def __len__(self) -> int:
        """Return how many memories there are."""
        return self._size

    @property
    def nbytes(self) -> int:
        """Return how many bytes are taken, with what is kept free for more."""
        arrays = (self._seqs, self._columns, self._distances, self._differing, self._counts)
        return sum(array.nbytes for array in arrays) + self._sketches.nbytes

    def follow(self, owner: str, changes: Mapping[int, Entry | None]) -> None:
        """Take over changes of memories of all owners, by seq; ``None`` for one that is not to be found any more."""
        entries = [entry for entry in changes.values() if entry is not None and entry.owner == owner]
        self.update(list(changes), [entry.seq for entry in entries], [entry.embedding for entry in entries])

    def update(self, gone: Sequence[int], seqs: Sequence[int], embeddings: Sequence[bytes]) -> None:
        """Take memories out, then others in, in one step; a memory that is there already has to be among ``gone``."""
        codes = sign_words(embeddings, self.dimension)
        with self._lock:
            self._remove(gone)
            self._append(seqs, codes, embeddings)

    def near(self, query: Words, limit: int, farthest: int) -> Near:
        """Return about ``limit`` of the nearest memories up to a distance, in no order, with their sketches."""
        with self._lock:
            distances, seqs = self._measure(query), self._seqs[: self._size]
            places = _places_within(distances, seqs, limit, farthest)
            return Near(seqs[places], distances[places], *self._sketches.at(places))

    def nearest(self, query: Words, limit: int) -> list[int]:
        """Return the ``limit`` nearest memories, nearest first, the newer one first of two that are equally near."""
        with self._lock:
            seqs = self._seqs[: self._size]
            found: list[int] = seqs[places_of_nearest(self._measure(query), seqs, limit)].tolist()
            return found

    def _measure(self, query: Words) -> NDArray[uint16]:
        """Return the Hamming distance of every memory's code."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        distances = self._distances[: self._size]
        distances.fill(0)
        for start in range(0, self._size, _BLOCK):
            stop = min(start + _BLOCK, self._size)
            differing, counts = self._differing[: stop - start], self._counts[: stop - start]
            total = distances[start:stop]
            for word, column in zip(query, self._columns, strict=True):
                np.bitwise_xor(column[start:stop], word, out=differing)
                np.bitwise_count(differing, out=counts)
                np.add(total, counts, out=total)
        return distances

    def _append(self, seqs: Sequence[int], codes: Words, embeddings: Sequence[bytes]) -> None:
        size = self._size + len(seqs)
        if size > self._seqs.size:
            self._allocate(max(size, self._seqs.size * 3 // 2))
        self._seqs[self._size : size] = seqs
        self._columns[:, self._size : size] = codes.T
        self._sketches.put(self._size, embeddings)
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
        self._sketches.move(holes, moved)
        self._seqs[size : self._size] = 0
        self._columns[:, size : self._size] = 0
        self._sketches.clear(size, self._size)
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
        self._sketches.resize(self._size, capacity)
        # Room to work in, which every search uses again.
        self._distances: NDArray[uint16] = np.empty(capacity, np.uint16)
        self._differing: NDArray[uint64] = np.empty(min(capacity, _BLOCK), np.uint64)
        self._counts: NDArray[uint8] = np.empty(min(capacity, _BLOCK), np.uint8)
