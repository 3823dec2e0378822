"""Packages that are missing: memories work without them, and recall by meaning comes as soon as they do."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
import itertools
from pathlib import Path
import sys
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.requirements import RequirementsNotFound
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.semantic_memory import packages, requirements
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.issues import ISSUE_INDEX, ISSUE_PACKAGES
from custom_components.semantic_memory.memory import upkeep
from custom_components.semantic_memory.memory.embedding.ollama import OllamaClient
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import DatabaseUnavailableError, EmbedderUnavailableError
from custom_components.semantic_memory.memory.status import EmbedderState
from custom_components.semantic_memory.memory.storage import vec
from custom_components.semantic_memory.memory.storage.sqlite_vec.errors import UnobtainableError
from custom_components.semantic_memory.memory.storage.sqlite_vec.obtain import place
from custom_components.semantic_memory.memory.storage.sqlite_vec.wheel import TARGETS, Target

from .conftest import SetUp
from .glue_helpers import issues_of, left_running, sensor_state, until, with_ollama
from .service_helpers import async_act

type Install = Callable[..., Awaitable[bool]]


class Obtain:
    """Stands for fetching the file that fits musl."""

    def __init__(self, index: Index) -> None:
        """Succeed."""
        self.error: UnobtainableError | None = None
        self.asked: list[Path] = []
        self._index = index

    async def __call__(self, lib: Path, target: Target) -> Path:
        """Let sqlite-vec be there, or fail."""
        self.asked.append(lib)
        if self.error is not None:
            raise self.error
        self._index.installed.add(requirements.VECTOR_INDEX_REQUIREMENTS)
        return place(lib, target)


def reason_of(hass: HomeAssistant) -> str | None:
    """Return what keeps sqlite-vec from being used, as people are told."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, ISSUE_INDEX)
    return issue.translation_placeholders["reason"] if issue and issue.translation_placeholders else None


class Index:
    """A package index with the packages of the integration, which none is installed of at first."""

    def __init__(self, built_in: StaticEmbedder) -> None:
        """Be down."""
        self.up = False
        self.asked: list[tuple[str, ...]] = []
        self.installed: set[tuple[str, ...]] = set()
        self.pauses: list[float] = []
        self.error: str | None = None
        self._resume = asyncio.Event()
        self._paused = asyncio.Event()
        self._built_in = built_in

    async def install(self, _hass: HomeAssistant, wanted: tuple[str, ...]) -> bool:
        """Stand for what has Home Assistant install packages."""
        self.asked.append(wanted)
        if self.up:
            self.installed.add(wanted)
        return wanted in self.installed

    def load(self) -> StaticEmbedder:
        """Stand for loading the built-in model."""
        if requirements.RUNTIME_REQUIREMENTS not in self.installed:
            raise EmbedderUnavailableError("built_in_missing", reason="No module named 'tokenizers'")
        return self._built_in

    def load_extension(self, lib: Path) -> vec.Load:
        """Stand for loading sqlite-vec."""
        if self.error is not None:
            raise vec.IndexUnavailableError(self.error)
        if requirements.VECTOR_INDEX_REQUIREMENTS not in self.installed:
            raise vec.IndexUnavailableError("sqlite-vec is not installed")
        return vec.load_extension(lib)

    async def sleep(self, seconds: float) -> None:
        """Stand for the pause between two attempts."""
        self.pauses.append(seconds)
        self._paused.set()
        await self._resume.wait()
        self._resume.clear()

    async def failed(self, times: int) -> None:
        """Wait until that many attempts have failed."""
        async with asyncio.timeout(10):
            while len(self.pauses) < times:
                self._paused.clear()
                await self._paused.wait()

    def resume(self) -> None:
        """End the pause."""
        self._resume.set()


@pytest.fixture
def index(load_built_in: None, built_in: StaticEmbedder) -> Iterator[Index]:
    """Return a package index that is down."""
    index = Index(built_in)
    with (
        patch.object(packages, "async_install", index.install),
        patch.object(requirements, "async_install", index.install),
        patch.object(requirements, "is_musl", return_value=False),
        patch.object(packages, "asyncio", SimpleNamespace(sleep=index.sleep)),
        patch.object(StaticEmbedder, "load", index.load),
        patch.object(upkeep, "load_extension", index.load_extension),
    ):
        yield index


@pytest.fixture
def musl(index: Index) -> Iterator[Obtain]:
    """Have a machine with musl, and return how the file that fits it is obtained."""
    obtain = Obtain(index)
    with (
        patch.object(requirements, "is_musl", return_value=True),
        patch.object(requirements, "may_install", return_value=True),
        patch.object(requirements, "this_target", return_value=TARGETS["aarch64"]),
        patch.object(requirements, "async_obtain", obtain),
    ):
        yield obtain


async def _found(hass: HomeAssistant, query: str) -> list[str]:
    return [item["key"] for item in (await async_act(hass, "search", query=query))["results"]]


async def test_the_package_index_is_down_and_comes_back(hass: HomeAssistant, set_up: SetUp, index: Index) -> None:
    entry = await set_up()
    engine: MemoryEngine = entry.runtime_data.engine
    assert entry.state is ConfigEntryState.LOADED
    await index.failed(1)
    assert index.asked == [requirements.RUNTIME_REQUIREMENTS, requirements.VECTOR_INDEX_REQUIREMENTS]
    assert issues_of(hass) == {ISSUE_PACKAGES, ISSUE_INDEX}
    assert sensor_state(hass, "embedder") == "keyword"

    await async_act(hass, "set", key="home", value="I live in Portland, OR")
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    assert await _found(hass, "Portland") == ["home"]
    assert "cat" not in await _found(hass, "pet")

    index.resume()
    await index.failed(2)
    assert index.pauses == [60.0, 300.0]
    assert issues_of(hass) == {ISSUE_PACKAGES, ISSUE_INDEX}

    index.up = True
    index.resume()
    await until(engine, lambda status: status.embedder is EmbedderState.BUILT_IN and not status.pending)
    await entry.runtime_data.fetching
    await hass.async_block_till_done()
    assert sensor_state(hass, "embedder") == "built_in"
    assert issues_of(hass) == set()
    assert engine.status.index == "sqlite-vec"
    assert entry.runtime_data.engine is engine
    assert len(left_running()) == len(set(left_running()))  # nothing runs twice
    assert (await _found(hass, "what is our pet's name"))[0] == "cat"


async def test_an_ollama_server_without_numpy(
    hass: HomeAssistant, set_up: SetUp, index: Index, freezer: FrozenDateTimeFactory
) -> None:
    """Vectors cannot be used before NumPy is there; afterwards those of the server are, without a restart."""
    rows = itertools.count(1)

    async def embed(_client: OllamaClient, _model: str, texts: Sequence[str], **_: Any) -> list[list[float]]:
        return [[1.0, 0.1 * next(rows), 0.5] for _ in texts]

    with (
        patch.object(OllamaClient, "async_digest", return_value="1234"),
        patch.object(OllamaClient, "async_embed", embed),
    ):
        with patch.dict(sys.modules, {"numpy": None}):
            entry = await set_up(with_ollama("http://ollama.test:11434"))
            engine: MemoryEngine = entry.runtime_data.engine
            await until(engine, lambda status: status.embedder_error == "built_in_missing")
            await async_act(hass, "set", key="cat", value="The cat is called Tom")
            assert await _found(hass, "cat") == ["cat"]
            await index.failed(1)
        freezer.tick(timedelta(hours=1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        assert issues_of(hass) == {ISSUE_PACKAGES, ISSUE_INDEX}  # it is not the server's fault

        index.up = True
        index.resume()
        await until(engine, lambda status: status.embedder is EmbedderState.OLLAMA and not status.pending)
        await entry.runtime_data.fetching
        assert issues_of(hass) == set()


async def test_it_is_tried_every_hour_in_the_end(hass: HomeAssistant, set_up: SetUp, index: Index) -> None:
    await set_up()
    for attempt in range(1, 7):
        await index.failed(attempt)
        index.resume()
    await index.failed(7)
    assert index.pauses == [60.0, 300.0, 900.0, 3600.0, 3600.0, 3600.0, 3600.0]


async def test_only_the_index_is_missing(hass: HomeAssistant, set_up: SetUp, index: Index) -> None:
    index.installed.add(requirements.RUNTIME_REQUIREMENTS)
    entry = await set_up()
    engine: MemoryEngine = entry.runtime_data.engine
    await index.failed(1)
    assert issues_of(hass) == {ISSUE_INDEX}
    assert engine.status.index == "memory"
    await async_act(hass, "set", key="cat", value="The cat is called Tom")
    assert await _found(hass, "what is our pet's name") == ["cat"]

    index.up = True
    index.resume()
    await entry.runtime_data.fetching
    assert issues_of(hass) == set()
    assert index.asked == [requirements.VECTOR_INDEX_REQUIREMENTS] * 2
    assert await _found(hass, "what is our pet's name") == ["cat"]


async def test_a_machine_that_nothing_fits(hass: HomeAssistant, set_up: SetUp, index: Index, musl: Obtain) -> None:
    """It is said once, and not tried again."""
    index.installed.add(requirements.RUNTIME_REQUIREMENTS)
    musl.error = UnobtainableError("there is no sqlite-vec for a processor of the type armv7l", final=True)
    entry = await set_up()
    await entry.runtime_data.fetching
    assert index.pauses == []
    assert reason_of(hass) == "there is no sqlite-vec for a processor of the type armv7l"
    await hass.config_entries.async_unload(entry.entry_id)
    assert issues_of(hass) == {ISSUE_INDEX}  # a reload would find the same, and somebody may have ignored it
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues_of(hass) == set()


async def test_a_file_that_fits_musl(
    hass: HomeAssistant, set_up: SetUp, index: Index, musl: Obtain, caplog: pytest.LogCaptureFixture
) -> None:
    """It is put to use without a restart as soon as it can be had; why it cannot be had is logged once."""
    index.installed.add(requirements.RUNTIME_REQUIREMENTS)
    musl.error = UnobtainableError("the package index cannot be reached")
    entry = await set_up()
    engine: MemoryEngine = entry.runtime_data.engine
    await index.failed(1)
    assert reason_of(hass) == "the package index cannot be reached"
    index.resume()
    await index.failed(2)
    assert caplog.text.count("the package index cannot be reached") == 1
    musl.error = UnobtainableError("the disk is full")
    index.resume()
    await index.failed(3)
    assert reason_of(hass) == "the disk is full"
    assert [record.getMessage() for record in caplog.records if "the disk is full" in record.getMessage()] == [
        "sqlite-vec cannot be used, memories are found without it: the disk is full"
    ]

    musl.error = None
    index.resume()
    await entry.runtime_data.fetching
    assert musl.asked == [Path(hass.config.path("semantic_memory/lib"))] * 4
    assert engine.status.index == "sqlite-vec"
    assert issues_of(hass) == set()


async def test_a_file_that_fits_musl_is_there(hass: HomeAssistant, set_up: SetUp, index: Index, musl: Obtain) -> None:
    """A start asks for nothing then."""
    index.installed |= {requirements.RUNTIME_REQUIREMENTS, requirements.VECTOR_INDEX_REQUIREMENTS}
    entry = await set_up()
    assert entry.runtime_data.engine.status.index == "sqlite-vec"
    await entry.runtime_data.fetching
    assert (musl.asked, index.asked) == ([], [])


async def test_a_file_that_fits_musl_and_does_not_work(
    hass: HomeAssistant, set_up: SetUp, index: Index, musl: Obtain
) -> None:
    """A folder from which nothing may be executed, for example. Asking again would not help."""
    index.installed.add(requirements.RUNTIME_REQUIREMENTS)
    index.error = "vec0.so: failed to map segment: Operation not permitted"
    entry = await set_up()
    await entry.runtime_data.fetching
    assert len(musl.asked) == 1
    assert reason_of(hass) == "vec0.so: failed to map segment: Operation not permitted"


@pytest.mark.parametrize("skipped", [{"skip_pip": True}, {"skip_pip_packages": ["sqlite-vec"]}])
async def test_nothing_is_fetched_where_that_is_switched_off(hass: HomeAssistant, skipped: dict[str, Any]) -> None:
    hass.config.skip_pip = False
    for option, value in skipped.items():
        setattr(hass.config, option, value)
    with (
        patch.object(requirements, "is_musl", return_value=True),
        patch.object(requirements, "async_obtain", AsyncMock()) as obtain,
        pytest.raises(UnobtainableError, match="--skip-pip") as raised,
    ):
        await requirements.async_install_vector_index(hass)
    obtain.assert_not_awaited()
    assert not raised.value.final  # the package can be installed by hand


async def test_an_index_that_is_installed_and_does_not_work(hass: HomeAssistant, set_up: SetUp, index: Index) -> None:
    index.up = True
    index.installed.add(requirements.RUNTIME_REQUIREMENTS)
    with patch.object(upkeep, "load_extension", side_effect=vec.IndexUnavailableError("it answered [] instead of [1]")):
        entry = await set_up()
        await entry.runtime_data.fetching
    assert index.asked == [requirements.VECTOR_INDEX_REQUIREMENTS]
    assert issues_of(hass) == {ISSUE_INDEX}


async def test_an_index_that_cannot_be_made(
    hass: HomeAssistant, set_up: SetUp, index: Index, caplog: pytest.LogCaptureFixture
) -> None:
    """It is made with the next attempt after there is room for it."""
    index.installed.add(requirements.RUNTIME_REQUIREMENTS)
    entry = await set_up()
    await index.failed(1)
    index.up = True
    with patch.object(
        MemoryEngine, "async_load_index", side_effect=DatabaseUnavailableError(path="x", reason="the disk is full")
    ):
        index.resume()
        await index.failed(2)
    assert "the disk is full" in caplog.text
    assert "the disk is full" in (reason_of(hass) or "")
    index.resume()
    await entry.runtime_data.fetching
    assert issues_of(hass) == set()


async def test_the_model_arrives_while_the_disk_is_full(
    hass: HomeAssistant, set_up: SetUp, index: Index, caplog: pytest.LogCaptureFixture
) -> None:
    """It is put to use with the next attempt."""
    entry = await set_up()
    await index.failed(1)
    index.up = True
    full = DatabaseUnavailableError(path="x", reason="the disk is full")
    with patch.object(MemoryEngine, "async_start", side_effect=full):
        index.resume()
        await index.failed(2)
    assert "the disk is full" in caplog.text
    assert not entry.runtime_data.fetching.done()

    index.resume()
    await entry.runtime_data.fetching
    await hass.async_block_till_done()
    assert sensor_state(hass, "embedder") == "built_in"
    assert issues_of(hass) == set()


async def test_unload_while_packages_are_fetched(hass: HomeAssistant, set_up: SetUp, index: Index) -> None:
    """What arrives afterwards starts nothing."""
    fetching, proceed = asyncio.Event(), asyncio.Event()

    async def slow(_hass: HomeAssistant, wanted: tuple[str, ...]) -> bool:
        fetching.set()
        await proceed.wait()
        return await index.install(_hass, wanted)

    index.up = True
    with patch.object(packages, "async_install", slow):
        entry = await set_up()
        await fetching.wait()
        engine: MemoryEngine = entry.runtime_data.engine
        with patch.object(MemoryEngine, "async_start") as start:
            proceed.set()
            assert await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
    start.assert_not_called()
    assert left_running() == []
    assert not engine._listeners
    assert issues_of(hass) - {ISSUE_INDEX} == set()


@pytest.fixture
def process(hass: HomeAssistant) -> Iterator[AsyncMock]:
    """Return what installs packages, in a Home Assistant that may."""
    hass.config.skip_pip = False
    with patch.object(requirements, "async_process_requirements", AsyncMock()) as process:
        yield process


async def test_install(hass: HomeAssistant, process: AsyncMock) -> None:
    assert await requirements.async_install(hass, ("numpy>=2.3",))
    process.assert_awaited_once_with(hass, DOMAIN, ["numpy>=2.3"], is_built_in=False)


async def test_install_is_not_given_up_for_good(hass: HomeAssistant) -> None:
    """Home Assistant itself would not ask the index again before a restart."""
    hass.config.skip_pip = False
    with patch("homeassistant.requirements.pkg_util.install_package", return_value=False) as install:
        assert not await requirements.async_install(hass, ("no-such-package==1",))
        asked = install.call_count
        assert asked
        assert not await requirements.async_install(hass, ("no-such-package==1",))
        assert install.call_count == 2 * asked
        install.return_value = True
        assert await requirements.async_install(hass, ("no-such-package==1",))


async def test_install_says_what_failed(hass: HomeAssistant, process: AsyncMock) -> None:
    process.side_effect = RequirementsNotFound(DOMAIN, ["numpy>=2.3"])
    assert not await requirements.async_install(hass, ("numpy>=2.3",))


async def test_install_where_it_is_switched_off(hass: HomeAssistant, process: AsyncMock) -> None:
    """``--skip-pip`` means that nothing is installed."""
    hass.config.skip_pip = True
    assert not await requirements.async_install(hass, ("numpy>=2.3",))
    process.assert_not_awaited()


async def test_nothing_to_fetch(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    """Where everything is there, the task ends without having asked for anything."""
    await setup_integration.runtime_data.fetching
    assert issues_of(hass) == set()
