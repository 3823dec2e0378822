"""The tools that language models call: remember, recall and forget.

Names, descriptions and parameters are written for local models of three to eight billion parameters: few and flat
parameters, short words. A tool never raises for what a model or the engine got wrong; it answers with an error that
says what to do next.
"""

from collections.abc import Mapping
from typing import ClassVar, Final, override

from homeassistant.helpers.llm import ToolAnnotations
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from . import llm_arguments as arguments
from .const import DOMAIN
from .llm_answers import candidates, recalled, shortened
from .llm_arguments import MAX_RECALLED, Argument
from .llm_base import MemoryTool, ToolCall, flat_schema
from .memory.answers import Outcome, RecallResult
from .memory.errors import MemoryNotFoundError
from .memory.models import MAX_EXPIRY_DAYS, Category, MemoryChanges, MemoryDraft, RecallRequest, Scope
from .memory.text import is_id

MAX_CANDIDATES: Final = 5

_STATUS: Final = {
    Outcome.ADDED: "stored",
    Outcome.UPDATED: "updated",
    Outcome.UNCHANGED: "already_known",
}


class RememberTool(MemoryTool):
    """Stores a memory, or changes one."""

    name = f"{DOMAIN}__remember"
    title = "Remember"
    description = (
        "Store one fact for later conversations. Call it when the user says 'remember', and also unasked when they "
        "tell a lasting fact, preference, routine, date or instruction. To correct a memory, call it with the key of "
        "that memory."
    )
    parameters = flat_schema(
        {
            vol.Required(
                "value", description="The fact as one short, complete sentence, e.g. 'Lives in Portland, OR'."
            ): str,
            vol.Optional(
                "key", description="Short name of the fact, e.g. 'home_city'. An existing key replaces that memory."
            ): str,
            vol.Optional("category", description="What the fact is about."): vol.In([item.value for item in Category]),
            vol.Optional(
                "scope",
                description="'user': only for the person speaking (default). 'household': for everybody at home.",
            ): vol.In([Scope.USER.value, Scope.HOUSEHOLD.value]),
            vol.Optional("tags", description="A few words to find it by, separated by commas."): str,
            vol.Optional(
                "expires_in_days", description="Only for facts that end: days until it is forgotten. 0: never."
            ): vol.All(vol.Coerce(float), vol.Range(min=0, max=MAX_EXPIRY_DAYS)),
        }
    )
    # It can replace what is stored under a key, so it is not merely additive.
    annotations = ToolAnnotations(read_only=False, destructive=True, idempotent=True, open_world=False)
    usage = "Call remember with value set to the fact as one sentence. Leave out what you do not know."
    wanted: ClassVar[Mapping[str, Argument]] = {
        "value": Argument(arguments.text, ("text", "content", "fact", "memory")),
        "key": Argument(arguments.text, ("name",)),
        "category": Argument(arguments.category, ("type",)),
        "scope": Argument(arguments.scope, ("owner",)),
        "tags": Argument(arguments.tags, ("tag",)),
        "expires_in_days": Argument(arguments.days, ("expires", "days")),
    }

    @override
    async def _async_run(self, call: ToolCall) -> JsonObjectType:
        """Store the memory and say what became of it, once it is on disk."""
        result = await call.engine.async_remember(call.caller, _draft(call))
        memory = result.memory
        notes: list[str] = []
        if call.caller.user_id is None and call.arguments.get("scope") != Scope.HOUSEHOLD:
            notes.append("Nobody was recognised as the speaker, so this is stored for the whole household.")
        if result.outcome is Outcome.UPDATED and memory.pinned:
            # Pinned memories are part of every prompt. Only people decide what stands there, so a change by a model
            # takes the pin away.
            changes = MemoryChanges(pinned=False, source=call.source)
            memory = await call.engine.async_update(call.caller, memory.id, changes)
            notes.append("The memory was pinned. The pin is removed until a person pins the new text.")
        answer: JsonObjectType = {
            "status": _STATUS[result.outcome],
            "key": memory.key,
            "value": shortened(memory.value),
            "scope": memory.scope.value,
        }
        if result.similar:
            answer["similar"] = candidates(result.similar, call.caller)
            notes.append(
                "If a similar memory is wrong now, call remember again with its key and the right value "
                "(and scope 'household' if that is its owner)."
            )
        if notes:
            answer["note"] = " ".join(notes)
        return answer


def _draft(call: ToolCall) -> MemoryDraft:
    """Return what to store. What an unknown speaker says can only belong to the household."""
    given = call.arguments
    return MemoryDraft(
        value=given["value"],
        key=given.get("key"),
        scope=Scope.HOUSEHOLD if call.caller.user_id is None else given.get("scope", Scope.USER),
        category=given.get("category"),
        tags=given.get("tags"),
        expires_in_days=given.get("expires_in_days"),
        source=call.source,
    )


class RecallTool(MemoryTool):
    """Finds memories by meaning."""

    name = f"{DOMAIN}__recall"
    title = "Recall"
    description = (
        "Search what is remembered about the user, their family, home, habits and plans. Searches by meaning. Call it "
        "before you answer a personal question."
    )
    parameters = flat_schema(
        {
            vol.Required(
                "query",
                description="What to look for, in a few words, e.g. 'favourite coffee'. Times like 'last week' help.",
            ): str,
            vol.Optional("limit", description="How many memories at most. Usually left out."): vol.All(
                vol.Coerce(int), vol.Range(min=1, max=MAX_RECALLED)
            ),
        }
    )
    # It counts uses, which changes nothing that anybody was told.
    annotations = ToolAnnotations(read_only=True, destructive=False, idempotent=True, open_world=False)
    usage = "Call recall with query set to a few words about what you look for."
    wanted: ClassVar[Mapping[str, Argument]] = {
        "query": Argument(arguments.text, ("question", "search", "text", "key", "what", "value")),
        "limit": Argument(arguments.limit, ("count", "n", "max")),
    }

    @override
    async def _async_run(self, call: ToolCall) -> JsonObjectType:
        """Return what was found, as data."""
        request = RecallRequest(
            query=call.arguments["query"], limit=call.arguments.get("limit"), source=call.source, log=True
        )
        result = await call.engine.async_recall(call.caller, request)
        answer: JsonObjectType = {
            "status": "nothing_found",
            "memories": [],
            "note": "Nothing about this is remembered. Try other words once, or say that you do not know.",
        }
        if result.hits:
            answer = {"status": "found", "memories": [recalled(hit, call.caller) for hit in result.hits]}
            if not result.certain:
                answer["note"] = "Perhaps none of these answers it. If none says it, say that you do not know."
        call.engine.recalls.answered(result.number, answer)
        return answer


class ForgetTool(MemoryTool):
    """Forgets the one memory that is named exactly, and asks otherwise."""

    name = f"{DOMAIN}__forget"
    title = "Forget"
    description = (
        "Delete one memory, only when the user asks for it. Give its exact key. If you do not know the key, say what "
        "the memory is about: you get the possible keys and nothing is deleted yet."
    )
    parameters = flat_schema(
        {
            vol.Required(
                "what", description="The exact key of the memory, e.g. 'home_city', or a few words about it."
            ): str,
        }
    )
    # Not idempotent: a second call can meet the household's memory of the same key.
    annotations = ToolAnnotations(read_only=False, destructive=True, idempotent=False, open_world=False)
    usage = "Call forget with what set to the exact key of the memory, or to a few words about it."
    wanted: ClassVar[Mapping[str, Argument]] = {
        "what": Argument(arguments.text, ("key", "id", "name", "query", "description", "memory", "value", "text")),
    }
    unattended = False

    @override
    async def _async_run(self, call: ToolCall) -> JsonObjectType:
        """Forget on an exact key or id, otherwise return the candidates."""
        what: str = call.arguments["what"]
        try:
            (memory,) = await call.engine.async_forget(call.caller, (what,), source=call.source)
        except MemoryNotFoundError:
            return await self._async_candidates(call, what)
        return {
            "status": "forgotten",
            "key": memory.key,
            "value": shortened(memory.value),
            "scope": memory.scope.value,
            "restorable_for_days": call.engine.settings.forgotten_days,
        }

    async def _async_candidates(self, call: ToolCall, what: str) -> JsonObjectType:
        """Return what may have been meant. Looking for it is not a use of it."""
        found: RecallResult | None = None
        if not is_id(what):  # nothing resembles an id
            request = RecallRequest(query=what, limit=MAX_CANDIDATES, touch=False, source=call.source, log=True)
            found = await call.engine.async_recall(call.caller, request)
        answer: JsonObjectType = {
            "status": "nothing_found",
            "candidates": [],
            "note": "No such memory. Nothing was forgotten. Tell the user.",
        }
        if found is not None and found.hits:
            answer = {
                "status": "confirm",
                "candidates": candidates(found.hits, call.caller),
                "note": "Nothing is forgotten yet. Ask the user which one is meant, then call forget with its exact "
                "key.",
            }
        if found is not None:
            call.engine.recalls.answered(found.number, answer)
        return answer


MEMORY_TOOLS: Final[tuple[type[MemoryTool], ...]] = (RememberTool, RecallTool, ForgetTool)
