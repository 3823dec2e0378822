"""The measurements of speed still run; how fast is nothing that a test asks."""

from pathlib import Path

import pytest

from benchmarks.speed.corpus import async_import
from benchmarks.speed.engines import COLD, HOT
from benchmarks.speed.measuring import Plan, async_measure, make
from benchmarks.speed.steps import async_steps
from custom_components.semantic_memory.memory.storage import search

TINY = Plan(questions=4)


async def test_search_and_recall(tmp_path: Path) -> None:
    found = {figure.name: figure for figure in await async_measure(tmp_path, 50, TINY, ("search", "recall"), others=7)}
    assert {figure.size for figure in found.values()} == {50}
    for name in ("search, in memory", "search, sqlite-vec alone"):
        figure = found[name]
        assert figure.unit == "ms"
        assert figure.p05 is not None
        assert figure.p95 is not None
        assert 0 < figure.p05 <= figure.value <= figure.p95
        assert figure.ratio == pytest.approx(found["exact NumPy scan"].value / figure.value)
    # So few memories are all candidates: nothing can be missed.
    assert found["recall@10, made-up sentences, in memory"].value == 1.0
    assert found["recall@10, made-up sentences, sqlite-vec alone"].value == 1.0


async def test_steps_of_a_search(tmp_path: Path) -> None:
    corpus, questions = make(50, TINY)
    await async_import(tmp_path, corpus)
    before = search.run
    for way, index in ((HOT, "Codes.nearest"), (COLD, "Vec0Index.search")):
        shown = await async_steps(tmp_path, questions, way)
        assert index in shown
        assert "search.run" in shown
    assert search.run is before
