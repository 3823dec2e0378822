"""The figures, against values worked out by hand."""

from dataclasses import asdict
from math import log2

import pytest

from benchmarks.quality.metrics import Figures, ndcg_at, recall_at, reciprocal_rank

RANKED = ["a", "b", "c", "d", "e", "f"]


@pytest.mark.parametrize(
    ("relevant", "k", "share"),
    [
        (["a"], 1, 1.0),
        (["b"], 1, 0.0),
        (["a", "b"], 1, 0.5),
        (["b", "e", "x", "y"], 5, 0.5),
        (["f"], 5, 0.0),
        (["f"], 10, 1.0),
        (["x"], 10, 0.0),
    ],
)
def test_recall_is_the_share_found(relevant: list[str], k: int, share: float) -> None:
    assert recall_at(RANKED, relevant, k) == share


@pytest.mark.parametrize(("relevant", "value"), [(["a"], 1.0), (["c"], 1 / 3), (["f", "d"], 1 / 4), (["x"], 0.0)])
def test_reciprocal_rank_is_that_of_the_first(relevant: list[str], value: float) -> None:
    assert reciprocal_rank(RANKED, relevant) == value


@pytest.mark.parametrize(
    ("relevant", "k", "value"),
    [
        (["a"], 10, 1.0),
        (["b"], 10, 1 / log2(3)),
        (["a", "b"], 10, 1.0),
        (["a", "c"], 10, (1 + 1 / 2) / (1 + 1 / log2(3))),
        (["b", "x"], 10, (1 / log2(3)) / (1 + 1 / log2(3))),
        (["a", "b", "c"], 2, 1.0),
        (["c"], 2, 0.0),
    ],
)
def test_ndcg_compares_with_the_ideal_order(relevant: list[str], k: int, value: float) -> None:
    assert ndcg_at(RANKED, relevant, k) == pytest.approx(value)


def test_figures_are_means() -> None:
    figures = Figures.of([(RANKED, ["a"]), (RANKED, ["f"]), ([], ["a"]), (RANKED, ["a", "x"])])
    assert asdict(figures) == pytest.approx(
        {
            "questions": 4,
            "recall_1": 1.5 / 4,
            "recall_5": 1.5 / 4,
            "recall_10": 2.5 / 4,
            "mrr": (1 + 1 / 6 + 0 + 1) / 4,
            "ndcg_10": (1 + 1 / log2(7) + 0 + 1 / (1 + 1 / log2(3))) / 4,
        }
    )


def test_no_questions_make_no_figures() -> None:
    assert Figures.of([]) == Figures(questions=0, recall_1=0, recall_5=0, recall_10=0, mrr=0, ndcg_10=0)
