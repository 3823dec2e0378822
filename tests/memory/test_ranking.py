"""From candidates to ordered hits."""

from hypothesis import given, strategies as st
import pytest

from custom_components.semantic_memory.memory.answers import Match
from custom_components.semantic_memory.memory.ranking import (
    SMALL_STORE,
    Candidate,
    Ranked,
    Weights,
    cut,
    is_certain,
    parts_of,
    rank,
    scorer,
)

_SCORES = st.none() | st.floats(0, 1)


@pytest.mark.parametrize(
    ("vector", "keyword", "weight", "expected"),
    [
        (0.5, None, 0.4, 0.3),
        (0.5, 0.5, 0.4, 0.5),
        (1.0, 1.0, 0.4, 1.0),
        (None, 0.7, 0.4, 0.7),
        (None, None, 0.4, 0.0),
        (0.5, 1.0, 0.0, 0.5),
        (0.5, 1.0, 1.0, 1.0),
    ],
)
def test_scores(vector: float | None, keyword: float | None, weight: float, expected: float) -> None:
    assert scorer(Weights(weight))(Candidate(1, vector, keyword)) == pytest.approx(expected)


_CANDIDATES = st.builds(Candidate, st.just(1), _SCORES, _SCORES, st.booleans(), st.floats(0, 1), st.floats(0, 1))
_WEIGHTS = st.builds(Weights, *(st.floats(0, 1) for _ in range(5)))


@given(_CANDIDATES, _WEIGHTS)
def test_scores_lie_between_0_and_1(candidate: Candidate, weights: Weights) -> None:
    assert 0 <= scorer(weights)(candidate) <= 1 + 1e-9


@given(_CANDIDATES, _WEIGHTS)
def test_parts_add_up_to_the_score(candidate: Candidate, weights: Weights) -> None:
    parts = parts_of(candidate, weights)
    assert sum(part.contribution for part in parts) == pytest.approx(scorer(weights)(candidate))
    for part in parts:
        assert part.contribution == pytest.approx(part.value * part.weight)


def test_a_few_words_count_less_in_a_memory_about_something_else() -> None:
    weights = Weights(0.4)
    assert scorer(weights)(Candidate(1, 0.3, 0.4)) == pytest.approx(0.6 * 0.3 + 0.4 * 0.4)
    assert scorer(weights)(Candidate(1, 0.06, 0.4)) == pytest.approx(0.6 * 0.06 + 0.4 * 0.4 * 0.8)
    assert scorer(weights)(Candidate(1, 0.0, 0.1)) == pytest.approx(0.4 * 0.1 * 0.2)
    # Most of what is asked for, as a serial number is: no meaning is needed.
    assert scorer(weights)(Candidate(1, 0.0, 0.5)) == pytest.approx(0.4 * 0.5)
    # Nor where there is none.
    assert scorer(weights)(Candidate(1, None, 0.1)) == pytest.approx(0.1)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_of_any_signal_never_costs(vector: float, keyword: float, more: float) -> None:
    weights, score = Weights(0.4), scorer(Weights(0.4))(Candidate(1, vector, keyword))
    assert scorer(weights)(Candidate(1, max(vector, more), keyword)) >= score - 1e-9
    assert scorer(weights)(Candidate(1, vector, max(keyword, more))) >= score - 1e-9


def test_counterparts_count_beside_meaning_and_words() -> None:
    weights = Weights(0.4, counterparts=0.25)
    without, with_some = Candidate(1, 0.5, 0.5), Candidate(2, 0.5, 0.5, counterparts=0.8)
    assert scorer(weights)(without) == pytest.approx(0.5 / 1.25)
    assert scorer(weights)(with_some) == pytest.approx((0.5 + 0.25 * 0.8) / 1.25)
    assert [part.name for part in parts_of(with_some, weights)] == ["meaning", "words", "counterparts"]


def test_own_and_timely_memories_come_first_and_unknown_names_cost() -> None:
    weights = Weights(0.4, own=0.02, time=0.3)
    plain, own = Candidate(1, 0.5, 0.5), Candidate(2, 0.5, 0.5, own=True)
    timely = Candidate(3, 0.5, 0.4, time_score=0.8)
    assert [item.candidate.seq for item in rank([plain, own, timely], weights)] == [3, 2, 1]
    # Nothing that is said as clearly is overruled by whose it is.
    assert rank([own, Candidate(4, 0.6, 0.5)], weights)[0].candidate.seq == 4
    assert scorer(Weights(0.4, factor=0.4))(plain) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("vector", "keyword", "match"),
    [
        (0.9, None, Match.MEANING),
        (0.0, None, Match.MEANING),
        (0.9, 0.1, Match.BOTH),
        (0.2, 0.1, Match.BOTH),
        (0.1, 0.9, Match.WORD),
        (None, 0.9, Match.WORD),
    ],
)
def test_matches(vector: float | None, keyword: float | None, match: Match) -> None:
    assert rank([Candidate(1, vector, keyword)], Weights(0.4))[0].match is match


def test_best_first_and_the_newer_of_two_equals() -> None:
    ranked = rank([Candidate(1, 0.5, None), Candidate(3, 0.5, None), Candidate(2, 0.9, None)], Weights(0.4))
    assert [item.candidate.seq for item in ranked] == [2, 3, 1]


def scored(*scores: float) -> list[Ranked]:
    """Return ranked candidates with these scores."""
    return [Ranked(Candidate(place, score, None), score, Match.MEANING) for place, score in enumerate(scores)]


@pytest.mark.parametrize(
    ("strict", "visible", "limit", "expected"),
    [
        (False, SMALL_STORE, 10, 5),
        (False, SMALL_STORE, 2, 2),
        (False, SMALL_STORE + 1, 10, 3),
        (True, 1, 10, 2),
        (True, 100, 1, 1),
    ],
)
def test_a_threshold_that_nobody_asked_for_spares_small_stores(
    strict: bool, visible: int, limit: int, expected: int
) -> None:
    ranked = scored(0.9, 0.5, 0.4, 0.37, 0.0)
    assert cut(ranked, limit, 0.5, strict=strict, visible=visible) == ranked[:expected]


def test_the_best_hit_decides_whether_there_is_an_answer() -> None:
    ranked = scored(0.49, 0.48)
    assert cut(ranked, 5, 0.5, strict=False, visible=SMALL_STORE + 1) == []
    assert cut(ranked, 5, 0.5, strict=False, visible=SMALL_STORE) == ranked
    assert cut([], 5, 0.5, strict=False, visible=0) == []


@pytest.mark.parametrize(("best", "expected"), [(None, False), (0.0, False), (0.49, False), (0.5, True), (1.0, True)])
def test_a_good_hit_is_certain(best: float | None, expected: bool) -> None:
    assert is_certain(best) is expected
