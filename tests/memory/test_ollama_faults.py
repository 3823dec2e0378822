"""Whatever an Ollama server does wrong: memories are stored and found, and it heals by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
import logging
import socket
import sqlite3
from typing import override

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
import numpy as np
import pytest

from custom_components.semantic_memory.memory import serving
from custom_components.semantic_memory.memory.embedding import ollama
from custom_components.semantic_memory.memory.embedding.breaker import CircuitBreaker
from custom_components.semantic_memory.memory.embedding.ollama import OllamaClient, OllamaEmbedder
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.embedding.templates import template_for
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import EmbedderUnavailableError
from custom_components.semantic_memory.memory.models import RecallRequest
from custom_components.semantic_memory.memory.outage import Outage
from custom_components.semantic_memory.memory.status import EmbedderState
from custom_components.semantic_memory.memory.text import document_text
from scripts.ollama_stand_in import Faults, StandIn, handlers, models

from ..ollama_faults import EMBED, FAULTS, FROM_THE_START, TAGS, Fault, break_server, mend_server
from .fakes import ALICE, OpenEngine, assert_sound, remember, until

MODEL = "nomic-embed-text"
FACTS = {
    "cat": "Our cat is called Minka",
    "bins": "Rubbish is collected on Tuesday",
    "key": "The spare key hangs in the shed",
}
type Make = Callable[[str], OllamaEmbedder]

pytestmark = pytest.mark.usefixtures("impatient", "socket_enabled")


@pytest.fixture
async def stand_in(socket_enabled: None) -> AsyncIterator[StandIn]:
    """Return a running server."""
    async with StandIn() as stand_in:
        yield stand_in


class Server:
    """The stand-in, and embedders that ask it."""

    def __init__(self, stand_in: StandIn, client: OllamaClient, monkeypatch: pytest.MonkeyPatch) -> None:
        """Begin with a server that works."""
        self.stand_in = stand_in
        self.embedders: list[OllamaEmbedder] = []
        self._client = client
        self._seconds = 10.0
        self._monkeypatch = monkeypatch

    def make(self, model: str) -> OllamaEmbedder:
        """Return an embedder."""
        breaker = CircuitBreaker(asyncio.get_running_loop().time, cooldown=0.02)
        self.embedders.append(OllamaEmbedder(self._client, model, breaker=breaker, uniform=lambda *_: 0.01))
        self.wait(self._seconds)
        return self.embedders[-1]

    async def break_down(self, fault: Fault) -> None:
        """Have the server do something wrong, and wait for it no longer than a test should."""
        self.wait(0.4 if fault.slow else 10.0)
        await break_server(self.stand_in, fault)

    async def mend(self) -> None:
        """Have the server work again."""
        self.wait(10.0)
        await mend_server(self.stand_in)

    def wait(self, seconds: float) -> None:
        """Set how long a question, a list of models and everything else may take."""
        self._seconds = seconds
        for embedder in self.embedders:
            embedder._query_timeout = seconds
        self._client._timeout = seconds
        for name in ("_LOOK_TIMEOUT", "_LOAD_TIMEOUT"):
            self._monkeypatch.setattr(ollama, name, seconds)


@pytest.fixture
async def server(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """Return the server with what asks it."""
    async with aiohttp.ClientSession() as session:
        yield Server(stand_in, OllamaClient(session, stand_in.url), monkeypatch)


@pytest.fixture
def make(server: Server) -> Make:
    """Return what makes embedders of that server."""
    return server.make


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list that grows whenever somebody has looked for a server that is away."""
    looks: list[None] = []
    looked = Outage.looked

    def counted(outage: Outage) -> None:
        looks.append(None)
        looked(outage)

    monkeypatch.setattr(Outage, "looked", counted)
    return looks


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "custom_components.semantic_memory")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the levels of everything that the integration has told people."""
    return [record.levelname for record in caplog.records if record.name.startswith("custom_components")]


async def find(engine: MemoryEngine, query: str) -> tuple[str | None, str | None]:
    """Return the space that answered a question, and the first key that was found by meaning."""
    result = await engine.async_recall(ALICE, RecallRequest(query=query))
    meant = [hit.memory.key for hit in result.hits if hit.vector_score is not None]
    return result.space, meant[0] if meant else None


def away(engine: MemoryEngine) -> bool:
    """Return whether people are told that the server is away."""
    return engine.status.unavailable_since is not None


async def serves(engine: MemoryEngine) -> None:
    """Wait until the server's model serves and has every memory."""
    await until(lambda: engine.status.model == MODEL and not engine.status.pending and not away(engine), 60)


async def current(engine: MemoryEngine, server: StandIn) -> None:
    """Wait until the space of the weights that the server has now serves."""
    model = server.models.get(MODEL)
    assert model is not None

    def done() -> bool:
        preferred = engine._worker.serving.preferred
        return preferred is not None and preferred.space.key.fingerprint == model.digest

    await until(done, 60)
    await serves(engine)


async def stored(engine: MemoryEngine) -> dict[str, bytes]:
    """Return the vectors of the server's model by the text that was embedded."""

    def read(connection: sqlite3.Connection) -> dict[str, bytes]:
        rows = connection.execute(
            "SELECT m.key, m.value, v.embedding FROM vector v JOIN memory m ON m.seq = v.memory_seq"
            " JOIN space s ON s.id = v.space_id WHERE s.model = ?",
            (MODEL,),
        )
        return {document_text(key, value, ()): embedding for key, value, embedding in rows}

    return await engine._database.async_read(read)


async def assert_vectors_right(engine: MemoryEngine, server: StandIn) -> None:
    """Compare every stored vector of the server's model with what its weights make of the text."""
    vectors = await stored(engine)
    model = server.models.get(MODEL)
    assert model is not None
    template = template_for(MODEL)
    rows = await models.embed(model, [template.for_document(text) for text in vectors])
    for (text, blob), row in zip(vectors.items(), rows, strict=True):
        assert np.frombuffer(blob, "<f4") == pytest.approx(np.asarray(row), abs=1e-5), text


async def started(open_engine: OpenEngine, built_in: StaticEmbedder, make: Make) -> MemoryEngine:
    """Return an engine with memories, in which the server's model serves."""
    engine = await open_engine(built_in, make(MODEL), make)
    for key, value in FACTS.items():
        await remember(engine, value, key=key)
    await serves(engine)
    return engine


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_server_that_breaks_and_is_mended(
    open_engine: OpenEngine,
    built_in: StaticEmbedder,
    server: Server,
    looks: list[None],
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    engine = await started(open_engine, built_in, server.make)
    assert await find(engine, "What is the name of the cat?") == (MODEL, "cat")

    await server.break_down(fault)
    await remember(engine, "The dentist is on Elm Street", key="dentist")
    assert await find(engine, "When is the garbage picked up?") == ("built-in", "bins")
    assert await find(engine, "Where is the dentist?") == ("built-in", "dentist")
    await until(lambda: engine.status.embedder_error == fault.code)
    assert (engine.status.embedder, away(engine)) == (EmbedderState.BUILT_IN, True)

    # It tries again and again; nobody is told again, nothing bad is stored, and memories come and go.
    before = len(looks)
    for number in range(5):
        await remember(engine, f"Number {number} is on the list", key=f"list{number}")
        assert await find(engine, f"Where do the bins go, I asked {number} times?") == ("built-in", "bins")
    await until(lambda: len(looks) >= before + (2 if fault.slow else 5))
    assert engine.status.embedder_error == fault.code
    assert engine.status.pending + len(await stored(engine)) == len(FACTS) + 6
    await assert_vectors_right(engine, server.stand_in)
    assert told(caplog) == ["WARNING"]

    await server.mend()
    await serves(engine)
    assert not away(engine)
    assert await find(engine, "Who looks after my teeth?") == (MODEL, "dentist")
    assert len(await stored(engine)) == len(FACTS) + 6
    await assert_vectors_right(engine, server.stand_in)
    await assert_sound(engine)
    assert told(caplog) == ["WARNING", "INFO"]


@pytest.mark.parametrize("fault", FROM_THE_START.values(), ids=FROM_THE_START)
async def test_a_server_that_is_broken_at_first(
    open_engine: OpenEngine,
    built_in: StaticEmbedder,
    server: Server,
    looks: list[None],
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    await server.break_down(fault)
    engine = await open_engine(built_in, server.make(MODEL), server.make)
    await remember(engine, FACTS["cat"], key="cat")
    assert await find(engine, "What is the name of the cat?") == ("built-in", "cat")
    await until(lambda: engine.status.embedder_error == fault.code and len(looks) >= (2 if fault.slow else 5))
    assert (engine.status.embedder, engine.status.pending) == (EmbedderState.BUILT_IN, 1)
    assert await stored(engine) == {}
    assert told(caplog) == ["WARNING"]

    await server.mend()
    await serves(engine)
    assert await find(engine, "What is the name of the cat?") == (MODEL, "cat")
    await assert_vectors_right(engine, server.stand_in)
    assert told(caplog) == ["WARNING", "INFO"]


async def test_a_name_that_cannot_be_resolved(
    open_engine: OpenEngine,
    built_in: StaticEmbedder,
    stand_in: StandIn,
    looks: list[None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Resolver(AbstractResolver):
        known = False

        @override
        async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
            if not self.known:
                raise OSError(socket.EAI_NONAME, "Name or service not known")
            return [
                ResolveResult(
                    hostname=host,
                    host="127.0.0.1",
                    port=port,
                    family=socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
            ]

        @override
        async def close(self) -> None:
            """Do nothing."""

    resolver = Resolver()
    connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
    async with aiohttp.ClientSession(connector=connector) as session:
        client = OllamaClient(session, f"http://ollama.example:{stand_in.port}")
        engine = await open_engine(built_in, Server(stand_in, client, monkeypatch).make(MODEL))
        await remember(engine, FACTS["cat"], key="cat")
        await until(lambda: engine.status.embedder_error == "cannot_connect" and len(looks) >= 5)
        assert await find(engine, "What is the name of the cat?") == ("built-in", "cat")
        resolver.known = True
        await serves(engine)
        await engine.async_close()
    assert told(caplog) == ["WARNING", "INFO"]
    assert "its host name could not be found" in caplog.text


async def test_a_server_that_cannot_show_models(
    open_engine: OpenEngine, built_in: StaticEmbedder, stand_in: StandIn, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """It need not: vectors and the list of models are all that is asked of it."""
    stand_in.faults = Faults(status=500, path="/api/show")
    engine = await started(open_engine, built_in, make)
    assert await find(engine, "What is the name of the cat?") == (MODEL, "cat")
    assert told(caplog) == []


async def test_a_server_that_never_named_a_digest(
    open_engine: OpenEngine, built_in: StaticEmbedder, stand_in: StandIn, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    stand_in.faults = Faults(answer={"models": None}, path=TAGS)
    engine = await started(open_engine, built_in, make)
    assert await find(engine, "What is the name of the cat?") == (MODEL, "cat")
    assert told(caplog) == []


async def test_a_question_that_the_model_cannot_take(
    open_engine: OpenEngine,
    built_in: StaticEmbedder,
    stand_in: StandIn,
    make: Make,
    looks: list[None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is answered with the built-in model, and the others with the server's."""
    engine = await started(open_engine, built_in, make)
    stand_in.faults = Faults(nan=True, path=EMBED, only_with="quicksand")
    for number in range(5):
        before = len(looks)
        assert await find(engine, f"quicksand {number}: when is the garbage picked up?") == ("built-in", "bins")
        await until(lambda: len(looks) > before)  # noqa: B023 - it is waited for before the next round
    assert await find(engine, "When is the garbage picked up?") == (MODEL, "bins")
    assert (engine.status.embedder_error, engine.status.embedder) == (None, EmbedderState.OLLAMA)
    assert told(caplog) == []


async def test_a_memory_at_which_the_server_fails(
    open_engine: OpenEngine, built_in: StaticEmbedder, stand_in: StandIn, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Some texts crash a model's process: they must not keep all others from being embedded for ever."""
    engine = await open_engine(built_in)
    for number in range(40):
        await remember(engine, f"quicksand {number}" if number in (3, 17) else f"fact {number}", key=f"k{number}")
    stand_in.faults = Faults(status=500, path=EMBED, only_with="quicksand")
    await engine.async_start(built_in, make(MODEL), make)
    await until(lambda: engine.status.model == MODEL)
    assert (engine.status.pending, engine.status.embedder_error) == (2, None)
    assert len(await stored(engine)) == 38
    await assert_vectors_right(engine, stand_in)
    assert told(caplog) in (["WARNING", "INFO"], ["WARNING", "INFO"] * 2)
    # What it failed at is found all the same, and tried again once it is another text.
    assert await find(engine, "sand, 17") == (MODEL, "k17")
    await remember(engine, "better", key="k3")
    await until(lambda: engine.status.pending == 1)
    assert len(await stored(engine)) == 39


async def test_many_texts_at_once_take_a_slow_server_too_long(
    open_engine: OpenEngine,
    built_in: StaticEmbedder,
    stand_in: StandIn,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = await open_engine(built_in)
    for number in range(40):
        await remember(engine, f"fact {number}", key=f"k{number}")
    sizes: list[int] = []
    real = OllamaEmbedder._embed

    async def embed(self: OllamaEmbedder, texts: list[str]) -> object:
        sizes.append(len(texts))
        if len(texts) <= 8:
            return await real(self, texts)
        raise EmbedderUnavailableError(reason="it did not answer in time") from TimeoutError()

    monkeypatch.setattr(OllamaEmbedder, "_embed", embed)
    # The texts that a space is measured with are more than eight as well.
    monkeypatch.setattr(
        "custom_components.semantic_memory.memory.embedding.calibration.PAIRS", [("a", "a"), ("b", "b")]
    )
    await engine.async_start(built_in, make(MODEL), make)
    await until(lambda: engine.status.model == MODEL)
    assert engine.status.pending == 0
    assert [size for size in sizes if size > 1] == [2, 32, 5, 8, 8, 8, 8, 3]
    await assert_vectors_right(engine, stand_in)


async def test_nobody_waits_for_a_server_that_hangs(
    open_engine: OpenEngine, built_in: StaticEmbedder, stand_in: StandIn, server: Server
) -> None:
    """One question waits, as long as a question may; after it nobody does, and whoever stores something never."""
    engine = await started(open_engine, built_in, server.make)
    server.wait(3_600.0)
    stand_in.faults = Faults(hang=True)
    # The worker waits for an hour from here on.
    await remember(engine, "The dentist is on Elm Street", key="dentist")
    await until(lambda: [1 for request in stand_in.requests_to(EMBED) if "Elm Street" in str(request.body)])
    server.embedders[0]._query_timeout = 0.3
    assert await find(engine, "What is the name of the cat?") == ("built-in", "cat")
    asked = len(stand_in.requests)
    server.embedders[0]._query_timeout = 3_600.0
    for number in range(20):
        await remember(engine, f"Number {number} is on the list", key=f"list{number}")
        assert await find(engine, "When is the garbage picked up?" + "!" * number) == ("built-in", "bins")
    assert len(stand_in.requests) == asked


def test_how_long_a_question_waits_at_most() -> None:
    assert ollama.QUERY_TIMEOUT <= 2.5


async def test_a_list_of_models_that_hangs_does_not_add_to_that(
    open_engine: OpenEngine, built_in: StaticEmbedder, stand_in: StandIn, server: Server
) -> None:
    """The time of a question is for everything that is asked of the server."""
    engine = await started(open_engine, built_in, server.make)
    server.wait(3_600.0)
    server.embedders[0]._query_timeout = 0.3
    stand_in.faults = Faults(hang=True, path=TAGS)
    assert await find(engine, "What is the name of the cat?") == ("built-in", "cat")


# Other weights under the same name


async def test_a_question_after_the_model_was_replaced(
    open_engine: OpenEngine, built_in: StaticEmbedder, stand_in: StandIn, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """The next check is ten minutes away: the question itself finds out, and is not compared with the old vectors."""
    engine = await started(open_engine, built_in, make)
    stand_in.models.change_digest(MODEL)
    assert await find(engine, "What is the name of the cat?") == ("built-in", "cat")
    await until(lambda: "has been replaced, memories" in caplog.text, 3)
    await serves(engine)
    assert await find(engine, "What is the name of the cat?") == (MODEL, "cat")
    await assert_vectors_right(engine, stand_in)
    assert told(caplog) == ["INFO"]


async def test_a_memory_after_the_model_was_replaced(
    open_engine: OpenEngine, built_in: StaticEmbedder, stand_in: StandIn, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    engine = await started(open_engine, built_in, make)
    stand_in.models.change_digest(MODEL)
    await remember(engine, "The dentist is on Elm Street", key="dentist")
    await until(lambda: "has been replaced" in caplog.text)
    await serves(engine)
    assert len(await stored(engine)) == len(FACTS) + 1
    await assert_vectors_right(engine, stand_in)
    assert told(caplog) == ["INFO"]


@pytest.mark.parametrize("number", [0, 1, 2, 9, 17, 18, 19])
async def test_the_model_is_replaced_while_it_is_asked(
    open_engine: OpenEngine,
    built_in: StaticEmbedder,
    stand_in: StandIn,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    """Between any two requests of opening, measuring and filling a space: no vector of the old weights stays."""
    engine = await open_engine(built_in)
    for key, value in FACTS.items():
        await remember(engine, value, key=key)
    passed = 0
    real = models.embed

    async def embed(model: models.Installed, texts: Sequence[str]) -> list[list[float]]:
        nonlocal passed
        vectors = await real(model, texts)
        passed += 1
        if passed == number + 1:
            stand_in.models.change_digest(MODEL)
        return vectors

    monkeypatch.setattr(handlers, "embed", embed)
    await engine.async_start(built_in, make(MODEL), make)
    await serves(engine)
    await remember(engine, "The dentist is on Elm Street", key="dentist")
    await until(lambda: passed > number)
    await find(engine, "Who looks after my teeth?")
    await current(engine, stand_in)
    assert await find(engine, "Who looks after my teeth?") == (MODEL, "dentist")
    await assert_vectors_right(engine, stand_in)


async def test_questions_while_the_model_is_replaced_again_and_again(
    open_engine: OpenEngine, built_in: StaticEmbedder, stand_in: StandIn, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every vector that a question is compared by is checked against the weights that made the space."""
    engine = await started(open_engine, built_in, make)
    compared = 0
    real = serving.Serving.async_query_vectors

    async def checked(self: serving.Serving, text: str) -> object:
        nonlocal compared
        vectors = await real(self, text)
        spaces = {served.space.id: served.space.key for served in (self.preferred, self.built_in) if served is not None}
        for space_id, vector in vectors.items():
            key = spaces[space_id]
            if key.model == MODEL:
                kind = models.LIBRARY[f"{MODEL}:latest"]
                of_these_weights = models.Installed(MODEL, kind, key.fingerprint)
                (expected,) = await models.embed(of_these_weights, [template_for(MODEL).for_query(text)])
                assert vector == pytest.approx(np.asarray(expected), abs=1e-5)
                compared += 1
        return vectors

    monkeypatch.setattr(serving.Serving, "async_query_vectors", checked)

    async def swap() -> None:
        for _ in range(2):
            stand_in.models.change_digest(MODEL)
            await current(engine, stand_in)

    swapping = asyncio.create_task(swap())
    number = 0
    while not swapping.done():
        number += 1
        assert (await find(engine, f"What is the name of the cat, for the {number} time?"))[1] == "cat"
    await swapping
    assert (await find(engine, "What is the name of the cat?"))[1] == "cat"
    await current(engine, stand_in)
    assert await find(engine, "What is the name of the cat?") == (MODEL, "cat")
    assert compared > 0
    await assert_vectors_right(engine, stand_in)


async def test_one_that_is_replaced_all_the_time(
    open_engine: OpenEngine,
    built_in: StaticEmbedder,
    stand_in: StandIn,
    make: Make,
    looks: list[None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two servers of different versions behind one address, say."""
    engine = await started(open_engine, built_in, make)
    stand_in.faults = Faults(swap=True, path=EMBED)
    assert await find(engine, "What is the name of the cat?") == ("built-in", "cat")
    await until(lambda: engine.status.embedder_error == "invalid_vectors")
    before = len(looks)
    await until(lambda: len(looks) >= before + 3, 60)
    assert await find(engine, "What is the name of the cat?") == ("built-in", "cat")
    stand_in.faults = Faults()
    await serves(engine)
    await assert_vectors_right(engine, stand_in)
    assert [level for level in told(caplog) if level != "INFO"] == ["WARNING"]
