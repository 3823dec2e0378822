"""What every tool does: check the arguments, find out who asks, and put failures into words."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, override

from homeassistant.core import HomeAssistant
from homeassistant.helpers import chat_session, device_registry as dr
from homeassistant.helpers.llm import LLMContext, Tool, ToolInput, ToolResult
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .errors import translated
from .llm_answers import error
from .llm_arguments import Argument, tidied
from .memory.engine import MemoryEngine
from .memory.errors import SemanticMemoryError
from .memory.models import Caller, Source
from .people import caller_for_llm

_AI_TASK: Final = "ai_task"


def flat_schema(fields: dict[vol.Marker, Any]) -> Any:
    """Return a tool's parameters. Parameters that a model makes up are dropped.

    The result is untyped because only at run time is voluptuous the validator that Home Assistant's types name.
    """
    return vol.Schema(fields, extra=vol.REMOVE_EXTRA)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a tool needs to do its work."""

    engine: MemoryEngine
    caller: Caller
    source: Source
    arguments: Mapping[str, Any]


class MemoryTool(Tool):
    """A tool of Semantic Memory. It holds no state, so it outlives a reload of the entry."""

    integration = DOMAIN
    usage: ClassVar[str]
    """How to call the tool, for a model that did not manage to."""
    wanted: ClassVar[Mapping[str, Argument]]
    unattended: ClassVar[bool] = True
    """Whether it may be called where no person can answer a question."""

    @override
    def __eq__(self, other: object) -> bool:
        """Return whether both do the same: an agent that has it from two APIs then gets it once."""
        return type(self) is type(other) if isinstance(other, MemoryTool) else NotImplemented

    @override
    def __hash__(self) -> int:
        """Return the same for all that are equal."""
        return hash(type(self))

    @override
    async def async_call(self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext) -> ToolResult:
        """Check the arguments, do the work, and answer every expected failure in words."""
        if not self.unattended and is_unattended(llm_context):
            return error(
                "not_allowed", "This is an automated task: nobody can confirm. Nothing was forgotten. Do not try again."
            )
        # Looked up at every call: Home Assistant keeps a conversation's tools while the entry may be reloaded.
        entries: list[SemanticMemoryConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
        if not entries:
            return error("not_loaded", "The memory is not available now. Tell the user, and do not try again.")
        try:
            usable = self.parameters(tidied(tool_input.tool_args, self.wanted))
        except vol.Invalid as err:
            return error("invalid_arguments", f"Not usable: {err}. {self.usage}")
        call = ToolCall(
            engine=entries[0].runtime_data.engine,
            caller=caller_for_llm(hass, entries[0], llm_context),
            source=_source(hass, llm_context),
            arguments=usable,
        )
        try:
            return ToolResult(data=await self._async_run(call))
        except SemanticMemoryError as err:
            return error(err.code, str(translated(err)))

    @abstractmethod
    async def _async_run(self, call: ToolCall) -> JsonObjectType:
        """Do the work and return the answer. May raise SemanticMemoryError."""


def is_unattended(llm_context: LLMContext) -> bool:
    """Return whether the model works on an AI task, where nobody can be asked.

    ``assistant`` is ``ai_task`` for those in every supported version. Since 2026.11 ``agent_id`` names the entity as
    well, which also holds for an integration that builds the context itself.
    """
    agent_id: str | None = getattr(llm_context, "agent_id", None)
    return llm_context.assistant == _AI_TASK or (agent_id or "").startswith(f"{_AI_TASK}.")


def _source(hass: HomeAssistant, llm_context: LLMContext) -> Source:
    """Return where the call comes from."""
    session = chat_session.current_session.get()
    device_id = llm_context.device_id
    device = dr.async_get(hass).async_get(device_id) if device_id else None
    return Source(
        surface="llm",
        conversation_id=session.conversation_id if session else None,
        # Before 2026.11 only the integration that runs the agent is known.
        agent_id=getattr(llm_context, "agent_id", None) or llm_context.platform,
        device_id=device_id,
        area_id=dr.async_get_effective_area_id(hass, device) if device else None,
    )
