"""What tests with a real Home Assistant share: instances of .venv-demo, the people in them, a stand-in for Ollama."""

import asyncio
import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import json
from pathlib import Path
import time
from typing import Any

import pytest
import pytest_socket

from scripts.demo_app.client import DOMAIN, Api
from scripts.demo_app.flows import async_config_flow
from scripts.demo_app.instance import HomeAssistantInstance
from scripts.demo_app.ollama_server import CHAT_MODEL, EMBEDDING_MODEL, StandInServer
from scripts.demo_app.people import Person, Resident, async_add_person, async_onboard
from scripts.demo_app.processes import ROOT

PYTHON = ROOT / ".venv-demo" / "bin" / "python"
OWNER = Person(name="Maya", username="maya", password="owner's password")
GUEST = Person(name="Jonas", username="jonas", password="guest's password")

STORE_TIMEOUT = 20.0

type MakeInstance = Callable[..., HomeAssistantInstance]


@contextmanager
def instances_under(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeInstance]:
    """Yield what makes instances that are stopped at the end, however the tests went."""
    pytest_socket.enable_socket()
    assert PYTHON.exists(), "run scripts/setup demo first"
    instances: list[HomeAssistantInstance] = []

    def make(environment: dict[str, str] | None = None, configuration: str = "") -> HomeAssistantInstance:
        folder = tmp_path_factory.mktemp("home_assistant") / "config"
        own = folder.with_name("tmp")  # uploads of all instances would be in one folder, which each of them empties
        own.mkdir()
        instance = HomeAssistantInstance(
            folder, python=PYTHON, environment={"TMPDIR": str(own), **(environment or {})}, configuration=configuration
        )
        instances.append(instance)
        return instance

    try:
        yield make
    finally:
        for instance in instances:
            instance.stop()


@pytest.fixture(scope="module")
def make_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeInstance]:
    """Return what makes instances for the tests of one module."""
    with instances_under(tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInServer]:
    """Return a running stand-in for Ollama that has a chat model and an embedding model."""
    pytest_socket.enable_socket()
    log: Path = tmp_path_factory.mktemp("ollama") / "ollama.log"
    server = StandInServer(log, models=(CHAT_MODEL, EMBEDDING_MODEL))
    server.switch_on()
    yield server
    server.switch_off()


@dataclass(frozen=True, slots=True)
class House:
    """A running instance and the access tokens of the people in it."""

    instance: HomeAssistantInstance
    owner_token: str
    owner_id: str
    guest_token: str
    guest_id: str
    guest_entity: str


async def async_house(instance: HomeAssistantInstance, owner_person: Person = OWNER) -> House:
    """Start an instance and move in: its owner, and Jonas, who is no administrator."""
    instance.launch()
    await instance.async_wait()
    owner = await async_onboard(instance.url, owner_person)
    guest = await async_add_person(owner.api, GUEST)
    await owner.api.close()
    await guest.api.close()
    return House(
        instance=instance,
        owner_token=_token(owner),
        owner_id=owner.user_id,
        guest_token=_token(guest),
        guest_id=guest.user_id,
        guest_entity=guest.entity_id,
    )


def _token(resident: Resident) -> str:
    assert resident.api.token
    return resident.api.token


async def async_set_up_built_in(api: Api) -> dict[str, Any]:
    """Add our entry with the built-in model."""
    flow = await async_config_flow(api, DOMAIN)
    await flow.choose("built_in")
    entry: dict[str, Any] = flow.created()
    return entry


async def async_until_stored(house: House, file: str, text: str) -> None:
    """Wait until Home Assistant has written something that it keeps for a second before it does."""
    path = house.instance.folder / ".storage" / file
    deadline = time.monotonic() + STORE_TIMEOUT
    while not (path.exists() and text in path.read_text()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


def login(token: str) -> str:
    """Return the id of the login that an access token belongs to."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["iss"])
