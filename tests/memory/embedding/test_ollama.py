"""The embedder: what it sends, what it makes of the answers, and how it behaves while the server is away."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from custom_components.semantic_memory.memory.embedding.base import SpaceChangedError, SpaceKey
from custom_components.semantic_memory.memory.embedding.ollama import OllamaClient, OllamaEmbedder
from custom_components.semantic_memory.memory.errors import (
    EmbedderAuthError,
    EmbedderUnavailableError,
    EmbeddingError,
    InvalidVectorsError,
    ModelMissingError,
)
from scripts.ollama_stand_in import Faults, StandIn

MODEL = "nomic-embed-text"


class Time:
    """A clock that only sleeping and tests move."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Note the pause and go on."""
        self.slept.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def make(client: OllamaClient, time: Time) -> Callable[..., OllamaEmbedder]:
    """Return a function that makes an embedder whose pauses are as long as they may be, and take no time."""

    def make(model: str = MODEL, *, batch_size: int = 32, query_timeout: float = 3.0) -> OllamaEmbedder:
        return OllamaEmbedder(
            client,
            model,
            batch_size=batch_size,
            query_timeout=query_timeout,
            monotonic=time.monotonic,
            sleep=time.sleep,
            uniform=lambda _low, high: high,
        )

    return make


@pytest.fixture
def embedder(make: Callable[..., OllamaEmbedder]) -> OllamaEmbedder:
    return make()


def known_space(embedder: OllamaEmbedder) -> SpaceKey | None:
    return embedder.space


def may_be_asked(embedder: OllamaEmbedder) -> bool:
    return embedder.available


def sent(stand_in: StandIn) -> list[object]:
    """Return the texts of every embedding request."""
    return [request.body["input"] for request in stand_in.requests_to("/api/embed") if isinstance(request.body, dict)]


async def test_documents_and_queries(embedder: OllamaEmbedder, stand_in: StandIn) -> None:
    """Vectors are unit vectors, prefixes are those of the model, and meaning is in them."""
    documents = await embedder.async_embed_documents(["The cat sleeps on the sofa.", "The invoice was paid in March."])
    query = await embedder.async_embed_query("where does the kitten nap?")
    assert documents.shape == (2, 768)
    assert query.shape == (1, 768)
    assert documents.dtype == query.dtype == np.float32
    assert np.linalg.norm(documents, axis=1) == pytest.approx(1)
    assert documents[0] @ query[0] > documents[1] @ query[0]
    assert sent(stand_in) == [
        ["search_document: The cat sleeps on the sofa.", "search_document: The invoice was paid in March."],
        ["search_query: where does the kitten nap?"],
    ]


async def test_batches(make: Callable[..., OllamaEmbedder], stand_in: StandIn) -> None:
    embedder = make("all-minilm", batch_size=2)
    texts = ["one", "two", "three", "four", "five"]
    vectors = await embedder.async_embed_documents(texts)
    assert [len(batch) for batch in sent(stand_in) if isinstance(batch, list)] == [2, 2, 1]
    for text, vector in zip(texts, vectors, strict=True):
        assert (await embedder.async_embed_query(text))[0] == pytest.approx(vector, abs=1e-6)


async def test_nothing_to_embed(embedder: OllamaEmbedder, stand_in: StandIn) -> None:
    assert (await embedder.async_embed_documents([])).shape == (0, 0)
    await embedder.async_space()
    assert (await embedder.async_embed_documents([])).shape == (0, 768)


async def test_very_long_texts_are_cut(embedder: OllamaEmbedder, stand_in: StandIn) -> None:
    await embedder.async_embed_query("word " * 50_000)
    assert sent(stand_in) == [[f"search_query: {'word ' * 50_000}"[:32_768]]]


async def test_space(embedder: OllamaEmbedder, stand_in: StandIn) -> None:
    """The space is asked for once; a new digest under the same name is another space."""
    assert known_space(embedder) is None
    first, same = await asyncio.gather(embedder.async_space(), embedder.async_space())
    assert first is same is known_space(embedder)
    assert (first.model, first.dimension, first.template) == ("nomic-embed-text", 768, "nomic")
    # Once before and once after the vector: it might have been replaced in between.
    assert len(stand_in.requests_to("/api/tags")) == 2
    stand_in.models.change_digest(MODEL)
    assert await embedder.async_space() == first
    embedder.forget_space()
    second = await embedder.async_space()
    assert second != first
    assert second.fingerprint != first.fingerprint


async def test_space_is_the_same_for_every_way_to_write_the_model(make: Callable[..., OllamaEmbedder]) -> None:
    assert await make("nomic-embed-text").async_space() == await make(" nomic-embed-text:latest").async_space()
    assert make(" nomic-embed-text").model == "nomic-embed-text"


async def test_model_missing(make: Callable[..., OllamaEmbedder], stand_in: StandIn, time: Time) -> None:
    embedder = make("unheard-of")
    for call in (embedder.async_space(), embedder.async_embed_query("x"), embedder.async_embed_documents(["x"])):
        with pytest.raises(ModelMissingError):
            await call
    assert time.slept == []
    assert may_be_asked(embedder)


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        (Faults(wrong_dimension=True), "dimension 767, expected 768"),
        (Faults(nan=True), "a number is not finite"),
        (Faults(zero=True), "a vector is zero"),
        (Faults(fewer=True), "shape"),
    ],
)
async def test_bad_vectors(
    embedder: OllamaEmbedder, stand_in: StandIn, time: Time, faults: Faults, reason: str
) -> None:
    """Bad vectors are refused at once, and the model is looked at anew."""
    await embedder.async_space()
    stand_in.faults = faults
    with pytest.raises(InvalidVectorsError, match=reason):
        await embedder.async_embed_documents(["one", "two"])
    assert time.slept == []
    assert known_space(embedder) is None
    with pytest.raises(InvalidVectorsError):
        await embedder.async_embed_query("one") if not faults.wrong_dimension else await bad_query(embedder, stand_in)
    stand_in.faults = Faults()
    assert (await embedder.async_embed_documents(["one", "two"])).shape == (2, 768)


async def bad_query(embedder: OllamaEmbedder, stand_in: StandIn) -> None:
    """Ask with vectors that only the known space shows to be wrong."""
    faults, stand_in.faults = stand_in.faults, Faults()
    await embedder.async_space()
    stand_in.faults = faults
    await embedder.async_embed_query("one")


async def test_a_dimension_that_changes_between_two_batches(
    make: Callable[..., OllamaEmbedder], stand_in: StandIn
) -> None:
    stand_in.faults = Faults(wrong_dimension=True, times=1)
    with pytest.raises(InvalidVectorsError, match="changed between"):
        await make(batch_size=1).async_embed_documents(["one", "two"])


async def test_documents_are_tried_again(embedder: OllamaEmbedder, stand_in: StandIn, time: Time) -> None:
    """Two failures are waited out, with a pause that may be twice as long the second time."""
    stand_in.faults = Faults(status=500, times=2)
    assert (await embedder.async_embed_documents(["one"])).shape == (1, 768)
    assert time.slept == [0.5, 1.0]
    assert len(sent(stand_in)) == 3


async def test_real_pauses_are_random(client: OllamaClient, stand_in: StandIn, time: Time) -> None:
    embedder = OllamaEmbedder(client, MODEL, sleep=time.sleep)
    stand_in.faults = Faults(status=500, times=2)
    await embedder.async_embed_documents(["one"])
    first, second = time.slept
    assert 0 <= first <= 0.5
    assert 0 <= second <= 1


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (Faults(status=401), EmbedderAuthError),
        (Faults(status=400), EmbeddingError),
        (Faults(redirect="http://127.0.0.1:1"), EmbedderUnavailableError),
    ],
)
async def test_what_does_not_pass_is_not_tried_again(
    embedder: OllamaEmbedder, stand_in: StandIn, time: Time, faults: Faults, error: type[EmbeddingError]
) -> None:
    stand_in.faults = faults
    with pytest.raises(error):
        await embedder.async_embed_documents(["one"])
    assert time.slept == []
    assert len(sent(stand_in)) == 1


async def test_a_query_is_tried_once(embedder: OllamaEmbedder, stand_in: StandIn, time: Time) -> None:
    stand_in.faults = Faults(status=500, times=1)
    with pytest.raises(EmbedderUnavailableError):
        await embedder.async_embed_query("one")
    assert time.slept == []
    assert len(sent(stand_in)) == 1


async def test_a_query_does_not_wait(make: Callable[..., OllamaEmbedder], stand_in: StandIn) -> None:
    """A hanging server costs a question the short timeout, three times; then nothing until the cooldown is over."""
    embedder = make(query_timeout=0.25)
    stand_in.faults = Faults(hang=True)
    for _ in range(3):
        with pytest.raises(EmbedderUnavailableError, match=r"within 0\.25 seconds"):
            await embedder.async_embed_query("one")
    for call in (embedder.async_embed_query("x"), embedder.async_embed_documents(["x"]), embedder.async_space()):
        with pytest.raises(EmbedderUnavailableError, match=r"within 0\.25 seconds"):
            await call
    assert len(stand_in.requests) == 3


async def test_vanishing_and_coming_back(embedder: OllamaEmbedder, stand_in: StandIn, time: Time) -> None:
    """The circuit opens while the server is away, and closes with the first answer after the cooldown."""
    await stand_in.vanish()
    with pytest.raises(EmbedderUnavailableError, match="nothing answers"):
        await embedder.async_embed_documents(["one"])
    assert not may_be_asked(embedder)
    # The third failure opened the circuit: nobody sleeps before giving up.
    assert time.slept == [0.5, 1.0]
    await stand_in.come_back()
    with pytest.raises(EmbedderUnavailableError, match="nothing answers"):
        await embedder.async_embed_query("one")
    assert len(stand_in.requests) == 0
    time.now += 30
    assert may_be_asked(embedder)
    assert (await embedder.async_embed_query("one")).shape == (1, 768)
    assert (await embedder.async_space()).dimension == 768


async def test_documents_stop_trying_once_the_circuit_is_open(
    embedder: OllamaEmbedder, stand_in: StandIn, time: Time
) -> None:
    stand_in.faults = Faults(status=503)
    for _ in range(2):
        with pytest.raises(EmbedderUnavailableError):
            await embedder.async_embed_query("one")
    with pytest.raises(EmbedderUnavailableError, match="status 503"):
        await embedder.async_embed_documents(["one"])
    assert time.slept == []
    assert len(sent(stand_in)) == 3


async def test_large_answers_are_parsed(embedder: OllamaEmbedder) -> None:
    """32 vectors of 768 numbers are 500 kB of JSON, which a worker thread parses."""
    vectors = await embedder.async_embed_documents([f"text number {number}" for number in range(32)])
    assert vectors.shape == (32, 768)


async def test_what_waits_for_an_answer_is_not_tried_again(client: OllamaClient, stand_in: StandIn, time: Time) -> None:
    """A server that hung for half a minute would hang for another two times half a minute."""
    client._timeout = 0.3
    embedder = OllamaEmbedder(client, MODEL, sleep=time.sleep)
    stand_in.faults = Faults(hang=True, path="/api/embed")
    with pytest.raises(EmbedderUnavailableError, match="within"):
        await embedder.async_embed_documents(["one"])
    assert (len(sent(stand_in)), time.slept) == (1, [])


async def test_a_model_may_take_long_to_load(client: OllamaClient, stand_in: StandIn) -> None:
    """Only the first vector waits longer than the client does for everything else."""
    client._timeout = 0.2
    embedder = OllamaEmbedder(client, MODEL)
    stand_in.faults = Faults(delay=0.5, path="/api/embed")
    assert (await embedder.async_space()).dimension == 768
    with pytest.raises(EmbedderUnavailableError, match="within"):
        await embedder.async_embed_documents(["one"])


# Other weights under the same name


async def test_vectors_of_other_weights_do_not_get_out(embedder: OllamaEmbedder, stand_in: StandIn) -> None:
    before = await embedder.async_space()
    stand_in.models.change_digest(MODEL)
    for call in (embedder.async_embed_query("x"), embedder.async_embed_documents(["x"])):
        with pytest.raises(SpaceChangedError, match="has been replaced"):
            await call
    assert known_space(embedder) is None
    assert await embedder.async_space() != before
    assert (await embedder.async_embed_query("x")).shape == (1, 768)


async def test_weights_that_change_between_the_batches(make: Callable[..., OllamaEmbedder], stand_in: StandIn) -> None:
    embedder = make(batch_size=1)
    await embedder.async_space()
    stand_in.faults = Faults(swap=True, only_with="two")
    with pytest.raises(SpaceChangedError):
        await embedder.async_embed_documents(["one", "two", "three"])


async def test_weights_that_change_while_the_space_is_asked_for(embedder: OllamaEmbedder, stand_in: StandIn) -> None:
    """The digest of the ones must not be put beside the dimension of the others."""
    stand_in.faults = Faults(swap=True, path="/api/embed", times=1)
    with pytest.raises(SpaceChangedError):
        await embedder.async_space()
    assert known_space(embedder) is None
    space = await embedder.async_space()
    model = stand_in.models.get(MODEL)
    assert model is not None
    assert space.fingerprint == model.digest


async def test_a_model_that_is_listed_no_more(embedder: OllamaEmbedder, stand_in: StandIn, time: Time) -> None:
    """An empty list is no reason to embed everything anew."""
    await embedder.async_space()
    stand_in.faults = Faults(answer={"models": []}, path="/api/tags")
    for call in (embedder.async_embed_query("x"), embedder.async_embed_documents(["x"]), _asked_anew(embedder)):
        with pytest.raises(EmbedderUnavailableError, match="does not list the model any more"):
            await call
    stand_in.faults = Faults()
    time.now += 30
    assert (await embedder.async_space()).fingerprint


async def test_a_server_that_lists_nothing(embedder: OllamaEmbedder, stand_in: StandIn) -> None:
    """One that has never named a digest is taken as it is, and not asked for one again and again."""
    stand_in.faults = Faults(answer={"models": None}, path="/api/tags")
    assert (await embedder.async_space()).fingerprint == ""
    asked = len(stand_in.requests_to("/api/tags"))
    assert (await embedder.async_embed_query("x")).shape == (1, 768)
    assert len(stand_in.requests_to("/api/tags")) == asked


async def _asked_anew(embedder: OllamaEmbedder) -> None:
    embedder.forget_space()
    await embedder.async_space()
