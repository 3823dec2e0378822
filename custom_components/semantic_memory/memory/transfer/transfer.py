"""Moving many memories at once: in from other tools, out to files."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from ..models import Caller, MemoryFilter
from ..writes import Writes
from .exporting import Exporter, ExportReport
from .fields import Record
from .formats import ExportFormat
from .importing import Importer, Progress
from .merging import ImportOptions
from .report import ImportReport


class Transfer:
    """What the engine can do with files of memories."""

    def __init__(self, writes: Writes) -> None:
        """Take the one way to change memories."""
        self._writes = writes
        self._files = asyncio.Lock()
        self._exporter = Exporter(writes, self._files)
        self._importer = Importer(writes)

    async def async_import(
        self,
        caller: Caller,
        path: Path,
        options: ImportOptions,
        *,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> ImportReport:
        """Take in what a file has; see :mod:`.merging` for what becomes of each memory.

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
    ) -> ExportReport:
        """Write the memories that the caller may see and the filter means to a file, by default in the exports folder.

        History is in JSON Lines only. The file appears once it is complete. Raises InvalidInputError (a bad filter,
        ``wrong_suffix``, ``file_exists``, ``folder_missing``), FileUnavailableError.
        """
        return await self._exporter.async_export(
            caller, where, format_, path, with_history=with_history, overwrite=overwrite
        )

    async def async_export_person(
        self, caller: Caller, *, path: Path | None = None, also: Iterable[Record] = ()
    ) -> ExportReport:
        """Write everything that is stored about the caller to a file in JSON Lines.

        That is their memories, also forgotten ones, with their history, and their part in the household's memories.
        ``also`` are lines about what the engine does not know of. Raises what :meth:`async_export` does, and
        InvalidInputError (``person_missing``).
        """
        return await self._exporter.async_export_person(caller, path, also)
