"""Remember, recall, forget: what the surfaces call."""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import partial, wraps
import logging
from pathlib import Path
import sqlite3
import time
from typing import Any, Concatenate, Final, Self

from .activity import Activity
from .answers import MemoryPage, RecallResult, RememberResult
from .atlas import Atlas
from .background import BackgroundTasks
from .browsing import Browser
from .checking import Checks
from .editing import Editor
from .embedding.base import Embedder
from .errors import EmbeddingError, StorageError
from .forgetting import Forgetter
from .hold import Hold
from .listeners import Listener, Listeners
from .maintenance import Maintenance, async_repeat_daily
from .models import (
    HOUSEHOLD,
    Caller,
    EngineSettings,
    HistoryEntry,
    Memory,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    RecallRequest,
    SortKey,
    Source,
)
from .overview import Overview
from .reading import Reader
from .recalling import Recaller
from .remembering import Rememberer
from .snapshots import Snapshots
from .status import EngineEvent, EngineStatus, Stats
from .storage import words
from .storage.database import Database
from .storage.filters import register_functions
from .storage.opening import open_schema
from .storage.scan import NoIndex
from .transfer.transfer import Transfer
from .upkeep import Upkeep
from .uses import UseCounter
from .worker import EmbeddingWorker, MakeEmbedder
from .writes import Writes

_LOGGER = logging.getLogger(__name__)

DATABASE: Final = "memory.db"
_MAINTENANCE: Final = Source(surface="maintenance")


def _to_the_end[**P, T](
    method: Callable[Concatenate[MemoryEngine, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[MemoryEngine, P], Coroutine[Any, Any, T]]:
    """Let a change run to its end although its caller is cancelled: what is kept in memory has to follow the file."""

    @wraps(method)
    async def run(self: MemoryEngine, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._background.async_finish(method(self, *args, **kwargs))

    return run


class MemoryEngine:
    """The memory of one home. Made by :meth:`async_open`, ended by :meth:`async_close`.

    Every coroutine may raise StorageError; those that take input raise InvalidInputError. All reads and writes are
    limited to the owners that the caller may see, in SQL.
    """

    def __init__(
        self, database: Database, settings: EngineSettings, clock: Callable[[], float], zone: Callable[[], tzinfo]
    ) -> None:
        """Take an open database; use :meth:`async_open`."""
        self.settings = settings
        self._database = database
        self._clock = clock
        self._background = BackgroundTasks()
        self._listeners = Listeners()
        self._worker = EmbeddingWorker(database, NoIndex(), lambda _: self._tell(EngineEvent(kind="status")))
        self._upkeep = Upkeep(database, self._worker)
        self._writes = Writes(database, self._worker, self._listeners, settings, clock)
        self._uses = UseCounter(database)
        self._maintenance = Maintenance(self._writes, self._upkeep)
        self.snapshots = Snapshots(database, clock)
        self.hold = Hold(database, self._upkeep, self.snapshots)
        self.checks = Checks(database, self._worker, clock)

        self._reader = Reader(self._writes, self._uses)
        self._recaller = Recaller(self._writes, self._upkeep, zone)
        self._rememberer = Rememberer(self._writes, self._recaller, self._uses)
        self._forgetter = Forgetter(self._writes, self._upkeep, self.snapshots)
        self.editor = Editor(self._writes, self._background)
        self.browser = Browser(self._writes, self._upkeep)
        self.activity = Activity(self._writes)
        self.atlas = Atlas(self._writes)
        self.overview = Overview(self._writes)
        self.recalls = self._writes.recalls
        self.transfer = Transfer(self._writes, self._upkeep, self.snapshots, self._background)
        database.on_fault = lambda: self._tell(EngineEvent(kind="status"))

    @classmethod
    async def async_open(
        cls,
        folder: Path,
        settings: EngineSettings,
        *,
        clock: Callable[[], float] = time.time,
        zone: Callable[[], tzinfo] = lambda: UTC,
        held: bool = False,
    ) -> Self:
        """Open the database in ``folder``, making both if need be. Raises StorageError.

        ``zone`` returns the time zone in which people speak of days. ``held``: a copy of the folder is being made
        right now, see :class:`Hold`.
        """
        database = Database(folder / DATABASE, _prepare, held=held)
        await database.async_open(open_schema(database.path, clock))
        engine = cls(database, settings, clock, zone)
        try:
            await engine.checks.async_open()
            await engine.async_load_index()
            await engine._writes.at_hand.async_read()
            await engine._writes.async_count()
            if held:
                engine.hold.watch()
        except BaseException:
            await database.async_close()
            raise
        return engine

    async def async_start(
        self, built_in: Embedder | None, preferred: Embedder | None = None, make_previous: MakeEmbedder | None = None
    ) -> None:
        """Choose the embedders and start to work in the background. Never raises for a server that is down.

        ``make_previous`` returns an embedder for another model of the preferred kind; with it the space of the model
        that was chosen before serves until the new one's is complete. Can be called again with other embedders.
        """
        # A pass that is under way must not go on with the embedders from before.
        await self._background.async_stop("embeddings")
        self._worker.use(built_in, preferred, make_previous)
        try:
            await self._worker.async_open_spaces()
        except EmbeddingError as err:
            _LOGGER.error("The built-in embedding model failed: %s", err)
        finally:
            self._background.start("embeddings", self._worker.async_run)
        self._background.start("uses", self._uses.async_run)
        self._background.start("index", self._upkeep.async_run)
        self._background.start("maintenance", partial(async_repeat_daily, self.async_run_maintenance))
        self._background.start("snapshots", self.snapshots.async_run)
        self._background.start("checks", self.checks.async_run_daily)

    async def async_load_index(self) -> None:
        """Use sqlite-vec if it can be loaded, else the index in memory alone; ``status`` says why.

        Can be called again, when it has been installed meanwhile.
        """
        await self._upkeep.async_load_index()

    async def async_close(self) -> None:
        """End every task and thread, and close the file; what was counted is written first."""
        self.snapshots.end()
        await self._background.async_stop_all()
        await self.hold.async_close()
        with suppress(StorageError):
            await self._uses.async_flush()
        await self.snapshots.async_close()
        await self._database.async_close()

    # Writing

    @_to_the_end
    async def async_remember(self, caller: Caller, draft: MemoryDraft) -> RememberResult:
        """Store a memory, or bring the one it is about up to date; it is durable when this returns."""
        return await self._rememberer.async_remember(caller, draft)

    async def async_update(self, caller: Caller, reference: str, changes: MemoryChanges) -> Memory:
        """Change the memory with this key or id.

        Raises MemoryNotFoundError, KeyInUseError, NotAllowedError (``household_move``, ``move_to_other``).
        """
        (memory,) = await self.editor.async_update(caller, [reference], changes)
        return memory

    @_to_the_end
    async def async_forget(
        self,
        caller: Caller,
        references: Sequence[str] = (),
        *,
        where: MemoryFilter | None = None,
        purge: bool = False,
        source: Source = _MAINTENANCE,
    ) -> tuple[Memory, ...]:
        """Forget the memories with these keys or ids and those that the filter means; on an error none of them.

        They can be restored for as long as the settings say; with ``purge`` they are gone at once, and named memories
        that were forgotten before are purged too. Raises MemoryNotFoundError, NotAllowedError (``household_purge``),
        InvalidInputError (``nothing_selected``).
        """
        if purge:
            return await self._forgetter.async_purge(caller, references, where, source)
        return await self._forgetter.async_forget(caller, references, where, source)

    async def async_restore(self, caller: Caller, reference: str, *, source: Source = _MAINTENANCE) -> Memory:
        """Bring a forgotten memory back. Raises MemoryNotFoundError, KeyInUseError."""
        (memory,) = await self.editor.async_restore(caller, [reference], source=source)
        return memory

    # Reading

    async def async_get(self, caller: Caller, reference: str) -> Memory:
        """Return the memory with this key or id, the caller's own rather than the household's.

        Raises MemoryNotFoundError.
        """
        return await self._reader.async_get(caller, reference)

    async def async_recall(self, caller: Caller, request: RecallRequest) -> RecallResult:
        """Find memories by meaning and by word. Raises InvalidInputError."""
        result = await self._recaller.async_recall(caller, request)
        used = tuple(hit.memory for hit in result.hits) if request.touch else ()
        self._uses.count(used, self._clock())
        if request.touch or result.number is not None:
            self._tell(EngineEvent(kind="recall", memories=used, owner=caller.user_id or HOUSEHOLD))
        return result

    async def async_list(
        self,
        caller: Caller,
        where: MemoryFilter = MemoryFilter(),
        *,
        sort: SortKey = SortKey.UPDATED,
        descending: bool = True,
        limit: int = 50,
        cursor: str | None = None,
    ) -> MemoryPage:
        """Return a page of the memories that the caller may see and the filter means. Raises InvalidInputError."""
        return await self._reader.async_list(caller, where, sort, descending=descending, limit=limit, cursor=cursor)

    async def async_history(self, caller: Caller, reference: str) -> tuple[HistoryEntry, ...]:
        """Return what happened to a memory, the oldest first. Raises MemoryNotFoundError."""
        return await self._reader.async_history(caller, reference)

    async def async_stats(self, caller: Caller | None) -> Stats:
        """Count what the caller may see; ``None`` counts everything, for people who look after the system."""
        size = await self._upkeep.async_size()
        return await self._reader.async_stats(caller, self.status, size)

    def pinned(self, caller: Caller) -> tuple[Memory, ...]:
        """Return the live pinned memories that the caller may see, the oldest first, without waiting."""
        return self._reader.pinned(caller)

    def core_facts(self, caller: Caller) -> tuple[Memory, ...]:
        """Return the first facts about the caller, the oldest first, without waiting; none about nobody."""
        return self._reader.core_facts(caller)

    # Looking after it

    @property
    def status(self) -> EngineStatus:
        """Return how the engine is doing."""
        return replace(self._worker.status, storage_error=self._database.fault)

    @property
    def has_built_in(self) -> bool:
        """Return whether the built-in model is in use."""
        return self._worker.built_in is not None

    def wake(self) -> None:
        """Look at once whether there is something to embed, and whether the server answers."""
        self._worker.wake()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` called in the event loop after every change; returns how to end that."""
        return self._listeners.add(listener)

    async def async_reembed(self) -> None:
        """Make every vector of the embedder that ought to serve anew, in the background."""
        await self._worker.async_clear()

    @_to_the_end
    async def async_run_maintenance(self) -> None:
        """Take expired memories out, and purge those that were forgotten or expired long enough ago."""
        await self._maintenance.async_run()

    # Inside

    def _tell(self, event: EngineEvent) -> None:
        self._listeners.tell(event)


def _prepare(connection: sqlite3.Connection) -> None:
    register_functions(connection)
    words.prepare(connection)
