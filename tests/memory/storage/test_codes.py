"""Bit codes in memory: the nearest are the nearest, and nothing stays of what was taken out."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import Mock

from hypothesis import given, settings, strategies as st
import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.semantic_memory.memory.storage import codes as module
from custom_components.semantic_memory.memory.storage.codes import (
    Codes,
    Nearest,
    bytes_of,
    sign_code,
    sign_words,
)

from .stores import content, nearest_codes


def embeddings(numbers: NDArray[Any]) -> list[bytes]:
    """Return vectors as they are stored."""
    return [row.astype("<f4").tobytes() for row in numbers]


def near(held: list[Codes], query: NDArray[np.float32], limit: int) -> Nearest:
    """Return what the function of the module does, whose name is taken here."""
    return module.nearest(held, query, limit)


def ranked(found: Nearest) -> list[tuple[float, int]]:
    """Return cosines and memories in an order that does not depend on where they stand."""
    return sorted(zip(found.cosines, found.seqs, strict=True))


def nearest(vectors: Mapping[int, NDArray[np.float32]], query: NDArray[np.float32], limit: int) -> list[int]:
    """Return what :meth:`Codes.nearest` ought to, counted sign by sign."""
    return sorted(vectors, key=lambda seq: (int(np.sum((vectors[seq] > 0) != (query > 0))), -seq))[:limit]


@pytest.mark.parametrize("dimension", [1, 7, 63, 64, 65, 256, 768])
def test_words_are_the_code_padded_with_zeros(dimension: int) -> None:
    numbers = np.random.default_rng(dimension).normal(size=(5, dimension)).astype("<f4")
    words = sign_words(embeddings(numbers), dimension)
    assert words.shape == (5, -(-dimension // 64))
    for row, word in zip(embeddings(numbers), words, strict=True):
        code = sign_code(row)
        assert word.tobytes() == code + bytes(8 * words.shape[1] - len(code))


def test_zero_and_minus_zero_are_not_positive() -> None:
    [row] = embeddings(np.array([[0.0, -0.0, 1e-30, -1e-30]]))
    assert sign_code(row) == b"\x04"
    assert sign_words([row], 4).tolist() == [[4]]


@pytest.mark.parametrize("dimension", [1, 8, 65, 768])
@pytest.mark.parametrize("limit", [1, 10, 160, 1_000])
def test_the_nearest_in_order(dimension: int, limit: int) -> None:
    rng = np.random.default_rng(3)
    numbers = rng.normal(size=(700, dimension)).astype("<f4")
    numbers[:, : dimension * 3 // 4] += rng.normal(scale=3, size=(700, 1))  # so that some are near and others far
    vectors = dict(zip(rng.permutation(5_000)[:700].tolist(), numbers, strict=True))
    codes = Codes(dimension)
    codes.update((), list(vectors), embeddings(numbers))
    query = np.abs(rng.normal(size=dimension)).astype("<f4")
    found = nearest_codes(codes, query.tobytes(), limit)
    assert found == nearest(vectors, query, limit)
    assert all(type(seq) is int for seq in found)


def test_more_than_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 100)
    test_the_nearest_in_order(65, 160)


def test_nothing_is_near_in_nothing() -> None:
    assert nearest_codes(Codes(8), np.ones(8, "<f4").tobytes(), 10) == []


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 130),
    st.lists(st.tuples(st.sets(st.integers(1, 400), max_size=90), st.sets(st.integers(1, 400), max_size=150))),
    st.integers(0, 2**32),
)
def test_after_any_changes(dimension: int, changes: list[tuple[set[int], set[int]]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes, vectors = Codes(dimension), dict[int, NDArray[np.float32]]()
    for gone, new in changes:
        fresh = dict(zip(new, rng.normal(size=(len(new), dimension)).astype("<f4"), strict=True))
        codes.update([*gone, *fresh], list(fresh), [row.tobytes() for row in fresh.values()])
        vectors = {seq: row for seq, row in vectors.items() if seq not in gone} | fresh
    assert len(codes) == len(vectors)
    assert content(codes) == {seq: sign_words([row.tobytes()], dimension).tobytes() for seq, row in vectors.items()}
    query = rng.normal(size=dimension).astype("<f4")
    assert nearest_codes(codes, query.tobytes(), 20) == nearest(vectors, query, 20)
    assert not codes._columns[:, len(codes) :].any(), "codes stay behind the last one"


def test_room_grows_and_shrinks_and_the_old_place_is_overwritten() -> None:
    codes = Codes(128)
    words = embeddings(np.ones((5_000, 128)))
    codes.update((), range(5_000), words)
    large, old = codes.nbytes, codes._columns
    codes.update((), [5_001] * 3_000, words[:3_000])
    assert codes._columns is not old
    assert not old.any()
    assert codes.nbytes > large == bytes_of(128, 5_000)
    old = codes._columns
    codes.update([5_001, *range(4_990)], (), words[:0])
    assert len(codes) == 10
    assert codes.nbytes < large / 50
    assert not old.any()


@pytest.mark.parametrize("dimension", [256, 768, 771])
def test_estimated_cosines_are_near(dimension: int) -> None:
    """One standard deviation of the estimate is about 0.35 / √dimension; among the best few are the true best."""
    rng = np.random.default_rng(5)
    topics = rng.normal(size=(12, dimension))
    numbers = topics[rng.integers(0, 12, 3_000)] + rng.normal(size=(3_000, dimension))
    vectors = (numbers / np.linalg.norm(numbers, axis=1, keepdims=True)).astype("<f4")
    codes = Codes(dimension)
    codes.update((), range(3_000), embeddings(vectors))
    found = total = 0
    for query in vectors[:40]:
        estimated = near([codes], query, 48)
        assert not estimated.exact
        cosines = np.array(estimated.cosines)
        true = vectors[estimated.seqs] @ query
        assert np.abs(cosines - true).max() < 5 * 0.35 / dimension**0.5
        assert np.all(np.diff(cosines) <= 0)
        best = set(np.argsort(-(vectors @ query))[:10].tolist())
        found += len(best & {*estimated.seqs})
        total += len(best)
    assert found / total >= 0.98


def test_owners_are_compared_together() -> None:
    vectors = np.random.default_rng(8).normal(size=(900, 64))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f4")
    together, parts = Codes(64), [Codes(64), Codes(64), Codes(64)]
    together.update((), range(900), embeddings(vectors))
    parts[0].update((), range(700), embeddings(vectors[:700]))
    parts[2].update((), range(700, 900), embeddings(vectors[700:]))
    for query in vectors[::90]:
        found, expected = near(parts, query, 50), near([together], query, 50)
        assert found.seqs == expected.seqs


@pytest.mark.parametrize("exact", [True, False])
def test_of_the_same_text_a_thousand_times_only_some_are_compared(exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = np.random.default_rng(9).normal(size=(2, 64))
    vectors = [one / np.linalg.norm(one)] * 2_000 + [other / np.linalg.norm(other)] * 3
    codes = Codes(64, exact=exact)
    codes.update((), range(2_003), embeddings(np.array(vectors)))
    compare = Mock(wraps=codes._vectors.cosines)
    monkeypatch.setattr(codes._vectors, "cosines", compare)
    found = near([codes], vectors[0].astype("<f4"), 20)
    assert [call.args[0].size for call in compare.call_args_list] == [452]
    assert all(1_548 <= seq < 2_000 for seq in found.seqs), "the newest of them"
    assert near([codes], vectors[-1].astype("<f4"), 20).seqs[:3] in ([2_000, 2_001, 2_002], [2_002, 2_001, 2_000])


def test_estimates_follow_changes() -> None:
    numbers = np.random.default_rng(6).normal(size=(200, 33))
    vectors = (numbers / np.linalg.norm(numbers, axis=1, keepdims=True)).astype("<f4")
    codes = Codes(33)
    codes.update((), range(200), embeddings(vectors))
    codes.update(range(190), range(300, 303), embeddings(vectors[:3]))
    expected = Codes(33)
    expected.update((), [*range(190, 200), *range(300, 303)], embeddings(vectors[[*range(190, 200), 0, 1, 2]]))
    query = vectors[5]
    assert ranked(near([codes], query, 20)) == ranked(near([expected], query, 20))
    assert near([Codes(33)], query, 20).seqs == near([], query, 20).seqs == []


def test_nothing_stays_of_a_search() -> None:
    codes = Codes(100)
    vectors = np.random.default_rng(2).normal(size=(70, 100)).astype("<f4")
    codes.update((), range(70), embeddings(vectors))
    near([codes], vectors[0], 5)
    codes.update([0], (), ())
    working = (codes._differing, codes._counts, codes._distances)
    assert all(array.any() for array in working)
    codes.leave_no_trace()
    assert not any(array.any() for array in working)
    assert near([codes], vectors[1], 5).seqs[0] == 1


def test_of_equally_near_memories_the_newest_are_found() -> None:
    codes = Codes(64, exact=True)
    codes.update((), range(300), embeddings(np.tile(np.eye(1, 64), (300, 1))))
    assert near([codes], np.eye(1, 64, dtype="<f4")[0], 48).seqs == [*range(299, 251, -1)]
