"""Our own format gives back exactly what went in, and says what is wrong with anything else."""

from collections.abc import Callable
import json
import math
from pathlib import Path
import re
from typing import Any, Final

from hypothesis import given, strategies as st
import pytest

from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Category,
    ChangeKind,
    HistoryEntry,
    Memory,
    MemoryFilter,
    Scope,
    Source,
)
from custom_components.semantic_memory.memory.transfer import jsonl

from .strategies import HISTORIES, MEMORIES, patient

STATE: Final = {
    "key": "spare_key",
    "value": "It hangs in the shed",
    "owner": "a" * 32,
    "scope": "user",
    "category": "home",
    "tags": ["keys"],
    "confidence": 1.0,
    "pinned": False,
    "expires_at": None,
}
MEMORY: Final = Memory(
    id="01KAHB7X5T8Q2M4N6P8R0S2T4V",
    key="spare_key",
    value="It hangs in the cellar",
    owner="a" * 32,
    scope=Scope.USER,
    category=Category.HOME,
    tags=("keys", "cellar"),
    confidence=0.9,
    pinned=True,
    source=Source(surface="llm", conversation_id="c", agent_id="conversation.o", device_id="d", area_id="hall"),
    created_at=1_800_000_000.25,
    updated_at=1_800_000_001.5,
    last_used_at=1_800_000_002.0,
    use_count=3,
    expires_at=None,
    deleted_at=None,
)
HISTORY: Final = (
    HistoryEntry(
        at=1.0, kind=ChangeKind.CHANGE, actor="a" * 32, surface="llm", before=dict(STATE), after={**STATE, "tags": []}
    ),
)


def parsed(record: dict[str, object]) -> Any:
    """Return a record as another program reads it."""
    line = jsonl.encode(record)
    assert line.count("\n") == 1
    assert line.endswith("\n")
    return json.loads(line.encode())


@patient
@given(MEMORIES, HISTORIES)
def test_a_memory_comes_back_as_it_was(memory: Memory, history: tuple[HistoryEntry, ...]) -> None:
    assert jsonl.load(parsed(jsonl.dump(memory, history))) == (memory, history)


@patient
@given(MEMORIES)
def test_history_is_given_out_only_if_asked_for(memory: Memory) -> None:
    record = parsed(jsonl.dump(memory))

    assert "history" not in record
    assert jsonl.load(record) == (memory, ())


def test_numbers_may_be_written_without_a_fraction() -> None:
    record = parsed(jsonl.dump(MEMORY)) | {"confidence": 1, "created_at": 1_800_000_000, "use_count": 3.0}

    memory, _ = jsonl.load(record)

    assert (memory.confidence, memory.created_at, memory.use_count) == (1.0, 1_800_000_000.0, 3)
    assert isinstance(memory.created_at, float)
    assert isinstance(memory.use_count, int)


def test_texts_that_somebody_edited_are_put_into_their_form() -> None:
    record = parsed(jsonl.dump(MEMORY)) | {
        "key": "Spare Key",
        "value": " Cafe\u0301 ",
        "tags": ["#keys", "KEYS", "a, b"],
    }

    memory, _ = jsonl.load(record)

    assert (memory.key, memory.value, memory.tags) == ("spare_key", "Caf\u00e9", ("keys", "a", "b"))


def without(name: str) -> Callable[[dict[str, Any]], object]:
    """Return a way to take a field out."""
    return lambda record: record.pop(name)


def having(place: str = "", **changed: object) -> Callable[[dict[str, Any]], object]:
    """Return a way to change fields, of an object in the record if ``place`` names one."""

    def change(record: dict[str, Any]) -> None:
        target: Any = record
        for step in place.split():
            target = target[int(step) if step.isdigit() else step]
        target.update(changed)

    return change


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (without("id"), "line_field_missing", "id"),
        (without("last_used_at"), "line_field_missing", "last_used_at"),
        (without("source"), "line_field_missing", "source"),
        (having(mood="good"), "line_field_unknown", "mood"),
        (having(id="01KAHB7X5T8Q2M4N6P8R0S2T4"), "line_field_invalid", "id"),
        (having(id="01KAHB7X5T8Q2M4N6P8R0S2T4\u0664"), "line_field_invalid", "id"),
        (having(id=7), "line_field_invalid", "id"),
        (having(key="?!"), "key_empty", None),
        (having(key=None), "line_field_invalid", "key"),
        (having(value="  "), "value_empty", None),
        (having(value="x" * 16_385), "value_too_long", None),
        (having(value="half \ud800"), "line_field_invalid", "value"),
        (having(owner=""), "line_field_invalid", "owner"),
        (having(owner=HOUSEHOLD), "line_field_invalid", "owner"),
        (having(scope="household"), "line_field_invalid", "owner"),
        (having(scope="world"), "invalid_scope", None),
        (having(category="pets"), "invalid_category", None),
        (having(tags="keys"), "line_field_invalid", "tags"),
        (having(tags=["keys", None]), "line_field_invalid", "tags"),
        (having(tags=["t" * 65]), "tag_too_long", None),
        (having(confidence=1.01), "line_field_invalid", "confidence"),
        (having(confidence=True), "line_field_invalid", "confidence"),
        (having(confidence="1"), "line_field_invalid", "confidence"),
        (having(pinned=1), "line_field_invalid", "pinned"),
        (having(created_at=math.nan), "line_field_invalid", "created_at"),
        (having(created_at=None), "line_field_invalid", "created_at"),
        (having(updated_at=math.inf), "line_field_invalid", "updated_at"),
        (having(updated_at=-1), "line_field_invalid", "updated_at"),
        (having(expires_at=10**400), "line_field_invalid", "expires_at"),
        (having(use_count=0.5), "line_field_invalid", "use_count"),
        (having(use_count=-1), "line_field_invalid", "use_count"),
        (having(source=None), "line_not_object", None),
        (having("source", device_id=4), "line_field_invalid", "source.device_id"),
        (having("source", mood="good"), "line_field_unknown", "source.mood"),
        (having(history={}), "line_field_invalid", "history"),
        (having(history=[7]), "line_not_object", None),
        (having("history 0", kind="purge"), "line_field_invalid", "history.kind"),
        (having("history 0", before="old"), "line_field_invalid", "history.before"),
        (having("history 0", mood="good"), "line_field_unknown", "history.mood"),
        (having("history 0 before", owner=None), "line_field_invalid", "history.owner"),
        (having("history 0 after", tags=[1]), "line_field_invalid", "history.tags"),
        (having("history 0 after", mood="good"), "line_field_unknown", "history.mood"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(
    change: Callable[[dict[str, Any]], object], code: str, field: str | None
) -> None:
    record = parsed(jsonl.dump(MEMORY, HISTORY))
    assert jsonl.load(record) == (MEMORY, HISTORY)
    change(record)

    with pytest.raises(InvalidInputError) as raised:
        jsonl.load(record)

    assert raised.value.code == code
    assert raised.value.placeholders.get("field") == field


@patient
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*parsed(jsonl.dump(MEMORY)), "x"]), inner),
    )
)
def test_nothing_else_is_raised_for_any_json(record: object) -> None:
    with pytest.raises(InvalidInputError):
        jsonl.load(record)


@patient
@given(st.dictionaries(st.sampled_from(sorted(jsonl.dump(MEMORY, HISTORY))), st.integers() | st.text() | st.none()))
def test_nothing_else_is_raised_for_any_field(changed: dict[str, object]) -> None:
    record = parsed(jsonl.dump(MEMORY, HISTORY)) | changed
    try:
        memory, history = jsonl.load(record)
    except InvalidInputError:
        return
    assert jsonl.load(parsed(jsonl.dump(memory, history))) == (memory, history)


# The header


def test_the_header_comes_back_as_it_was() -> None:
    where = MemoryFilter(scope="user", tags="a; b", updated_after=5.0, forgotten=True)
    header = jsonl.Header(exported_at=1_800_000_000.5, filter=jsonl.dump_filter(where))

    record = parsed(jsonl.dump_header(header))

    assert record["format"] == "semantic_memory"
    assert record["version"] == 1
    assert record["filter"]["tags"] == ["a", "b"]
    assert jsonl.load_header(record) == header


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (having(format="mcp"), "export_header_missing"),
        (without("format"), "export_header_missing"),
        (having(version=2), "export_version_unknown"),
        (without("version"), "export_version_unknown"),
        (without("exported_at"), "line_field_missing"),
        (having(mood="good"), "line_field_unknown"),
    ],
)
def test_a_header_of_something_else_is_refused(change: Callable[[dict[str, Any]], object], code: str) -> None:
    record = parsed(jsonl.dump_header(jsonl.Header(exported_at=5.0)))
    change(record)

    with pytest.raises(InvalidInputError) as raised:
        jsonl.load_header(record)

    assert raised.value.code == code


@pytest.mark.parametrize("record", [None, [], "semantic_memory", {}])
def test_a_file_without_a_header_is_refused(record: object) -> None:
    with pytest.raises(InvalidInputError, match="export_header_missing"):
        jsonl.load_header(record)


def test_only_memories_are_taken_for_memories() -> None:
    assert jsonl.is_memory(jsonl.dump(MEMORY))
    assert jsonl.is_memory({"key": "a"})
    assert jsonl.is_memory(None)
    assert not jsonl.is_memory({"type": "option"})


def test_the_example_in_the_documentation_is_one() -> None:
    documentation = (Path(__file__).parents[3] / "docs" / "export.md").read_text("utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", documentation, re.DOTALL)
    header, memory = map(json.loads, example.splitlines())

    assert jsonl.dump_header(jsonl.load_header(header)) == header
    assert parsed(jsonl.dump(jsonl.load(memory).memory)) == memory
