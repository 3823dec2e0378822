"""Vectors in memory, as they are: those of owners who have so few that it hardly matters.

Comparing one takes half as long as estimating by its sketch, and a fiftieth of reading it from the file.
"""

from typing import TYPE_CHECKING

from .candidates import Matrix, Vector

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray


def bytes_of(dimension: int, count: int) -> int:
    """Return how many bytes so many vectors take."""
    return 4 * dimension * count


class Exact:
    """Vectors by place, as :class:`Codes` has its memories, and under its lock."""

    def __init__(self, dimension: int) -> None:
        """Begin without room."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        self._rows: Matrix = np.zeros((0, dimension), np.float32)

    @property
    def nbytes(self) -> int:
        """Return how many bytes are taken."""
        return self._rows.nbytes

    def put(self, start: int, vectors: Matrix) -> None:
        """Take in vectors from a place on."""
        self._rows[start : start + len(vectors)] = vectors

    def move(self, to: NDArray[int64], moved: NDArray[int64]) -> None:
        """Put those of some places in others."""
        self._rows[to] = self._rows[moved]

    def clear(self, start: int, stop: int) -> None:
        """Overwrite those between two places."""
        self._rows[start:stop] = 0

    def resize(self, size: int, capacity: int) -> None:
        """Move the first ``size`` to a matrix of another size; nothing stays readable in the old one."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        rows = np.zeros((capacity, self._rows.shape[1]), np.float32)
        rows[:size] = self._rows[:size]
        self._rows.fill(0)
        self._rows = rows

    def first(self, size: int) -> Matrix:
        """Return the vectors of so many places. They are not copied."""
        return self._rows[:size]

    def cosines(self, places: NDArray[int64], query: Vector) -> Vector:
        """Return the cosines of the vectors at some places with a query of length 1."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        # A row at a time and not as one product: that would start threads for next to nothing.
        cosines: Vector = np.vecdot(self._rows.take(places, axis=0), query)
        return cosines
