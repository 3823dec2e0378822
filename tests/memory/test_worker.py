"""The queue of embeddings, the spaces, and which of them serves."""

import asyncio
from collections.abc import Callable
import logging
import sqlite3
import threading

import pytest

from custom_components.semantic_memory.memory import background, filling, worker
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import (
    EmbedderAuthError,
    EmbedderUnavailableError,
    EmbeddingError,
    InvalidVectorsError,
    ModelMissingError,
    StorageError,
)
from custom_components.semantic_memory.memory.models import MemoryChanges, RecallRequest
from custom_components.semantic_memory.memory.status import EmbedderState, EngineEvent, EngineStatus
from custom_components.semantic_memory.memory.storage import memories, spaces
from custom_components.semantic_memory.memory.storage.database import Database
from custom_components.semantic_memory.memory.writes import Writes

from .fakes import ALICE, FakeEmbedder, OpenEngine, assert_sound, remember, until

DOWN = EmbedderUnavailableError(reason="nothing answers")


async def fill(engine: MemoryEngine, count: int) -> None:
    """Store memories that have nothing to do with each other."""
    for number in range(count):
        await remember(engine, f"fact{number}", key=f"k{number}")


async def models(engine: MemoryEngine) -> dict[str, int]:
    """Return how many vectors the space of each model has."""
    return dict(
        await engine._database.async_read(
            lambda connection: connection.execute(
                "SELECT model || ' ' || fingerprint, count(memory_seq) FROM space LEFT JOIN vector ON space_id = id"
                " GROUP BY space.id"
            ).fetchall()
        )
    )


async def embedded(engine: MemoryEngine) -> None:
    """Wait until nothing is left to embed."""
    await until(lambda: engine.status.pending == 0 and not engine._worker._wake.is_set())


async def meant(engine: MemoryEngine, query: str) -> list[str]:
    """Return the keys of what is found by meaning."""
    result = await engine.async_recall(ALICE, RecallRequest(query=query, threshold=0.25, limit=50))
    return [hit.memory.key for hit in result.hits if hit.vector_score is not None]


# The queue


async def test_the_queue_survives_a_restart(open_engine: OpenEngine) -> None:
    engine = await open_engine(start=False)
    await fill(engine, 3)
    assert engine.status.pending == 3
    await engine.async_close()
    embedder = FakeEmbedder("built-in")
    engine = await open_engine(embedder)
    await embedded(engine)
    assert await models(engine) == {"built-in 1": 3}
    assert embedder.batches[-1] == ["k0: fact0", "k1: fact1", "k2: fact2"]
    await engine.async_close()
    again = FakeEmbedder("built-in")
    engine = await open_engine(again)
    await embedded(engine)
    assert again.batches == []


async def test_batches_are_bounded_and_in_order(open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "_BATCH", 4)
    engine = await open_engine(start=False)
    await fill(engine, 10)
    embedder = FakeEmbedder("built-in")
    pending: list[int] = []
    engine.subscribe(lambda _: pending.append(engine.status.pending))
    await engine.async_start(embedder)
    await embedded(engine)
    assert [len(batch) for batch in embedder.batches[1:]] == [4, 4, 2]
    assert embedder.documents[-10:] == [f"k{number}: fact{number}" for number in range(10)]
    assert pending[-1] == 0
    assert {6, 2} <= set(pending)


async def test_without_a_model_there_are_words(open_engine: OpenEngine) -> None:
    engine = await open_engine()
    await fill(engine, 2)
    assert engine.status == EngineStatus(memories=2, pending=2, index="sqlite-vec")
    result = await engine.async_recall(ALICE, RecallRequest(query="fact1"))
    assert (result.space, [hit.memory.key for hit in result.hits]) == (None, ["k1"])
    await engine.async_reembed()


async def test_re_embedding(open_engine: OpenEngine) -> None:
    built_in, server = FakeEmbedder("built-in"), FakeEmbedder("server")
    engine = await open_engine(built_in, server)
    await fill(engine, 3)
    await embedded(engine)
    before = len(built_in.documents)
    server.batches.clear()
    await engine.async_reembed()
    await until(lambda: len(server.documents) == 3 and engine.status.model == "server")
    await embedded(engine)
    assert len(built_in.documents) == before
    assert await models(engine) == {"built-in 1": 3, "server 1": 3}
    assert engine.status.embedder is EmbedderState.OLLAMA
    assert set(await meant(engine, "fact2")) >= {"k2"}


# A server that is not there


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_is_down_at_first(open_engine: OpenEngine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    server = FakeEmbedder("server")
    server.error = DOWN
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: server.spaces_asked > 5)
    status = engine.status
    assert (status.embedder, status.model, status.preferred_model) == (EmbedderState.BUILT_IN, "built-in", "server")
    assert (status.embedder_error, status.pending) == ("cannot_connect", 1)
    assert status.unavailable_since is not None
    assert await meant(engine, "feline") == ["pet"]
    server.error = None
    await until(lambda: engine.status.model == "server")
    await embedded(engine)
    status = engine.status
    assert (status.embedder, status.embedder_error, status.unavailable_since) == (EmbedderState.OLLAMA, None, None)
    assert await meant(engine, "feline") == ["pet"]
    messages = [record.getMessage() for record in caplog.records if "server" in record.getMessage()]
    assert messages == [
        f"The embedding model server does not answer, recall goes on without it: {DOWN}",
        "The embedding model server answers again",
    ]


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_vanishes_while_it_is_asked_to_embed(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "_BATCH", 2)
    engine = await open_engine(FakeEmbedder("built-in"))
    await fill(engine, 6)
    server = FakeEmbedder("server")
    real = server.async_embed_documents

    async def third_time_fails(texts: list[str]) -> object:
        if len(server.batches) == 3:
            server.document_error = DOWN
        return await real(texts)

    monkeypatch.setattr(server, "async_embed_documents", third_time_fails)
    await engine.async_start(FakeEmbedder("built-in"), server)
    await until(lambda: engine.status.embedder_error == "cannot_connect")
    assert engine.status.model == "built-in"
    assert (await models(engine))["server 1"] == 4
    server.batches.clear()
    await until(lambda: server.batches)
    monkeypatch.setattr(server, "async_embed_documents", real)
    server.document_error = None
    server.batches.clear()
    await until(lambda: engine.status.model == "server")
    assert server.documents == ["k4: fact4", "k5: fact5"]
    assert await models(engine) == {"built-in 1": 6, "server 1": 6}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DOWN, "cannot_connect"),
        (EmbedderAuthError(), "invalid_auth"),
        (ModelMissingError(model="server"), "model_missing"),
        (EmbeddingError(reason="no"), "embedding_failed"),
        (InvalidVectorsError(reason="zero"), "invalid_vectors"),
    ],
)
async def test_a_question_is_answered_all_the_same(open_engine: OpenEngine, error: EmbeddingError, code: str) -> None:
    built_in, server = FakeEmbedder("built-in"), FakeEmbedder("server")
    engine = await open_engine(built_in, server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server")
    server.error = server.query_error = error
    server.queries.clear()
    result = await engine.async_recall(ALICE, RecallRequest(query="feline"))
    assert server.queries == ["feline"]
    assert (result.space, [hit.memory.key for hit in result.hits]) == ("built-in", ["pet"])
    assert result.hits[0].vector_score is not None
    # For some errors the worker first looks whether it was only that question.
    await until(lambda: engine.status.embedder_error == code)
    assert engine.status.embedder is EmbedderState.BUILT_IN


async def test_many_questions_to_a_dead_server_leave_the_worker_calm(open_engine: OpenEngine) -> None:
    server = FakeEmbedder("server")
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server")
    server.error = DOWN
    asked = server.spaces_asked
    await asyncio.gather(*(meant(engine, f"feline {number}") for number in range(50)))
    before = -1
    async with asyncio.timeout(10):
        while server.spaces_asked != before:  # for ever, if it went round and round
            before = server.spaces_asked
            await asyncio.sleep(0.1)
    assert server.spaces_asked - asked <= 60


async def test_a_question_that_is_answered_again_brings_the_server_back(open_engine: OpenEngine) -> None:
    server = FakeEmbedder("server")
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server")
    server.error = DOWN
    await meant(engine, "feline")
    await until(lambda: not engine._worker._wake.is_set())
    await asyncio.sleep(0.02)
    server.error = None
    # The worker would not look again for a long time.
    assert await meant(engine, "cat") == ["pet"]
    await until(lambda: engine.status.unavailable_since is None)
    assert engine.status.embedder is EmbedderState.OLLAMA


async def test_a_failing_built_in_model_does_not_hold_up_the_server(
    open_engine: OpenEngine, caplog: pytest.LogCaptureFixture
) -> None:
    built_in, server = FakeEmbedder("built-in"), FakeEmbedder("server")
    built_in.error = EmbeddingError(reason="broken")
    engine = await open_engine(built_in, server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server")
    await embedded(engine)
    assert await meant(engine, "feline") == ["pet"]
    assert "The built-in embedding model failed" in caplog.text
    built_in.error = None
    engine.wake()
    await until(lambda: engine.has_built_in)
    built_in.query_error = EmbeddingError(reason="broken")
    server.error = DOWN
    result = await engine.async_recall(ALICE, RecallRequest(query="kitten"))
    assert ([hit.memory.key for hit in result.hits], result.space) == (["pet"], None)


# Texts that a model cannot embed


@pytest.mark.parametrize("poisoned", [{3}, {0, 1}, {0, 1, 2, 5, 8, 9}])
async def test_bad_texts_do_not_hold_up_the_others(open_engine: OpenEngine, poisoned: set[int]) -> None:
    engine = await open_engine(FakeEmbedder("built-in"))
    await fill(engine, 10)
    server = FakeEmbedder("server")
    server.poison = {f"fact{number}" for number in poisoned}
    await engine.async_start(FakeEmbedder("built-in"), server)
    await until(lambda: engine.status.model == "server")
    assert engine.status.pending == len(poisoned)
    assert engine.status.unavailable_since is None
    assert (await models(engine))["server 1"] == 10 - len(poisoned)
    # They are found by the built-in model's vectors, and the server is not asked again and again.
    assert set(await meant(engine, f"fact{min(poisoned)}")) >= {f"k{min(poisoned)}"}
    server.batches.clear()
    await remember(engine, "more", key="more")
    await until(lambda: "more" in server.documents)
    engine._worker.serving.preferred.look_at_all = True  # type: ignore[union-attr] # as after ten minutes
    engine.wake()
    await until(lambda: engine.status.pending == len(poisoned) and not engine._worker._wake.is_set())
    assert server.documents == ["more"]
    assert engine.status.embedder is EmbedderState.OLLAMA
    # Another text may be one that it can embed.
    for number in poisoned:
        await engine.async_update(ALICE, f"k{number}", MemoryChanges(value=f"better{number}"))
    await embedded(engine)
    assert (await models(engine))["server 1"] == 11


@pytest.mark.parametrize("count", [1, 2, 5])
async def test_a_server_that_can_embed_nothing_is_no_good(open_engine: OpenEngine, count: int) -> None:
    built_in, server = FakeEmbedder("built-in"), FakeEmbedder("server")
    engine = await open_engine(built_in, server)
    await until(lambda: engine.status.model == "server")
    server.document_error = InvalidVectorsError(reason="zero")
    await fill(engine, count)
    await until(lambda: engine.status.embedder_error == "invalid_vectors")
    assert engine.status.embedder is EmbedderState.BUILT_IN
    server.document_error = None
    engine.wake()
    await embedded(engine)
    assert await models(engine) == {"built-in 1": count, "server 1": count}


# Changing what serves


async def test_the_previous_space_serves_until_the_new_one_is_complete(open_engine: OpenEngine) -> None:
    made: list[str] = []
    old, new = FakeEmbedder("old"), FakeEmbedder("new", dimension=48)

    def make(model: str) -> FakeEmbedder:
        made.append(model)
        return old

    engine = await open_engine(FakeEmbedder("built-in"), old, make)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "old")
    await embedded(engine)
    await engine.async_close()
    new.gate = asyncio.Event()
    engine = await open_engine(FakeEmbedder("built-in"), new, make)
    await until(new.waiting.is_set)
    assert made == ["old"]
    assert (engine.status.model, engine.status.preferred_model) == ("old", "new")
    assert (engine.status.embedder, engine.status.pending) == (EmbedderState.OLLAMA, 1)
    old.queries.clear()
    # Also what is stored meanwhile, and will never have a vector of the old model.
    await remember(engine, "automobile", key="car")
    assert await meant(engine, "feline") == ["pet"]
    assert await meant(engine, "vehicle") == ["car"]
    assert old.queries == ["feline", "vehicle"]
    assert await models(engine) == {"built-in 1": 2, "old 1": 1, "new 1": 0}
    new.gate.set()
    await until(lambda: engine.status.model == "new")
    await embedded(engine)
    await until(lambda: engine._worker.serving.previous is None)
    while len(await models(engine)) > 2:
        await asyncio.sleep(0.01)
    assert await models(engine) == {"built-in 1": 2, "new 1": 2}
    assert await meant(engine, "vehicle") == ["car"]


async def test_the_previous_space_serves_also_without_a_built_in_model(open_engine: OpenEngine) -> None:
    old, new = FakeEmbedder("old"), FakeEmbedder("new")
    engine = await open_engine(None, old, lambda _: old)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "old")
    await embedded(engine)
    new.gate = asyncio.Event()
    await engine.async_start(None, new, lambda _: old)
    await until(new.waiting.is_set)
    assert engine.status.model == "old"
    assert await meant(engine, "feline") == ["pet"]
    new.gate.set()
    await until(lambda: engine.status.model == "new")
    assert await meant(engine, "feline") == ["pet"]


async def test_a_previous_model_that_is_gone_does_not_serve(open_engine: OpenEngine) -> None:
    old, new = FakeEmbedder("old"), FakeEmbedder("new")
    engine = await open_engine(FakeEmbedder("built-in"), old, lambda _: old)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "old")
    await embedded(engine)
    old.error, new.gate = ModelMissingError(model="old"), asyncio.Event()
    await engine.async_start(FakeEmbedder("built-in"), new, lambda _: old)
    await until(new.waiting.is_set)
    assert engine.status.model == "built-in"
    assert await meant(engine, "feline") == ["pet"]


async def test_other_weights_under_the_same_name(open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeEmbedder("server")
    engine = await open_engine(FakeEmbedder("built-in"), server, lambda _: server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server")
    await embedded(engine)
    server.fingerprint = "2"
    monkeypatch.setattr(worker, "_CHECK_SECONDS", 0.0)
    engine.wake()
    async with asyncio.timeout(10):
        while await models(engine) != {"built-in 1": 1, "server 2": 1}:
            await asyncio.sleep(0.005)
    await until(lambda: engine.status.model == "server")
    assert await meant(engine, "feline") == ["pet"]


async def test_another_dimension_under_the_same_name(open_engine: OpenEngine) -> None:
    server = FakeEmbedder("server")
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server")
    await embedded(engine)
    server.dimension = 32
    # A question finds out first, and is answered all the same.
    assert await meant(engine, "feline") == ["pet"]
    await until(lambda: engine.status.unavailable_since is None and engine.status.model == "server")
    await embedded(engine)
    server.dimension = 24
    # This time it is a memory.
    await remember(engine, "automobile", key="car")
    await until(lambda: engine.status.embedder_error == "invalid_vectors")
    engine.wake()
    await until(lambda: engine.status.unavailable_since is None and engine.status.model == "server")
    await embedded(engine)
    assert set(await meant(engine, "vehicle")) == {"car"}
    async with asyncio.timeout(10):
        while {space.key.dimension for space in await engine._database.async_read(spaces.all_spaces)} != {64, 24}:
            await asyncio.sleep(0.005)


async def test_back_to_the_built_in_model(open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder("built-in"), FakeEmbedder("server"))
    await fill(engine, 3)
    await until(lambda: engine.status.model == "server")
    await engine.async_start(FakeEmbedder("built-in"))
    assert engine.status.model == "built-in"
    async with asyncio.timeout(10):
        while await models(engine) != {"built-in 1": 3}:
            await asyncio.sleep(0.005)


async def test_starting_again_keeps_the_servers_vectors(open_engine: OpenEngine) -> None:
    """Packages arrive while the server's space is being filled: nothing that was made may be lost."""
    server = FakeEmbedder("server")
    server.gate = asyncio.Event()
    engine = await open_engine(None, server)
    await fill(engine, 3)
    await until(server.waiting.is_set)
    again = FakeEmbedder("server")
    before = engine._worker.serving.preferred
    assert before is not None
    starting = asyncio.create_task(engine.async_start(FakeEmbedder("built-in"), again))
    server.gate.set()
    await starting
    await embedded(engine)
    assert await models(engine) == {"server 1": 3, "built-in 1": 3}
    assert engine._worker.serving.preferred is not None
    assert engine._worker.serving.preferred.embedder is again
    # What the embedder from before has to say does not matter any more.
    engine._worker.serving._note_unanswered(before, DOWN)
    assert engine.status.embedder_error is None
    await engine.async_start(FakeEmbedder("built-in"), again)
    assert len(again.documents) <= 3


# Races


async def test_vectors_of_a_memory_that_has_changed_are_not_stored(open_engine: OpenEngine) -> None:
    embedder = FakeEmbedder("server")
    embedder.gate = asyncio.Event()
    engine = await open_engine(None, embedder)
    await remember(engine, "kitten", key="changed")
    await until(embedder.waiting.is_set)
    await remember(engine, "automobile", key="forgotten")
    await engine.async_update(ALICE, "changed", MemoryChanges(value="residence"))
    await engine.async_forget(ALICE, ["forgotten"])
    embedder.gate.set()
    await until(lambda: "changed: residence" in embedder.documents)
    await embedded(engine)
    assert await models(engine) == {"server 1": 1}
    assert await meant(engine, "my home") == ["changed"]
    assert await meant(engine, "feline") == []


async def test_a_memory_that_waits_is_found_by_meaning(open_engine: OpenEngine) -> None:
    built_in, server = FakeEmbedder("built-in"), FakeEmbedder("server")
    engine = await open_engine(built_in, server)
    await remember(engine, "automobile", key="car")
    await until(lambda: engine.status.model == "server")
    await embedded(engine)
    server.gate = asyncio.Event()
    await remember(engine, "kitten", key="pet")
    assert await meant(engine, "feline") == ["pet"]
    assert await meant(engine, "vehicle") == ["car"]
    assert engine.status.pending == 1
    server.gate.set()
    await embedded(engine)
    built_in.queries.clear()
    assert await meant(engine, "cat") == ["pet"]
    assert built_in.queries == []


async def test_a_question_is_embedded_once(open_engine: OpenEngine) -> None:
    embedder = FakeEmbedder("built-in")
    engine = await open_engine(embedder)
    await remember(engine, "kitten", key="pet")
    embedder.queries.clear()
    for query in ("feline", " feline ", "feline", "cat"):
        assert await meant(engine, query) == ["pet"]
    assert embedder.queries == ["feline", "cat"]


async def test_sqlite_vec_appears_later(open_engine: OpenEngine, without_sqlite_vec: pytest.MonkeyPatch) -> None:
    engine = await open_engine(FakeEmbedder("built-in"))
    assert (engine.status.index, engine.status.index_error) == ("memory", "sqlite-vec is not installed")
    await remember(engine, "kitten", key="pet")
    assert await meant(engine, "feline") == ["pet"]
    without_sqlite_vec.undo()
    # Writes and questions go on meanwhile.
    await asyncio.gather(
        *(remember(engine, f"feline{number}", key=f"before{number}") for number in range(5)),
        engine.async_load_index(),
        *(remember(engine, f"vehicle automobile car {number}", key=f"car{number}") for number in range(10)),
        *(meant(engine, "feline") for _ in range(5)),
    )
    assert (engine.status.index, engine.status.index_error) == ("sqlite-vec", None)
    assert await meant(engine, "feline") == ["pet"]
    assert len([key for key in await meant(engine, "vehicle") if key.startswith("car")]) == 10
    (indexed,) = await engine._database.async_read(
        lambda connection: connection.execute("SELECT indexed FROM space").fetchone()
    )
    assert indexed == 1
    codes, vectors = await engine._database.async_read(
        lambda connection: connection.execute(
            "SELECT (SELECT count(*) FROM vector_code_1), (SELECT count(*) FROM vector)"
        ).fetchone()
    )
    assert codes == vectors == 16
    await engine.async_load_index()
    assert engine.status.index == "sqlite-vec"


async def test_a_write_that_was_on_its_way_while_sqlite_vec_was_loaded(
    open_engine: OpenEngine, without_sqlite_vec: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await open_engine(FakeEmbedder("built-in"))
    await remember(engine, "kitten", key="pet")
    without_sqlite_vec.undo()
    write = Database.async_write

    async def and_another(self: Database, work: Callable[[sqlite3.Connection], None]) -> None:
        await write(self, work)
        if work.__name__ == "bring_in_line":
            monkeypatch.setattr(Database, "async_write", write)
            await remember(engine, "automobile", key="car")

    monkeypatch.setattr(Database, "async_write", and_another)
    await engine.async_load_index()
    assert engine.status.index == "sqlite-vec"
    assert await meant(engine, "vehicle") == ["car"]
    assert await meant(engine, "feline") == ["pet"]
    await assert_sound(engine)


async def test_closing_while_it_fills_leaves_nothing(open_engine: OpenEngine) -> None:
    server = FakeEmbedder("server")
    server.gate = asyncio.Event()
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await fill(engine, 3)
    await until(server.waiting.is_set)
    question = asyncio.create_task(meant(engine, "fact1"))
    await asyncio.sleep(0)
    await engine.async_close()
    await asyncio.gather(question, return_exceptions=True)
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("semantic_memory")] == []
    assert [thread for thread in threading.enumerate() if thread.name.startswith("semantic_memory")] == []
    engine = await open_engine()
    assert (await engine.async_stats(None)).total == 3


# What must not end it


async def test_an_unforeseen_error_ends_nothing(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "_RESTART_SECONDS", 0.01)
    server = FakeEmbedder("server")
    server.error = ValueError("nobody thought of this")
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await until(lambda: "The background work on embeddings failed" in caplog.text)
    assert "nobody thought of this" in caplog.text
    server.error = None
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server")
    await embedded(engine)
    server.document_error = ValueError("nor of this")
    await remember(engine, "automobile", key="car")
    await until(lambda: "nor of this" in caplog.text)
    server.document_error = None
    await embedded(engine)
    assert await models(engine) == {"built-in 1": 2, "server 1": 2}


@pytest.mark.usefixtures("impatient")
async def test_a_storage_error_does_not_end_the_queue(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = await open_engine(FakeEmbedder("built-in"), FakeEmbedder("server"))
    await until(lambda: engine.status.model == "server")
    with monkeypatch.context() as patch:

        def fail(*_: object) -> None:
            raise StorageError(reason="the disk is full")

        patch.setattr(spaces, "store", fail)
        await remember(engine, "kitten", key="pet")
        await until(lambda: "The embedding queue stopped: storage_failed (reason=the disk is full)" in caplog.text)
    await embedded(engine)
    assert await models(engine) == {"built-in 1": 1, "server 1": 1}


async def test_uses_that_could_not_be_written_are_kept(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.semantic_memory.memory.uses._FLUSH_SECONDS", 0.0)
    engine = await open_engine()
    memory = await remember(engine, "x", key="x")
    failures = 0
    touch = memories.touch

    def fail(connection: sqlite3.Connection, uses: list[tuple[str, int, float]]) -> None:
        nonlocal failures
        failures += 1
        if failures == 1:
            engine._uses.count([memory], 5.0)  # meanwhile
        if failures < 3:
            raise StorageError(reason="locked")
        touch(connection, uses)

    monkeypatch.setattr(memories, "touch", fail)
    await engine.async_get(ALICE, "x")
    await until(lambda: failures == 3)
    async with asyncio.timeout(10):
        while (await engine.async_list(ALICE)).memories[0].use_count != 2:
            await asyncio.sleep(0.005)


async def test_a_memory_that_the_worker_was_not_told_of_is_embedded_in_the_end(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = FakeEmbedder("server")
    engine = await open_engine(None, embedder)
    await until(lambda: engine.status.model == "server" and not engine._worker._wake.is_set())
    monkeypatch.setattr(worker, "_CHECK_SECONDS", 0.02)
    change = Writes.async_changed

    async def fail(*_: object, **__: object) -> None:
        raise StorageError

    monkeypatch.setattr(Writes, "async_changed", fail)
    with pytest.raises(StorageError):
        await remember(engine, "kitten", key="pet")
    monkeypatch.setattr(Writes, "async_changed", change)
    engine.wake()
    async with asyncio.timeout(10):
        while await models(engine) != {"server 1": 1}:
            await asyncio.sleep(0.01)


async def test_the_status_is_told_when_it_changes_only(open_engine: OpenEngine) -> None:
    engine = await open_engine(FakeEmbedder("built-in"))
    events: list[EngineEvent] = []
    engine.subscribe(events.append)
    for _ in range(5):
        engine.wake()
        await asyncio.sleep(0.01)
    assert events == []
