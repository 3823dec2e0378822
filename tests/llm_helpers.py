"""Calls the tools the way Home Assistant does, for the tests of the LLM surface."""

from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers.llm import LLM_API_ASSIST, APIInstance, LLMContext, ToolInput, ToolResult, async_get_api

from custom_components.semantic_memory.const import DOMAIN


def llm_context(
    user_id: str | None = None, *, device_id: str | None = None, assistant: str = "conversation"
) -> LLMContext:
    """Return what a conversation agent says about a request."""
    return LLMContext(
        platform="ollama", context=Context(user_id=user_id), language="en", assistant=assistant, device_id=device_id
    )


async def async_api(hass: HomeAssistant, context: LLMContext, api_id: str | list[str] = LLM_API_ASSIST) -> APIInstance:
    """Return the tools and the prompt that an agent gets."""
    return await async_get_api(hass, api_id, context)


async def async_call(
    hass: HomeAssistant, tool: str, arguments: dict[str, Any], context: LLMContext, api_id: str = LLM_API_ASSIST
) -> ToolResult:
    """Call ``remember``, ``recall`` or ``forget``."""
    api = await async_api(hass, context, api_id)
    return await api.async_call_tool(ToolInput(tool_name=f"{DOMAIN}__{tool}", tool_args=arguments))


async def async_answer(hass: HomeAssistant, tool: str, arguments: dict[str, Any], context: LLMContext) -> Any:
    """Call a tool that is expected to succeed, and return its answer."""
    result = await async_call(hass, tool, arguments, context)
    assert not result.error, result.data
    return result.data
