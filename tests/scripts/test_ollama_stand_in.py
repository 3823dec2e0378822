"""The stand-in over its socket: as Ollama's own Python client sees it, and with every fault."""

import asyncio
from collections.abc import AsyncIterator, Callable
import gc
import os
from pathlib import Path
import signal
import subprocess
import sys

import aiohttp
import numpy as np
import ollama
import pytest

from scripts.ollama_stand_in import Faults, StandIn

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "semantic_memory__recall",
            "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
        },
    }
]


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def stand_in(socket_enabled: None) -> AsyncIterator[StandIn]:
    async with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def client(stand_in: StandIn) -> AsyncIterator[ollama.AsyncClient]:
    """Return the client that Home Assistant's ollama integration uses."""
    async with ollama.AsyncClient(stand_in.url) as client:
        yield client
    # The client leaves streams that end in an error to the garbage collector, which closes them in tasks of their own,
    # one around another. asyncio begins such a task in its next turn only.
    closing: set[asyncio.Task[object]] | None = None
    while closing is None or closing:
        gc.collect()
        await asyncio.sleep(0)
        closing = {task for task in asyncio.all_tasks() if "athrow" in repr(task.get_coro())}
        await asyncio.gather(*closing, return_exceptions=True)


async def post(session: aiohttp.ClientSession, url: str, body: object) -> tuple[int, str]:
    async with session.post(url, json=body) as response:
        return response.status, await response.text()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the server has got as far as it should."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_index(stand_in: StandIn, session: aiohttp.ClientSession) -> None:
    async with session.get(stand_in.url) as response:
        assert await response.text() == "Ollama is running"
    async with session.head(stand_in.url) as response:
        assert response.status == 200


async def test_list_show_ps(client: ollama.AsyncClient) -> None:
    listed = await client.list()
    assert [model.model for model in listed.models] == [
        "nomic-embed-text:latest",
        "all-minilm:latest",
        "llama3.2:latest",
    ]
    first = listed.models[0]
    assert first.details is not None
    assert (first.size, first.details.family, first.modified_at is not None) == (274_302_450, "nomic-bert", True)
    shown = await client.show("nomic-embed-text")
    assert shown.capabilities == ["embedding"]
    assert shown.modelinfo is not None
    assert shown.modelinfo["nomic-bert.embedding_length"] == 768
    assert len((await client.ps()).models) == 3


@pytest.mark.parametrize(("model", "dimension"), [("nomic-embed-text", 768), ("all-minilm:latest", 384)])
async def test_embed(client: ollama.AsyncClient, model: str, dimension: int) -> None:
    """Vectors are real: angles between texts are those of the built-in model, whatever the dimension."""
    texts = ["the cat sleeps", "a kitten naps", "the invoice was paid"]
    vectors = np.asarray((await client.embed(model, texts)).embeddings)
    assert vectors.shape == (3, dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    (single,) = (await client.embed(model, texts[0])).embeddings
    legacy = (await client.embeddings(model, texts[0])).embedding
    assert single == pytest.approx(vectors[0], abs=1e-6)
    assert legacy == pytest.approx(vectors[0], abs=1e-6)
    assert (await client.embed(model, [])).embeddings == []


async def test_prefixes_are_understood(client: ollama.AsyncClient) -> None:
    """A prefix is an instruction to the model it belongs to, not a part of the text."""
    plain, query, document = (
        await client.embed("nomic-embed-text", ["tea", "search_query: tea", "search_document: tea"])
    ).embeddings
    assert plain == query == document


async def test_models_do_not_share_a_space(client: ollama.AsyncClient, stand_in: StandIn) -> None:
    (before,) = (await client.embed("nomic-embed-text", "tea")).embeddings
    stand_in.models.change_digest("nomic-embed-text")
    (after,) = (await client.embed("nomic-embed-text", "tea")).embeddings
    assert abs(np.dot(before, after)) < 0.5


@pytest.mark.parametrize("call", ["show", "embed", "embeddings", "chat", "generate", "delete"])
async def test_missing_models(client: ollama.AsyncClient, call: str) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        await getattr(client, call)("unheard-of")
    assert caught.value.status_code == 404
    assert '"unheard-of" not found' in caught.value.error


async def test_chat_models_do_not_embed(client: ollama.AsyncClient) -> None:
    for call in (client.embed("llama3.2", "x"), client.embeddings("llama3.2", "x")):
        with pytest.raises(ollama.ResponseError, match="does not support embeddings"):
            await call


async def test_pull_and_delete(client: ollama.AsyncClient, stand_in: StandIn) -> None:
    steps = [step async for step in await client.pull("mxbai-embed-large", stream=True)]
    assert steps[-1].status == "success"
    assert [step.completed for step in steps if step.total][-1] == 669_615_493
    assert stand_in.models.get("mxbai-embed-large") is not None
    assert (await client.pull("bge-m3")).status == "success"
    await client.delete("bge-m3")
    assert stand_in.models.get("bge-m3") is None
    with pytest.raises(ollama.ResponseError, match="file does not exist"):
        await client.pull("unheard-of")
    with pytest.raises(ollama.ResponseError, match="file does not exist"):
        [step async for step in await client.pull("unheard-of", stream=True)]


async def test_pull_faults(client: ollama.AsyncClient, stand_in: StandIn) -> None:
    stand_in.faults = Faults(pull_error="no space left")
    with pytest.raises(ollama.ResponseError, match="no space left"):
        [step async for step in await client.pull("bge-m3", stream=True)]
    stand_in.faults = Faults(pull_breaks=True)
    steps = [step async for step in await client.pull("bge-m3", stream=True)]
    assert "success" not in [step.status for step in steps]
    assert stand_in.models.get("bge-m3") is None


async def test_chat_calls_a_tool_and_answers(client: ollama.AsyncClient) -> None:
    messages: list[dict[str, object]] = [{"role": "user", "content": "Where do I live?"}]
    parts = [part async for part in await client.chat("llama3.2", messages, tools=TOOLS, stream=True)]
    (call,) = [call for part in parts for call in part.message.tool_calls or ()]
    assert (call.function.name, call.function.arguments) == ("semantic_memory__recall", {"query": "Where do I live?"})
    assert [part.done for part in parts] == [False, True]
    assert parts[-1].done_reason == "stop"
    messages += [
        parts[0].message.model_dump(),
        {"role": "tool", "content": '{"data": {"memories": [{"value": "I live in Portland"}]}, "error": false}'},
    ]
    whole = await client.chat("llama3.2", messages, tools=TOOLS)
    assert (whole.message.content, whole.done) == ("You live in Portland.", True)
    streamed = [part async for part in await client.chat("llama3.2", messages, tools=TOOLS, stream=True)]
    assert "".join(part.message.content or "" for part in streamed) == whole.message.content
    assert len(streamed) == 5


async def test_generate(client: ollama.AsyncClient) -> None:
    assert (await client.generate("llama3.2", "Good morning")).response == "You said: Good morning."
    parts = [part async for part in await client.generate("llama3.2", "", stream=True)]
    assert [(part.response, part.done) for part in parts] == [("", True)]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"model": 7}', b'{"model": "all-minilm", "input": [1]}'])
async def test_bad_requests(stand_in: StandIn, session: aiohttp.ClientSession, body: bytes) -> None:
    async with session.post(f"{stand_in.url}/api/embed", data=body) as response:
        assert response.status == 400
        assert "error" in await response.json()


async def test_the_key(stand_in: StandIn) -> None:
    stand_in.api_key = "key"
    for authorization in ("", "Bearer no"):
        async with ollama.AsyncClient(stand_in.url, headers={"Authorization": authorization}) as client:
            with pytest.raises(ollama.ResponseError) as caught:
                await client.list()
            assert caught.value.status_code == 401
    async with ollama.AsyncClient(stand_in.url, headers={"Authorization": "Bearer key"}) as client:
        assert (await client.list()).models


async def test_nan_goes_over_the_wire(stand_in: StandIn, session: aiohttp.ClientSession) -> None:
    stand_in.faults = Faults(nan=True)
    _, text = await post(session, f"{stand_in.url}/api/embed", {"model": "all-minilm", "input": ["a", "b"]})
    assert '"embeddings": [[NaN, ' in text
    assert text.count("NaN") == 1


async def test_faults_are_counted_and_kept_to_their_path(stand_in: StandIn, client: ollama.AsyncClient) -> None:
    stand_in.faults = Faults(zero=True, times=1, path="/api/embed")
    await client.list()
    first, second = [(await client.embed("all-minilm", "x")).embeddings[0] for _ in range(2)]
    assert set(first) == {0.0}
    assert any(second)


async def test_requests_are_remembered(stand_in: StandIn, session: aiohttp.ClientSession) -> None:
    async with session.post(f"{stand_in.url}/api/show", data=b"nonsense"):
        pass
    await post(session, f"{stand_in.url}/api/show", {"model": "all-minilm"})
    assert [(item.method, item.path, item.body) for item in stand_in.requests] == [
        ("POST", "/api/show", None),
        ("POST", "/api/show", {"model": "all-minilm"}),
    ]
    async with session.get(f"{stand_in.url}/_requests") as response:
        assert len(await response.json()) == 2
    stand_in.requests.extend(stand_in.requests_to("/api/show") * 1_000)
    assert len(stand_in.requests) == 1_000


async def test_faults_over_http(stand_in: StandIn, session: aiohttp.ClientSession, client: ollama.AsyncClient) -> None:
    url = f"{stand_in.url}/_faults"
    assert (await post(session, url, {"status": 500, "times": 3}))[0] == 200
    with pytest.raises(ollama.ResponseError, match="told to answer 500"):
        await client.list()
    async with session.get(url) as response:
        assert (await response.json())["times"] == 2
    assert (await post(session, url, {}))[0] == 200
    before = (await client.list()).models[1].digest
    assert (await post(session, url, {"change_digest": "all-minilm"}))[0] == 200
    assert (await client.list()).models[1].digest != before


@pytest.mark.parametrize("body", [{"explode": True}, {"change_digest": "unheard-of"}, [1], 7])
async def test_faults_that_are_none(stand_in: StandIn, session: aiohttp.ClientSession, body: object) -> None:
    status, text = await post(session, f"{stand_in.url}/_faults", body)
    assert status == 400
    assert "error" in text


async def test_vanishing_over_http(stand_in: StandIn, session: aiohttp.ClientSession) -> None:
    await post(session, f"{stand_in.url}/_faults", {"vanish": 0.3})
    await until(lambda: not stand_in.listening)
    with pytest.raises(aiohttp.ClientConnectorError):
        await session.get(stand_in.url)
    await until(lambda: stand_in.listening)
    async with session.get(stand_in.url) as response:
        assert response.status == 200


async def test_vanishing_breaks_off_what_hangs(stand_in: StandIn, session: aiohttp.ClientSession) -> None:
    stand_in.faults = Faults(hang=True)
    waiting = asyncio.create_task(session.get(f"{stand_in.url}/api/tags"))
    await until(lambda: len(stand_in.requests) == 1)
    await stand_in.vanish()
    with pytest.raises(aiohttp.ClientError):
        await waiting
    port = stand_in.port
    await stand_in.come_back()
    await stand_in.come_back()
    assert stand_in.port == port


async def test_leaving_while_it_is_away(session: aiohttp.ClientSession) -> None:
    async with StandIn() as stand_in:
        await post(session, f"{stand_in.url}/_faults", {"vanish": 3_600})
    assert not stand_in.listening


async def test_a_port_that_is_taken(stand_in: StandIn) -> None:
    other = StandIn(port=stand_in.port)
    with pytest.raises(OSError, match="in use"):
        await other.come_back()
    assert not other.listening


def test_unknown_models() -> None:
    with pytest.raises(ValueError, match="no model unheard-of"):
        StandIn(models=["unheard-of"])


def test_as_a_program(socket_enabled: None) -> None:
    """It prints its address, serves the models that it was told, and ends on a signal."""
    command = [sys.executable, "-m", "scripts.ollama_stand_in", "--model", "bge-m3", "--api-key", "key"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        client = ollama.Client(url, headers={"Authorization": "Bearer key"})
        assert [model.model for model in client.list().models] == ["bge-m3:latest"]
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("faults", "status", "text"),
    [
        (Faults(status=418), 418, "told to answer 418"),
        (Faults(redirect="http://127.0.0.1:1/"), 307, ""),
        (Faults(model_missing=True), 404, 'model \\"all-minilm\\" not found'),
        (Faults(not_json=True), 200, "<html>"),
        (Faults(not_json=True, status=502), 502, "<html>"),
        (Faults(answer={"error": "out of memory"}), 200, '{"error": "out of memory"}'),
        (Faults(answer={"embeddings": [None]}), 200, '{"embeddings": [null]}'),
        (Faults(infinite=True), 200, '"embeddings": [[1e+300, '),
        (Faults(status=500, only_with="c"), 200, '"embeddings"'),
        (Faults(status=500, only_with='"b"'), 500, "told to answer 500"),
        (Faults(drip=0.0), 200, '"embeddings"'),
        (Faults(delay=0.01), 200, '"embeddings"'),
    ],
)
async def test_answers_in_place_of_the_real_one(
    stand_in: StandIn, session: aiohttp.ClientSession, faults: Faults, status: int, text: str
) -> None:
    stand_in.faults = faults
    body = {"model": "all-minilm", "input": ["a", "b"]}
    async with session.post(f"{stand_in.url}/api/embed", json=body, allow_redirects=False) as response:
        assert response.status == status
        assert text in await response.text()


@pytest.mark.parametrize(
    ("faults", "lengths"),
    [
        (Faults(), [384, 384]),
        (Faults(wrong_dimension=True), [383, 383]),
        (Faults(fewer=True), [384]),
        (Faults(more=True), [384, 384, 384]),
    ],
)
async def test_spoiled_vectors(
    stand_in: StandIn, client: ollama.AsyncClient, faults: Faults, lengths: list[int]
) -> None:
    stand_in.faults = faults
    assert [len(vector) for vector in (await client.embed("all-minilm", ["a", "b"])).embeddings] == lengths


async def test_broken_answers(stand_in: StandIn, session: aiohttp.ClientSession) -> None:
    url = f"{stand_in.url}/api/tags"
    async with session.get(url) as response:
        whole = await response.read()
    stand_in.faults = Faults(truncated_json=True)
    async with session.get(url) as response:
        assert await response.read() == whole[: len(whole) // 2]
    stand_in.faults = Faults(huge=True)
    async with session.get(url) as response:
        size = 0
        async for piece in response.content.iter_any():
            size += len(piece)
        assert size > 64 * 1_048_576
    for faults in (Faults(disconnect=True), Faults(garbage=True)):
        stand_in.faults = faults
        with pytest.raises(aiohttp.ClientError):
            await session.get(url)
    stand_in.faults = Faults(dies=True)
    async with session.get(url) as response:
        assert await response.content.readany() == whole[: len(whole) // 2]
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_a_model_that_is_swapped(stand_in: StandIn, client: ollama.AsyncClient) -> None:
    """The request that swaps it is the first that the new weights answer."""
    (before,) = (await client.embed("all-minilm", "tea")).embeddings
    stand_in.faults = Faults(swap=True, path="/api/embed", times=1)
    digest = (await client.list()).models[1].digest
    first, second = [(await client.embed("all-minilm", "tea")).embeddings[0] for _ in range(2)]
    assert first == second != before
    assert (await client.list()).models[1].digest != digest
