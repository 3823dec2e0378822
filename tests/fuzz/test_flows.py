"""Every field of every form, with whatever a browser may send there: each flow is walked, wherever it leads."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager
import json
from pathlib import Path
from typing import Any, Final, cast
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import ConfigFlowContext, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.json import json_bytes
from hypothesis import given, strategies as st
import pytest
import voluptuous as vol

from custom_components.semantic_memory import config_flow
from custom_components.semantic_memory.config_flow_checks import FlowProblem
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.data import settings_from
from custom_components.semantic_memory.memory.embedding.ollama import OllamaModel

from ..flow_helpers import TEXTS, added_entry, checked, no_engine, placeholders
from ..isolation.home import BEA, Home
from ..memory.fakes import assert_sound
from .conftest import adas
from .outcomes import CASES, check_error, check_log, long, short
from .senders import Sender, seeds

MOST_STEPS: Final = 8
DONE: Final = frozenset({FlowResultType.ABORT, FlowResultType.CREATE_ENTRY})
INSTALLED: Final = OllamaModel(
    name="nomic-embed-text:latest", size=274_302_450, digest="d1", family="nomic-bert", embedding=True
)


def check_step(step: ConfigFlowResult, part: str) -> None:
    """Check that a step can be shown."""
    checked(step, part)
    json_bytes([step.get("errors"), dict(step.get("description_placeholders") or {}), step.get("reason")])
    if step["type"] is FlowResultType.ABORT and step["reason"] in TEXTS[part].get("abort", {}):
        text = TEXTS[part]["abort"][step["reason"]]
        assert placeholders(text) <= set(step.get("description_placeholders") or {})


async def async_walk(hass: HomeAssistant, manager: Any, step: ConfigFlowResult, part: str, sender: Sender) -> None:
    """Answer one step after the other, until the flow ends or refuses what is sent."""
    for _ in range(MOST_STEPS):
        check_step(step, part)
        if step["type"] in DONE:
            break
        user_input: Any = None
        if step["type"] is FlowResultType.MENU:
            options = [*cast("Iterable[str]", step["menu_options"])]
            user_input = {"next_step_id": sender.pick(*options, *options, *options, sender.anything())}
        elif step["type"] is FlowResultType.FORM:
            user_input = sender.form(step["data_schema"] or vol.Schema({}))
        else:
            await hass.async_block_till_done(wait_background_tasks=True)
        CASES["steps of flows"] += 1
        try:
            step = await manager.async_configure(step["flow_id"], user_input)
        except vol.Invalid as err:  # the form as a browser shows it would not have let it be sent
            check_error(err)
    for flow in manager.async_progress():
        manager.async_abort(flow["flow_id"])
    await hass.async_block_till_done()


@contextmanager
def server() -> Iterator[None]:
    """Have a server that has a model, and can download no other."""
    pull = AsyncMock(side_effect=FlowProblem("model_unknown", "model", model="missing"))
    with (
        patch.object(config_flow, "async_installed_models", AsyncMock(return_value=[INSTALLED])),
        patch.object(config_flow, "async_check_model", AsyncMock(return_value=768)),
        patch.object(config_flow, "async_check_key", AsyncMock(side_effect=FlowProblem("invalid_auth", "api_key"))),
        patch.object(config_flow, "async_pull_model", pull),
    ):
        yield


@pytest.fixture
async def without_engine(hass: HomeAssistant) -> AsyncGenerator[None]:
    """Keep the engine out, where only the forms matter."""
    async with no_engine(hass):
        with server():
            yield


async def async_set_up_once(hass: HomeAssistant, caplog: pytest.LogCaptureFixture, source: str, seed: int) -> None:
    """Walk the config flow."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_remove(entry.entry_id)
    context: dict[str, Any] = {"source": source}
    if source != "user":
        context["entry_id"] = added_entry(hass).entry_id
    manager = hass.config_entries.flow
    init_data = added.data if (added := next(iter(hass.config_entries.async_entries(DOMAIN)), None)) else None
    step = await manager.async_init(DOMAIN, context=cast("ConfigFlowContext", context), data=init_data)
    await async_walk(hass, manager, step, "config", Sender(seed))
    for entry in hass.config_entries.async_entries(DOMAIN):
        json_bytes(entry.as_dict())
    check_log(caplog)


@pytest.fixture
def importable(home: Home) -> None:
    """Have a file that can be taken in."""
    entity = {"type": "entity", "name": "Teapot", "entityType": "thing", "observations": ["It is in the kitchen"]}
    Path(home.hass.config.path("memory.jsonl")).write_text(json.dumps(entity))


async def async_change_options(home: Home, caplog: pytest.LogCaptureFixture, seed: int) -> None:
    """Walk the options, and see that the entry works with what was saved; an import only adds."""
    before = await adas(home)
    manager = home.hass.config_entries.options
    step = await manager.async_init(home.entry.entry_id)
    await async_walk(home.hass, manager, step, "options", Sender(seed, home))
    settings = settings_from(home.entry.options)
    assert 1 <= settings.recall_limit <= 50
    assert 0 <= settings.threshold <= 1
    assert 0 <= settings.keyword_weight <= 1
    assert 0 <= settings.default_expiry_days <= 3_650
    json_bytes(dict(home.entry.options))
    assert (await home.engine.async_stats(home.caller(BEA))).total
    assert before.items() <= (await adas(home)).items()
    check_log(caplog)


SOURCES: Final = ("user", "reconfigure", "reauth")


@pytest.mark.usefixtures("without_engine")
@short(200)
@given(source=st.sampled_from(SOURCES), seed=seeds)
async def test_setting_up(hass: HomeAssistant, caplog: pytest.LogCaptureFixture, source: str, seed: int) -> None:
    await async_set_up_once(hass, caplog, source, seed)


@pytest.mark.usefixtures("without_engine")
@pytest.mark.long
@pytest.mark.timeout(3_600)
@long(5_000)
@given(source=st.sampled_from(SOURCES), seed=seeds)
async def test_setting_up_many_more_times(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, source: str, seed: int
) -> None:
    await async_set_up_once(hass, caplog, source, seed)


@pytest.mark.usefixtures("importable")
@short(150)
@given(seed=seeds)
async def test_options(home: Home, caplog: pytest.LogCaptureFixture, seed: int) -> None:
    await async_change_options(home, caplog, seed)
    await assert_sound(home.engine)


@pytest.mark.usefixtures("importable")
@pytest.mark.long
@pytest.mark.timeout(3_600)
@long(3_000)
@given(seed=seeds)
async def test_options_many_more_times(home: Home, caplog: pytest.LogCaptureFixture, seed: int) -> None:
    await async_change_options(home, caplog, seed)
    await assert_sound(home.engine)
