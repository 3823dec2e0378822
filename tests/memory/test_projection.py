"""Two dimensions of many: the same axes as a singular value decomposition finds."""

import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.semantic_memory.memory import projection
from custom_components.semantic_memory.memory.projection import Projection, principal_axes, sample_size

type Matrix = NDArray[np.float32]


def cloud(count: int, dimension: int, seed: int = 1) -> Matrix:
    """Return vectors that differ most along two directions, and less and less along all others."""
    random = np.random.default_rng(seed)
    turned = np.linalg.qr(random.standard_normal((dimension, dimension))).Q
    lengths = np.geomspace(5.0, 0.1, dimension)
    made: Matrix = ((random.standard_normal((count, dimension)) * lengths) @ turned + 3.0).astype(np.float32)
    return made


def as_bytes(vectors: Matrix) -> list[bytes]:
    """Return vectors as the database has them."""
    return [row.tobytes() for row in vectors]


@pytest.mark.parametrize(("count", "dimension"), [(400, 32), (300, 12), (50, 3), (40, 2), (9, 64)])
def test_the_axes_are_those_of_a_decomposition(count: int, dimension: int) -> None:
    vectors = cloud(count, dimension)
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, lengths, rows = np.linalg.svd(centred, full_matrices=False)

    axes = principal_axes(vectors.copy())

    assert np.abs(np.sum(axes.directions.T * rows[:2], axis=1)) == pytest.approx([1, 1], abs=1e-3)
    assert axes.explained == pytest.approx((lengths[:2] ** 2).sum() / (lengths**2).sum(), abs=1e-4)
    assert axes.project(vectors) == pytest.approx(centred @ axes.directions, abs=1e-3)
    assert np.var(axes.project(vectors), axis=0)[0] > np.var(axes.project(vectors), axis=0)[1]


def test_axes_point_the_same_way_each_time() -> None:
    vectors = cloud(200, 16)

    directions = [principal_axes(given.copy()).directions for given in (vectors, vectors, -vectors, vectors[::-1])]

    for found in directions:
        assert found == pytest.approx(directions[0], abs=1e-3)
        assert (found[np.abs(found).argmax(axis=0), [0, 1]] > 0).all()


def test_directions_that_hardly_differ_are_not_looked_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "_SETTLED", -1.0)
    vectors = np.random.default_rng(2).standard_normal((300, 40)).astype(np.float32)

    axes = principal_axes(vectors)

    assert 0.05 < axes.explained < 0.15
    assert axes.directions.T @ axes.directions == pytest.approx(np.eye(2), abs=1e-5)


def test_what_is_all_in_one_place_stays_there() -> None:
    for count in (1, 20):
        axes = principal_axes(np.full((count, 8), 0.35, np.float32))
        assert axes.explained == 0.0
        assert not axes.directions.any()


def test_a_model_with_a_single_number_has_one_axis() -> None:
    axes = principal_axes(np.array([[1.0], [2.0], [4.0]], np.float32))
    assert axes.directions.tolist() == [[1.0, 0.0]]
    assert axes.explained == pytest.approx(1.0)


def test_whatever_comes_after_the_axes_is_placed_like_the_rest() -> None:
    vectors = cloud(500, 16)
    whole, parts = Projection(16, 500), Projection(16, 500)
    whole.add(as_bytes(vectors))
    whole.find_axes()
    for first in range(0, 400, 100):
        parts.add(as_bytes(vectors[first : first + 100]))
    assert 0 < parts.find_axes() <= 1
    parts.add(as_bytes(vectors[400:]))
    parts.add([])

    (x, y), (other_x, other_y) = whole.columns(), parts.columns()

    assert len(x) == len(y) == len(other_x) == 500
    assert max(map(abs, x + y)) == max(map(abs, other_x + other_y)) == 1.0
    assert np.corrcoef(x, other_x)[0, 1] > 0.99
    assert np.corrcoef(y, other_y)[0, 1] > 0.99


def test_nothing_has_no_place() -> None:
    empty = Projection(8, 0)
    assert empty.find_axes() == 0.0
    assert empty.columns() == ([], [])

    same = Projection(8, 3)
    same.add(as_bytes(np.ones((3, 8), np.float32)))
    assert same.find_axes() == 0.0
    assert same.columns() == ([0.0] * 3, [0.0] * 3)


def test_the_axes_are_made_of_what_fits_into_some_memory() -> None:
    assert sample_size(256) == 32_768
    assert sample_size(768) == 10_922
    assert sample_size(10**8) == 1
