"""Which snapshots are kept, over months."""

from datetime import UTC, datetime

import pytest

from custom_components.semantic_memory.memory.storage.retention import (
    DAILY,
    MANUAL,
    MIGRATION,
    RESTORE,
    is_due,
    outdated,
)
from custom_components.semantic_memory.memory.storage.snapshot_files import SnapshotFile

DAY = 86_400.0
NOON = datetime(2027, 1, 20, 12, tzinfo=UTC).timestamp()
"""A Wednesday."""


def file(days_ago: float, reason: str = DAILY) -> SnapshotFile:
    """Return a snapshot of so many days ago."""
    taken_at = NOON - days_ago * DAY
    return SnapshotFile(taken_at, 1, f"{taken_at}-{reason}", reason)


def kept(files: list[SnapshotFile]) -> list[float]:
    """Return how many days ago what is kept was taken."""
    gone = outdated(files, NOON)
    assert set(gone) <= set(files)
    return sorted((NOON - file.taken_at) / DAY for file in files if file not in gone)


def test_seven_days_and_four_weeks() -> None:
    daily = [file(days) for days in range(100)]
    # 0..6 are the days; 3, 10 and 17 the Sundays before, of which 3 is a day as well.
    assert kept(daily) == [0, 1, 2, 3, 4, 5, 6, 10, 17]


def test_the_same_day_after_day() -> None:
    """Pruning every day leaves what pruning at once would leave."""
    files: list[SnapshotFile] = []
    for day in range(99, -1, -1):
        files.append(file(day))
        gone = outdated(files, NOON - day * DAY)
        files = [item for item in files if item not in gone]
    assert kept(files) == kept([file(days) for days in range(100)])


def test_the_newest_of_a_day_is_kept() -> None:
    assert kept([file(0.1), file(0.2), file(0.3), file(1.0), file(1.1)]) == [0.1, 1.0]


@pytest.mark.parametrize("reason", [MIGRATION, RESTORE])
def test_a_way_back_is_kept_for_four_weeks(reason: str) -> None:
    files = [file(days, reason) for days in (1.1, 1.2, 20.5, 27.9, 28.0, 40.0)]
    assert kept([*files, file(0), file(1)]) == [0, 1, 1.1, 1.2, 20.5, 27.9]


def test_a_way_back_stands_in_for_no_day() -> None:
    assert kept([file(0.1, RESTORE), file(0.2), file(0.3, MIGRATION), file(0.4)]) == pytest.approx([0.1, 0.2, 0.3])


def test_of_those_that_were_asked_for_the_newest_five_are_kept() -> None:
    files = [file(0.01 * number, MANUAL) for number in range(1, 9)]
    assert kept([*files, file(0)]) == pytest.approx([0, 0.01, 0.02, 0.03, 0.04, 0.05])


def test_the_newest_of_all_is_kept_however_old() -> None:
    assert kept([file(400), file(500), file(600, RESTORE)]) == [400]


def test_nothing_there() -> None:
    assert outdated([], NOON) == []


@pytest.mark.parametrize(("days", "due"), [((), True), ((1.01, 3), True), ((3, 0.99), False), ((0,), False)])
def test_one_a_day(days: tuple[float, ...], due: bool) -> None:
    assert is_due([file(day) for day in days], NOON) is due


def test_a_clock_that_was_wrong_does_not_stop_it() -> None:
    assert is_due([file(-300), file(2)], NOON)
    assert kept([file(-300), file(0), file(1)]) == [-300, 0, 1]
