"""The tools in the hands of a real AI task, where nobody can be asked."""

from typing import Any, override

from homeassistant.components import conversation
from homeassistant.components.ai_task import (
    AITaskEntity,
    AITaskEntityFeature,
    GenDataTask,
    GenDataTaskResult,
    async_generate_data,
)
from homeassistant.components.ai_task.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers.llm import ToolInput, async_get_apis
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, MemoryDraft, Scope


class _Worker(AITaskEntity):
    """A model that calls the tool that its instructions name."""

    entity_id = "ai_task.worker"
    _attr_supported_features = AITaskEntityFeature.GENERATE_DATA

    @override
    async def _async_generate_data(self, task: GenDataTask, chat_log: conversation.ChatLog) -> GenDataTaskResult:
        tool, _, argument = task.instructions.partition(" ")
        name = {"remember": "value", "recall": "query", "forget": "what"}[tool]
        assert chat_log.llm_api is not None
        call = ToolInput(tool_name=f"{DOMAIN}__{tool}", tool_args={name: argument})
        result = await chat_log.llm_api.async_call_tool(call)
        return GenDataTaskResult(conversation_id=chat_log.conversation_id, data=(result.error, result.data))


async def _async_task(hass: HomeAssistant, instructions: str) -> tuple[bool, dict[str, Any]]:
    """Have the model work; return whether the tool failed, and its answer."""
    (api,) = [api for api in async_get_apis(hass) if api.id == DOMAIN]
    result = await async_generate_data(
        hass, task_name="test", entity_id=_Worker.entity_id, instructions=instructions, llm_api=api
    )
    error, data = result.data
    return error, data


@pytest.fixture
async def engine(hass: HomeAssistant, setup_integration: MockConfigEntry) -> MemoryEngine:
    """Return an engine that knows one thing about the household."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "ai_task", {})
    await hass.data[DATA_COMPONENT].async_add_entities([_Worker()])
    engine: MemoryEngine = setup_integration.runtime_data.engine
    await engine.async_remember(
        Caller(), MemoryDraft(key="milk", value="The household buys oat milk", scope=Scope.HOUSEHOLD)
    )
    return engine


async def test_forget_is_refused(hass: HomeAssistant, engine: MemoryEngine) -> None:
    error, data = await _async_task(hass, "forget milk")
    assert error
    assert data["error"] == "not_allowed"
    assert (await engine.async_get(Caller(), "milk")).deleted_at is None


async def test_the_rest_works(hass: HomeAssistant, engine: MemoryEngine) -> None:
    error, data = await _async_task(hass, "recall oat milk")
    assert not error
    assert data["memories"][0]["key"] == "milk"
    error, data = await _async_task(hass, "remember The car is due for service in May")
    assert not error
    memory = await engine.async_get(Caller(), data["key"])
    assert data["scope"] == "household"
    assert memory.source.surface == "llm"
    assert memory.source.conversation_id
