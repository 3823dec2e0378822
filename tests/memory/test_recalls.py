"""What was recalled lately is kept in memory, for those who may see it, and no longer than what it found."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Final

import pytest

from custom_components.semantic_memory.memory import recalling, recalls
from custom_components.semantic_memory.memory.answers import RecallResult
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import HOUSEHOLD, Caller, RecallRequest, Source
from custom_components.semantic_memory.memory.recalls import Recall

from .fakes import ALICE, BOB, NOBODY, Clock, OpenEngine, remember

SOURCE: Final = Source(surface="llm", conversation_id="talk", agent_id="conversation.tom", device_id="speaker")
ALICE_FOR_BOB: Final = Caller(user_id=BOB.user_id, actor_id=ALICE.user_id, trusted=True)


async def ask(engine: MemoryEngine, query: str, caller: Caller = ALICE, **parts: object) -> RecallResult:
    """Ask as a tool does."""
    request = RecallRequest(query=query, source=SOURCE, log=True, **parts)  # type: ignore[arg-type]
    return await engine.async_recall(caller, request)


def kept(engine: MemoryEngine, caller: Caller = ALICE) -> list[Recall]:
    """Return what somebody is shown."""
    owners = {HOUSEHOLD, caller.user_id} - {None}
    return list(engine.recalls.of({owner for owner in owners if owner}))


async def test_a_recall_is_kept_with_what_it_found(engine: MemoryEngine, clock: Clock) -> None:
    memory = await remember(engine, "The cat is called Tom", key="cat")
    result = await ask(engine, "  What is the cat called? ", threshold=0.25)
    (recall,) = kept(engine)
    (hit,) = result.hits
    assert recall == Recall(
        number=result.number or 0,
        at=clock.now,
        query="What is the cat called?",
        owner=ALICE.user_id or "",
        actor=ALICE.user_id,
        source=SOURCE,
        model="built-in",
        threshold=0.25,
        took_ms=result.took_ms,
        hits=(recalls.Recalled(id=memory.id, key="cat", value=memory.value, score=hit.score, match=hit.match),),
    )
    assert 0 < result.took_ms < 10_000


async def test_only_what_asks_for_it_is_kept(engine: MemoryEngine) -> None:
    await remember(engine, "The cat is called Tom")
    result = await engine.async_recall(ALICE, RecallRequest(query="cat"))
    assert result.number is None
    assert result.took_ms > 0
    assert len(engine.recalls) == 0


async def test_the_default_threshold_is_told(engine: MemoryEngine) -> None:
    await ask(engine, "cat")
    await ask(engine, '"cat"', syntax=True)
    assert [recall.threshold for recall in kept(engine)] == [0.0, engine.settings.threshold]


async def test_everybody_sees_their_own_and_those_of_nobody(engine: MemoryEngine) -> None:
    await ask(engine, "of Alice")
    await ask(engine, "of Bob", BOB)
    await ask(engine, "of nobody", NOBODY)
    await ask(engine, "for Bob", ALICE_FOR_BOB)
    assert [recall.query for recall in kept(engine)] == ["of nobody", "of Alice"]
    assert [(recall.query, recall.actor) for recall in kept(engine, BOB)] == [
        ("for Bob", ALICE.user_id),
        ("of nobody", None),
        ("of Bob", BOB.user_id),
    ]
    assert [recall.query for recall in kept(engine, NOBODY)] == ["of nobody"]
    numbers = [recall.number for recall in kept(engine, BOB)]
    assert numbers == sorted(numbers, reverse=True)


async def test_the_newest_are_kept_and_long_texts_shortened(
    engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remember(engine, "The cat " + "and the dog " * 1_000, key="pets")
    for number in range(recalls.MOST + 3):
        await ask(engine, f"cat {number} " + "dog " * 500, limit=1)
    found = kept(engine)
    assert len(found) == recalls.MOST == 200
    assert found[0].query.startswith("cat 202")
    assert found[-1].query.startswith("cat 3")
    assert (len(found[0].query), found[0].query[-1]) == (1_000, "…")
    assert (len(found[0].hits[0].value), found[0].hits[0].value[-1]) == (300, "…")


async def test_what_a_model_was_told_is_kept_as_it_was(engine: MemoryEngine) -> None:
    first, second = await ask(engine, "first"), await ask(engine, "second")
    answer = {"status": "found", "memories": [{"key": "cat"}]}
    engine.recalls.answered(first.number, answer)
    answer["memories"][0]["key"] = "changed"  # type: ignore[index]
    engine.recalls.answered(None, {"status": "of no recall"})
    assert [recall.answer for recall in kept(engine)] == [
        None,
        {"status": "found", "memories": [{"key": "cat"}]},
    ]
    engine.recalls.answered((second.number or 0) + 1, {"status": "unknown"})
    assert kept(engine)[0].answer is None


async def test_what_is_purged_takes_the_recalls_along(engine: MemoryEngine) -> None:
    await remember(engine, "The code of the safe is quokka", key="safe")
    await remember(engine, "The cat is called Tom", key="cat")
    found = await ask(engine, "the code of the safe")
    await ask(engine, "the safe", ALICE)
    await ask(engine, "weather", threshold=1.0)
    await engine.async_forget(ALICE, ["safe"])
    assert "quokka" in repr(kept(engine))

    await engine.async_forget(ALICE, ["safe"], purge=True)

    assert [recall.query for recall in kept(engine)] == ["weather"]
    engine.recalls.answered(found.number, {"memories": ["quokka"]})
    assert "quokka" not in repr(engine.recalls._recalls)


async def test_what_was_forgotten_long_ago_takes_them_along(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "The code of the safe is quokka", key="safe")
    await ask(engine, "the code of the safe")
    await engine.async_forget(ALICE, ["safe"])
    clock.pass_days(engine.settings.forgotten_days + 1)
    await engine.async_run_maintenance()
    assert kept(engine) == []


async def test_what_only_expired_leaves_them(engine: MemoryEngine, clock: Clock) -> None:
    await remember(engine, "We park in B2", key="parking", expires_in_days=1)
    await ask(engine, "where do we park")
    clock.pass_days(2)
    await engine.async_run_maintenance()
    assert len(kept(engine)) == 1


async def test_nothing_is_kept_of_a_recall_during_which_something_was_purged(
    engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remember(engine, "The code of the safe is quokka", key="safe")
    tell = recalling.Recaller._async_search

    async def purge_too(*asked: object) -> object:
        found = await tell(*asked)  # type: ignore[arg-type]
        await engine.async_forget(ALICE, ["safe"], purge=True)
        return found

    monkeypatch.setattr(recalling.Recaller, "_async_search", purge_too)
    result = await ask(engine, "the code of the safe")
    assert result.hits
    assert result.number is None
    assert len(engine.recalls) == 0


async def test_whoever_is_erased_takes_theirs_along(engine: MemoryEngine) -> None:
    await ask(engine, "of Alice")
    await ask(engine, "of Bob", BOB)
    await ask(engine, "for Bob", ALICE_FOR_BOB)
    await ask(engine, "of nobody", NOBODY)

    await engine.transfer.async_erase_person(ALICE)

    assert kept(engine) == kept(engine, NOBODY)
    assert [(recall.query, recall.actor) for recall in kept(engine, BOB)] == [
        ("of nobody", None),
        ("for Bob", None),
        ("of Bob", BOB.user_id),
    ]
    assert ALICE.user_id is not None
    assert ALICE.user_id not in repr(engine.recalls._recalls)


async def test_a_person_gets_their_own_with_everything_else(engine: MemoryEngine, tmp_path: Path) -> None:
    await remember(engine, "The cat is called Tom", key="cat")
    await remember(engine, "The safe is behind the wombat", BOB, key="safe")
    found = await ask(engine, "cat")
    engine.recalls.answered(found.number, {"status": "found"})
    await ask(engine, "the safe", ALICE_FOR_BOB)
    await ask(engine, "of nobody", NOBODY)
    await ask(engine, "of Bob", BOB)

    report = await engine.transfer.async_export_person(ALICE)

    lines = [json.loads(line) for line in report.path.read_text().splitlines()]
    told: list[Mapping[str, object]] = [line for line in lines if line["type"] == "recall"]
    assert [(line["query"], line["answer"]) for line in told] == [("cat", {"status": "found"}), ("the safe", None)]
    assert [hit["key"] for hit in told[0]["hits"]] == ["cat"]  # type: ignore[attr-defined]
    assert told[1]["hits"] == []
    assert "wombat" not in report.path.read_text()
    assert (await engine.transfer.async_recognise(report.path)).value == "semantic_memory"


async def test_nothing_of_it_is_on_the_disk(engine: MemoryEngine, tmp_path: Path) -> None:
    await ask(engine, "the hidden numbat")
    await engine.snapshots.async_take()
    files = [path for path in (tmp_path / "memory").rglob("*") if path.is_file()]
    assert files
    assert not any(b"numbat" in path.read_bytes() for path in files)


async def test_numbers_go_on_after_a_start(open_engine: OpenEngine, clock: Clock) -> None:
    first = await open_engine(None)
    before = await ask(first, "before")
    await first.async_close()
    clock.now += 1
    second = await open_engine(None)
    assert len(second.recalls) == 0
    after = await ask(second, "after")
    assert (before.number or 0) < (after.number or 0)
