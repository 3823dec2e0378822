"""Memories with their vectors, and how they come into a store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
import time
from typing import Final

import numpy as np

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Caller,
    Category,
    EngineSettings,
    Memory,
    Scope,
    Source,
)
from custom_components.semantic_memory.memory.text import derive_key, document_text
from custom_components.semantic_memory.memory.transfer import jsonl
from custom_components.semantic_memory.memory.transfer.merging import ImportOptions

from .sentences import Writer
from .vectors import Embed, KnownEmbedder, Matrix, Projection

PERSON: Final = "0" * 32
OTHER: Final = "1" * 32
"""Somebody whose memories the person must not see."""
CALLER: Final = Caller(PERSON)
_OF_THE_HOUSEHOLD: Final = 10
"""Every how many memories one is the household's."""
_MOMENT: Final = 1_767_225_600.0
"""2026-01-01, when the first memory was stored; each is ten minutes newer than the one before."""
_APART: Final = 600.0


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a store is filled with."""

    memories: Sequence[Memory]
    vectors: Matrix
    """A row for each memory."""
    embed: Embed
    """What embeds other texts."""

    @property
    def texts(self) -> list[str]:
        """Return what is embedded of each memory."""
        return [document_text(memory.key, memory.value, memory.tags) for memory in self.memories]

    @property
    def visible(self) -> Corpus:
        """Return what the person may see."""
        rows = [row for row, memory in enumerate(self.memories) if memory.owner != OTHER]
        if len(rows) == len(self.memories):
            return self
        return replace(self, memories=[self.memories[row] for row in rows], vectors=self.vectors[np.asarray(rows)])

    def embedder(self) -> KnownEmbedder:
        """Return an embedder that knows the vectors of these memories."""
        embedder = KnownEmbedder(self.embed)
        embedder.learn(self.texts, self.vectors)
        return embedder


def household(size: int, projection: Projection, *, others: int = 0) -> Corpus:
    """Make up memories of which the person sees ``size``, and ``others`` that are somebody else's."""
    writer = Writer(size)
    values = [writer.memory() for _ in range(size + others)]
    every = len(values) / others if others else 0.0
    hidden = {int(place * every) for place in range(others)}
    memories, used = list[Memory](), dict[tuple[str, str], int]()
    for row, value in enumerate(values):
        owner = OTHER if row in hidden else _owner(row)
        memories.append(_memory(row, value, owner, used, writer.tags(), writer.category()))
    texts = [document_text(memory.key, memory.value, memory.tags) for memory in memories]
    return Corpus(memories, projection.embed(texts, seed=size), projection.embed)


def plain(values: Sequence[str], vectors: Matrix, embed: Embed) -> Corpus:
    """Make memories of these texts, each with the vector that is given."""
    used = dict[tuple[str, str], int]()
    memories = [_memory(row, value, _owner(row), used) for row, value in enumerate(values)]
    return Corpus(memories, vectors, embed)


async def async_import(folder: Path, corpus: Corpus) -> float:
    """Import the memories into a new store in ``folder``; return how many seconds that took.

    That is until the last one has its vector, which costs nothing to make, in the file and in the index.
    """
    file = folder / "memories.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        lines.write(jsonl.encode(jsonl.dump_header(jsonl.Header(exported_at=_MOMENT, content="all"))))
        lines.writelines(jsonl.encode(jsonl.dump(memory)) for memory in corpus.memories)
    engine = await MemoryEngine.async_open(folder, EngineSettings())
    try:
        await engine.async_start(corpus.embedder())
        begin = time.perf_counter()
        report = await engine.transfer.async_import(
            Caller(actor_id="benchmark"), file, ImportOptions(known_owners={PERSON, OTHER})
        )
        seconds = time.perf_counter() - begin
    finally:
        await engine.async_close()
        file.unlink()
    if report.added != len(corpus.memories):
        raise RuntimeError(f"{report.added} of {len(corpus.memories)} memories were added")
    return seconds


def _owner(row: int) -> str:
    return HOUSEHOLD if row % _OF_THE_HOUSEHOLD == _OF_THE_HOUSEHOLD - 1 else PERSON


def _memory(
    row: int,
    value: str,
    owner: str,
    used: dict[tuple[str, str], int],
    tags: tuple[str, ...] = (),
    category: Category = Category.GENERAL,
) -> Memory:
    """Return a memory without a key of its own, as agents store most of them."""
    key = derive_key(value)
    repeated = used[owner, key] = used.get((owner, key), 0) + 1
    at = _MOMENT + row * _APART
    return Memory(
        id=f"{row:026}",
        key=key if repeated == 1 else f"{key}_{repeated}",
        value=value,
        owner=owner,
        scope=Scope.HOUSEHOLD if owner == HOUSEHOLD else Scope.USER,
        category=category,
        tags=tags,
        confidence=1.0,
        pinned=False,
        source=Source(surface="benchmark"),
        created_at=at,
        updated_at=at,
        last_used_at=None,
        use_count=0,
        expires_at=None,
        deleted_at=None,
    )
