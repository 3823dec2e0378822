"""Which snapshots are kept: dense for the last days, sparse for the last weeks."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from .snapshot_files import SnapshotFile

DAILY: Final = "daily"
MANUAL: Final = "manual"
MIGRATION: Final = "migration"
RESTORE: Final = "restore"
_DAYS: Final = 7
_WEEKS: Final = 4
_MANUAL: Final = 5
_DAY_SECONDS: Final = 86_400.0


def outdated(files: Iterable[SnapshotFile], now: float) -> list[SnapshotFile]:
    """Return the snapshots that are no longer kept.

    Kept are the newest of each of the last 7 days and of each of the last 4 weeks (UTC, weeks from Monday). Those
    before a migration or a restore stand in for none of them, and are kept for 4 weeks; of those that were asked for,
    the newest 5 are kept for as long; and whatever is the newest of all.
    """
    ordered = sorted(files, reverse=True)
    ordinary = [file for file in ordered if file.reason in (DAILY, MANUAL)]
    kept = set(ordered[:1])
    kept.update(_newest_of_each(ordinary, now, 1, _DAYS))
    kept.update(_newest_of_each(ordinary, now, 7, _WEEKS))
    recent = [file for file in ordered if now - file.taken_at < _WEEKS * 7 * _DAY_SECONDS]
    kept.update(file for file in recent if file.reason not in (DAILY, MANUAL))
    kept.update([file for file in recent if file.reason == MANUAL][:_MANUAL])
    return [file for file in ordered if file not in kept]


def is_due(files: Iterable[SnapshotFile], now: float) -> bool:
    """Return whether the newest is older than a day; one from the future was named by a clock that was wrong."""
    return not any(0 <= now - file.taken_at < _DAY_SECONDS for file in files)


def _newest_of_each(ordered: Iterable[SnapshotFile], now: float, days: int, count: int) -> list[SnapshotFile]:
    """Return the newest of each of the last ``count`` periods of so many days, given the newest first."""
    newest: dict[int, SnapshotFile] = {}
    for file in ordered:
        newest.setdefault(_period(file.taken_at, days), file)
    current = _period(now, days)
    return [file for period, file in newest.items() if period > current - count]


def _period(moment: float, days: int) -> int:
    return (datetime.fromtimestamp(moment, UTC).toordinal() - 1) // days  # the first day of the calendar was a Monday
