"""The client against a server on a real socket, well and unwell."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
import logging
from pathlib import Path
import ssl

import aiohttp
from aiohttp import web
import pytest

from custom_components.semantic_memory.memory.embedding import ollama_client
from custom_components.semantic_memory.memory.embedding.ollama import (
    EmbedderUnusableError,
    OllamaClient,
    PullProgress,
    normalise_model_name,
    same_model,
)
from custom_components.semantic_memory.memory.embedding.ollama_http import parse_address, translated_errors
from custom_components.semantic_memory.memory.embedding.ollama_models import OllamaModel
from custom_components.semantic_memory.memory.errors import (
    EmbedderAuthError,
    EmbedderUnavailableError,
    EmbeddingError,
    InvalidVectorsError,
    ModelMissingError,
)
from scripts.ollama_stand_in import Faults, StandIn

from ...certificates import self_signed

MODEL = "nomic-embed-text"
KEY = "top-secret-key"

type Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


@pytest.fixture
async def serve(socket_enabled: None) -> AsyncIterator[Serve]:
    """Return a function that serves one handler on every path and returns the address."""
    runners: list[web.AppRunner] = []

    async def start(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PEM file with a certificate for 127.0.0.1 that nobody has signed, and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize(
    ("address", "url", "header"),
    [
        ("http://box:11434", "http://box:11434", None),
        (" http://box:11434/ ", "http://box:11434/", None),
        ("box:11434", "http://box:11434", None),
        ("192.0.2.7:11434", "http://192.0.2.7:11434", None),
        ("http://[2001:db8::1]:11434", "http://[2001:db8::1]:11434", None),
        ("https://host/ollama/", "https://host/ollama/", None),
        ("https://host/ollama?x=1#y", "https://host/ollama", None),
        ("http://user:pa%3Ass@host/", "http://host/", "Basic dXNlcjpwYTpzcw=="),
        ("http://user@host/", "http://host/", "Basic dXNlcjo="),
        ("ftp://host/", None, None),
        ("http://", None, None),
        ("", None, None),
        ("http://host:port/", None, None),
    ],
)
def test_addresses(address: str, url: str | None, header: str | None) -> None:
    parsed, authorization = parse_address(address)
    assert (None if parsed is None else str(parsed)) == url
    assert authorization == header


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("nomic-embed-text", "nomic-embed-text:latest", True),
        ("Nomic-Embed-Text", " nomic-embed-text:latest ", True),
        ("registry.ollama.ai/library/bge-m3", "bge-m3", True),
        ("bge-m3:567m", "bge-m3", False),
        ("someone/bge-m3", "bge-m3", False),
    ],
)
def test_model_names(one: str, other: str, same: bool) -> None:
    assert same_model(one, other) is same


def test_a_registry_port_is_no_tag() -> None:
    assert normalise_model_name("registry.example:5000/me/model") == "registry.example:5000/me/model:latest"


async def test_version(client: OllamaClient) -> None:
    assert await client.async_version() == "0.12.3"


async def test_models(client: OllamaClient) -> None:
    models = {model.name: model for model in await client.async_models()}
    assert {name: model.embedding for name, model in models.items()} == {
        "nomic-embed-text:latest": True,
        "all-minilm:latest": True,
        "llama3.2:latest": None,
    }
    nomic = models["nomic-embed-text:latest"]
    assert (nomic.size, nomic.family, len(nomic.digest)) == (274_302_450, "nomic-bert", 64)


@pytest.mark.parametrize(
    ("entry", "embedding"),
    [
        ({"name": "qwen3-embedding:0.6b", "details": {"family": "qwen3"}}, True),
        ({"name": "someone/bge-m3"}, True),
        ({"name": "bge-reranker-v2", "details": {"family": "bert"}}, False),
        ({"name": "odd", "details": {"family": "bert"}}, True),
        ({"name": "odd", "capabilities": ["completion"]}, False),
        ({"name": "odd", "capabilities": ["embedding"]}, True),
        ({"name": "odd", "details": None, "size": "big", "digest": 7}, None),
    ],
)
def test_which_models_make_embeddings(entry: dict[str, object], embedding: bool | None) -> None:
    model = OllamaModel.from_json(entry)
    assert model is not None
    assert model.embedding is embedding


def test_a_model_without_a_name_is_left_out() -> None:
    assert OllamaModel.from_json({"size": 1}) is None


async def test_show(client: OllamaClient) -> None:
    details = await client.async_show(MODEL)
    assert details.capabilities == ("embedding",)
    assert (details.embedding, details.embedding_length, details.context_length) == (True, 768, 2048)
    assert details.digest == await client.async_digest("NOMIC-embed-text:latest") != ""
    chat = await client.async_show("llama3.2")
    assert (chat.embedding, chat.embedding_length) == (False, None)
    with pytest.raises(ModelMissingError) as caught:
        await client.async_show("unheard-of")
    assert caught.value.placeholders == {"model": "unheard-of"}


async def test_embed(client: OllamaClient, stand_in: StandIn) -> None:
    vectors = await client.async_embed(MODEL, ["one", "two", "\ud800 half a character"])
    assert [len(vector) for vector in vectors] == [768] * 3
    (request,) = stand_in.requests_to("/api/embed")
    assert request.body == {
        "model": MODEL,
        "input": ["one", "two", "\ud800 half a character"],
        "truncate": True,
        "keep_alive": "30m",
    }


async def test_a_model_that_makes_no_embeddings(client: OllamaClient) -> None:
    with pytest.raises(EmbeddingError) as caught:
        await client.async_embed("llama3.2", ["text"])
    assert caught.value.code == "embedding_failed"
    assert caught.value.placeholders["reason"] == "this model does not support embeddings"


@pytest.mark.parametrize(
    ("faults", "error", "reason"),
    [
        (Faults(status=401), EmbedderAuthError, None),
        (Faults(status=403), EmbedderAuthError, None),
        (Faults(status=400), EmbeddingError, "told to answer 400"),
        (Faults(status=429), EmbedderUnavailableError, "it is busy and refuses more requests for now"),
        (Faults(status=500), EmbedderUnavailableError, "it failed with status 500 (told to answer 500)"),
        (Faults(status=501), EmbeddingError, "told to answer 501"),
        (Faults(status=503), EmbedderUnavailableError, "it failed with status 503 (told to answer 503)"),
        (Faults(model_missing=True), ModelMissingError, None),
        (
            Faults(redirect="https://user:secret@elsewhere.example/login?token=secret"),
            EmbedderUnusableError,
            "it redirects to https://elsewhere.example; enter the final address instead",
        ),
        (
            Faults(redirect="http://host:port"),
            EmbedderUnusableError,
            "it redirects to another address; enter the final address instead",
        ),
        (Faults(not_json=True), EmbedderUnavailableError, "its answer is not JSON, or not all of it arrived"),
        (Faults(truncated_json=True), EmbedderUnavailableError, "its answer is not JSON, or not all of it arrived"),
        (Faults(huge=True), EmbedderUnavailableError, "its answer is larger than 64 MiB"),
        (Faults(disconnect=True), EmbedderUnavailableError, "the connection broke off"),
        (Faults(hang=True), EmbedderUnavailableError, "it did not answer within 0.5 seconds"),
        (Faults(delay=5), EmbedderUnavailableError, "it did not answer within 0.5 seconds"),
    ],
    ids=lambda value: None if isinstance(value, Faults) else str(value)[:30],
)
async def test_faults(
    client: OllamaClient, stand_in: StandIn, faults: Faults, error: type[EmbeddingError], reason: str | None
) -> None:
    """Each fault is one kind of error, with a reason in words, and the next request is well again."""
    stand_in.faults = faults
    with pytest.raises(EmbeddingError) as caught:
        await client.async_embed(MODEL, ["text"], timeout=0.5 if faults.hang or faults.delay else None)
    assert type(caught.value) is error
    assert caught.value.placeholders.get("reason") == reason
    stand_in.faults = Faults()
    assert len(await client.async_embed(MODEL, ["text"])) == 1


async def test_a_redirect_is_not_followed(client: OllamaClient, stand_in: StandIn) -> None:
    stand_in.faults = Faults(redirect=f"{stand_in.url}/api/version", path="/api/tags")
    with pytest.raises(EmbedderUnusableError, match="it redirects to http"):
        await client.async_models()
    assert [request.path for request in stand_in.requests] == ["/api/tags"]


async def test_a_server_that_vanishes_and_comes_back(client: OllamaClient, stand_in: StandIn) -> None:
    await client.async_version()
    await stand_in.vanish()
    with pytest.raises(EmbedderUnavailableError) as caught:
        await client.async_version()
    assert caught.value.placeholders["reason"] == "nothing answers at this address and port"
    assert isinstance(caught.value.__cause__, aiohttp.ClientConnectorError)
    await stand_in.come_back()
    assert await client.async_version()


@pytest.mark.parametrize("key", [KEY, f" {KEY}\n"])
async def test_the_key_is_sent_and_never_told(
    session: aiohttp.ClientSession, stand_in: StandIn, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    caplog.set_level(logging.DEBUG)
    stand_in.api_key = KEY
    address = stand_in.url.replace("//", "//somebody:passw0rd@")
    client = OllamaClient(session, address, api_key=key)
    assert await client.async_version()
    assert stand_in.requests[-1].authorization == f"Bearer {KEY}"
    stand_in.api_key = "another"
    with pytest.raises(EmbedderAuthError) as caught:
        await client.async_version()
    await stand_in.vanish()
    with pytest.raises(EmbedderUnavailableError) as gone:
        await client.async_version()
    told = f"{caplog.text} {client.url} {client!r} {caught.value!s} {gone.value!s} {gone.value.__cause__!s}"
    assert KEY not in told
    assert "passw0rd" not in told


async def test_credentials_in_the_address(session: aiohttp.ClientSession, stand_in: StandIn) -> None:
    client = OllamaClient(session, stand_in.url.replace("//", "//user:pa%3Ass@"), api_key=" ")
    await client.async_version()
    assert stand_in.requests[-1].authorization == "Basic dXNlcjpwYTpzcw=="
    assert "pa" not in client.url.partition("//")[2]


@pytest.mark.parametrize("prefix", ["/ollama", "/ollama/", "/a%20b/"])
async def test_a_path_prefix(session: aiohttp.ClientSession, serve: Serve, prefix: str) -> None:
    paths: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        paths.append(request.raw_path)
        return web.json_response({"version": "1"})

    assert await OllamaClient(session, await serve(handler) + prefix).async_version() == "1"
    assert paths == [f"{prefix.rstrip('/')}/api/version"]


async def test_an_unusable_address(session: aiohttp.ClientSession) -> None:
    client = OllamaClient(session, "ftp://host")
    assert client.url == ""
    with pytest.raises(EmbedderUnusableError, match="not an http or https URL"):
        await client.async_version()


async def test_a_closed_session() -> None:
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises(EmbedderUnavailableError, match="closed"):
        await OllamaClient(session, "http://127.0.0.1:1").async_version()


@pytest.mark.parametrize(
    ("status", "answer"),
    [(200, {"hello": "world"}), (200, [1]), (200, {"version": 7, "models": {}}), (404, {}), (405, "no"), (404, None)],
)
async def test_something_else_answers(
    session: aiohttp.ClientSession, serve: Serve, status: int, answer: object
) -> None:
    """A web server that is not Ollama is unavailable as Ollama, whatever is asked."""

    async def handler(request: web.Request) -> web.Response:
        if answer is None:
            return web.Response(status=status, text="404 page not found")
        return web.json_response(answer, status=status)

    client = OllamaClient(session, await serve(handler))
    with pytest.raises(EmbedderUnavailableError):
        await client.async_version()
    with pytest.raises((EmbedderUnavailableError, InvalidVectorsError)):
        await client.async_embed(MODEL, ["text"])


async def test_no_models_at_all(session: aiohttp.ClientSession, serve: Serve) -> None:
    """A server without models says null, and one that does not list its models cannot tell a digest."""

    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"models": None})

    client = OllamaClient(session, await serve(handler))
    assert await client.async_models() == []
    assert await client.async_digest(MODEL) == ""


async def test_odd_entries_in_the_list(session: aiohttp.ClientSession, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"models": [7, {}, {"name": "a"}]})

    assert [model.name for model in await OllamaClient(session, await serve(handler)).async_models()] == ["a"]


async def test_an_error_instead_of_the_models(session: aiohttp.ClientSession, stand_in: StandIn) -> None:
    """No list is not an empty list: a digest that is gone would mean other weights."""
    stand_in.faults = Faults(answer={"error": "out of memory"})
    with pytest.raises(EmbedderUnusableError, match="not an Ollama server"):
        await OllamaClient(session, stand_in.url).async_models()


@pytest.mark.parametrize("models", [7, "x"])
async def test_a_list_that_is_none(session: aiohttp.ClientSession, serve: Serve, models: object) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"models": models})

    with pytest.raises(EmbedderUnusableError, match="not an Ollama server"):
        await OllamaClient(session, await serve(handler)).async_models()


async def test_deeply_nested_json(session: aiohttp.ClientSession, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text='{"version":' + "[" * 200_000, content_type="application/json")

    with pytest.raises(EmbedderUnavailableError, match="not JSON"):
        await OllamaClient(session, await serve(handler)).async_version()


async def test_a_long_error_is_shortened(session: aiohttp.ClientSession, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"error": "so\nmany words " * 100}, status=500)

    with pytest.raises(EmbedderUnavailableError) as caught:
        await OllamaClient(session, await serve(handler)).async_version()
    reason = caught.value.placeholders["reason"]
    assert len(reason) < 250
    assert "\n" not in reason
    assert reason.startswith("it failed with status 500 (so many words")


async def test_an_untrusted_certificate(session: aiohttp.ClientSession, certificate: Path) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with StandIn(ssl_context=server_side) as stand_in:
        with pytest.raises(EmbedderUnusableError) as caught:
            await OllamaClient(session, stand_in.url).async_version()
        assert caught.value.placeholders["reason"] == "its certificate is not trusted"
        assert await OllamaClient(session, stand_in.url, ssl=trusting).async_version()
        assert await OllamaClient(session, stand_in.url, ssl=False).async_version()


async def test_https_where_there_is_none(session: aiohttp.ClientSession, stand_in: StandIn) -> None:
    with pytest.raises(EmbedderUnusableError, match="is https right"):
        await OllamaClient(session, stand_in.url.replace("http", "https")).async_version()


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (OSError("odd"), "the connection failed (OSError)"),
        (aiohttp.ClientError("odd"), "the connection failed (ClientError)"),
        (ConnectionResetError(), "the connection broke off"),
    ],
)
def test_other_failures_of_the_connection(raised: Exception, reason: str) -> None:
    with pytest.raises(EmbedderUnavailableError) as caught, translated_errors(1):
        raise raised
    assert caught.value.placeholders["reason"] == reason
    assert caught.value.__cause__ is raised


async def test_an_unknown_host(session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*args: object, **kwargs: object) -> None:
        raise OSError("Name or service not known")

    assert session.connector is not None
    monkeypatch.setattr(session.connector, "_resolve_host", fail)
    with pytest.raises(EmbedderUnavailableError) as caught:
        await OllamaClient(session, "http://ollama.example").async_version()
    assert caught.value.placeholders["reason"] == "its host name could not be found"


async def test_a_host_that_takes_no_connection(session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """A firewall that drops packets: the connection is given up, also where an answer may take longer."""

    async def hang(*args: object, **kwargs: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", hang)
    with pytest.raises(EmbedderUnavailableError) as caught:
        await anext(OllamaClient(session, "http://127.0.0.1:9", timeout=0.05).async_pull("x"))
    assert caught.value.placeholders["reason"] == "nothing answers at this address and port"


async def test_cancelling_stays_cancelling(client: OllamaClient, stand_in: StandIn) -> None:
    """Whoever runs a request in a time limit of its own gets that limit's TimeoutError, not ours."""
    stand_in.faults = Faults(hang=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.async_version()


async def test_pull(client: OllamaClient) -> None:
    steps = [step async for step in client.async_pull("mxbai-embed-large")]
    assert [steps[0].status, *(step.status for step in steps[-3:])] == [
        "pulling manifest",
        "verifying sha256 digest",
        "writing manifest",
        "success",
    ]
    assert [step.fraction for step in steps if step.total] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert len((await client.async_embed("mxbai-embed-large", ["text"]))[0]) == 1024


@pytest.mark.parametrize(
    ("faults", "model", "error"),
    [
        (Faults(), "unheard-of", ModelMissingError),
        (Faults(pull_error="no space left on device"), "bge-m3", EmbedderUnavailableError),
        (Faults(pull_breaks=True), "bge-m3", EmbedderUnavailableError),
        (Faults(status=500), "bge-m3", EmbedderUnavailableError),
        (Faults(status=401), "bge-m3", EmbedderAuthError),
        (Faults(not_json=True), "bge-m3", EmbedderUnavailableError),
    ],
)
async def test_pull_fails(
    client: OllamaClient, stand_in: StandIn, faults: Faults, model: str, error: type[EmbeddingError]
) -> None:
    stand_in.faults = faults
    with pytest.raises(error) as caught:
        async for _ in client.async_pull(model):
            pass
    assert type(caught.value) is error
    if faults.pull_error:
        assert faults.pull_error in caught.value.placeholders["reason"]
    assert stand_in.models.get(model) is None


async def test_pull_in_odd_pieces(session: aiohttp.ClientSession, serve: Serve) -> None:
    """Lines are put together however they arrive, and the last one needs no line break."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in ('{"status":"a"', '}\n\n{"status":"b","total":10,', '"completed":25}\r\n{"status":"suc', 'cess"}'):
            await response.write(piece.encode())
            await asyncio.sleep(0)
        return response

    client = OllamaClient(session, await serve(handler))
    steps = [step async for step in client.async_pull("x")]
    assert [(step.status, step.fraction) for step in steps] == [("a", None), ("b", 1.0), ("success", None)]


async def test_pull_of_one_endless_line(session: aiohttp.ClientSession, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65_536)

    with pytest.raises(EmbedderUnavailableError, match="not what an Ollama server sends"):
        await anext(OllamaClient(session, await serve(handler)).async_pull("x"))


async def test_pull_that_falls_silent(
    session: aiohttp.ClientSession, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence ends a download, a slow reader does not."""
    monkeypatch.setattr(ollama_client, "_PULL_SILENCE", 0.3)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"status":"pulling manifest"}\n')
        await asyncio.Event().wait()
        return response

    steps = OllamaClient(session, await serve(handler)).async_pull("x")
    assert (await anext(steps)).status == "pulling manifest"
    await asyncio.sleep(0.4)
    with pytest.raises(EmbedderUnavailableError, match=r"did not answer within 0\.3 seconds"):
        await anext(steps)


async def test_leaving_a_pull_stops_it(socket_enabled: None, session: aiohttp.ClientSession) -> None:
    async with StandIn(pull_pause=0.01) as stand_in:
        async with aclosing(OllamaClient(session, stand_in.url).async_pull("bge-m3")) as steps:
            async for _ in steps:
                break
        await asyncio.sleep(0.2)
        assert stand_in.models.get("bge-m3") is None


def test_progress_without_numbers() -> None:
    assert PullProgress.from_json({"status": 7, "total": "x"}).fraction is None
    assert PullProgress(status="", completed=5, total=0).fraction is None
