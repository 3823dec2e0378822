"""Moving many memories at once: in from other tools, out to files."""

from collections.abc import Callable
from pathlib import Path

from ..models import Caller
from ..writes import Writes
from .importing import Importer, Progress
from .merging import ImportOptions
from .report import ImportReport


class Transfer:
    """What the engine can do with files of memories."""

    def __init__(self, writes: Writes) -> None:
        """Take the one way to change memories."""
        self._writes = writes
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
