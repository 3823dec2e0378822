"""Two dimensions of many: principal component analysis. Pure functions; NumPy is imported when they are called.

The axes are found by block power iteration (Halko, Martinsson and Tropp, "Finding structure with randomness", 2011,
algorithm 4.4): it needs neither the covariance matrix, which is as large as the dimension squared, nor its
decomposition, which takes a minute for models with 4,096 numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    type Matrix = NDArray[float32]

_AXES: Final = 2
_EXTRA: Final = 8
"""Directions that are followed beside the axes, so that those come out sooner."""
_ROUNDS: Final = 60
_SAMPLE_BYTES: Final = 32 * 1024 * 1024
_DECIMALS: Final = 5
_SETTLED: Final = 1e-6
"""Relative growth of the variance along the axes from which on they are taken for found."""


@dataclass(frozen=True, slots=True)
class Axes:
    """The directions in which vectors differ most."""

    mean: Matrix
    """Shape (dimension,)."""
    directions: Matrix
    """Shape (dimension, 2), of length 1, the one with the larger variance first."""
    explained: float
    """Share of the variance along them, 0..1."""

    def project(self, vectors: Matrix) -> Matrix:
        """Return the places of vectors, shape (count, dimension), as shape (count, 2)."""
        placed: Matrix = vectors @ self.directions - self.mean @ self.directions
        return placed


def principal_axes(vectors: Matrix) -> Axes:
    """Return the axes of vectors, shape (count, dimension) with a count of at least one.

    The same vectors give the same axes, whose largest part points in the positive direction. ``vectors`` are centred
    in place.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    mean = vectors.mean(axis=0)
    vectors -= mean
    count, dimension = vectors.shape
    total = float(np.einsum("ij,ij->", vectors, vectors, dtype=np.float64))
    if total <= count * np.finfo(np.float32).eps:  # all in one place
        return Axes(mean, np.zeros((dimension, _AXES), np.float32), 0.0)
    basis = _start(dimension, min(_AXES + _EXTRA, dimension))
    before, rounds = 0.0, 0
    while True:
        projected = vectors @ basis
        variances, turn = np.linalg.eigh(projected.T.astype(np.float64) @ projected)
        directions = (basis @ turn[:, ::-1][:, :_AXES]).astype(np.float32)
        along = float(variances[-_AXES:].sum())
        if along - before <= _SETTLED * along or rounds == _ROUNDS:
            break
        before, rounds = along, rounds + 1
        basis = np.linalg.qr(vectors.T @ projected).Q
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])]
    directions *= np.where(largest < 0, -1, 1).astype(np.float32)
    return Axes(mean, _two(directions), min(1.0, along / total))


def _start(dimension: int, width: int) -> Matrix:
    """Return some directions, at right angles to each other, always the same."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    random = np.random.default_rng(0).standard_normal((dimension, width), np.float32)
    basis: Matrix = np.linalg.qr(random).Q
    return basis


class Projection:
    """Places vectors that come in batches. Not for the event loop.

    The axes are those of the vectors that come before :meth:`find_axes`, which stay in memory until then; those that
    come later do not.
    """

    def __init__(self, dimension: int, count: int) -> None:
        """Make room for ``count`` vectors before the axes are found, see :func:`sample_size`."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        self._sample: Matrix = np.empty((count, dimension), np.float32)
        self._filled = 0
        self._axes: Axes | None = None
        self._placed: list[Matrix] = [np.empty((0, _AXES), np.float32)]

    def add(self, embeddings: Sequence[bytes]) -> None:
        """Take in vectors, which are float32, little-endian."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        vectors = np.frombuffer(b"".join(embeddings), "<f4").reshape(len(embeddings), self._sample.shape[1])
        if self._axes is None:
            self._sample[self._filled : self._filled + len(vectors)] = vectors
            self._filled += len(vectors)
        else:
            self._placed.append(self._axes.project(vectors))

    def find_axes(self) -> float:
        """Find the axes, place what was taken in so far, and return which share of the variance they hold."""
        if not self._filled:
            return 0.0
        self._axes = principal_axes(self._sample[: self._filled])
        self._placed.append(self._sample[: self._filled] @ self._axes.directions)
        self._sample = self._sample[:0].copy()
        return self._axes.explained

    def columns(self) -> tuple[list[float], list[float]]:
        """Return x and y of all that was taken in, in its order: -1..1, with one scale for both."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        placed = np.concatenate(self._placed).astype(np.float64)
        scale = np.abs(placed).max(initial=0.0) or 1.0
        x, y = np.round(placed.T / scale, _DECIMALS).tolist()
        return x, y


def sample_size(dimension: int) -> int:
    """Return how many vectors the axes are made of at most: as many as take 32 MB."""
    return max(1, _SAMPLE_BYTES // (4 * dimension))


def _two(directions: Matrix) -> Matrix:
    """Return two directions, the second of which may be none where a model has a single number."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    return np.pad(directions, ((0, 0), (0, _AXES - directions.shape[1])))
