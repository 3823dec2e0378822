"""Remembering the vectors of recent queries."""

import numpy as np

from custom_components.semantic_memory.memory.embedding.cache import QueryCache


def test_the_least_recently_used_go_first() -> None:
    cache = QueryCache(2)
    vectors = {text: np.ones((1, 2), dtype=np.float32) for text in "abc"}
    cache.put(1, "a", vectors["a"])
    cache.put(1, "b", vectors["b"])
    assert cache.get(1, "a") is vectors["a"]
    cache.put(1, "c", vectors["c"])
    assert cache.get(1, "b") is None
    assert cache.get(1, "a") is vectors["a"]
    assert cache.get(1, "c") is vectors["c"]


def test_spaces_are_kept_apart() -> None:
    cache = QueryCache()
    vector = np.ones((1, 2), dtype=np.float32)
    cache.put(1, "a", vector)
    assert cache.get(2, "a") is None
    assert cache.get(1, "A") is None
