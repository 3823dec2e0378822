"""What was told at a time, from the rows."""

import pytest

from custom_components.semantic_memory.memory.models import MemoryFilter
from custom_components.semantic_memory.memory.storage import said
from custom_components.semantic_memory.memory.storage.filters import Conditions
from custom_components.semantic_memory.memory.times.spans import Precision, Span

from .stores import ANN, BOB, NOW, Store

DAY = 86_400.0


def span(first: float, last: float, weight: float = 1.0) -> Span:
    """Return a time, in days after the store's beginning."""
    return Span(NOW + first * DAY, NOW + last * DAY, Precision.DAY, weight)


@pytest.fixture
def told(store: Store) -> dict[str, int]:
    """Store a memory a day, and one of somebody else."""
    for day in range(5):
        store.now = NOW + day * DAY
        store.remember(f"Day {day}", ANN, key=f"ann_{day}")
    store.remember("Day 4", BOB, key="bob")
    return dict(store.connection.execute("SELECT key, seq FROM memory").fetchall())


def conditions(*owners: str | None) -> Conditions:
    return Conditions([owner or "" for owner in owners], MemoryFilter(), NOW + 10 * DAY)


def test_only_what_was_told_then_is_a_candidate(store: Store, told: dict[str, int]) -> None:
    for owner, last, wanted in ((ANN, 4, {"ann_2", "ann_3"}), (ANN, 5, {"ann_2", "ann_3", "ann_4"}), (BOB, 5, {"bob"})):
        found = said.candidates(store.connection, conditions(owner.user_id), [span(2, last)])
        assert found == {told[key] for key in wanted}
    assert said.candidates(store.connection, conditions(ANN.user_id), []) == set()


def test_the_newest_are_candidates_where_there_are_many(
    store: Store, told: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(said, "CANDIDATES", 2)
    found = said.candidates(store.connection, conditions(ANN.user_id), [span(0, 9)])
    assert found == {told["ann_3"], told["ann_4"]}


def test_scores_are_the_best_fit_of_any_time(store: Store, told: dict[str, int]) -> None:
    scores = said.scores(store.connection, told.values(), [span(0, 1, 0.5), span(3, 4)])
    assert (scores[told["ann_0"]], scores[told["ann_3"]]) == (0.5, 1)
    assert 0.5 < scores[told["ann_2"]] < 1
    assert said.scores(store.connection, told.values(), [span(-99, -98)]) == {}
    assert said.scores(store.connection, told.values(), []) == {}


@pytest.mark.parametrize("moment", ["created", "updated"])
def test_an_index_leads_to_what_was_told(store: Store, moment: str) -> None:
    statements: list[str] = []
    store.connection.set_trace_callback(statements.append)
    said.candidates(store.connection, conditions(ANN.user_id, BOB.user_id), [span(0, 1)])
    store.connection.set_trace_callback(None)
    (statement,) = [text for text in statements if f"ORDER BY {moment}_at" in text]
    plan = " ".join(row[3] for row in store.connection.execute(f"EXPLAIN QUERY PLAN {statement}"))
    assert f"memory_{moment} (owner=? AND {moment}_at>? AND {moment}_at<?)" in plan


def test_the_rows_are_read_once(store: Store, told: dict[str, int]) -> None:
    statements: list[str] = []
    store.connection.set_trace_callback(statements.append)
    said.scores(store.connection, told.values(), [span(0, 1)] * 5)
    store.connection.set_trace_callback(None)
    assert len(statements) == 1
