"""What a cosine means in a space."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from custom_components.semantic_memory.memory.embedding.calibration import PAIRS, Calibration, async_calibrate
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.5), (0.7, 0.85), (-0.2, 0.9), (0.9, 0.92)])
def test_two_cosines_fix_the_curve(low: float, high: float) -> None:
    calibration = Calibration(low, high)
    scores = calibration.score(np.array([low, high], np.float32))
    assert scores.tolist() == pytest.approx([0.2, 0.7], abs=1e-4)
    many = calibration.score(np.linspace(-1, 1, 201, dtype=np.float32))
    assert (np.diff(many) >= 0).all()
    assert ((many >= 0) & (many <= 1)).all()
    between = calibration.score(np.linspace(low - 0.05, high + 0.05, 20, dtype=np.float32))
    assert (np.diff(between) > 0).all(), "an order is never changed"


def test_any_shape() -> None:
    assert Calibration(0.1, 0.5).score(np.zeros((2, 3), dtype=np.float32)).shape == (2, 3)


async def test_the_built_in_space(built_in: StaticEmbedder) -> None:
    calibration = await async_calibrate(built_in)
    assert 0 < calibration.low < calibration.high < 1
    documents = built_in.embed([fact for _, fact in PAIRS])
    queries = built_in.embed([question for question, _ in PAIRS])
    scores = calibration.score(queries @ documents.T)
    assert float(np.median(scores.diagonal())) == pytest.approx(0.7, abs=0.01)
    unrelated = scores[~np.eye(len(PAIRS), dtype=bool)]
    assert (unrelated < 0.2).mean() >= 0.94


async def test_a_space_that_tells_nothing_apart() -> None:
    async def same(texts: Sequence[str] | str) -> Any:
        count = 1 if isinstance(texts, str) else len(texts)
        return np.tile(np.array([0.6, 0.8], np.float32), (count, 1))

    embedder: Any = SimpleNamespace(async_embed_documents=same, async_embed_query=same)
    calibration = await async_calibrate(embedder)
    assert calibration.high - calibration.low == pytest.approx(0.02)
