"""Giving memories out as files."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from .. import policy
from ..errors import InvalidInputError
from ..models import HOUSEHOLD, Caller, MemoryFilter
from ..storage import exports
from ..storage.filters import Conditions
from ..writes import Writes
from . import folder, jsonl
from .fields import Record
from .formats import WRITERS, ExportFormat, JsonLinesWriter, Writer
from .new_file import NewFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What was written."""

    path: Path
    format: ExportFormat
    memories: int
    size: int
    """Bytes."""


class Exporter:
    """Writes exports, one after the other: many at once would only be in each other's, and everybody's, way."""

    def __init__(self, writes: Writes, files: asyncio.Lock) -> None:
        """Take what is read, and what is held by whoever writes or removes exports."""
        self._database = writes.database
        self._clock = writes.clock
        self._recalls = writes.recalls
        self._files = files
        self._folder = writes.database.path.parent / folder.FOLDER

    async def async_export(
        self,
        caller: Caller,
        where: MemoryFilter,
        format_: ExportFormat,
        path: Path | None,
        *,
        with_history: bool,
        overwrite: bool,
        download: bool,
    ) -> ExportReport:
        """Write what the caller may see and the filter means; see :meth:`.Transfer.async_export`."""
        now, owners = self._clock(), policy.visible_owners(caller, where.owner)
        conditions = Conditions(owners, where, now)
        writer = WRITERS[format_]()
        header = jsonl.Header(exported_at=now, filter=jsonl.dump_filter(where))
        name = folder.DOWNLOAD if download else folder.MEMORIES
        async with self._async_new_file(caller, name, writer, path, overwrite=overwrite) as file:
            choose = partial(exports.choose, conditions=conditions, by_category=writer.by_category)
            seqs = await self._database.async_read(choose)
            await _async_run(file.write, writer.begin(header))
            count = await self._async_memories(
                file, writer, owners, seqs, gone=where.forgotten, with_history=with_history
            )
        return ExportReport(path=file.path, format=format_, memories=count, size=file.size)

    async def async_export_person(self, caller: Caller, path: Path | None, also: Iterable[Record]) -> ExportReport:
        """Write everything about one person; see :meth:`.Transfer.async_export_person`."""
        user_id = require_person(caller)
        writer = JsonLinesWriter()
        whose = jsonl.dump_filter(MemoryFilter(owner=user_id))
        header = jsonl.Header(exported_at=self._clock(), content="person", filter=whose)
        async with self._async_new_file(caller, folder.PERSON, writer, path) as file:
            seqs = await self._database.async_read(partial(exports.choose_all, owner=user_id))
            await _async_run(file.write, writer.begin(header))
            await _async_run(file.write, "".join(map(jsonl.encode, [*also, *self._asked(user_id)])))
            count = await self._async_memories(file, writer, (user_id,), seqs, gone=None, with_history=True)
            await self._async_acts(file, user_id)
        return ExportReport(path=file.path, format=ExportFormat.JSONL, memories=count, size=file.size)

    async def async_remove_downloads(self) -> None:
        """Remove what was to be fetched once; a failure is no reason not to go on."""
        async with self._files:
            with suppress(OSError):
                await _async_run(folder.remove_downloads, self._folder)

    @asynccontextmanager
    async def _async_new_file(
        self, caller: Caller, name: str, writer: Writer, path: Path | None, *, overwrite: bool = False
    ) -> AsyncIterator[NewFile]:
        """Give a file that gets to its place if all goes well, and leaves nothing behind otherwise."""
        file = NewFile(partial(self._path, caller, name, writer.suffix, path), overwrite=overwrite)
        async with self._files:
            try:
                await _async_run(file.open)
                yield file
                await _async_run(file.commit)
            finally:
                await _async_run(file.discard)

    def _path(self, caller: Caller, name: str, suffix: str, path: Path | None) -> Path:
        """Return where to write; what was asked for can be no file of another program."""
        if path is None:
            return folder.path_for_new(self._folder, caller.user_id or HOUSEHOLD, name, suffix, self._clock())
        if path.suffix != suffix:
            raise InvalidInputError("wrong_suffix", path=path, suffix=suffix)
        return path

    async def _async_memories(
        self,
        file: NewFile,
        writer: Writer,
        owners: Sequence[str],
        seqs: exports.Seqs,
        *,
        gone: bool | None,
        with_history: bool,
    ) -> int:
        """Write these memories; return how many there still were."""
        count = 0
        for batch in exports.batches(seqs):
            given = await self._database.async_read(
                partial(exports.read, owners=owners, seqs=batch, gone=gone, with_history=with_history)
            )
            await _async_run(_write_memories, file, writer, given)
            count += len(given)
        return count

    def _asked(self, user_id: str) -> Iterator[Record]:
        """Yield what is kept in memory of the person's questions."""
        for recall in (*self._recalls.of((user_id,)), *self._recalls.by(user_id)):
            yield {"type": "recall", **asdict(recall)}

    async def _async_acts(self, file: NewFile, user_id: str) -> None:
        """Write the person's part in memories that are not theirs."""
        after = 0
        while found := await self._database.async_read(partial(exports.acts, user_id=user_id, after=after)):
            lines = [{"type": "activity", "memory_id": act.memory_id, **asdict(act.entry)} for act in found]
            await _async_run(file.write, "".join(map(jsonl.encode, lines)))
            after = found[-1].id


def require_person(caller: Caller) -> str:
    """Return whose data is meant. Raises InvalidInputError (``person_missing``)."""
    if caller.user_id is None:
        raise InvalidInputError("person_missing")
    return caller.user_id


def _write_memories(file: NewFile, writer: Writer, given: Iterable[exports.Given]) -> None:
    file.write("".join(writer.memory(memory, history) for memory, history in given))


async def _async_run[*Ts, T](work: Callable[[*Ts], T], *args: *Ts) -> T:
    """Run blocking work off the event loop, to its end even if whoever waits for it is cancelled."""
    future = asyncio.get_running_loop().run_in_executor(None, work, *args)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
