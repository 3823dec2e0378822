"""One SQLite file, one writer thread, readers beside it.

The file is in WAL mode with ``synchronous=FULL``: a write that was answered survives a power cut. Writes run one after
the other on a thread of their own, each in one transaction; reads run beside them on their own read-only connections.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
import logging
import os
from pathlib import Path
import sqlite3
import threading
import time
from typing import Final

from ..errors import (
    DatabaseClosedError,
    DatabaseDamagedError,
    DatabaseUnavailableError,
    IndexDamagedError,
    StorageError,
)
from . import checkpoints, log
from .counting import Reader
from .faults import translated

_LOGGER = logging.getLogger(__name__)

type Work[T] = Callable[[sqlite3.Connection], T]
type Prepare = Callable[[sqlite3.Connection], None]
type Follow = Callable[[sqlite3.Connection, bool], None]

_READERS: Final = 2
_BUSY_SECONDS: Final = 5.0
_HOLD_ATTEMPTS: Final = 3


class Database:
    """The connections to one file and the threads that they live on."""

    def __init__(self, path: Path, prepare: Prepare = lambda _: None, *, held: bool = False) -> None:
        """Name the file; ``prepare`` is run on every new connection.

        ``held``: the file is being copied right now, see :meth:`async_hold`.
        """
        self.path = path
        self._prepare = prepare
        self._writer = ThreadPoolExecutor(1, "semantic_memory_writer")
        self._readers = ThreadPoolExecutor(_READERS, "semantic_memory_reader")
        self._write_connection: sqlite3.Connection | None = None
        self._local = threading.local()
        self._generation = 0
        self._open_readers: set[sqlite3.Connection] = set()
        self._follow: Follow = lambda *_: None
        self.fault: str | None = None
        """Code of what is wrong with file or disk. Damage stays until the file is opened anew."""
        self.on_fault: Callable[[], None] = lambda: None
        """Called in the event loop when :attr:`fault` has changed."""
        self.on_index_damage: Callable[[], None] = lambda: None
        """Called in the event loop when an index could not be read."""
        self.version = 0
        """Grows with every transaction that changes what memories say or are found by."""
        self._held = held
        self._rewrite_owed = False

    async def async_open(self, migrate: Work[None]) -> None:
        """Open the file, creating it with mode 0600, and bring its schema up to date.

        ``migrate`` manages its own transactions. Raises StorageError and leaves no thread behind.
        """
        try:
            await self._run(self._writer, self._open_writer, migrate)
        except BaseException:
            await self.async_close()
            raise

    async def async_write[T](self, work: Work[T], *, minor: bool = False) -> T:
        """Run ``work`` in a transaction of its own; it is durable when this returns.

        ``minor``: what was read before is as good as new, see :attr:`version`.
        """
        return await self._run(self._writer, self._in_transaction, work, time.monotonic(), minor)

    def follow_transactions(self, follow: Follow) -> None:
        """Have ``follow`` called on the writer's thread after every transaction, with whether it was committed.

        It gets the writer's connection, on which it may read, and is called before whoever wrote is answered. It must
        not raise.
        """
        self._follow = follow

    async def async_maintain[T](self, work: Work[T]) -> T:
        """Run ``work`` on the writer's connection outside a transaction (checkpoints and the like)."""
        return await self._run(self._writer, lambda: work(self._writing))

    async def async_rewrite(self) -> bool:
        """Write the file anew, without anything that was deleted, and empty the write-ahead log.

        ``secure_delete`` overwrites what is deleted where it is, not the copies that splitting a page leaves behind.
        While the file is held this is put off, see :meth:`async_release`. Returns whether nothing of it is left: who
        reads for longer than the usual timeout, also in another process, keeps the log from being emptied.
        """
        if self._held:
            self._rewrite_owed = True
            return False
        return await self.async_maintain(checkpoints.rewrite)

    @property
    def held(self) -> bool:
        """Return whether the file is being copied, and has to stay as it is."""
        return self._held

    async def async_hold(self) -> None:
        """Leave the file unchanged from now on, so that it can be copied while writes go on.

        Everything is moved into the file and the log emptied; until :meth:`async_release` nothing is moved any more,
        not even on close. So the file stays as it is, and the log is only appended to. Its frames carry checksums and
        end in commits, and SQLite stops reading at the first one that is not whole: file and log make a sound database
        in whatever order, and however far, they are copied. Raises DatabaseUnavailableError where another program
        keeps the log from being emptied.
        """
        self._held = True
        for _ in range(_HOLD_ATTEMPTS):  # each waits for whoever still reads in the log; writes get their turn between
            if await self.async_maintain(checkpoints.begin_hold):
                return
        raise DatabaseUnavailableError(path=self.path, reason="another process is using it")

    async def async_release(self) -> bool:
        """Move what was written meanwhile into the file and go on as usual; return whether a rewrite was put off."""
        self._held, owed, self._rewrite_owed = False, self._rewrite_owed, False
        await self.async_maintain(checkpoints.end_hold)
        return owed

    async def async_read[T](self, work: Work[T]) -> T:
        """Run ``work`` on a reader's connection, in one snapshot."""
        return await self._run(self._readers, self._in_snapshot, work)

    async def async_prepare_also(self, prepare: Prepare) -> None:
        """Run ``prepare`` on the writer's connection now, and on every reader's from here on."""
        await self.async_maintain(prepare)
        before = self._prepare

        def both(connection: sqlite3.Connection) -> None:
            before(connection)
            prepare(connection)

        self._prepare = both
        self._generation += 1

    async def async_close(self) -> None:
        """Wait for what is under way, close the connections and end the threads."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._close)

    async def _run[*Ts, T](self, executor: ThreadPoolExecutor, work: Callable[[*Ts], T], *args: *Ts) -> T:
        try:
            future = asyncio.get_running_loop().run_in_executor(executor, self._translating, work, *args)
        except RuntimeError as err:  # the executor is shut down
            raise DatabaseClosedError from err
        try:
            result = await future
        except (DatabaseDamagedError, DatabaseUnavailableError) as err:
            self.note_fault(err)
            raise
        except IndexDamagedError:
            self.on_index_damage()
            raise
        if executor is self._writer:
            self.note_fault(None)
        return result

    def note_fault(self, err: StorageError | None) -> None:
        """Take over what is wrong with the file, ``None`` for nothing; said once in the log."""
        code = err.code if err else None
        if self.fault in (code, DatabaseDamagedError.default_code):
            return
        self.fault = code
        if err is None:
            _LOGGER.info("The memory database can be written again")
        elif self._write_connection is not None:  # else whoever opens it tells
            _LOGGER.error("The memory database cannot be used: %s", err)
        self.on_fault()

    def _translating[*Ts, T](self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        with translated(self.path):
            return work(*args)

    @property
    def _writing(self) -> sqlite3.Connection:
        if self._write_connection is None:
            raise DatabaseClosedError
        return self._write_connection

    def _open_writer(self, migrate: Work[None]) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives -wal and -shm the mode of the file, so creating it right covers all three.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self.path.chmod(0o600)
        log.keep_unreadable(self.path, time.strftime("damaged-%Y%m%dT%H%M%SZ", time.gmtime()))
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, autocommit=True, check_same_thread=False)
        try:
            if self._held:
                checkpoints.stop(connection)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                connection.execute(f"PRAGMA {pragma}")
            self._prepare(connection)
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._write_connection = connection

    def _in_transaction[T](self, work: Work[T], since: float, minor: bool) -> T:
        connection = self._writing
        _begin(connection, since)
        try:
            result = work(connection)
            connection.execute("COMMIT")
            self.version += not minor
        except BaseException as err:
            with suppress(sqlite3.Error):  # SQLite may have rolled back by itself (a full disk)
                connection.execute("ROLLBACK")
            self._follow(connection, False)
            if not self._held:
                with suppress(sqlite3.Error):
                    checkpoints.make_room(connection, err)
            raise
        self._follow(connection, True)
        return result

    def _in_snapshot[T](self, work: Work[T]) -> T:
        connection = self._reader()
        connection.execute("BEGIN")
        try:
            return work(connection)
        finally:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")

    def _reader(self) -> sqlite3.Connection:
        """Return this thread's connection, a new one when the preparation has changed since."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None and self._local.generation == self._generation:
            return connection
        if connection is not None:
            self._open_readers.discard(connection)
            connection.close()
        generation = self._generation
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=_BUSY_SECONDS,
            autocommit=True,
            check_same_thread=False,
            factory=Reader,
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._local.connection, self._local.generation = connection, generation
        self._open_readers.add(connection)
        return connection

    def _close(self) -> None:
        self._readers.shutdown(wait=True)
        self._writer.shutdown(wait=True)
        for connection in self._open_readers:
            connection.close()
        self._open_readers.clear()
        if self._write_connection is not None:
            self._write_connection.close()
            self._write_connection = None


def _begin(connection: sqlite3.Connection, since: float) -> None:
    """Begin to write, giving another process the rest of the time that the caller waits for it.

    Writes that queue up behind a lock would otherwise wait for it one after the other.
    """
    left = max(0.0, since + _BUSY_SECONDS - time.monotonic())
    connection.execute(f"PRAGMA busy_timeout = {round(left * 1_000)}")
    try:
        connection.execute("BEGIN IMMEDIATE")
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(_BUSY_SECONDS * 1_000)}")
