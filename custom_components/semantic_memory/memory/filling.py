"""Giving every memory its vector in a space.

Memories without a vector in a space are its queue. It outlives a restart,
since it is nothing but the rows that lack one.
"""

from collections.abc import Callable, Collection, Sequence, Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
import logging
import sqlite3
from typing import TYPE_CHECKING, Final

from .embedding.base import Embedder
from .embedding.calibration import async_calibrate
from .errors import (
    EmbedderAuthError,
    EmbedderUnavailableError,
    EmbeddingError,
    InvalidVectorsError,
    ModelMissingError,
)
from .storage import spaces
from .storage.candidates import CandidateIndex
from .storage.database import Database
from .storage.spaces import Space, Waiting

if TYPE_CHECKING:
    from .embedding.base import Vectors

_LOGGER = logging.getLogger(__name__)

_MANY: Final = 1_000
"""To look for more than this one by one takes longer than to look at all memories, as after an import."""
_BATCH: Final = 64
PROBE: Final = "The quick brown fox jumps over the lazy dog."
"""A text that every model can embed."""
_SMALLER: Final = 8
"""How many times smaller the next batch is, after one that a server failed at."""
NOT_THE_TEXT: Final = (EmbedderAuthError, EmbedderUnavailableError, ModelMissingError)
"""Errors that say nothing of what was to be embedded."""


@dataclass(slots=True)
class Served:
    """An embedder with its space in the database."""

    embedder: Embedder
    space: Space
    waiting: int = 0
    """Memories without a vector at the last look."""
    skipped: int = 0
    """Of those that wait: how many the model cannot embed."""
    refused: dict[int, int] = field(default_factory=dict)
    """Revisions of those, by seq: asking again would not help until they change."""
    changed: set[str] = field(default_factory=set)
    """Memories that were stored or changed since the last look, by id."""
    under_way: set[str] = field(default_factory=set)
    """Those of them that are being embedded."""
    look_at_all: bool = True
    """Whether others than those may wait too: finding them means to look at every memory."""
    batch: int | None = None
    """How many memories at once, where the server has failed at more."""
    suspect: tuple[int, int] | None = None
    """Seq and revision of a memory at which alone it has failed."""

    @property
    def pending(self) -> int:
        """Return how many memories may lack a vector."""
        return self.waiting + len(self.changed | self.under_way)


class SpaceFiller:
    """Opens, fills, empties and drops spaces.

    Every coroutine may raise StorageError, those that embed EmbeddingError.
    """

    def __init__(self, database: Database, index: CandidateIndex, progress: Callable[[Served, bool], None]) -> None:
        """Take the database, its index, and who is told of every batch of a space that is done.

        ``progress`` also gets whether that shows that the embedder works, which a few texts after a failure do not.
        """
        self.index = index
        self._database = database
        self._progress = progress

    async def async_open(self, embedder: Embedder) -> Served:
        """Return the embedder's space, added and calibrated if it is new."""
        key = await embedder.async_space()
        known = await self._database.async_read(spaces.all_spaces)
        found = next((space for space in known if space.key == key), None)
        calibration = found.calibration if found else await async_calibrate(embedder)
        space = await self._database.async_write(
            lambda connection: spaces.add(connection, key, calibration, self.index)
        )
        served = Served(embedder, space)
        served.waiting = await self._async_count(space)
        return served

    async def async_fill(self, served: Served) -> None:
        """Embed what waits, batch by batch, in the order of storing."""
        everything = served.look_at_all or not served.space.ready or len(served.changed) > _MANY
        if not served.changed and not everything:
            return
        served.under_way, served.changed, served.look_at_all = served.changed, set(), False
        try:
            await self._async_fill_from(served, None if everything else served.under_way)
            if everything or served.waiting:
                served.waiting = await self._async_count(served.space)
        except BaseException:
            served.look_at_all = True
            served.changed |= served.under_way
            raise
        finally:
            served.under_way = set()
        served.batch = served.suspect = None
        if everything:
            await self._async_mark_ready(served)

    async def _async_fill_from(self, served: Served, ids: AbstractSet[str] | None) -> None:
        """Embed those of these memories that wait, of all of them for ``None``."""
        space_id, after = served.space.id, 0
        limit = served.batch or _BATCH
        if ids is None:
            served.skipped, served.waiting = 0, await self._async_count(served.space)
        while items := await self._database.async_read(partial(_next_batch, space_id, after, limit, ids)):
            fresh = [item for item in items if served.refused.get(item.seq) != item.revision]
            served.skipped += len(items) - len(fresh)
            if fresh:
                try:
                    await self._async_embed(served, fresh)
                except EmbedderUnavailableError:
                    _narrow_down(served, fresh)
                    raise
                if served.batch is not None:
                    limit = max(limit, min(_SMALLER, limit * 2))
            after = items[-1].seq
            if ids is None:
                served.waiting = max(0, served.waiting - len(items))
            self._progress(served, served.batch is None or len(fresh) >= _SMALLER)

    async def _async_mark_ready(self, served: Served) -> None:
        """Let a space serve from now on if only memories wait that the model cannot embed."""
        if served.waiting <= served.skipped and not served.space.ready:
            space_id = served.space.id
            await self._database.async_write(lambda connection: spaces.mark_ready(connection, space_id))
            served.space = replace(served.space, ready=True)

    async def _async_embed(self, served: Served, items: Sequence[Waiting]) -> None:
        """Embed and store some memories; one that the model makes nothing of must not hold up the others."""
        try:
            vectors = await self._async_vectors(served, [item.text for item in items])
        except NOT_THE_TEXT:
            raise
        except EmbeddingError as err:
            await self._async_vectors(served, [PROBE])  # raises where it is not the texts
            if len(items) == 1:
                served.skipped += 1
                served.refused[items[0].seq] = items[0].revision
                _LOGGER.debug("The embedding model %s cannot embed a memory: %s", served.embedder.model, err)
                return
            middle = len(items) // 2
            await self._async_embed(served, items[:middle])
            await self._async_embed(served, items[middle:])
            return
        blobs = [row.astype("<f4").tobytes() for row in vectors]
        await self._database.async_write(
            lambda connection: spaces.store(connection, served.space.id, items, blobs, self.index)
        )

    async def _async_vectors(self, served: Served, texts: Sequence[str]) -> Vectors:
        """Embed texts. Raises EmbeddingError, also where the vectors do not fit the space."""
        vectors = await served.embedder.async_embed_documents(texts)
        if vectors.shape[1] != served.space.key.dimension:
            served.embedder.forget_space()
            raise InvalidVectorsError(reason="the dimension has changed")
        return vectors

    async def async_clear(self, served: Served) -> None:
        """Drop the vectors of a space, so that every memory waits for a new one."""
        space_id = served.space.id
        await self._database.async_write(lambda connection: spaces.clear(connection, space_id, self.index))
        served.space, served.look_at_all = replace(served.space, ready=False), True
        served.refused.clear()
        served.waiting = await self._async_count(served.space)

    async def async_drop_others(self, kept: Collection[int]) -> None:
        """Drop every space but these."""
        for space in await self._database.async_read(spaces.all_spaces):
            if space.id not in kept:
                await self._database.async_write(partial(self._drop, space.id))

    def _drop(self, space_id: int, connection: sqlite3.Connection) -> None:
        spaces.drop(connection, space_id, self.index)

    async def _async_count(self, space: Space) -> int:
        return await self._database.async_read(lambda connection: spaces.count_waiting(connection, space.id))


def _narrow_down(served: Served, items: Sequence[Waiting]) -> None:
    """Have the next pass try less at once; in the end, leave out the one memory at which the server fails every time.

    A pass begins only once the server has embedded something else. Many texts may take a slow machine too long, and
    there are texts at which a model's process crashes.
    """
    if len(items) > 1:
        served.batch = max(1, len(items) // _SMALLER)
        return
    (item,) = items
    if served.suspect == (item.seq, item.revision):
        served.refused[item.seq] = item.revision
        _LOGGER.debug("The server fails at one memory every time; it is left out of %s", served.embedder.model)
    served.batch, served.suspect = 1, (item.seq, item.revision)


def _next_batch(
    space_id: int, after: int, limit: int, ids: AbstractSet[str] | None, connection: sqlite3.Connection
) -> list[Waiting]:
    return spaces.waiting(connection, space_id, after, limit, ids)
