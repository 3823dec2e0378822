"""What stands for time and for models in the tests of the engine."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
import sqlite3
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from custom_components.semantic_memory.memory.embedding.base import SpaceKey, checked_unit_vectors
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import EmbeddingError, InvalidVectorsError
from custom_components.semantic_memory.memory.models import Caller, Memory, MemoryDraft, Scope
from custom_components.semantic_memory.memory.storage import candidates
from custom_components.semantic_memory.memory.storage.codes import sign_code
from custom_components.semantic_memory.memory.text import words

from .storage.stores import check_codes

DAY: Final = 86_400.0
START: Final = 1_800_000_000.0

ALICE: Final = Caller(user_id="a" * 32)
BOB: Final = Caller(user_id="b" * 32)
NOBODY: Final = Caller()

type OpenEngine = Callable[..., Awaitable[MemoryEngine]]

_MEANINGS: Final = {"automobile": "car", "vehicle": "car", "feline": "cat", "kitten": "cat", "residence": "home"}
"""Words that :class:`FakeEmbedder` takes for the same."""


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        """Begin at a round number."""
        self.now = START

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    def pass_days(self, days: float) -> None:
        """Let days go by."""
        self.now += days * DAY


class FakeEmbedder:
    """Means of a random vector per word, and switches for what can go wrong."""

    def __init__(self, model: str = "fake", *, dimension: int = 64, fingerprint: str = "1") -> None:
        """Take what makes the space."""
        self.model = model
        self.dimension = dimension
        self.fingerprint = fingerprint
        self.error: Exception | None = None
        """Raised by everything."""
        self.query_error: EmbeddingError | None = None
        self.document_error: Exception | None = None
        """Raised for documents only, so that the space can still be told."""
        self.poison: set[str] = set()
        """Texts with one of these words make a batch fail."""
        self.gate: asyncio.Event | None = None
        """Where it is set, memories are embedded only once it is open."""
        self.batches: list[list[str]] = []
        self.queries: list[str] = []
        self.spaces_asked = 0
        self.waiting = asyncio.Event()
        """Set while somebody waits at the gate."""

    @property
    def documents(self) -> list[str]:
        """Return every text that was asked for."""
        return [text for batch in self.batches for text in batch]

    async def async_space(self) -> SpaceKey:
        """Return the space."""
        self.spaces_asked += 1
        self._fail(self.error)
        return SpaceKey(self.model, self.dimension, "plain", self.fingerprint)

    def forget_space(self) -> None:
        """Do nothing: :meth:`async_space` always looks."""

    async def async_embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is stored."""
        self.batches.append(list(texts))
        if self.gate is not None and not _calibrating(texts):
            self.waiting.set()
            await self.gate.wait()
        self._fail(self.error or self.document_error)
        if any(self.poison & set(words(text)) for text in texts):
            raise InvalidVectorsError(reason="a number is not finite")
        return self.embed(texts)

    async def async_embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed what is asked."""
        self.queries.append(text)
        self._fail(self.error or self.query_error)
        return self.embed([text])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors, without counting or failing."""
        rows = [np.sum([self._of_word(word) for word in words(text) or [""]], axis=0) for text in texts]
        return checked_unit_vectors(rows, len(texts), self.dimension)

    def _of_word(self, word: str) -> NDArray[np.float32]:
        seed = crc32(f"{self.model} {self.fingerprint} {_MEANINGS.get(word, word)}".encode())
        return np.random.default_rng(seed).standard_normal(self.dimension, dtype=np.float32)

    @staticmethod
    def _fail(error: Exception | None) -> None:
        if error is not None:
            raise error


def _calibrating(texts: Sequence[str]) -> bool:
    return any(text.startswith("The spare key hangs") for text in texts)


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something has come about; fails the test if it does not."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


async def remember(engine: MemoryEngine, value: str, caller: Caller = ALICE, **parts: object) -> Memory:
    """Store a memory, the household's for a caller that nobody identified."""
    if caller.user_id is None:
        parts.setdefault("scope", Scope.HOUSEHOLD)
    result = await engine.async_remember(caller, MemoryDraft(value=value, **parts))  # type: ignore[arg-type]
    return result.memory


async def assert_sound(engine: MemoryEngine) -> None:
    """Check the file: SQLite's own rules, the word index against the rows, the bit codes against the vectors."""

    def check(connection: sqlite3.Connection) -> None:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute("INSERT INTO memory_fts (memory_fts, rank) VALUES ('integrity-check', 1)")
        for space_id, indexed in connection.execute("SELECT id, indexed FROM space").fetchall():
            # Without sqlite-vec, an index that nothing was written past is still right; here it may not be readable.
            if engine.status.index == "sqlite-vec":
                assert indexed
                codes = connection.execute(f"SELECT rowid, owner, code FROM vector_code_{space_id}")  # noqa: S608
                entries = candidates.live_entries(connection, space_id)
                expected = {(seq, owner, sign_code(blob)) for seq, owner, blob in entries}
                assert set(codes) == expected
        check_codes(engine._upkeep._tier, connection)

    await engine._database.async_write(check)
