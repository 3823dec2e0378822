"""The config flow, with the client of the server replaced."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, field
import ssl
from typing import Any
from unittest.mock import AsyncMock, Mock, patch

import aiohttp
from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE, FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.semantic_memory import config_flow
from custom_components.semantic_memory.config_flow_checks import FlowProblem, normalised_url
from custom_components.semantic_memory.config_flow_schemas import is_model_name
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.embedding.ollama import (
    EmbedderUnusableError,
    OllamaClient,
    OllamaModel,
    OllamaModelDetails,
    PullProgress,
)
from custom_components.semantic_memory.memory.errors import (
    EmbedderAuthError,
    EmbedderUnavailableError,
    EmbeddingError,
    InvalidVectorsError,
    ModelMissingError,
)

from .flow_helpers import URL, added_entry, answer, choose, no_engine, options_of, start, suggested, wait_for

NOMIC = OllamaModel(name="nomic-embed-text:latest", size=274_302_450, digest="d1", family="nomic-bert", embedding=True)
CHAT = OllamaModel(name="llama3.2:latest", size=2_019_393_189, digest="d2", family="llama", embedding=None)
VISION = OllamaModel(name="llava:7b", size=None, digest="d3", family="llama", embedding=False)


def details(*, embedding: bool | None = True, capabilities: tuple[str, ...] = ("embedding",)) -> OllamaModelDetails:
    """Return what a server says of a model."""
    return OllamaModelDetails(
        name="x",
        digest="d",
        family="bert",
        embedding=embedding,
        capabilities=capabilities,
        context_length=512,
        embedding_length=3,
    )


def failed(error: EmbeddingError, cause: Exception) -> EmbeddingError:
    """Return an error with its cause, as ``raise … from`` leaves it."""
    error.__cause__ = cause
    return error


def certificate_error() -> EmbeddingError:
    """Return what the client raises for a certificate that is not trusted."""
    cause = aiohttp.ClientConnectorCertificateError(Mock(), ssl.SSLCertVerificationError("self-signed"))
    return failed(EmbedderUnusableError(reason="its certificate is not trusted"), cause)


@dataclass
class Server:
    """The replaced client: what each call answers or raises, and which clients were made."""

    version: AsyncMock = field(default_factory=lambda: AsyncMock(return_value="0.12.3"))
    models: AsyncMock = field(default_factory=lambda: AsyncMock(return_value=[NOMIC, CHAT, VISION]))
    show: AsyncMock = field(default_factory=lambda: AsyncMock(return_value=details()))
    embed: AsyncMock = field(default_factory=lambda: AsyncMock(return_value=[[0.6, 0.0, 0.8]]))
    pulled: list[str] = field(default_factory=list)
    pull_error: Exception | None = None
    pull_steps: tuple[PullProgress, ...] = ()
    keys: list[tuple[str, str | None]] = field(default_factory=list)
    """Address and key of every client."""

    async def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Pretend to download."""
        self.pulled.append(model)
        for step in self.pull_steps:
            await asyncio.sleep(0)
            yield step
        if self.pull_error is not None:
            raise self.pull_error


@pytest.fixture
def server() -> Iterator[Server]:
    """Replace the client of the server."""
    server = Server()
    real = OllamaClient.__init__

    def remember(client: OllamaClient, session: aiohttp.ClientSession, url: str, **options: Any) -> None:
        server.keys.append((url, options["api_key"]))
        real(client, session, url, **options)

    with patch.multiple(
        OllamaClient,
        __init__=remember,
        async_version=server.version,
        async_models=server.models,
        async_show=server.show,
        async_embed=server.embed,
        async_pull=server.pull,
    ):
        yield server


@pytest.fixture(autouse=True)
async def setup_entry(hass: HomeAssistant) -> AsyncGenerator[AsyncMock]:
    """Keep the engine out."""
    async with no_engine(hass) as setup:
        yield setup


async def at_model(hass: HomeAssistant, **server: Any) -> Any:
    """Begin a flow and get to the choice of a model."""
    flow = await choose(hass, await start(hass), "ollama")
    flow = await answer(hass, flow, **({"url": URL} | server))
    assert flow["errors"] is None
    assert flow["step_id"] == "model"
    return flow


async def test_built_in(hass: HomeAssistant, setup_entry: AsyncMock) -> None:
    flow = await start(hass)
    assert flow["type"] is FlowResultType.MENU

    flow = await choose(hass, flow, "built_in")

    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["title"] == "Semantic Memory"
    assert flow["data"] == {"embedder": "built_in"}
    setup_entry.assert_awaited_once()


async def test_only_one_entry(hass: HomeAssistant) -> None:
    added_entry(hass)

    flow = await start(hass)

    assert flow["type"] is FlowResultType.ABORT
    assert flow["reason"] == "single_instance_allowed"


async def test_ollama_with_an_installed_model(hass: HomeAssistant, server: Server) -> None:
    flow = await at_model(hass, url="  ollama.test:11434/ ", api_key=" secret ")
    assert suggested(flow) == {"model": "nomic-embed-text"}

    flow = await answer(hass, flow, model="Nomic-Embed-Text:latest")

    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["title"] == "Semantic Memory"
    assert flow["data"] == {"embedder": "ollama", "url": URL, "api_key": "secret", "model": "nomic-embed-text"}
    assert flow["description_placeholders"] == {"model": "nomic-embed-text", "dimension": "3"}
    assert set(server.keys) == {(URL, "secret")}
    assert server.pulled == []


async def test_ollama_without_a_key(hass: HomeAssistant, server: Server) -> None:
    flow = await answer(hass, await at_model(hass, api_key="  "), model="nomic-embed-text")

    assert flow["data"] == {"embedder": "ollama", "url": URL, "model": "nomic-embed-text"}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("http://192.168.1.20:11434", "http://192.168.1.20:11434"),
        ("  ollama.local:11434/ \n", "http://ollama.local:11434"),
        ("HTTPS://Ollama.Example/", "https://ollama.example"),
        ("https://example.org/ollama//", "https://example.org/ollama"),
        ("[fe80::1]:11434", "http://[fe80::1]:11434"),
        ("localhost", "http://localhost"),
        ("http://me:pass@ollama.test:11434", "http://me:pass@ollama.test:11434"),
    ],
)
def test_addresses_are_tidied(typed: str, stored: str) -> None:
    assert normalised_url(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "http://",
        "http://:11434",
        "http://.",
        "ftp://ollama.test",
        "file:///etc/passwd",
        "http://my server:11434",
        "http://ollama.test:99999",
        "http://ollama.test:port",
        "http://[::1",
        "http://ollama.test/?a=b",
        "http://ollama.test/#top",
    ],
)
async def test_addresses_that_are_none(hass: HomeAssistant, server: Server, typed: str) -> None:
    flow = await choose(hass, await start(hass), "ollama")

    flow = await answer(hass, flow, url=typed)

    assert flow["step_id"] == "ollama"
    assert flow["errors"] == {"url": "invalid_url"}
    assert suggested(flow) == {"url": typed}
    server.version.assert_not_awaited()


@pytest.mark.parametrize(
    ("url", "error", "field_name", "code"),
    [
        (URL, EmbedderUnavailableError(reason="nothing answers"), "url", "cannot_connect"),
        (URL, EmbedderUnavailableError(reason="it failed with status 500"), "url", "cannot_connect"),
        ("http://x", EmbedderUnavailableError(reason="nothing answers"), "url", "cannot_connect_port"),
        ("https://x", EmbedderUnavailableError(reason="nothing answers"), "url", "cannot_connect"),
        (URL, failed(EmbedderUnavailableError(reason="too slow"), TimeoutError()), "url", "timeout_connect"),
        ("http://x", failed(EmbedderUnavailableError(reason="too slow"), TimeoutError()), "url", "cannot_connect_port"),
        (URL, certificate_error(), "url", "ssl_error"),
        (URL, EmbedderUnusableError(reason="this is not an Ollama server"), "url", "not_ollama"),
        (URL, EmbedderUnavailableError(reason="its answer is not JSON"), "url", "not_ollama"),
        (URL, EmbedderUnusableError(reason="it redirects to https://y"), "url", "redirected"),
        (URL, EmbedderAuthError(), "api_key", "invalid_auth"),
        (URL, RuntimeError("surprise"), "base", "unknown"),
    ],
)
@pytest.mark.parametrize("call", ["version", "models"])
async def test_servers_that_cannot_be_used(
    hass: HomeAssistant, server: Server, call: str, url: str, error: Exception, field_name: str, code: str
) -> None:
    flow = await choose(hass, await start(hass), "ollama")
    getattr(server, call).side_effect = error

    flow = await answer(hass, flow, url=url, api_key="secret")

    assert flow["step_id"] == "ollama"
    assert flow["errors"] == {field_name: code}
    assert suggested(flow) == {"url": url, "api_key": "secret"}

    getattr(server, call).side_effect = None
    flow = await answer(hass, flow, url=url)
    assert flow["step_id"] == "model"


async def test_the_missing_port_is_suggested(hass: HomeAssistant, server: Server) -> None:
    flow = await choose(hass, await start(hass), "ollama")
    server.version.side_effect = EmbedderUnavailableError(reason="nothing answers")

    flow = await answer(hass, flow, url="ollama.test")

    assert flow["description_placeholders"] is not None
    assert flow["description_placeholders"]["suggestion"] == "http://ollama.test:11434"


async def test_the_server_of_home_assistant_is_suggested(hass: HomeAssistant, server: Server) -> None:
    MockConfigEntry(domain="ollama", data={}, source=SOURCE_IGNORE).add_to_hass(hass)
    MockConfigEntry(domain="ollama", data={"url": "not an address"}).add_to_hass(hass)
    MockConfigEntry(domain="ollama", data={"url": f"{URL}/", "api_key": "theirs"}).add_to_hass(hass)

    flow = await choose(hass, await start(hass), "ollama")

    assert suggested(flow) == {"url": URL}


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ({"url": "ollama.test:11434/"}, "theirs"),
        ({"url": URL, "api_key": "mine"}, "mine"),
        ({"url": "https://ollama.test:11434"}, None),
        ({"url": "http://ollama.test:11435"}, None),
        ({"url": "http://elsewhere.test:11434"}, None),
    ],
)
async def test_a_known_key_goes_to_its_own_server_only(
    hass: HomeAssistant, server: Server, typed: dict[str, str], key: str | None
) -> None:
    MockConfigEntry(domain="ollama", data={"url": URL, "api_key": "theirs"}).add_to_hass(hass)

    flow = await answer(hass, await at_model(hass, **typed), model="nomic-embed-text")

    assert flow["data"].get("api_key") == key
    assert {sent for _, sent in server.keys} == {key}


async def test_the_list_of_models(hass: HomeAssistant, server: Server) -> None:
    server.models.return_value = [
        CHAT,
        VISION,
        NOMIC,
        OllamaModel(name="bge-m3:latest", size=1_157_672_605, digest="d", family="bert", embedding=True),
        OllamaModel(name="me/odd-embed:q8", size=None, digest="", family=None, embedding=True),
    ]

    options = options_of(await at_model(hass))

    names = list(options)
    assert names[:3] == ["bge-m3", "me/odd-embed:q8", "nomic-embed-text"]
    assert names[-1] == "llama3.2"
    assert "llava:7b" not in names
    assert len(names) == len(set(names))
    assert options["bge-m3"] == "bge-m3 (installed, 1.2 GB)"
    assert options["me/odd-embed:q8"] == "me/odd-embed:q8 (installed)"
    assert options["nomic-embed-text"] == "nomic-embed-text (installed, 274 MB)"
    assert options["embeddinggemma"] == "embeddinggemma (over 100 languages; will be downloaded, 622 MB)"
    assert options["llama3.2"] == "llama3.2 (installed, 2.0 GB, may not be an embedding model)"


async def test_a_server_without_models_suggests_one_to_download(hass: HomeAssistant, server: Server) -> None:
    server.models.return_value = []

    flow = await at_model(hass)

    assert suggested(flow) == {"model": "nomic-embed-text"}


@pytest.mark.parametrize("name", ["bge-m3:567m", "hf.co/me/model-GGUF:Q8_0", "registry.local:5000/me/x", "a"])
def test_names_of_models(name: str) -> None:
    assert is_model_name(name)


@pytest.mark.parametrize("name", ["", "  ", "two words", "../../etc", "a:b:c", "x\ny", "模型"])
async def test_names_that_no_model_has(hass: HomeAssistant, server: Server, name: str) -> None:
    flow = await answer(hass, await at_model(hass), model=name)

    assert flow["errors"] == {"model": "invalid_model"}
    assert server.pulled == []


@pytest.mark.parametrize(
    ("error", "field_name", "code"),
    [
        (ModelMissingError(model="nomic-embed-text"), "model", "model_missing"),
        (InvalidVectorsError(reason="a vector is zero"), "model", "invalid_vectors"),
        (EmbeddingError(reason="this model does not support embeddings"), "model", "not_an_embedding_model"),
        (EmbedderUnavailableError(reason="it failed with status 500"), "model", "model_failed"),
        (failed(EmbedderUnavailableError(reason="too slow"), TimeoutError()), "model", "model_timeout"),
        (EmbedderAuthError(), "base", "key_refused"),
        (RuntimeError("surprise"), "base", "unknown"),
    ],
)
@pytest.mark.parametrize("call", ["show", "embed"])
async def test_models_that_cannot_be_used(
    hass: HomeAssistant, server: Server, call: str, error: Exception, field_name: str, code: str
) -> None:
    flow = await at_model(hass)
    getattr(server, call).side_effect = error

    flow = await answer(hass, flow, model="nomic-embed-text")

    assert flow["step_id"] == "model"
    assert flow["errors"] == {field_name: code}
    assert suggested(flow) == {"model": "nomic-embed-text"}

    getattr(server, call).side_effect = None
    flow = await answer(hass, flow, model="nomic-embed-text")
    assert flow["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(("capabilities", "reason"), [(("completion", "tools"), "completion, tools"), ((), "bert")])
async def test_chat_models_are_refused(
    hass: HomeAssistant, server: Server, capabilities: tuple[str, ...], reason: str
) -> None:
    server.show.return_value = details(embedding=False, capabilities=capabilities)

    flow = await answer(hass, await at_model(hass), model="llama3.2")

    assert flow["errors"] == {"model": "not_an_embedding_model"}
    assert flow["description_placeholders"] == {"url": URL, "model": "llama3.2", "reason": reason}
    server.embed.assert_not_awaited()


@pytest.mark.parametrize(
    "rows", [[], [[]], [[0.0, 0.0]], [[1.0, float("nan")]], [[1.0, float("inf")]], [["1"]], [None], [[1.0], [1.0]]]
)
async def test_unusable_vectors(hass: HomeAssistant, server: Server, rows: Any) -> None:
    server.embed.return_value = rows

    flow = await answer(hass, await at_model(hass), model="nomic-embed-text")

    assert flow["errors"] == {"model": "invalid_vectors"}


async def test_a_missing_model_is_downloaded(hass: HomeAssistant, server: Server) -> None:
    events = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE)
    server.pull_steps = tuple(
        PullProgress(status="pulling", completed=completed, total=total)
        for completed, total in [(None, None), (0, 1000), (250, 1000), (251, 1000), (1000, 1000), (0, 10), (10, 10)]
    )

    flow = await answer(hass, await at_model(hass), model="bge-m3")
    assert flow["type"] is FlowResultType.SHOW_PROGRESS
    assert flow["progress_action"] == "pull"
    flow = await wait_for(hass, flow)

    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["data"]["model"] == "bge-m3"
    assert server.pulled == ["bge-m3"]
    assert [event.data["progress"] for event in events] == [0.25, 1.0]


@pytest.mark.parametrize(
    ("error", "field_name", "code"),
    [
        (ModelMissingError(model="bge-m4"), "model", "model_unknown"),
        (EmbedderUnavailableError(reason="it could not download the model (no space left)"), "model", "pull_failed"),
        (EmbedderAuthError(), "base", "key_refused"),
        (RuntimeError("surprise"), "base", "unknown"),
    ],
)
async def test_a_failed_download_can_be_tried_again(
    hass: HomeAssistant, server: Server, error: Exception, field_name: str, code: str
) -> None:
    server.pull_error = error
    flow = await wait_for(hass, await answer(hass, await at_model(hass), model="bge-m3"))
    assert flow["step_id"] == "model"
    assert flow["errors"] == {field_name: code}
    assert suggested(flow) == {"model": "bge-m3"}

    server.pull_error = None
    flow = await wait_for(hass, await answer(hass, flow, model="bge-m3"))

    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert server.pulled == ["bge-m3", "bge-m3"]


async def test_another_model_after_a_failed_download(hass: HomeAssistant, server: Server) -> None:
    server.pull_error = EmbedderUnavailableError(reason="no space left")
    flow = await wait_for(hass, await answer(hass, await at_model(hass), model="bge-m3"))

    flow = await answer(hass, flow, model="nomic-embed-text")

    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["data"]["model"] == "nomic-embed-text"


async def test_a_downloaded_model_that_makes_no_embeddings(hass: HomeAssistant, server: Server) -> None:
    server.embed.side_effect = EmbeddingError(reason="this model does not support embeddings")
    flow = await at_model(hass)
    server.models.return_value = [
        NOMIC,
        OllamaModel(name="mistral:latest", size=1, digest="d", family=None, embedding=None),
    ]

    flow = await wait_for(hass, await answer(hass, flow, model="mistral"))

    assert flow["errors"] == {"model": "not_an_embedding_model"}
    assert options_of(flow)["mistral"] == "mistral (installed, 1 MB, may not be an embedding model)"


async def test_leaving_the_flow_stops_the_download(hass: HomeAssistant, server: Server) -> None:
    stopped = asyncio.Event()

    async def endless(client: OllamaClient, model: str) -> AsyncIterator[PullProgress]:
        try:
            await asyncio.Event().wait()
            yield PullProgress(status="never", completed=None, total=None)
        finally:
            stopped.set()

    with patch.object(OllamaClient, "async_pull", endless):
        flow = await answer(hass, await at_model(hass), model="bge-m3")
        await asyncio.sleep(0)
        again = await answer(hass, flow)
        assert again["type"] is FlowResultType.SHOW_PROGRESS

        hass.config_entries.flow.async_abort(flow["flow_id"])
        async with asyncio.timeout(5):
            await stopped.wait()

    assert hass.config_entries.flow.async_progress() == []


@pytest.mark.parametrize("works", [True, False])
async def test_a_slow_model_shows_progress(
    hass: HomeAssistant, server: Server, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    monkeypatch.setattr(config_flow, "PATIENCE", 0)
    loaded = asyncio.Event()

    async def slow(*args: object, **options: object) -> list[list[float]]:
        await loaded.wait()
        return [[1.0, 2.0, 3.0, 4.0] if works else [0.0]]

    server.embed.side_effect = slow
    flow = await answer(hass, await at_model(hass), model="nomic-embed-text")
    assert flow["type"] is FlowResultType.SHOW_PROGRESS
    assert flow["progress_action"] == "test"

    loaded.set()
    flow = await wait_for(hass, flow)

    if works:
        assert flow["type"] is FlowResultType.CREATE_ENTRY
        assert flow["description_placeholders"] == {"model": "nomic-embed-text", "dimension": "4"}
    else:
        assert flow["errors"] == {"model": "invalid_vectors"}


async def test_leaving_the_flow_while_a_model_is_tried(hass: HomeAssistant, server: Server) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def endless(*args: object, **options: object) -> list[list[float]]:
        begun.set()
        try:
            return await asyncio.Future()
        finally:
            stopped.set()

    server.embed.side_effect = endless
    flow = await at_model(hass)
    waiting = hass.async_create_task(
        hass.config_entries.flow.async_configure(flow["flow_id"], {"model": "nomic-embed-text"})
    )
    async with asyncio.timeout(5):
        await begun.wait()
        hass.config_entries.flow.async_abort(flow["flow_id"])
        await stopped.wait()
    await asyncio.gather(waiting, return_exceptions=True)

    assert hass.config_entries.flow.async_progress() == []
    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_from_ollama_to_built_in(hass: HomeAssistant, server: Server, setup_entry: AsyncMock) -> None:
    entry = added_entry(hass, api_key="secret")
    flow = await start(hass, source="reconfigure", entry_id=entry.entry_id)
    assert flow["step_id"] == "reconfigure"

    flow = await choose(hass, flow, "built_in")
    await hass.async_block_till_done()

    assert flow["reason"] == "reconfigure_successful"
    assert entry.data == {"embedder": "built_in"}
    setup_entry.assert_awaited_once()


async def test_from_built_in_to_ollama(hass: HomeAssistant, server: Server) -> None:
    entry = MockConfigEntry(domain=DOMAIN, data={"embedder": "built_in"}, options={"llm": {"prompt": "x"}})
    entry.add_to_hass(hass)
    flow = await choose(hass, await start(hass, source="reconfigure", entry_id=entry.entry_id), "ollama")
    assert suggested(flow) == {"url": None}

    flow = await answer(hass, flow, url=URL, api_key="new")
    flow = await answer(hass, flow, model="nomic-embed-text")
    await hass.async_block_till_done()

    assert flow["reason"] == "reconfigure_successful"
    assert entry.data == {"embedder": "ollama", "url": URL, "api_key": "new", "model": "nomic-embed-text"}
    assert entry.options == {"llm": {"prompt": "x"}}


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ({"url": URL}, "old"),
        ({"url": URL, "api_key": "new"}, "new"),
        ({"url": "http://elsewhere.test:11434"}, None),
    ],
)
async def test_another_model_or_server(
    hass: HomeAssistant, server: Server, typed: dict[str, str], key: str | None
) -> None:
    MockConfigEntry(domain="ollama", data={"url": "http://other.test:11434"}).add_to_hass(hass)
    entry = added_entry(hass, api_key="old", model="bge-m3")
    flow = await choose(hass, await start(hass, source="reconfigure", entry_id=entry.entry_id), "ollama")
    assert suggested(flow) == {"url": URL}

    flow = await answer(hass, flow, **typed)
    assert suggested(flow) == {"model": "bge-m3"}
    flow = await answer(hass, flow, model="nomic-embed-text")
    await hass.async_block_till_done()

    assert flow["reason"] == "reconfigure_successful"
    assert dict(entry.data) == {"embedder": "ollama", "url": typed["url"], "model": "nomic-embed-text"} | (
        {"api_key": key} if key else {}
    )


@pytest.mark.parametrize(("typed", "stored"), [({"api_key": " new "}, "new"), ({}, None)])
async def test_another_key(
    hass: HomeAssistant, server: Server, setup_entry: AsyncMock, typed: dict[str, str], stored: str | None
) -> None:
    entry = added_entry(hass, api_key="old")
    flow = await entry.start_reauth_flow(hass)
    assert flow["step_id"] == "reauth_confirm"
    assert flow["description_placeholders"] == {"url": URL, "name": "Semantic Memory"}

    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], typed)
    await hass.async_block_till_done()

    assert flow["reason"] == "reauth_successful"
    assert entry.data.get("api_key") == stored
    assert {name: entry.data[name] for name in ("embedder", "url", "model")} == {
        "embedder": "ollama",
        "url": URL,
        "model": "nomic-embed-text",
    }
    assert server.keys[-1] == (URL, stored)
    setup_entry.assert_awaited_once()


@pytest.mark.parametrize(
    ("call", "error", "field_name", "code"),
    [
        ("models", EmbedderAuthError(), "api_key", "invalid_auth"),
        ("embed", EmbedderAuthError(), "api_key", "invalid_auth"),
        ("version", EmbedderUnavailableError(reason="nothing answers"), "base", "cannot_connect"),
    ],
)
async def test_another_key_that_does_not_fit(
    hass: HomeAssistant, server: Server, call: str, error: Exception, field_name: str, code: str
) -> None:
    entry = added_entry(hass, api_key="old")
    flow = await entry.start_reauth_flow(hass)
    getattr(server, call).side_effect = error

    flow = await answer(hass, flow, api_key="wrong")

    assert flow["step_id"] == "reauth_confirm"
    assert flow["errors"] == {field_name: code}
    assert entry.data["api_key"] == "old"

    getattr(server, call).side_effect = None
    flow = await answer(hass, flow, api_key="right")
    await hass.async_block_till_done()
    assert flow["reason"] == "reauth_successful"
    assert entry.data["api_key"] == "right"


async def test_a_good_key_is_taken_although_the_model_fails(hass: HomeAssistant, server: Server) -> None:
    entry = added_entry(hass, api_key="old")
    flow = await entry.start_reauth_flow(hass)
    server.embed.side_effect = ModelMissingError(model="nomic-embed-text")

    flow = await answer(hass, flow, api_key="new")
    await hass.async_block_till_done()

    assert flow["reason"] == "reauth_successful"


async def test_the_password_of_an_address_is_not_shown(hass: HomeAssistant, server: Server) -> None:
    entry = added_entry(hass, url="http://me:hidden@ollama.test:11434")

    flow = await entry.start_reauth_flow(hass)

    assert flow["description_placeholders"] == {"url": URL, "name": "Semantic Memory"}


def test_problems_can_be_read_in_logs() -> None:
    assert str(FlowProblem("invalid_url", "url")) == "invalid_url"
    assert str(FlowProblem("cannot_connect", reason="off")) == "cannot_connect {'reason': 'off'}"
