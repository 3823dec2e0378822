"""Whether everything that is derived from the memories agrees with them, and mending what does not."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
import logging
import sqlite3
import threading
import time
from typing import Final

from .errors import DatabaseDamagedError, StorageError
from .models import SECONDS_PER_DAY
from .storage import checks, code_checks, mending, spaces
from .storage.candidates import CandidateIndex
from .storage.checks import Finding, Part
from .storage.code_checks import Tally
from .storage.database import Database, Work
from .worker import EmbeddingWorker

_LOGGER = logging.getLogger(__name__)

_FIRST_SECONDS: Final = 30.0
"""After the start, when the thorough check is made for the first time."""
_BATCH: Final = 500
"""Vectors that are compared before others may use the connection."""
_PROGRESS_STEPS: Final = 100_000
"""SQLite's steps after which a check that nobody waits for any more ends."""
_MENDED_AT_THE_END: Final = frozenset({Part.HISTORY, Part.LOOKUP, Part.VECTORS, Part.CODES})
_NAMES: Final = {
    Part.HISTORY: ("the history", "was cleaned up"),
    Part.LOOKUP: ("an index or trigger", "has been made anew"),
    Part.WORDS: ("the word index", "has been made anew"),
    Part.VECTORS: ("vectors", "are made anew"),
    Part.CODES: ("the vector index", "is made anew"),
}


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check has found."""

    at: float
    """Seconds since the epoch."""
    seconds: float
    """How long it took, with the mending."""
    thorough: bool
    findings: tuple[Finding, ...]
    """All of them have been mended but those about the file and the memories themselves."""


class Checks:
    """Looks after what is derived. Every coroutine may raise StorageError."""

    def __init__(self, database: Database, worker: EmbeddingWorker, clock: Callable[[], float]) -> None:
        """Take the file, and the worker that embeds again what has to be."""
        self.last = CheckReport(at=clock(), seconds=0.0, thorough=False, findings=())
        """Empty until :meth:`async_open`."""
        self._database = database
        self._worker = worker
        self._clock = clock
        self._running = asyncio.Lock()
        self._due = asyncio.Event()
        database.on_index_damage = self._due.set

    async def async_open(self) -> None:
        """Compare counts and have the word index check itself, before anything else uses the file.

        What disagrees is made anew, the bit index by whoever prepares it next. Raises DatabaseDamagedError where the
        memories' own tables are missing.
        """
        began = time.monotonic()
        self._report(began, await self._database.async_write(self._mend_at_open), thorough=False)

    async def async_run(self) -> CheckReport:
        """Compare everything with everything, and mend what can be mended. Others can read and write meanwhile.

        Raises DatabaseDamagedError for damage that cannot be mended, with the report in ``last``.
        """
        async with self._running:
            began = time.monotonic()
            findings: list[Finding] = []
            try:
                findings += await self._database.async_write(self._mend_and_check_rules)
                findings += await self._async_read(checks.file_structure)
                if checks.damage(findings):
                    await self._database.async_read(self._raise_damaged)
                findings += await self._async_compare_and_mend(findings)
            except DatabaseDamagedError:
                if not checks.damage(findings):
                    findings.append(Finding(Part.FILE, "cannot be read"))
                self._report(began, findings, thorough=True)
                raise
            return self._report(began, findings, thorough=True)

    async def async_run_daily(self) -> None:
        """Run soon after the start, every day, and when an index could not be read, until cancelled."""
        delay = _FIRST_SECONDS
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._due.wait()
            try:
                await self.async_run()
            except StorageError as err:
                _LOGGER.error("The database could not be checked: %s", err)
            self._due.clear()
            delay = SECONDS_PER_DAY

    async def _async_compare_and_mend(self, before: Sequence[Finding]) -> list[Finding]:
        """Compare vectors with memories and bit codes with vectors, batch by batch; mend this and what was found."""
        findings = await self._async_read(code_checks.code_counts)
        impossible: dict[int, list[int]] = {}
        for space_id in await self._async_read(spaces.space_ids):
            tally = await self._async_compare_space(space_id)
            findings += tally.findings(space_id)
            if tally.impossible:
                impossible[space_id] = tally.impossible
        found, index = [*before, *findings], self._worker.index
        if any(finding.part in _MENDED_AT_THE_END for finding in found):
            await self._database.async_write(lambda connection: _mend(connection, found, impossible, index))
        if any(finding.part is Part.VECTORS for finding in found):
            self._worker.look_at_all()
        return findings

    async def _async_compare_space(self, space_id: int) -> Tally:
        tally = Tally()
        while tally.more:
            compare = partial(code_checks.compare_batch, space_id=space_id, after=tally.last, limit=_BATCH)
            tally.add(await self._async_read(compare))
        return tally

    async def _async_read[T](self, work: Work[T]) -> T:
        """Read on a reader's connection; whoever gives up waiting, as on close, ends that."""
        stop = threading.Event()

        def read(connection: sqlite3.Connection) -> T:
            connection.set_progress_handler(stop.is_set, _PROGRESS_STEPS)
            try:
                return work(connection)
            finally:
                connection.set_progress_handler(None, 0)

        try:
            return await self._database.async_read(read)
        finally:
            stop.set()

    def _report(self, began: float, findings: Sequence[Finding], *, thorough: bool) -> CheckReport:
        """Log what was found, and keep it for diagnostics."""
        for finding in findings:
            _log(finding)
        self.last = CheckReport(self._clock(), time.monotonic() - began, thorough, tuple(findings))
        return self.last

    def _mend_at_open(self, connection: sqlite3.Connection) -> list[Finding]:
        findings = self._mend_tables(connection, with_content=False)
        codes = code_checks.code_counts(connection)
        if codes:
            mending.mark_codes_stale(connection, mending.affected_spaces(codes))
        return findings + codes

    def _mend_tables(self, connection: sqlite3.Connection, *, with_content: bool) -> list[Finding]:
        """Check and mend what has to be in order before anything else can be looked at."""
        findings = checks.missing_objects(connection)
        if checks.damage(findings):
            self._raise_damaged(connection)
        parts = {finding.part for finding in findings}
        if Part.WORDS not in parts:
            words = checks.word_counts(connection) or checks.word_index(connection, with_content=with_content)
            findings += words
        if any(finding.part is Part.WORDS for finding in findings):
            mending.rebuild_words(connection)
        if parts & {Part.LOOKUP, Part.VECTORS}:
            mending.mend_objects(connection)
        return findings

    def _mend_and_check_rules(self, connection: sqlite3.Connection) -> list[Finding]:
        return self._mend_tables(connection, with_content=True) + checks.broken_rules(connection)

    def _raise_damaged(self, connection: sqlite3.Connection) -> None:
        raise DatabaseDamagedError(path=self._database.path)


def _mend(
    connection: sqlite3.Connection,
    findings: Sequence[Finding],
    impossible: Mapping[int, Sequence[int]],
    index: CandidateIndex,
) -> None:
    """Make anew what disagrees."""
    parts = {finding.part for finding in findings}
    if Part.HISTORY in parts or Part.VECTORS in parts:
        mending.delete_orphans(connection)
    affected = mending.affected_spaces(findings)
    if Part.LOOKUP in parts:
        mending.rebuild_lookups(connection)
        # What was made with them may lack what they lacked.
        mending.rebuild_words(connection)
        affected.update(spaces.space_ids(connection))
    for space_id, seqs in impossible.items():
        mending.delete_vectors(connection, space_id, seqs)
    mending.rebuild_codes(connection, affected, index)


def _log(finding: Finding) -> None:
    if finding.part is Part.FILE:
        _LOGGER.error("The database is damaged: %s", finding.what)
    elif finding.part is Part.MEMORIES:
        _LOGGER.error(
            "The memories' table has %d rows that it must not have, another program may have written them: %s",
            finding.count,
            finding.what,
        )
    else:
        _LOGGER.warning(
            "In the memory database, %s did not agree with the memories and %s: %s (%d)",
            *_NAMES[finding.part],
            finding.what,
            finding.count,
        )
