"""A server that is away, on a clock of its own: when it is looked for, and what the log says."""

import asyncio
import logging

import pytest

from custom_components.semantic_memory.memory.embedding.base import SpaceKey
from custom_components.semantic_memory.memory.errors import EmbedderUnavailableError, ModelMissingError
from custom_components.semantic_memory.memory.models import RecallRequest
from custom_components.semantic_memory.memory.outage import Outage
from custom_components.semantic_memory.memory.status import EmbedderState

from .fake_timing import FakeTiming
from .fakes import ALICE, FakeEmbedder, OpenEngine, remember, until

DOWN = EmbedderUnavailableError(reason="nothing answers")
HOUR = 3_600.0


@pytest.fixture
def timing(monkeypatch: pytest.MonkeyPatch) -> FakeTiming:
    """Return a clock that only the test moves, and that every engine goes by."""
    timing = FakeTiming()
    monkeypatch.setattr("custom_components.semantic_memory.memory.worker.Timing", lambda: timing)
    return timing


@pytest.fixture
def outage(timing: FakeTiming, caplog: pytest.LogCaptureFixture) -> Outage:
    """Return one that has not begun."""
    caplog.set_level(logging.INFO)
    return Outage(timing.monotonic, lambda: 1_800_000_000.0 + timing.now)


def pauses(outage: Outage, timing: FakeTiming, seconds: float) -> list[float]:
    """Return the pauses between the looks for a server that is away for so long."""
    outage.begin("model", DOWN)
    begin, taken = timing.now, []
    while timing.now < begin + seconds:
        outage.looked()
        taken.append(outage.pause)
        timing.now += taken[-1]
    return taken


def test_often_at_first_then_less(outage: Outage, timing: FakeTiming) -> None:
    taken = pauses(outage, timing, 24 * HOUR)
    assert taken[:10] == [10.0] * 10
    assert taken == sorted(taken)
    assert taken[-1] == 300.0
    # After so many seconds, so many looks: a handful a minute at first, twelve an hour in the long run.
    assert len(pauses(outage, timing, 24 * HOUR)) < 340


@pytest.mark.parametrize("seconds", [1.0, 30.0, 99.0, 600.0, 3_000.0, 24 * HOUR])
def test_nobody_waits_much_longer_than_it_was_away(outage: Outage, timing: FakeTiming, seconds: float) -> None:
    outage.begin("model", DOWN)
    timing.now += seconds
    assert outage.pause == pytest.approx(min(300.0, max(10.0, seconds / 10)))


def test_a_clock_that_is_set_changes_nothing(timing: FakeTiming) -> None:
    wall = 0.0
    outage = Outage(timing.monotonic, lambda: wall)
    outage.begin("model", DOWN)
    wall = 1_800_000_000.0
    assert (outage.since, outage.pause) == (0.0, 10.0)


def test_asked_for_it_looks_sooner(outage: Outage, timing: FakeTiming) -> None:
    assert outage.too_soon == 0
    outage.begin("model", DOWN)
    assert outage.too_soon == 0
    outage.looked()
    assert outage.too_soon == 5
    timing.now += 3
    assert outage.too_soon == 2
    timing.now += 3
    assert outage.too_soon == 0
    outage.looked()
    outage.hurry()
    assert outage.too_soon == 0
    outage.looked()
    outage.end("model")
    assert outage.too_soon == 0


def test_one_line_each(outage: Outage, timing: FakeTiming, caplog: pytest.LogCaptureFixture) -> None:
    outage.end("model")
    for _ in range(100):
        outage.begin("model", DOWN)
        outage.looked()
        timing.now += outage.pause
    assert outage.since == 1_800_000_000.0
    outage.end("model")
    outage.end("model")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"The embedding model model does not answer, recall goes on without it: {DOWN}"),
        ("INFO", "The embedding model model answers again"),
    ]


def test_one_that_comes_and_goes_does_not_fill_the_log(
    outage: Outage, timing: FakeTiming, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(24 * 60):
        outage.begin("model", DOWN)
        timing.now += 30
        outage.end("model")
        timing.now += 30
    levels = [record.levelname for record in caplog.records]
    assert levels == ["WARNING", "INFO"] * 72
    assert [record.getMessage() for record in caplog.records if "comes and goes" in record.getMessage()]
    caplog.clear()
    timing.now += HOUR
    outage.begin("model", DOWN)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


# Through the engine


async def looked(timing: FakeTiming) -> None:
    """Wait until the worker has done what there was to do and waits."""
    await until(lambda: timing.waiting)


async def test_the_first_minutes_of_an_outage(open_engine: OpenEngine, timing: FakeTiming) -> None:
    """Every ten seconds one cheap look; nobody has to ask or store anything for it to be back."""
    server = FakeEmbedder("server")
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server" and timing.waiting)
    server.error = DOWN
    await engine.async_recall(ALICE, RecallRequest(query="feline"))
    await until(lambda: timing.waiting and timing.pauses[-1] == 10)
    asked = server.spaces_asked
    for second in range(1, 91):
        timing.advance(1)
        await looked(timing)
        assert server.spaces_asked == asked + second // 10
    assert server.batches[2:] == []
    server.error = None
    timing.advance(9)
    await looked(timing)
    assert engine.status.embedder is EmbedderState.BUILT_IN
    timing.advance(1)
    await until(lambda: engine.status.embedder is EmbedderState.OLLAMA)


async def test_somebody_who_asks_brings_it_back_sooner(open_engine: OpenEngine, timing: FakeTiming) -> None:
    """A question makes the worker look, but however many there are, not more often than every five seconds."""
    server = FakeEmbedder("server")
    server.error = DOWN
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await until(lambda: engine.status.unavailable_since is not None and timing.waiting)
    timing.advance(24 * HOUR)
    await until(lambda: timing.waiting and timing.pauses[-1] == 300)
    asked = server.spaces_asked
    timing.advance(4)
    for number in range(50):
        await engine.async_recall(ALICE, RecallRequest(query=f"feline {number}"))
        await looked(timing)
    assert server.queries == []
    assert server.spaces_asked == asked
    server.error = None
    timing.advance(1)
    await until(lambda: engine.status.embedder is EmbedderState.OLLAMA)
    assert server.spaces_asked > asked


async def test_it_is_not_back_before_it_is_as_fast_as_people_are_impatient(
    open_engine: OpenEngine, timing: FakeTiming, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that takes too long for questions only would come and go with every one of them."""
    caplog.set_level(logging.INFO)
    server = FakeEmbedder("server")
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server" and timing.waiting)
    server.query_error = DOWN
    for number in range(20):
        await engine.async_recall(ALICE, RecallRequest(query=f"feline {number}"))
        timing.advance(10)
        await looked(timing)
    assert [query for query in server.queries if query.startswith("feline")] == ["feline 0"]
    server.query_error = None
    timing.advance(300)
    await until(lambda: engine.status.embedder is EmbedderState.OLLAMA)
    levels = [record.levelname for record in caplog.records if record.name.startswith("custom_components")]
    assert levels == ["WARNING", "INFO"]


async def test_the_same_outage_goes_on_when_the_packages_arrive(
    open_engine: OpenEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = FakeEmbedder("server")
    server.error = DOWN
    engine = await open_engine(None, server)
    await until(lambda: engine.status.unavailable_since is not None)
    since, asked = engine.status.unavailable_since, server.spaces_asked
    await engine.async_start(FakeEmbedder("built-in"), server)
    await until(lambda: server.spaces_asked > asked)
    assert engine.status.unavailable_since == since
    other = FakeEmbedder("other")
    other.error = DOWN
    await engine.async_start(FakeEmbedder("built-in"), other)
    assert (engine.status.embedder_error, engine.status.preferred_model) == (None, "other")
    await until(lambda: engine.status.embedder_error is not None)
    messages = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [message.split(",")[0] for message in messages] == [
        "The embedding model server does not answer",
        "The embedding model other does not answer",
    ]


async def test_an_idle_server_is_looked_at_every_ten_minutes(open_engine: OpenEngine, timing: FakeTiming) -> None:
    """Other weights are found also where nobody asks; and whoever asks meanwhile is answered by the built-in model."""
    server = FakeEmbedder("server")
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server" and engine.status.pending == 0 and timing.waiting)
    assert timing.pauses[-1] == 600
    server.fingerprint = "2"
    timing.advance(599)
    await looked(timing)
    preferred = engine._worker.serving.preferred
    assert preferred is not None
    assert preferred.space.key == SpaceKey("server", 64, "plain", "1")
    timing.advance(1)
    await until(lambda: engine._worker.serving.preferred not in (None, preferred))
    await until(lambda: engine.status.model == "server")
    assert server.documents[-1] == "pet: kitten"


async def test_no_question_is_compared_while_the_new_space_is_opened(
    open_engine: OpenEngine, timing: FakeTiming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one that was under way when the other weights were found, nor one that is asked after that."""
    server = FakeEmbedder("server")
    engine = await open_engine(FakeEmbedder("built-in"), server)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "server" and engine.status.pending == 0 and timing.waiting)
    served = engine._worker.serving.preferred
    assert served is not None
    real = server.async_embed_query

    async def replaced_meanwhile(text: str) -> object:
        vectors = await real(text)
        engine._worker.serving.preferred = None
        return vectors

    monkeypatch.setattr(server, "async_embed_query", replaced_meanwhile)
    result = await engine.async_recall(ALICE, RecallRequest(query="feline"))
    assert (result.space, [hit.memory.key for hit in result.hits]) == ("built-in", ["pet"])
    # Nor is it kept for the next time.
    monkeypatch.setattr(server, "async_embed_query", real)
    engine._worker.serving.preferred = served
    server.queries.clear()
    assert (await engine.async_recall(ALICE, RecallRequest(query="feline"))).space == "server"
    assert server.queries == ["feline"]


async def test_a_previous_model_that_goes_away_is_no_outage(
    open_engine: OpenEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody deletes the old model while memories are embedded with the new one."""
    caplog.set_level(logging.INFO)
    old, new = FakeEmbedder("old"), FakeEmbedder("new")
    engine = await open_engine(FakeEmbedder("built-in"), old, lambda _: old)
    await remember(engine, "kitten", key="pet")
    await until(lambda: engine.status.model == "old" and engine.status.pending == 0)
    new.gate = asyncio.Event()
    await engine.async_start(FakeEmbedder("built-in"), new, lambda _: old)
    await until(lambda: engine.status.model == "old")
    old.error = ModelMissingError(model="old")
    for number in range(5):
        result = await engine.async_recall(ALICE, RecallRequest(query=f"feline {number}"))
        assert (result.space, [hit.memory.key for hit in result.hits]) == ("built-in", ["pet"])
    assert [query for query in old.queries if query.startswith("feline")] == ["feline 0"]
    assert (engine.status.model, engine.status.embedder_error) == ("built-in", None)
    new.gate.set()
    await until(lambda: engine.status.model == "new")
    assert [record for record in caplog.records if record.name.startswith("custom_components")] == []
