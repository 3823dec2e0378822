"""What people are told to mend: when it is reported, in which words, and when it is withdrawn."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
import json
from pathlib import Path
from string import Formatter
from typing import Any, Final
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.semantic_memory import issues
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import DatabaseDamagedError
from custom_components.semantic_memory.memory.status import EngineEvent

from .conftest import SetUp
from .glue_helpers import MODEL, issues_of, with_ollama

URL: Final = "http://ollama.test:11434"
TEXTS: Final[dict[str, Any]] = json.loads(
    (Path(issues.__file__).parent / "translations" / "en.json").read_text(encoding="utf-8")
)["issues"]

type Tell = Callable[..., None]


@pytest.fixture
async def entry(hass: HomeAssistant, set_up: SetUp) -> AsyncIterator[MockConfigEntry]:
    """Return an entry whose engine does nothing by itself."""
    with (
        patch.object(MemoryEngine, "async_start"),
        patch("custom_components.semantic_memory.async_obtain_missing"),
    ):
        yield await set_up(with_ollama(URL))


@pytest.fixture
def tell(entry: MockConfigEntry) -> Tell:
    """Return what makes the engine say that the server is in a state; ``None``: that it answers."""
    engine: MemoryEngine = entry.runtime_data.engine

    def tell(error: str | None, **others: Any) -> None:
        engine._worker.serving.update(embedder_error=error, **others)

    return tell


async def _pass(hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: float) -> None:
    freezer.tick(timedelta(minutes=minutes))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def test_a_server_that_stays_away(hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory) -> None:
    tell("cannot_connect")
    await _pass(hass, freezer, 29)
    assert issues_of(hass) == set()
    await _pass(hass, freezer, 2)
    assert issues_of(hass) == {issues.ISSUE_UNREACHABLE}
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issues.ISSUE_UNREACHABLE)
    assert issue is not None
    assert issue.translation_placeholders == {"url": URL}
    assert not issue.is_fixable

    tell(None)
    assert issues_of(hass) == set()
    await _pass(hass, freezer, 60)
    assert issues_of(hass) == set()


async def test_a_server_that_restarts(hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory) -> None:
    """Short absences do not add up."""
    for _ in range(3):
        tell("cannot_connect")
        await _pass(hass, freezer, 20)
        tell(None)
    await _pass(hass, freezer, 60)
    assert issues_of(hass) == set()


async def test_time_runs_on_from_one_failure_to_another(
    hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory
) -> None:
    tell("cannot_connect")
    await _pass(hass, freezer, 20)
    tell("invalid_vectors")
    await _pass(hass, freezer, 11)
    assert issues_of(hass) == {issues.ISSUE_UNREACHABLE}


@pytest.mark.parametrize("answer", ["model_missing", "invalid_auth", "built_in_missing"])
async def test_a_server_that_answers_is_not_away(
    hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory, answer: str
) -> None:
    tell("cannot_connect")
    await _pass(hass, freezer, 31)
    assert issues_of(hass) == {issues.ISSUE_UNREACHABLE}
    with patch.object(ConfigEntry, "async_start_reauth"):
        tell(answer)
    assert issues.ISSUE_UNREACHABLE not in issues_of(hass)


async def test_reauthentication_instead_of_an_issue(
    hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory
) -> None:
    with patch.object(ConfigEntry, "async_start_reauth") as start:
        tell("invalid_auth")
        for count in range(5):
            tell("invalid_auth", memories=count)
        assert start.call_count == 1
        tell(None)
        tell("invalid_auth")
        assert start.call_count == 2
    await _pass(hass, freezer, 60)
    assert issues_of(hass) == set()


async def test_a_missing_model(hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory) -> None:
    tell("model_missing")
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issues.ISSUE_MODEL_MISSING)
    assert issue is not None
    assert issue.is_fixable
    assert issue.translation_placeholders == {"model": MODEL}
    tell("cannot_connect")
    assert issues_of(hass) == {issues.ISSUE_MODEL_MISSING}
    tell(None)
    assert issues_of(hass) == set()


async def test_what_is_being_mended_does_not_come_back(hass: HomeAssistant, tell: Tell) -> None:
    """While the model is downloaded, memories are stored and looked for."""
    tell("model_missing")
    ir.async_delete_issue(hass, DOMAIN, issues.ISSUE_MODEL_MISSING)
    tell("model_missing", memories=1)
    tell("model_missing", last_recall_at=1.0)
    assert issues_of(hass) == set()


async def test_only_the_status_counts(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    engine: MemoryEngine = entry.runtime_data.engine
    engine._worker.serving.status = replace(engine.status, embedder_error="model_missing")
    engine._tell(EngineEvent(kind="recall"))
    assert issues_of(hass) == set()


@pytest.mark.parametrize("error", ["cannot_connect", "model_missing"])
async def test_unload_withdraws(
    hass: HomeAssistant, entry: MockConfigEntry, tell: Tell, freezer: FrozenDateTimeFactory, error: str
) -> None:
    """Neither an issue nor a timer stays; what the engine says afterwards is not heard."""
    tell("cannot_connect")
    await _pass(hass, freezer, 31)
    tell(error, memories=1)
    assert issues_of(hass)
    tell(None)
    tell(error)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert issues_of(hass) == set()
    tell(None)
    tell("model_missing")
    await _pass(hass, freezer, 60)
    assert issues_of(hass) == set()


async def test_removal_withdraws_everything(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    _report_everything(hass)
    assert issues_of(hass) == set(issues._ALL)
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues_of(hass) == set()


MORE_STEPS = {issues.ISSUE_DAMAGED: {"init", "restore"}}
GIVEN_BY_FLOW = {issues.ISSUE_DAMAGED: {"date", "memories"}}
"""Placeholders of texts that the flow fills: they are of the backup that is offered."""


def _report_everything(hass: HomeAssistant) -> None:
    issues._create(hass, issues.ISSUE_UNREACHABLE, url=URL)
    issues.async_report_model(hass, MODEL)
    issues.async_report_packages(hass)
    issues.async_report_index(hass, "sqlite-vec is not installed")
    issues.async_report_damage(hass, DatabaseDamagedError(path="/config/semantic_memory/memory.db"))


def _texts(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node]
    return [text for part in node.values() for text in _texts(part)]


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


async def test_every_issue_has_its_words(hass: HomeAssistant) -> None:
    """Title and description, or title and flow, with placeholders that are filled."""
    _report_everything(hass)
    found = {issue.issue_id: issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN}
    assert set(found) == set(issues._ALL) == set(TEXTS)
    for issue_id, issue in found.items():
        texts = TEXTS[issue_id]
        assert issue.translation_key == issue_id
        assert texts["title"]
        # hassfest wants one of the two: the text of an issue, or of the flow that mends it.
        assert ("fix_flow" in texts) is issue.is_fixable
        assert ("description" in texts) is not issue.is_fixable
        flow = texts.get("fix_flow", {})
        aborts = flow.get("abort", {})
        shown = {text for text in _texts(texts) if text not in aborts.values()}
        given = set(issue.translation_placeholders or {})
        assert set().union(*map(_placeholders, shown)) == given | GIVEN_BY_FLOW.get(issue_id, set())
        steps = {"confirm"} if issue.is_fixable else set()
        assert set(flow.get("step", {})) == steps | MORE_STEPS.get(issue_id, set())
        assert "service" not in " ".join(_texts(texts)).lower()
