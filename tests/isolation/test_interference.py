"""What others have stored changes no answer: not a score, not an order, not an error.

Everything is asked twice, once in a home where the others have stored much, and once where they have nothing.
"""

from collections.abc import Awaitable, Iterable, Iterator
import re
from typing import Any, Final

from homeassistant.core import Context
from homeassistant.helpers.llm import LLMContext, ToolInput
from homeassistant.setup import async_setup_component
import pytest

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.llm_tools import MEMORY_TOOLS
from custom_components.semantic_memory.memory.models import HOUSEHOLD, MemoryDraft

from ..glue_helpers import until
from .home import ADA, BEA, CARL, FORGOTTEN, PEOPLE, SECRETS, Home, as_text
from .test_actions import ROWS as ACTIONS, async_tried
from .test_tools import ROWS as TOOLS
from .who import CALLERS, Who

FLOOD: Final = 24
WORDS: Final = ("submarine", "combination", "lessons", "hidden", "passport")
OF_THE_SYSTEM: Final = re.compile(
    r'"(?:database_bytes|last_recall_at|pending|cursor|use_count|last_used_at)": (?:"[^"]*"|[^,}]+)'
)
"""Figures about the whole system, and the place in a list."""
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.+]+")
ID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}", re.IGNORECASE)


def comparable(answer: object) -> str:
    """Return an answer without what differs each time."""
    text = OF_THE_SYSTEM.sub("", as_text(answer))
    return ID.sub("ID", MOMENT.sub("MOMENT", text))


async def async_furnish(home: Home, sees: frozenset[str], *, others: bool) -> None:
    """Store what may be seen, and what the others have or nothing of it."""
    known = home.memories
    await home.async_plant([owner for owner in SECRETS if others or owner in sees])
    # Asked for by id all the same, though there are none.
    home.memories = {owner: home.memories.get(owner, known[owner]) for owner in SECRETS}
    own = next(iter(sees - {HOUSEHOLD}), HOUSEHOLD)
    scope = "household" if own == HOUSEHOLD else "user"
    for number in range(9):
        draft = MemoryDraft(value=f"Swimming lessons, part {number}", key=f"lessons_{number}", scope=scope)
        await home.engine.async_remember(home.caller(own), draft)
    for number in range(FLOOD if others else 0):
        draft = MemoryDraft(value=f"The {WORDS[number % len(WORDS)]} of {number}, hidden", key=f"secret_{number}")
        await home.engine.async_remember(home.caller(next(name for name in PEOPLE if name not in sees)), draft)
    await until(home.engine, lambda status: status.pending == 0)


async def async_settled[T](home: Home, call: Awaitable[T]) -> T:
    """Return what a call returns, once all that it changed has been embedded, and its uses have been counted."""
    answer = await call
    await until(home.engine, lambda status: status.pending == 0)
    await home.engine._uses.async_flush()
    return answer


def queries() -> Iterator[dict[str, Any]]:
    """Ask with words that others have stored, rare and common ones together."""
    for words in ("submarine lessons", "combination gift", "passport lessons of the safe", "hidden", "lessons"):
        yield {"query": words, "limit": 50, "threshold": 0}
        yield {"query": words}


def asked(home: Home, calls: Iterable[dict[str, Any]], sees: frozenset[str]) -> list[dict[str, Any]]:
    """Return the calls that are the same in both homes: an id that is not found is looked for as text, and differs."""
    found = {memory.id for owner in sees for kind, memory in home.memories[owner].items() if kind not in FORGOTTEN}
    differs = {memory.id for memory in home.all_memories} - found
    return [call for call in calls if differs.isdisjoint(str(call[name]) for name in call if name != "id")]


ANSWERS: Final = [name for name in ACTIONS if not name.startswith(("memory_backup", "memory_e", "memory_im"))]
"""Actions whose answers are compared: all but those on files."""
WHO: Final = ("user", "automation")


@pytest.mark.parametrize("title", WHO)
async def test_actions(home: Home, title: str) -> None:
    who: Who = CALLERS[title]
    answers: list[dict[str, list[str]]] = []
    for others in (True, False):
        found: dict[str, list[str]] = {}
        for name in ANSWERS:
            if name == ANSWERS[0] or ACTIONS[name].changes(who):
                await async_furnish(home, who.sees, others=others)
            action = name.partition(",")[0]
            calls = [*ACTIONS[name].calls(home), *(queries() if name == "memory_search" else ())]
            found[name] = [
                comparable(await async_settled(home, async_tried(home, action, who, data)))
                for data in asked(home, calls, who.sees)
            ]
        answers.append(found)
    with_others, without = answers
    assert with_others.keys() == without.keys()
    for name, expected in without.items():
        assert with_others[name] == expected, name


@pytest.mark.parametrize("user", [BEA, None])
async def test_tools(home: Home, user: str | None) -> None:
    assert await async_setup_component(home.hass, "llm", {})
    context = LLMContext(
        platform="x",
        context=Context(user_id=home.users[user].id if user else None),
        language="en",
        assistant="conversation",
        device_id=None,
    )
    sees = frozenset({HOUSEHOLD} | ({user} if user else set()))
    answers: list[list[str]] = []
    for others in (True, False):
        found: list[str] = []
        for tool in MEMORY_TOOLS:
            await async_furnish(home, sees, others=others)
            for arguments in asked(home, [*TOOLS[tool.name].calls(home), *queries()], sees):
                call = ToolInput(tool_name=tool.name, tool_args=arguments)
                result = await async_settled(home, tool().async_call(home.hass, call, context))
                found.append(comparable(result.data))
        answers.append(found)
    with_others, without = answers
    assert with_others == without


def test_the_tools_are_those_with_rows() -> None:
    assert {tool.name for tool in MEMORY_TOOLS} == set(TOOLS)
    assert {ADA, BEA, CARL} == set(PEOPLE)
    assert DOMAIN in next(iter(TOOLS))
