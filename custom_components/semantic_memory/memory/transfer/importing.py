"""Taking memories in, batch by batch: read, decide, embed, store; at the end what was put off."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
import sqlite3
from typing import TypeIs

from ..errors import EmbeddingError, InvalidInputError
from ..models import Caller
from ..storage.changes import Change
from ..text import document_text
from ..writes import Writes
from .batches import Vectors, Words, look_up, store, words_of
from .deciding import PutOff, decide, decide_so_far
from .merging import Decision, Effect, ImportOptions, Incoming
from .reading.found import Format, Reader, Refused
from .report import ImportReport
from .source import Source
from .temporary import Trial

type Progress = Callable[[ImportReport], None]
type Results = Sequence[Decision | Refused | PutOff]


class Importer:
    """Takes one file in at a time."""

    def __init__(self, writes: Writes) -> None:
        """Take the one way to change memories."""
        self._writes = writes
        self._busy = False

    async def async_import(
        self,
        caller: Caller,
        path: Path,
        options: ImportOptions,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> ImportReport:
        """Take a file in; see :meth:`.Transfer.async_import`."""
        if self._busy:
            raise InvalidInputError("import_running")
        self._busy = True
        try:
            source = await asyncio.to_thread(
                Source.open, path, options, self._writes.clock(), self._writes.database.path
            )
            batches = _Batches(source)
            try:
                return await self._async_run(caller, batches, options, progress, stop)
            finally:
                await batches.async_close()
        finally:
            self._busy = False

    async def async_recognise(self, path: Path, wanted: Format | None) -> Format:
        """Return what kind of file it is; see :meth:`.Transfer.async_recognise`."""
        options = ImportOptions(format=wanted)
        source = await asyncio.to_thread(Source.open, path, options, self._writes.clock(), self._writes.database.path)
        await asyncio.to_thread(source.close)
        return source.reader.format

    async def _async_run(
        self,
        caller: Caller,
        batches: _Batches,
        options: ImportOptions,
        progress: Progress | None,
        stop: Callable[[], bool] | None,
    ) -> ImportReport:
        report = ImportReport(batches.reader.format, options.dry_run)
        while True:
            if stop is not None and stop():
                report.stopped = True
                return report
            step = asyncio.create_task(self._async_step(caller, batches, options, report))
            try:
                more = await asyncio.shield(step)
            except asyncio.CancelledError:
                # A batch is taken in as a whole, and whoever cancels may rely on the file being left alone after.
                await asyncio.wait([step])
                raise
            if progress is not None:
                progress(report)
            if not more:
                return report

    async def _async_step(
        self, caller: Caller, batches: _Batches, options: ImportOptions, report: ImportReport
    ) -> bool:
        """Take one batch in; return whether there may be more."""
        batch, for_good = await batches.async_next()
        incoming = [item for item in batch if isinstance(item, Incoming)]
        results: Results = ()
        if incoming:
            decided = partial(_decided, incoming, for_good, batches.trial)
            results = await self._writes.database.async_read(partial(decided, self._writes.clock()))
            if not options.dry_run and any(map(_does_something, results)):
                results = await self._async_store(caller, decided, results)
            await batches.async_put_off([result for result in results if isinstance(result, PutOff)])
        report.count(result for result in batch if isinstance(result, Refused))
        report.count(result for result in results if not isinstance(result, PutOff))
        report.ignore(batches.reader.ignored)
        report.cut_short = batches.reader.cut_short
        report.progress = batches.reader.progress()
        return bool(batch)

    async def _async_store(
        self, caller: Caller, decided: Callable[[float, sqlite3.Connection], Results], expected: Results
    ) -> Results:
        """Store a batch with its vectors; what is here may have changed since it was looked at."""
        space_id, vectors = await self._async_embed(
            [words_of(result.after) for result in expected if _does_something(result)]
        )

        def change(work: Change) -> Results:
            work.expire()
            results = decided(work.now, work.connection)
            store(work, [result for result in results if _does_something(result)], vectors, space_id)
            return results

        results = await self._writes.async_change(caller, change)
        done = [result for result in results if _does_something(result)]
        now, before = [result.after for result in done], [result.before[1] for result in done if result.before]
        await self._writes.async_changed("import", now, before, actor=caller.actor, surface="import")
        return results

    async def _async_embed(self, words: Sequence[Words]) -> tuple[int | None, Vectors]:
        """Return the built-in space and vectors in it, so that what comes in is found by meaning at once."""
        if self._writes.worker.built_in is None:
            return None, {}
        embedder, space = self._writes.worker.built_in
        try:
            texts = await asyncio.to_thread(lambda: [document_text(*item) for item in words])
            vectors = await embedder.async_embed_documents(texts)
        except EmbeddingError:
            return None, {}  # the worker will try again, and says what is wrong
        return space.id, dict(zip(words, (row.astype("<f4").tobytes() for row in vectors), strict=True))


class _Batches:
    """What a file has, read one batch ahead: while one is stored, the next is made ready."""

    def __init__(self, source: Source) -> None:
        """Begin to read."""
        self._source = source
        self._next = self._read()

    @property
    def reader(self) -> Reader:
        """Return what reads the file."""
        return self._source.reader

    @property
    def trial(self) -> Trial | None:
        """Return what a trial run would have stored."""
        return self._source.trial

    async def async_next(self) -> tuple[Sequence[Incoming | Refused], bool]:
        """Return the next batch, an empty one at the end, and whether to decide for good. Raises InvalidInputError."""
        batch = await self._next
        if batch:
            self._next = self._read()
            return batch, False
        return await asyncio.to_thread(self._source.next_put_off)

    async def async_put_off(self, items: Sequence[PutOff]) -> None:
        """Keep some for after the end of the file."""
        if items:
            await asyncio.to_thread(self._source.put_off, items)

    async def async_close(self) -> None:
        """Close the file, once nobody reads in it any more."""
        await asyncio.gather(self._next, return_exceptions=True)
        await asyncio.to_thread(self._source.close)

    def _read(self) -> asyncio.Task[list[Incoming | Refused]]:
        return asyncio.create_task(asyncio.to_thread(self._source.next_batch))


def _decided(
    incoming: Sequence[Incoming], for_good: bool, trial: Trial | None, now: float, connection: sqlite3.Connection
) -> Results:
    here = look_up(connection, incoming, now)
    if trial is not None:
        trial.apply(here, incoming)
    results: Results = decide(incoming, here, now) if for_good else decide_so_far(incoming, here, now)
    if trial is not None:
        trial.note(results)
    return results


def _does_something(result: Decision | Refused | PutOff) -> TypeIs[Decision]:
    return isinstance(result, Decision) and result.effect is not Effect.NOTHING
