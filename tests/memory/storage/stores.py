"""A store on one connection, for tests of what runs on connections."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
import json
from pathlib import Path
import sqlite3
from typing import Any, Final, override

import numpy as np

from custom_components.semantic_memory.memory import drafts
from custom_components.semantic_memory.memory.embedding.base import SpaceKey
from custom_components.semantic_memory.memory.embedding.calibration import Calibration
from custom_components.semantic_memory.memory.models import (
    Caller,
    ChangeKind,
    EngineSettings,
    Memory,
    MemoryDraft,
    MemoryFilter,
)
from custom_components.semantic_memory.memory.policy import visible_owners
from custom_components.semantic_memory.memory.storage import memories, spaces, words
from custom_components.semantic_memory.memory.storage.candidates import CandidateIndex, Entry, Neighbours, live_entries
from custom_components.semantic_memory.memory.storage.changes import Change, KnownVector
from custom_components.semantic_memory.memory.storage.codes import Codes, places_of_nearest, sign_words
from custom_components.semantic_memory.memory.storage.exact import Exact
from custom_components.semantic_memory.memory.storage.fillings import Holding
from custom_components.semantic_memory.memory.storage.filters import Conditions, register_functions
from custom_components.semantic_memory.memory.storage.migrations import migrate
from custom_components.semantic_memory.memory.storage.ram import RamTier, TieredIndex
from custom_components.semantic_memory.memory.storage.scan import NoIndex
from custom_components.semantic_memory.memory.storage.vec import load_extension

ANN: Final = Caller(user_id="ann")
BOB: Final = Caller(user_id="bob")
NOBODY: Final = Caller()
DAY: Final = 86_400.0
NOW: Final = 1_800_000_000.0


def connect(path: Path | str = ":memory:", *, extension: bool = True) -> sqlite3.Connection:
    """Return a connection as the writer's is, with the current schema."""
    connection = sqlite3.connect(path, autocommit=True)
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    register_functions(connection)
    words.prepare(connection)
    if extension:
        load_extension(Path())(connection)
    migrate(connection)
    return connection


def unit(values: Sequence[float]) -> bytes:
    """Return a vector of length 1 as it is stored."""
    vector = np.asarray(values, dtype=np.float32)
    return (vector / np.linalg.norm(vector)).astype("<f4").tobytes()


class AtOnceIndex(TieredIndex):
    """The index in memory for stores without transactions: changes count at once, codes are read when asked for."""

    def __init__(self, behind: CandidateIndex | None = None) -> None:
        """Put it in front of another index, or of none."""
        self.tier = RamTier()
        super().__init__(self.tier, behind or NoIndex())

    @override
    def put(self, connection: sqlite3.Connection, space_id: int, entries: Sequence[Entry]) -> None:
        super().put(connection, space_id, entries)
        self.tier.settle(True)

    @override
    def remove(self, connection: sqlite3.Connection, space_ids: Iterable[int], seqs: Sequence[int]) -> None:
        super().remove(connection, space_ids, seqs)
        self.tier.settle(True)

    @override
    def drop(self, connection: sqlite3.Connection, space_id: int) -> None:
        super().drop(connection, space_id)
        self.tier.settle(True)

    @override
    def search(
        self, connection: sqlite3.Connection, space_id: int, owners: Sequence[str], query: Any, limit: int
    ) -> Neighbours:
        super().search(connection, space_id, owners, query, limit)
        fill_wanted(self.tier, connection)
        return super().search(connection, space_id, owners, query, limit)


def fill_wanted(tier: RamTier, connection: sqlite3.Connection) -> None:
    """Read the codes that somebody has asked for."""
    while (filling := tier.begin_wanted()) is not None:
        try:
            while filling.read_on(connection):
                pass
        finally:
            tier.end(filling)


def columns(codes: Holding) -> bytes:
    """Return all that is kept of codes."""
    assert isinstance(codes, Codes)
    vectors = codes._vectors
    return codes._columns.tobytes() + (vectors._rows if isinstance(vectors, Exact) else vectors._levels).tobytes()


def nearest_codes(codes: Codes, query: bytes, limit: int) -> list[int]:
    """Return the memories whose codes are nearest, in order, the newer one first of two that are equally near."""
    (code,) = sign_words([query], codes.dimension)
    with codes.lock:
        seqs = codes._seqs[: len(codes)]
        found: list[int] = seqs[places_of_nearest(codes.measure(code), seqs, limit)].tolist()
        return found


def content(codes: Holding) -> dict[int, bytes]:
    """Return the codes by seq."""
    assert isinstance(codes, Codes)
    seqs = codes._seqs[: len(codes)].tolist()
    return {seq: codes._columns[:, place].tobytes() for place, seq in enumerate(seqs)}


@dataclass
class Store:
    """What the engine does on its connection, with a clock to set."""

    connection: sqlite3.Connection
    index: CandidateIndex = field(default_factory=NoIndex)
    settings: EngineSettings = field(default_factory=EngineSettings)
    now: float = NOW

    def change(self, caller: Caller = ANN) -> Change:
        """Return a change by somebody."""
        return Change(self.connection, self.index, self.settings, self.now, caller.actor)

    def remember(self, value: str, caller: Caller = ANN, *, vector: KnownVector | None = None, **draft: Any) -> Memory:
        """Remember something and return it."""
        return self.change(caller).remember(drafts.prepare(caller, MemoryDraft(value=value, **draft)), vector)[1]

    def forget(self, *references: str, caller: Caller = ANN) -> list[Memory]:
        """Forget memories."""
        change = self.change(caller)
        found = change.select(visible_owners(caller), references, None)
        return change.forget(list(found.items()), ChangeKind.FORGET, "test")

    def purge(self, *references: str, caller: Caller = ANN) -> list[Memory]:
        """Purge memories."""
        change = self.change(caller)
        found = change.require_purgeable(visible_owners(caller), references)
        change.purge(list(found.items()))
        return list(found.values())

    def seq(self, memory: Memory) -> int:
        """Return the seq of a memory."""
        (seq,) = self.connection.execute("SELECT seq FROM memory WHERE id = ?", (memory.id,)).fetchone()
        return int(seq)

    def add_space(self, model: str = "model", dimension: int = 8) -> spaces.Space:
        """Add an embedding space."""
        return spaces.add(self.connection, SpaceKey(model, dimension, "plain", "1"), Calibration(0.1, 0.6), self.index)

    def embed(self, space: spaces.Space, memory: Memory, values: Sequence[float]) -> None:
        """Store a vector of a memory."""
        waiting = {item.seq: item for item in spaces.waiting(self.connection, space.id, 0, 10_000)}
        spaces.store(self.connection, space.id, [waiting[self.seq(memory)]], [unit(values)], self.index)

    def keys(self, caller: Caller = ANN, **where: Any) -> list[str]:
        """Return the keys of what a filter means, in order."""
        conditions = Conditions(visible_owners(caller), MemoryFilter(**where), self.now)
        found = memories.find(self.connection, conditions.sql, conditions.parameters)
        return sorted(memory.key for _, memory in found)


def check_word_index(connection: sqlite3.Connection) -> None:
    """Raise unless the word index holds exactly the live memories."""
    # 1: compare with the content as well.
    connection.execute("INSERT INTO memory_fts (memory_fts, rank) VALUES ('integrity-check', 1)")
    indexed = {seq for (seq,) in connection.execute("SELECT id FROM memory_fts_docsize")}
    live = {seq for (seq,) in connection.execute("SELECT seq FROM memory WHERE deleted_at IS NULL")}
    assert indexed == live


def check_vectors(store: Store) -> None:
    """Raise unless every vector is a memory's, and every bit index holds exactly the live ones."""
    connection = store.connection
    assert not connection.execute("PRAGMA foreign_key_check").fetchall()
    for space_id in spaces.space_ids(connection):
        live = {
            (seq, owner)
            for seq, owner in connection.execute(
                "SELECT seq, owner FROM memory JOIN vector ON memory_seq = seq"
                " WHERE space_id = ? AND deleted_at IS NULL",
                (space_id,),
            )
        }
        if isinstance(store.index, AtOnceIndex):
            check_codes(store.index.tier, connection)
        if store.index.name == "sqlite-vec":
            rows = connection.execute(f"SELECT rowid, owner FROM vector_code_{space_id}")  # noqa: S608
            assert set(rows) == live
    for tags in connection.execute("SELECT tags FROM memory"):
        assert isinstance(json.loads(tags[0]), list)


def check_codes(tier: RamTier, connection: sqlite3.Connection) -> None:
    """Raise unless what is in memory are exactly the codes, and vectors, of the live vectors of those owners."""
    for (space_id, owner), codes in dict(tier._held).items():  # others are being read meanwhile
        if not isinstance(codes, Codes):
            continue
        entries = [entry for entry in map(Entry._make, live_entries(connection, space_id)) if entry.owner == owner]
        words = sign_words([entry.embedding for entry in entries], codes.dimension)
        live = {entry.seq: word.tobytes() for entry, word in zip(entries, words, strict=True)}
        assert content(codes) == live
        if codes.spare_bytes:
            assert vectors_of(codes) == {entry.seq: entry.embedding for entry in entries}


def vectors_of(codes: Codes) -> dict[int, bytes]:
    """Return the vectors that are kept beside codes, by seq."""
    assert isinstance(codes._vectors, Exact)
    seqs = codes._seqs[: len(codes)].tolist()
    return {seq: row.tobytes() for seq, row in zip(seqs, codes._vectors.first(len(codes)), strict=True)}
