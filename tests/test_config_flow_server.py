"""The config flow against a server that speaks Ollama's HTTP API over a real socket."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
import socket
import ssl
from threading import Thread

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE, FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.semantic_memory import config_flow
from scripts.ollama_stand_in import Faults, StandIn

from .certificates import self_signed
from .flow_helpers import added_entry, answer, choose, no_engine, options_of, start, wait_for

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def stand_in(socket_enabled: None) -> AsyncIterator[StandIn]:
    """Start a server with an API key."""
    async with StandIn(api_key="secret") as server:
        yield server


@pytest.fixture(autouse=True)
async def setup_entry(hass: HomeAssistant) -> AsyncGenerator[None]:
    """Keep the engine out."""
    async with no_engine(hass):
        yield


def name_of(value: object) -> str | None:
    """Return a short name of a parameter: of faults, what is set."""
    if not isinstance(value, Faults):
        return None
    normal = Faults().as_dict()
    return " ".join(f"{name}={value}" for name, value in value.as_dict().items() if value != normal[name]) or "well"


async def test_an_installed_model(hass: HomeAssistant, stand_in: StandIn) -> None:
    flow = await choose(hass, await start(hass), "ollama")
    flow = await answer(hass, flow, url=f"{stand_in.url}/", api_key="secret")
    assert list(options_of(flow))[:2] == ["all-minilm", "nomic-embed-text"]

    flow = await wait_for(hass, await answer(hass, flow, model="all-minilm"))

    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["data"] == {
        "embedder": "ollama",
        "url": stand_in.url,
        "api_key": "secret",
        "model": "all-minilm",
    }
    assert flow["description_placeholders"] == {"model": "all-minilm", "dimension": "384"}


async def test_a_model_to_download(hass: HomeAssistant, stand_in: StandIn) -> None:
    events = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE)
    flow = await choose(hass, await start(hass), "ollama")
    flow = await answer(hass, flow, url=stand_in.url, api_key="secret")

    flow = await wait_for(hass, await answer(hass, flow, model="bge-m3"))

    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["data"]["model"] == "bge-m3"
    assert flow["description_placeholders"] == {"model": "bge-m3", "dimension": "1024"}
    assert [event.data["progress"] for event in events] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert len(stand_in.requests_to("/api/pull")) == 1


@pytest.mark.parametrize(
    ("faults", "model", "code"),
    [
        (Faults(pull_error="write: no space left on device"), "bge-m3", "pull_failed"),
        (Faults(pull_breaks=True), "bge-m3", "pull_failed"),
        (Faults(path="/api/pull", disconnect=True), "bge-m3", "pull_failed"),
        (Faults(), "bge-m4", "model_unknown"),
    ],
    ids=name_of,
)
async def test_a_download_that_fails(
    hass: HomeAssistant, stand_in: StandIn, faults: Faults, model: str, code: str
) -> None:
    flow = await choose(hass, await start(hass), "ollama")
    flow = await answer(hass, flow, url=stand_in.url, api_key="secret")
    stand_in.faults = faults

    flow = await wait_for(hass, await answer(hass, flow, model=model))
    assert flow["errors"] == {"model": code}

    stand_in.faults = Faults()
    flow = await wait_for(hass, await answer(hass, flow, model="bge-m3"))
    assert flow["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("faults", "field", "code"),
    [
        (Faults(status=500), "url", "cannot_connect"),
        (Faults(status=429), "url", "cannot_connect"),
        (Faults(disconnect=True), "url", "cannot_connect"),
        (Faults(hang=True), "url", "timeout_connect"),
        (Faults(path="/api/tags", hang=True), "url", "timeout_connect"),
        (Faults(status=403), "api_key", "invalid_auth"),
        (Faults(status=404), "url", "not_ollama"),
        (Faults(status=501), "url", "cannot_connect"),
        (Faults(not_json=True), "url", "not_ollama"),
        (Faults(path="/api/tags", truncated_json=True), "url", "not_ollama"),
        (Faults(redirect="https://ollama.example/somewhere?token=x"), "url", "redirected"),
    ],
    ids=name_of,
)
async def test_a_server_that_misbehaves(
    hass: HomeAssistant,
    stand_in: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    faults: Faults,
    field: str,
    code: str,
) -> None:
    monkeypatch.setattr(config_flow, "CONNECT_TIMEOUT", 0.3 if faults.hang else 15)
    stand_in.faults = faults
    flow = await choose(hass, await start(hass), "ollama")

    flow = await answer(hass, flow, url=stand_in.url, api_key="secret")

    assert flow["errors"] == {field: code}
    assert "secret" not in str(flow["description_placeholders"])
    assert "token" not in str(flow["description_placeholders"])


@pytest.mark.parametrize("key", [{}, {"api_key": "wrong"}])
async def test_a_key_that_is_refused(hass: HomeAssistant, stand_in: StandIn, key: dict[str, str]) -> None:
    flow = await choose(hass, await start(hass), "ollama")

    flow = await answer(hass, flow, url=stand_in.url, **key)

    assert flow["errors"] == {"api_key": "invalid_auth"}


async def test_a_server_that_is_off(hass: HomeAssistant, socket_enabled: None) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    flow = await choose(hass, await start(hass), "ollama")

    flow = await answer(hass, flow, url=f"http://127.0.0.1:{port}")

    assert flow["errors"] == {"url": "cannot_connect"}


async def test_a_certificate_that_is_not_trusted(hass: HomeAssistant, socket_enabled: None, tmp_path: Path) -> None:
    with tls_server(untrusted(tmp_path)) as url:
        flow = await choose(hass, await start(hass), "ollama")

        flow = await answer(hass, flow, url=url)

    assert flow["errors"] == {"url": "ssl_error"}


async def test_https_to_a_server_without_it(hass: HomeAssistant, stand_in: StandIn) -> None:
    flow = await choose(hass, await start(hass), "ollama")

    flow = await answer(hass, flow, url=stand_in.url.replace("http:", "https:"))

    assert flow["errors"] == {"url": "ssl_error"}


@pytest.mark.parametrize(
    ("faults", "model", "code"),
    [
        (Faults(path="/api/embed", zero=True), "all-minilm", "invalid_vectors"),
        (Faults(path="/api/embed", nan=True), "all-minilm", "invalid_vectors"),
        (Faults(path="/api/embed", status=500), "all-minilm", "model_failed"),
        (Faults(path="/api/embed", status=501), "all-minilm", "not_an_embedding_model"),
        (Faults(path="/api/embed", hang=True), "all-minilm", "model_timeout"),
        (Faults(path="/api/show", model_missing=True), "all-minilm", "model_missing"),
        (Faults(), "llama3.2", "not_an_embedding_model"),
    ],
    ids=name_of,
)
async def test_a_model_that_misbehaves(
    hass: HomeAssistant, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, faults: Faults, model: str, code: str
) -> None:
    monkeypatch.setattr(config_flow, "MODEL_TIMEOUT", 0.3 if faults.hang else 15)
    flow = await choose(hass, await start(hass), "ollama")
    flow = await answer(hass, flow, url=stand_in.url, api_key="secret")
    stand_in.faults = faults

    flow = await wait_for(hass, await answer(hass, flow, model=model))

    assert flow["errors"] == {"model": code}


async def test_another_key_for_a_server(hass: HomeAssistant, stand_in: StandIn) -> None:
    entry = added_entry(hass, url=stand_in.url, api_key="old", model="nomic-embed-text")
    flow = await entry.start_reauth_flow(hass)
    flow = await answer(hass, flow, api_key="wrong")
    assert flow["errors"] == {"api_key": "invalid_auth"}

    flow = await answer(hass, flow, api_key="secret")
    await hass.async_block_till_done()

    assert flow["reason"] == "reauth_successful"
    assert entry.data["api_key"] == "secret"


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[str]:
    """Listen for one connection, and yield the address.

    In a thread: in the event loop of the tests, a client that hangs up during the handshake counts as an error.
    """

    def shake_hands() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            context.wrap_socket(connection, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = Thread(target=shake_hands)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def untrusted(folder: Path) -> ssl.SSLContext:
    """Return the server's side of TLS with a certificate that nobody else has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(folder))
    return context
