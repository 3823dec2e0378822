"""Moving many memories at once: in from other tools, out to files."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from ..background import BackgroundTasks
from ..models import Caller, MemoryFilter
from ..snapshots import Snapshots
from ..upkeep import Upkeep
from ..writes import Writes
from .erasing import Eraser, EraseReport
from .exporting import Exporter, ExportReport
from .fields import Record
from .formats import ExportFormat
from .importing import Importer, Progress
from .merging import ImportOptions
from .reading.found import Format
from .report import ImportReport


class Transfer:
    """What the engine can do with files of memories."""

    def __init__(self, writes: Writes, upkeep: Upkeep, snapshots: Snapshots, background: BackgroundTasks) -> None:
        """Take the one way to change memories, and who looks after copies of them."""
        self._background = background
        files = asyncio.Lock()
        self._exporter = Exporter(writes, files)
        self._eraser = Eraser(writes, upkeep, snapshots, files)
        self._importer = Importer(writes)

    async def async_recognise(self, path: Path, wanted: Format | None = None) -> Format:
        """Return what kind of file it is, by what is in it. Raises InvalidInputError as :meth:`async_import` does."""
        return await self._importer.async_recognise(path, wanted)

    async def async_import(
        self,
        caller: Caller,
        path: Path,
        options: ImportOptions,
        *,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> ImportReport:
        """Take in what a file has; see :mod:`.deciding` for what becomes of each memory.

        This reaches the memories of everybody whom the options name, so surfaces offer it to administrators only;
        ``caller`` is who the history names. ``progress`` is called with the growing report after every batch, and
        ``stop`` is asked before each. Cancelling takes effect after the batch that is under way. Raises
        InvalidInputError (``import_running``, and what :func:`.reading.files.open_reader` raises), StorageError.
        """
        return await self._importer.async_import(caller, path, options, progress, stop)

    async def async_export(
        self,
        caller: Caller,
        where: MemoryFilter = MemoryFilter(),
        *,
        format_: ExportFormat = ExportFormat.JSONL,
        path: Path | None = None,
        with_history: bool = False,
        overwrite: bool = False,
        download: bool = False,
    ) -> ExportReport:
        """Write the memories that the caller may see and the filter means to a file, by default in the exports folder.

        History is in JSON Lines only. The file appears once it is complete. ``download``: whoever asks removes it
        before long. Raises InvalidInputError (a bad filter, ``wrong_suffix``, ``file_exists``, ``folder_missing``),
        FileUnavailableError.
        """
        return await self._exporter.async_export(
            caller, where, format_, path, with_history=with_history, overwrite=overwrite, download=download
        )

    async def async_remove_downloads(self) -> None:
        """Remove exports that were to be fetched, and were not."""
        await self._exporter.async_remove_downloads()

    async def async_export_person(
        self, caller: Caller, *, path: Path | None = None, also: Iterable[Record] = ()
    ) -> ExportReport:
        """Write everything that is stored about the caller to a file in JSON Lines.

        That is their memories, also forgotten ones, with their history, and their part in the household's memories.
        ``also`` are lines about what the engine does not know of. Raises what :meth:`async_export` does, and
        InvalidInputError (``person_missing``).
        """
        return await self._exporter.async_export_person(caller, path, also)

    async def async_erase_person(self, caller: Caller) -> EraseReport:
        """Erase everything that is stored about the caller, so that no trace of it is left in the engine's folder.

        That is their memories with history, words, vectors and codes, how memories were while they were theirs, who
        changed what, their exports, and the same in every snapshot. What belongs to the household stays. Doing it
        again does what could not be done before. Raises InvalidInputError (``person_missing``), StorageError
        (``erase_during_backup`` before, ``erase_incomplete`` after the database itself was dealt with).
        """
        return await self._background.async_finish(self._eraser.async_erase(caller))
