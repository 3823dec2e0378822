"""The script of the chat: which tool the user's words call for, and what to say of its result.

Plain functions from what ``/api/chat`` gets (messages, tools) to what it answers. It knows three tools by how their
names end: ``remember``, ``recall`` and ``forget``; or, instead of each, one that is named ``memory_tool`` and told
which ``operation`` is meant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import json
import re
from typing import Final

type Json = Mapping[str, object]

_REMEMBER: Final = re.compile(
    r"^(?:(?:please|can you|could you|will you)\s+)*(?:remember|keep in mind|note|don'?t forget)"
    r"(?:\s+that\b|\s*:|,)?\s+(?P<what>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_FORGET: Final = re.compile(
    r"^(?:(?:please|can you|could you|will you)\s+)*(?:forget|delete the memory)"
    r"(?:\s+(?:that|about|of))?\s+(?P<what>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_QUESTION: Final = re.compile(
    r"^(?:who|what|when|where|which|why|how|is|are|am|do|does|did|can|could|should|will|would|tell me)\b", re.IGNORECASE
)
_YES: Final = re.compile(r"^(?:yes|yeah|ok|okay|sure|do it|(?:yes,? )?the first(?: one)?)[.! ]*$", re.IGNORECASE)
_KEYS: Final = (
    (re.compile(r"^(?:i|we) live (?:in|at)\b", re.IGNORECASE), "my_location"),
    (re.compile(r"^my name is\b", re.IGNORECASE), "my_name"),
)
_MY_X_IS: Final = re.compile(r"^(?:my|our|the) (?P<what>[\w' -]{2,40}?) (?:is|are)\b", re.IGNORECASE)
_TO_YOU: Final = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "am": "are", "i'm": "you're",
    "i've": "you've", "we": "you", "our": "your", "us": "you", "we're": "you're",
}  # fmt: skip
_ALL_IN_ONE: Final = "memory_tool"
_OPERATIONS: Final = {"remember": "set", "recall": "search", "forget": "forget"}
_LISTS: Final = ("hits", "memories", "results", "matches", "candidates", "forgotten")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the assistant says, or which tool it calls."""

    content: str = ""
    tool: str | None = None
    arguments: dict[str, object] = field(default_factory=dict)


def reply_to(messages: Sequence[Json], tools: Sequence[Json]) -> Reply:
    """Return the next message of a conversation."""
    last = messages[-1] if messages else {}
    if last.get("role") == "tool":
        return Reply(_say_result(messages))
    said = _user_text(messages)
    offered = {kind: tool for kind in ("remember", "recall", "forget") if (tool := _tool(tools, kind)) is not None}
    if not offered:
        return Reply("Hello! How can I help you?" if not said else f"You said: {_sentence(said)}")
    return _call(said, messages, offered) or Reply("All right.")


def _call(said: str, messages: Sequence[Json], offered: Mapping[str, Json]) -> Reply | None:
    """Choose a tool for the user's words; ``None`` where none fits."""
    if "forget" in offered and (chosen := _chosen_candidate(said, messages)):
        return _use(offered, "forget", ("what", "key", "id"), chosen)
    if "forget" in offered and (match := _FORGET.match(said)):
        return _use(offered, "forget", ("what", "key", "query"), match["what"].strip(" ."))
    if "remember" in offered and (match := _REMEMBER.match(said)) and not _is_asking(match["what"]):
        value = match["what"].strip(" ?.")
        value = value[:1].upper() + value[1:]
        return _use(offered, "remember", ("value", "memory", "text"), value, key=_key_of(value))
    if "recall" in offered and (said.rstrip().endswith("?") or _QUESTION.match(said)):
        return _use(offered, "recall", ("query", "text", "question"), said)
    return None


def _is_asking(what: str) -> bool:
    """Tell "remember where I put it?" from something to remember."""
    return what.rstrip().endswith("?") and _QUESTION.match(what) is not None


def _use(offered: Mapping[str, Json], kind: str, names: Sequence[str], text: str, *, key: str | None = None) -> Reply:
    """Call a kind of tool with the text under the first of the names that it has a parameter for."""
    function = _mapping(offered[kind].get("function"))
    parameters = _mapping(_mapping(function.get("parameters")).get("properties"))
    arguments: dict[str, object] = {next((name for name in names if name in parameters), names[0]): text}
    if key is not None and "key" in parameters:
        arguments["key"] = key
    if "operation" in parameters:
        arguments["operation"] = _OPERATIONS[kind]
    return Reply(tool=str(function["name"]), arguments=arguments)


def _tool(tools: Sequence[Json], kind: str) -> Json | None:
    named = ((str(_mapping(tool.get("function")).get("name", "")), tool) for tool in tools)
    return next((tool for name, tool in named if name.endswith((kind, _ALL_IN_ONE))), None)


def _key_of(value: str) -> str | None:
    """Derive a key where that is plain: "my shoe size is 43" is about ``my_shoe_size``."""
    for pattern, key in _KEYS:
        if pattern.match(value):
            return key
    match = _MY_X_IS.match(value)
    return re.sub(r"\W+", "_", value[: match.end("what")].lower()).strip("_") if match else None


def _say_result(messages: Sequence[Json]) -> str:
    """Answer from the results at the end of the conversation."""
    start = len(messages)
    while start and messages[start - 1].get("role") == "tool":
        start -= 1
    names = _called(messages[start - 1]) if start else []
    answers = []
    for index, message in enumerate(messages[start:]):
        name = names[index] if index < len(names) else str(message.get("tool_name") or "")
        answers.append(_say(name, *_result(message)))
    return " ".join(answers)


def _say(tool: str, data: Json, failed: bool) -> str:
    if failed:
        return f"Sorry, that did not work: {data.get('message') or data.get('error') or 'no reason was given'}."
    if tool.endswith("recall"):
        values = _values(data)
        return _sentence(_to_you(values[0])) if values else "I do not know that yet."
    if tool.endswith("remember"):
        values = _values(data)
        return f"I will remember that: {_sentence(_to_you(values[0]))}" if values else "I will remember that."
    if tool.endswith("forget"):
        return _say_forgotten(data)
    return "Done."


def _say_forgotten(data: Json) -> str:
    if candidates := _entries(data, ("candidates",)):
        listed = "; ".join(f"{_to_you(str(item.get('value', '')))} ({item.get('key')})" for item in candidates)
        return f"{'Which one shall I forget?' if candidates[1:] else 'Shall I forget this?'} {listed}"
    values = _values(data)
    if values:
        return f"I have forgotten that {_to_you(values[0]).rstrip('.')}."
    return "There is nothing like that to forget."


def _result(message: Json) -> tuple[Json, bool]:
    """Return a tool's data, and whether it failed: Home Assistant sends ``{"data": …, "error": …}``."""
    try:
        content = json.loads(str(message.get("content") or "{}"))
    except ValueError:
        content = {"message": message.get("content")}
    if not isinstance(content, dict):
        return ({"results": content} if isinstance(content, list) else {"message": content}), False
    if set(content) == {"data", "error"}:
        return _mapping(content["data"]), bool(content["error"])
    return content, "error" in content and bool(content["error"])


def _values(data: Json) -> list[str]:
    """Return the values of the memories in a result, best first."""
    nested = [found for name in ("memory", "result") if isinstance(found := data.get(name), dict)]
    entries = [*_entries(data, _LISTS), *(item for found in nested for item in _entries(found, _LISTS)), data, *nested]
    return [value for entry in entries if isinstance(value := entry.get("value"), str) and value]


def _entries(data: Json, names: Sequence[str]) -> list[Json]:
    return [
        item for name in names if isinstance(found := data.get(name), list) for item in found if isinstance(item, dict)
    ]


def _chosen_candidate(said: str, messages: Sequence[Json]) -> str | None:
    """Return the id or key of the candidate that the user chose, by "yes" or by naming its key."""
    result = next((message for message in reversed(messages) if message.get("role") == "tool"), None)
    offered = _entries(_result(result)[0], ("candidates",)) if result is not None else []
    if not offered:
        return None
    named = (item for item in offered if re.search(rf"\b{re.escape(str(item.get('key')))}\b", said))
    chosen = offered[0] if _YES.match(said) else next(named, None)
    return str(chosen.get("id") or chosen.get("key")) if chosen is not None else None


def _called(message: Json) -> list[str]:
    calls = message.get("tool_calls")
    calls = calls if isinstance(calls, list) else []
    return [_meant(_mapping(_mapping(call).get("function"))) for call in calls]


def _meant(function: Json) -> str:
    """Return the name of a tool that was called, or what the one for everything was told to do."""
    operation = _mapping(function.get("arguments")).get("operation")
    meant = (kind for kind, name in _OPERATIONS.items() if name == operation)
    return next(meant, str(function.get("name", "")))


def _user_text(messages: Sequence[Json]) -> str:
    said = (item.get("content") for item in reversed(messages) if item.get("role") == "user")
    return str(next(said, None) or "").strip()


def _to_you(text: str) -> str:
    """Turn "I live in Portland" into "you live in Portland"."""
    words = re.split(r"([\w']+)", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return "".join(_TO_YOU.get(word.lower(), word) for word in words)


def _sentence(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}
