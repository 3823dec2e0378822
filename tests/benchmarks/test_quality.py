"""The whole measurement, on a few memories."""

import csv
from dataclasses import replace
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.quality.__main__ import main
from benchmarks.quality.minilm import MiniLM
from benchmarks.quality.retrieval_set import Question
from benchmarks.quality.running import Asked, Result
from benchmarks.quality.systems import Answer, Found

FIGURES = {"questions", "recall_1", "recall_5", "recall_10", "mrr", "ndcg_10"}


def read(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the results of a JSON file by suite and system."""
    data = json.loads(path.read_text("utf-8"))
    assert data["benchmark"] == "quality"
    assert data["machine"]["cores"] >= 1
    return {(result["suite"], result["system"]): result for result in data["results"]}


def test_fifty_memories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, failures = tmp_path / "out.json", tmp_path / "wrong.tsv"
    arguments = ["--embedder", "built-in", "--limit", "50", "--json", str(report), "--failures", str(failures)]
    assert main(arguments) == 0
    results = read(report)
    assert [system for _, system in results] == ["ours", "vector", "keyword", "fusion", "seed"]
    for result in results.values():
        assert result["embedder"] == "built-in"
        assert result["overall"].keys() == FIGURES
        assert 0.3 < result["overall"]["recall_1"] <= result["overall"]["recall_5"] <= result["overall"]["recall_10"]
        assert set(result["by_level"]) == {"easy", "medium", "hard"}
        assert result["by_level"]["easy"]["recall_5"] > 0.9
        assert result["unanswered"]["questions"] == 80
        assert set(result["unanswered_by_kind"]) == {"nothing", "private"}
    ours = results["household", "ours"]
    assert ours["overall"]["questions"] == sum(figures["questions"] for figures in ours["by_level"].values())
    printed = capsys.readouterr().out
    assert "household · built-in" in printed
    assert f"| ours    |    {ours['overall']['recall_1']:.3f} |" in printed
    with failures.open(encoding="utf-8", newline="") as file:
        wrong = list(csv.DictReader(file, delimiter="\t"))
    assert wrong
    for row in wrong:
        assert row["question"]
        assert row["relevant"].startswith("#") or row["level"] == "none"


def test_a_folder_beside_it(tmp_path: Path) -> None:
    for name, thing in (("one", "tea"), ("two", "violin")):
        data = {
            "memories": [{"text": f"Ada likes her {thing}", "about": name}, {"text": "Rain is expected"}],
            "questions": [{"question": f"Does Ada like the {thing}?", "category": 4, "relevant": [0]}],
        }
        (tmp_path / f"{name}.json").write_text(json.dumps(data))
    report = tmp_path / "out" / "figures.json"
    report.parent.mkdir()
    arguments = ["--sets", "--data", str(tmp_path), "--embedder", "built-in", "--systems", "vector"]
    assert main([*arguments, "--json", str(report)]) == 0
    results = read(report)
    assert results.keys() == {(tmp_path.name, "ours"), (tmp_path.name, "vector")}
    for result in results.values():
        assert result["overall"]["recall_1"] == 1.0
        assert result["by_kind"].keys() == {"4"}
        assert result["unanswered_by_kind"]["foreign"]["questions"] == 2


def test_a_model_that_is_not_installed_is_skipped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MiniLM, "load", lambda: None)
    assert main(["--embedder", "minilm"]) == 0
    assert "minilm is skipped" in capsys.readouterr().out


def test_questions_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path)]) == 1
    assert "no JSON file" in capsys.readouterr().err


@pytest.mark.usefixtures("socket_enabled")
def test_a_server_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--embedder", "--ollama", "http://127.0.0.1:9", "all-minilm", "--limit", "1"]) == 1
    assert "The server cannot be used" in capsys.readouterr().err


def asked(relevant: str, ranked: str, shown: int, best: float = 0.9) -> Asked:
    """Return a question whose hits, one letter each, have scores from ``best`` downwards, and how many are shown."""
    found = tuple(Found(key, best - place / 10) for place, key in enumerate(ranked))
    return Asked("set", Question(asker="a", text="?", relevant=tuple(relevant)), Answer(found, found[:shown]))


def test_what_a_threshold_costs() -> None:
    answerable = [asked("a", "abc", 1), asked("c", "abc", 2), asked("ab", "abc", 1), asked("a", "xa", 1)]
    nothing = [*(asked("", "", 0) for _ in range(8)), asked("", "x", 1, best=0.75), asked("", "xy", 0)]
    result = Result(suite="suite", embedder="embedder", system="system", asked=[*answerable, *nothing])
    assert result.overall.recall_5 == 1.0
    unanswered = result.unanswered
    assert unanswered is not None
    assert unanswered.questions == 10
    assert unanswered.nothing == 0.9
    assert unanswered.recall_5 == 1.5 / 4
    assert unanswered.loss == 2.5 / 4
    assert (unanswered.doubted, unanswered.wrongly_doubted) == (0.9, 0.0)
    unsure = [replace(one, answer=replace(one.answer, certain=False)) for one in (*answerable[:1], *nothing)]
    unanswered = replace(result, asked=[*answerable[1:], *unsure]).unanswered
    assert unanswered is not None
    assert (unanswered.doubted, unanswered.wrongly_doubted) == (1.0, 1 / 2)  # the first hit of two is right
    # Nine of ten have nothing above 0.75; of the others' hits, only what comes third is below.
    assert unanswered.loss_at_90 == 1 / 4


def test_a_suite_that_is_all_answerable() -> None:
    result = Result(suite="suite", embedder="embedder", system="system", asked=[asked("a", "a", 1)])
    assert result.unanswered is None
    assert result.unanswered_by_kind == {}
