"""Vectors in two bits a dimension: whether the number is positive, and whether it is a large one.

With them the cosine of a few hundred candidates is estimated without reading a single vector, so that few have to be
read and compared exactly. Numbers of a unit vector lie around 0 like those of a normal distribution of variance
1 / dimension; the bounds are the best ones for four levels of that (Max, "Quantizing for minimum distortion", 1960).
The estimate is made free of bias as in RaBitQ (Gao and Long, SIGMOD 2024): divided by how long the sketch is along the
vector itself.
"""

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from numpy import complex128, float32, int64, uint8
    from numpy.typing import NDArray

    type Vectors = NDArray[float32]

_LARGE: Final = 0.9816
"""From how many standard deviations on a number is large."""
_LEVELS: Final = (-0.4528, 0.4528, -1.510, 1.510)
"""Standard deviations that stand for a small negative, a small positive, a large negative, a large positive number."""
_IN_BYTE: Final = 4
"""Dimensions."""
_BYTES: Final = 256
_LEAST: Final = 1e-9
_BLOCK: Final = 96
"""Sketches that are taken apart at a time, so that what lies between two steps stays in the processor's cache."""


def bytes_of(dimension: int) -> int:
    """Return how many bytes one sketch takes."""
    return width_of(dimension) + 4


def width_of(dimension: int) -> int:
    """Return how many bytes the levels of one sketch take."""
    return -(-dimension // _IN_BYTE)


def sketch(vectors: Vectors) -> tuple[NDArray[uint8], Vectors]:
    """Return the levels of vectors, four in a byte, and how long each sketch is along its vector."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    count, dimension = vectors.shape
    levels = np.zeros((count, width_of(dimension) * _IN_BYTE), np.uint8)
    levels[:, :dimension] = vectors > 0
    levels[:, :dimension] |= (np.abs(vectors) > _LARGE / dimension**0.5).view(np.uint8) << 1
    lengths = np.einsum("ij,ij->i", np.asarray(_LEVELS, np.float32)[levels[:, :dimension]], vectors)
    shifted = levels.reshape(count, width_of(dimension), _IN_BYTE) << np.arange(0, 2 * _IN_BYTE, 2, dtype=np.uint8)
    return np.bitwise_or.reduce(shifted, axis=2), np.maximum(lengths, _LEAST)


class Sketches:
    """Sketches by place, as :class:`Codes` has its memories, and under its lock."""

    def __init__(self, dimension: int) -> None:
        """Begin without room."""
        self._dimension = dimension
        self._levels: NDArray[uint8]
        self._lengths: Vectors
        self.resize(0, 0)

    @property
    def nbytes(self) -> int:
        """Return how many bytes are taken."""
        return self._levels.nbytes + self._lengths.nbytes

    def put(self, start: int, vectors: Vectors) -> None:
        """Take in vectors from a place on."""
        stop = start + len(vectors)
        self._levels[start:stop], self._lengths[start:stop] = sketch(vectors)

    def move(self, to: NDArray[int64], moved: NDArray[int64]) -> None:
        """Put those of some places in others."""
        self._levels[to], self._lengths[to] = self._levels[moved], self._lengths[moved]

    def clear(self, start: int, stop: int) -> None:
        """Overwrite those between two places."""
        self._levels[start:stop], self._lengths[start:stop] = 0, 0

    def resize(self, size: int, capacity: int) -> None:
        """Move the first ``size`` to arrays of another size; nothing stays readable in the old ones."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        levels = np.zeros((capacity, width_of(self._dimension)), np.uint8)
        lengths = np.zeros(capacity, np.float32)
        if size:
            levels[:size], lengths[:size] = self._levels[:size], self._lengths[:size]
            self._levels.fill(0)
            self._lengths.fill(0)
        self._levels, self._lengths = levels, lengths

    def cosines(self, places: NDArray[int64], query: Vectors) -> Vectors:
        """Estimate the cosines of the vectors at some places with a query of length 1."""
        return cosines(self._levels.take(places, axis=0), self._lengths[places], query)


def cosines(levels: NDArray[uint8], lengths: Vectors, query: Vectors) -> Vectors:
    """Estimate the cosines of vectors, of which these are the sketches, with a query of length 1."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    padded = np.zeros(levels.shape[1] * _IN_BYTE, np.float32)
    padded[: query.size] = query
    estimated = np.empty(len(levels), np.float32)
    for start in range(0, len(levels), _BLOCK):
        block = slice(start, start + _BLOCK)
        # A row at a time and not as one product: that would start threads for next to nothing.
        np.vecdot(_numbers_of_bytes().take(levels[block]).view(np.float32), padded, out=estimated[block])
    estimated /= lengths
    return estimated


@cache
def _numbers_of_bytes() -> NDArray[complex128]:
    """Return the four numbers that each byte stands for, shape (256,), one behind the other in a single item.

    NumPy copies an item of 16 bytes at a time much faster than a row of four numbers.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    levels = np.arange(_BYTES)[:, None] >> np.arange(0, 2 * _IN_BYTE, 2)[None, :] & 3
    numbers: NDArray[complex128] = np.asarray(_LEVELS, np.float32)[levels].view(np.complex128).ravel()
    return numbers
