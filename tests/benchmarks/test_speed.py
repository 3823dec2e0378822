"""The measurements of speed still run; how fast is nothing that a test asks."""

from itertools import islice
import json
from pathlib import Path
import sys

import numpy as np
import pytest

from benchmarks.speed import __main__ as program, real_text, sentences, vectors
from benchmarks.speed.corpus import OTHER, PERSON, async_import, household
from benchmarks.speed.engines import COLD, HOT
from benchmarks.speed.figures import BYTES, MS, RATE, Figure, show, times
from benchmarks.speed.measuring import Plan, async_measure, make
from benchmarks.speed.searching import scan
from benchmarks.speed.steps import async_steps
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.models import HOUSEHOLD
from custom_components.semantic_memory.memory.storage import search

TINY = Plan(questions=4, sets=3, beats=5, starts=1)
TIMED = (
    *("search, in memory", "search, sqlite-vec alone", "exact NumPy scan", "exact scan of the vectors in the file"),
    *("event-loop delay, idle", "event-loop delay, during searches"),
    *("start, until the first answer", "start, with an empty store", "start, until all is in memory"),
    *("embed a question, built-in model", "embed a question, from call to answer"),
    *("set, with a key", "set, without a key"),
)
FOUND = (
    *("recall@10, made-up sentences, in memory", "recall@10, made-up sentences, sqlite-vec alone"),
    *("recall@10, clustered vectors, in memory", "recall@10, real text, built-in model, in memory"),
)
OTHERS = ("import", "file, each memory", "memory added", "re-embed")


async def test_everything_of_fifty_memories(tmp_path: Path) -> None:
    found = {figure.name: figure for figure in await async_measure(tmp_path, 50, TINY, others=7)}
    assert found.keys() == {*TIMED, *FOUND, *OTHERS}
    assert {figure.size for figure in found.values()} == {50}
    exact = found["exact NumPy scan"].value
    for name in TIMED:
        figure = found[name]
        assert figure.unit == MS
        assert figure.p05 is not None
        assert figure.p95 is not None
        assert figure.high is not None
        assert figure.p05 <= figure.value <= figure.p95 <= figure.high
        assert figure.exact == (None if name == "exact NumPy scan" else pytest.approx(exact))
    for name in FOUND:  # so few memories are all candidates: nothing can be missed
        assert found[name].value == 1.0
    assert found["import"].unit == found["re-embed"].unit == RATE
    assert found["file, each memory"].exact == 4 * 768


async def test_parts_can_be_left_out(tmp_path: Path) -> None:
    found = {figure.name for figure in await async_measure(tmp_path, 50, TINY, ("embed",))}
    assert "embed a question, built-in model" in found
    assert "set, with a key" not in found
    assert "search, in memory" in found


def test_program_prints_a_table_and_writes_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "speed.json"
    arguments = ["--sizes", "20", "30", "--parts", "embed", "--quick", "--folder", str(tmp_path), "--json", str(target)]
    monkeypatch.setattr(sys, "argv", ["speed", *arguments])
    program.main()
    printed = capsys.readouterr().out
    assert printed.count("| search, in memory") == 2
    written = json.loads(target.read_text(encoding="utf-8"))
    assert written["benchmark"] == "speed"
    assert written["machine"]["python"]
    assert {figure["size"] for figure in written["figures"]} == {20, 30}
    assert written["figures"][0].keys() == {
        *("size", "name", "unit", "value", "p05", "p95", "p99", "high", "exact", "ratio")
    }
    assert list(tmp_path.iterdir()) == [target]


async def test_steps_of_a_search(tmp_path: Path) -> None:
    corpus, questions = make(50, TINY)
    await async_import(tmp_path, corpus)
    before = search.run
    for way in (HOT, COLD):
        shown = await async_steps(tmp_path, questions, way)
        assert "search.run" in shown
        assert "TieredIndex.search" in shown
    assert search.run is before


def test_figures_are_beside_the_exact_scan() -> None:
    faster = times(10, "search", [0.002, 0.001, 0.003], 0.02)
    assert (faster.value, faster.p05, faster.high, faster.exact) == (2.0, 1.0, 3.0, 20.0)
    assert faster.ratio == 10.0
    assert Figure(size=1, name="import", unit=RATE, value=100.0, exact=50.0).ratio == 2.0
    assert Figure(size=1, name="file", unit=BYTES, value=100.0, exact=50.0).ratio == 0.5
    assert Figure(size=1, name="alone", unit=MS, value=1.0).ratio is None
    assert "× 10.0" in show([faster])


def test_scan_is_exact() -> None:
    matrix = vectors.clustered(300, 16)
    question = matrix[17]
    assert scan(matrix, question) == np.argsort(-(matrix @ question), kind="stable")[:10].tolist()
    assert len(scan(matrix[:3], question)) == 3


def test_sentences_are_the_same_for_the_same_seed() -> None:
    first, again = (list(islice(sentences.memories(4), 500)) for _ in range(2))
    assert first == again
    assert first != list(islice(sentences.memories(5), 500))
    assert all(8 <= len(text.split()) <= 22 for text in first)
    assert len(set(islice(sentences.questions(4), 500))) == 500


def test_words_are_spread_as_in_real_text() -> None:
    texts = [set(text.lower().split()) for text in islice(sentences.memories(4), 4_000)]
    counts: dict[str, int] = {}
    for words in texts:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    assert max(counts.values()) > 0.7 * len(texts)
    assert any(0.15 * len(texts) < count < 0.25 * len(texts) for count in counts.values())
    assert sum(count == 1 for count in counts.values()) > 0.3 * len(counts)


def test_owners_of_made_up_memories() -> None:
    corpus = household(60, vectors.Projection(StaticEmbedder.load(), 32), others=30)
    owners = [memory.owner for memory in corpus.memories]
    assert owners.count(OTHER) == 30
    assert owners.count(PERSON) + owners.count(HOUSEHOLD) == 60
    assert owners.count(HOUSEHOLD) > 3
    seen = corpus.visible
    assert len(seen.memories) == len(seen.vectors) == 60
    assert OTHER not in {memory.owner for memory in seen.memories}
    place = next(place for place, memory in enumerate(corpus.memories) if memory == seen.memories[-1])
    assert (corpus.vectors[place] == seen.vectors[-1]).all()


def test_meaning_agrees_with_words() -> None:
    projection = vectors.Projection(StaticEmbedder.load())
    near, same, far = projection.embed(
        ["The ladder is in the cellar", "Where is the ladder, in the cellar?", "Anna is allergic to peanuts"]
    )
    assert float(near @ same) > 0.5 > float(near @ far)
    assert np.linalg.norm(near) == pytest.approx(1, abs=1e-5)


def test_real_text() -> None:
    texts = real_text.sentences(200)
    assert len(set(texts)) == 200
    assert all(len(text.split()) >= 4 for text in texts)
