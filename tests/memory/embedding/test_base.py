"""The checks that every vector passes."""

import sys

import numpy as np
import pytest

from custom_components.semantic_memory.memory.embedding.base import checked_unit_vectors
from custom_components.semantic_memory.memory.errors import EmbeddingError, InvalidVectorsError


@pytest.mark.parametrize("rows", [[[3.0, 4.0]], [[3, 4]], np.array([[3.0, 4.0]]), [(30.0, 40.0)]])
def test_rows_become_unit_vectors(rows: object) -> None:
    unit = checked_unit_vectors(rows, 1, 2)
    assert unit.dtype == np.float32
    assert unit.tolist() == [pytest.approx([0.6, 0.8])]


def test_the_dimension_may_be_unknown() -> None:
    assert checked_unit_vectors([[1.0, 0, 0], [0, 2.0, 0]], 2, None).shape == (2, 3)


@pytest.mark.parametrize(
    ("vectors", "count", "dimension", "reason"),
    [
        (None, 1, None, "shape"),
        ("text", 1, None, "not a table"),
        ({"a": 1}, 1, None, "not a table"),
        ([[1.0], [1.0, 2.0]], 2, None, "not a table"),
        ([["a", "b"]], 1, None, "not a table"),
        ([[10**400]], 1, None, "not a table"),
        ([], 0, None, "shape"),
        ([], 1, None, "shape"),
        ([1.0, 2.0], 2, None, "shape"),
        ([1.0, 2.0], 1, None, "shape"),
        (5.0, 1, None, "shape"),
        ([[[1.0]]], 1, None, "shape"),
        ([[1.0]], 2, None, "shape"),
        ([[]], 1, None, "dimension 0"),
        ([[1.0, 2.0]], 1, 3, "dimension 2, expected 3"),
        ([[1.0, float("nan")]], 1, 2, "not finite"),
        ([[1.0, float("inf")]], 1, 2, "not finite"),
        ([[1.0, None]], 1, 2, "not finite"),
        ([[1.0, 1e300]], 1, 2, "not finite"),
        ([[0.0, 0.0]], 1, 2, "zero"),
        ([[1.0, 0.0], [0.0, 0.0]], 2, 2, "zero"),
    ],
)
def test_other_answers_are_refused(vectors: object, count: int, dimension: int | None, reason: str) -> None:
    with pytest.raises(InvalidVectorsError) as caught:
        checked_unit_vectors(vectors, count, dimension)
    assert caught.value.code == "invalid_vectors"
    assert reason in caught.value.placeholders["reason"]


def test_without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(EmbeddingError) as caught:
        checked_unit_vectors([[1.0]], 1, 1)
    assert caught.value.code == "built_in_missing"
