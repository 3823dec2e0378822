"""Cleaning up after a purge."""

import asyncio
import logging
from pathlib import Path

import pytest

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import DatabaseUnavailableError
from custom_components.semantic_memory.memory.models import HOUSEHOLD, MemoryDraft, RecallRequest
from custom_components.semantic_memory.memory.storage.codes import Codes
from custom_components.semantic_memory.memory.storage.database import Database
from custom_components.semantic_memory.memory.storage.postings import Postings
from custom_components.semantic_memory.memory.upkeep import Upkeep

from .fakes import ALICE


async def test_memories_are_found_after_the_file_was_rewritten(engine: MemoryEngine) -> None:
    for number in range(30):
        await engine.async_remember(ALICE, MemoryDraft(value=f"number {number}", key=f"n{number}"))
    await engine.async_remember(ALICE, MemoryDraft(value="The cat is called Tom", key="cat"))
    await engine.async_forget(ALICE, [f"n{number}" for number in range(30)], purge=True)
    found = await engine.async_recall(ALICE, RecallRequest(query="the name of my kitten"))
    assert [hit.memory.key for hit in found.hits] == ["cat"]


async def test_words_that_were_compared_go_with_what_is_purged(engine: MemoryEngine, built_in: StaticEmbedder) -> None:
    await engine.async_remember(ALICE, MemoryDraft(value="The quokka lives in the garage", key="pet"))
    await engine.async_recall(ALICE, RecallRequest(query="garage"))
    assert built_in.counterparts._rows_of.cache_info().currsize

    await engine.async_forget(ALICE, ["pet"], purge=True)

    assert not built_in.counterparts._rows_of.cache_info().currsize


async def test_nothing_of_what_is_purged_stays_in_memory(engine: MemoryEngine) -> None:
    for number in range(80):
        await engine.async_remember(ALICE, MemoryDraft(value=f"number {number}", key=f"n{number}"))
    await engine.async_remember(ALICE, MemoryDraft(value="The quokka lives in the garage", key="pet"))
    tier = engine._upkeep._tier

    async def in_memory() -> bool:
        await engine.async_recall(ALICE, RecallRequest(query="garage"))
        return {ALICE.user_id, HOUSEHOLD} <= {owner for _, owner in tier._held} and not tier._fillings

    while not await in_memory():
        await asyncio.sleep(0.01)
    codes = [held for held in tier._held.values() if isinstance(held, Codes)]
    words = [held for held in tier._held.values() if isinstance(held, Postings)]
    assert any("quokka" in held._numbers for held in words)
    assert any(held._differing.any() for held in codes)

    await engine.async_forget(ALICE, ["pet"], purge=True)

    assert not any("quokka" in held._numbers for held in words)
    assert not any(held._differing.any() for held in codes)


async def test_the_tags_of_a_long_memory_are_compared(engine: MemoryEngine) -> None:
    for number in range(20):
        await engine.async_remember(ALICE, MemoryDraft(value=f"number {number}", key=f"n{number}"))
    await engine.async_remember(ALICE, MemoryDraft(value="lorem ipsum dolor " * 150, key="long", tags=["espresso"]))
    found = await engine.async_recall(ALICE, RecallRequest(query="coffee", threshold=0.0, limit=50, explain=True))
    (hit,) = (hit for hit in found.hits if hit.memory.key == "long")
    assert hit.explanation is not None
    (part,) = (part for part in hit.explanation.parts if part.name == "counterparts")
    assert part.value > 0.01


async def test_a_purge_counts_although_the_file_cannot_be_rewritten(
    engine: MemoryEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(_: Database) -> None:
        raise DatabaseUnavailableError(path=tmp_path, reason="the disk is full")

    await engine.async_remember(ALICE, MemoryDraft(value="secret", key="secret"))
    monkeypatch.setattr(Database, "async_rewrite", full)
    gone = await engine.async_forget(ALICE, ["secret"], purge=True)
    assert [memory.key for memory in gone] == ["secret"]
    assert (await engine.async_list(ALICE)).total == 0
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "the disk is full" in record.getMessage()


async def test_a_purge_counts_although_the_index_cannot_be_brought_in_line(
    engine: MemoryEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(*_: object) -> None:
        raise DatabaseUnavailableError(path=tmp_path, reason="the disk is full")

    await engine.async_remember(ALICE, MemoryDraft(value="secret", key="secret"))
    await engine.async_remember(ALICE, MemoryDraft(value="The cat is called Tom", key="cat"))
    monkeypatch.setattr(Upkeep, "_async_bring_in_line", full)
    gone = await engine.async_forget(ALICE, ["secret"], purge=True)
    assert [memory.key for memory in gone] == ["secret"]
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "the disk is full" in record.getMessage()
    await engine.checks.async_run()
    found = await engine.async_recall(ALICE, RecallRequest(query="the name of my kitten"))
    assert [hit.memory.key for hit in found.hits] == ["cat"]
