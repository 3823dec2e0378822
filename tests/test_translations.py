"""Every text that the code asks for is there, and every text that is there is asked for."""

import ast
from collections.abc import Iterable, Iterator
import json
from pathlib import Path
import re
from string import Formatter
from typing import Any, NamedTuple

from homeassistant.util.yaml import load_yaml_dict
import pytest
import voluptuous as vol

from custom_components.semantic_memory import service_schemas, services
from custom_components.semantic_memory.memory import errors
from custom_components.semantic_memory.memory.models import Category, SortKey

COMPONENT = Path(services.__file__).parent
TRANSLATIONS: dict[str, Any] = json.loads((COMPONENT / "translations" / "en.json").read_text())
ICONS: dict[str, Any] = json.loads((COMPONENT / "icons.json").read_text())
DESCRIPTIONS: dict[str, Any] = {
    name: description
    for name, description in load_yaml_dict(str(COMPONENT / "services.yaml")).items()
    if not name.startswith(".")
}
EXCEPTIONS: dict[str, str] = {code: texts["message"] for code, texts in TRANSLATIONS["exceptions"].items()}
PANEL: dict[str, str] = {
    f"{section}.{key}": text for section, texts in TRANSLATIONS["config_panel"].items() for key, text in texts.items()
}
FRONTEND = Path(__file__).parents[1] / "frontend" / "src"
SCHEMAS = {f"memory_{action.op}": action.schema for action in services.ACTIONS}
NAMES = sorted(SCHEMAS)


def flat_fields(name: str) -> dict[str, Any]:
    """Return the fields of an action as ``services.yaml`` describes them, those in sections too."""
    fields: dict[str, Any] = {}
    for field, description in DESCRIPTIONS[name]["fields"].items():
        fields |= description.get("fields", {field: description})
    return fields


def sections(name: str) -> set[str]:
    """Return the sections of an action's form."""
    return {field for field, description in DESCRIPTIONS[name]["fields"].items() if "fields" in description}


def select_options() -> Iterator[tuple[str, list[str]]]:
    """Yield the translation key and the options of every selection."""
    for name in NAMES:
        for field in flat_fields(name).values():
            if select := field["selector"].get("select"):
                yield select["translation_key"], select["options"]


def test_the_same_actions_everywhere() -> None:
    assert set(DESCRIPTIONS) == set(TRANSLATIONS["services"]) == set(ICONS["services"]) == set(SCHEMAS)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_fields_everywhere(name: str) -> None:
    accepted = {str(marker.schema) for marker in SCHEMAS[name].schema if not isinstance(marker, vol.Remove)}
    texts = TRANSLATIONS["services"][name]

    assert set(flat_fields(name)) == set(texts["fields"]) == accepted
    assert sections(name) == set(texts.get("sections", {})) == set(ICONS["services"][name].get("sections", {}))
    for described in (texts, *texts["fields"].values()):
        assert described["name"]
        assert described["description"].endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_accepted(name: str) -> None:
    examples = {field: about["example"] for field, about in flat_fields(name).items() if "example" in about}

    validated = SCHEMAS[name](examples)

    assert bool(examples) is bool(flat_fields(name))
    assert all(validated[field] not in (None, []) for field in examples)


def test_options_of_selections_are_translated() -> None:
    for key, options in select_options():
        assert set(options) <= set(TRANSLATIONS["selector"][key]["options"])


def test_options_of_selections_are_those_of_the_engine() -> None:
    options = dict(select_options())

    assert options["memory_category"] == list(Category)
    assert options["memory_sort"] == list(SortKey)
    assert options["memory_order"] == list(service_schemas.Order)


class Raised(NamedTuple):
    """A code that the source raises, and the placeholders that come with it."""

    where: str
    code: str
    placeholders: frozenset[str]


def engine_errors() -> dict[str, type[errors.SemanticMemoryError]]:
    """Return every class of engine errors, wherever it is defined, by name."""
    classes: dict[str, type[errors.SemanticMemoryError]] = {}
    kinds: list[type[errors.SemanticMemoryError]] = [errors.SemanticMemoryError]
    while kinds:
        kind = kinds.pop()
        classes[kind.__name__] = kind
        kinds += kind.__subclasses__()
    return classes


def raised(path: Path) -> Iterator[Raised]:
    """Yield what a module raises with a code that is written there."""
    where = str(path.relative_to(COMPONENT))
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and (kind := ENGINE.get(node.exc.id)):
            yield Raised(where, kind.default_code, frozenset())
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for code, placeholders in codes_of(node.func.id, node):
                yield Raised(where, code, frozenset(placeholders))


def codes_of(name: str, call: ast.Call) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield the codes, with their placeholders, that a call makes an error of."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    first = written(call.args[0]) if call.args else []
    if kind := ENGINE.get(name):
        if "__init__" in vars(kind) and kind is not errors.SemanticMemoryError:
            example = kind(*["" for _ in call.args])  # it names its placeholders itself
            yield example.code, example.placeholders
        elif first or not call.args:
            yield from ((code, keywords) for code in first or [kind.default_code])
    elif name in {"number", "whole_number"}:
        yield from ((code, keywords) for code in first)
    elif "translation_key" in keywords and name.endswith(HOME_ASSISTANT):
        given = keywords.get("translation_placeholders", ast.Dict([], []))
        names = [code for key in given.keys if key for code in written(key)] if isinstance(given, ast.Dict) else []
        yield from ((code, names) for code in written(keywords["translation_key"]))


def written(node: ast.expr) -> list[str]:
    """Return the texts that an expression can be, as far as they are written there."""
    if isinstance(node, ast.IfExp):
        return written(node.body) + written(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


ENGINE = engine_errors()
HOME_ASSISTANT = ("Error", "Failed", "NotReady", "Unauthorized")
SOURCES = sorted(COMPONENT.rglob("*.py"))
RAISED = sorted({found for path in SOURCES for found in raised(path)}, key=str)


@pytest.mark.parametrize("found", RAISED, ids=lambda found: f"{found.where}-{found.code}")
def test_errors_are_translated_with_their_placeholders(found: Raised) -> None:
    message = EXCEPTIONS[found.code]

    assert {field for _, field, _, _ in Formatter().parse(message) if field is not None} <= found.placeholders


def test_the_scan_finds_errors() -> None:
    codes = {found.code for found in RAISED}

    assert {"key_too_long", "not_allowed", "not_found", "reference_missing", "invalid_limit", "cannot_connect"} <= codes


def test_no_text_is_left_over() -> None:
    source = "\n".join(path.read_text() for path in SOURCES)
    written = set(re.findall(r'"([a-z_]+)"', source))
    put_together = {"invalid_scope", "invalid_category"}  # policy.py names the enumeration

    assert set(EXCEPTIONS) - written <= put_together


def test_errors_say_what_to_do() -> None:
    for code, message in EXCEPTIONS.items():
        assert message.endswith("."), code
        assert len(message) > 30, code
        assert "service" not in message.lower(), code


FRONTEND_SOURCE = "\n".join(path.read_text() for path in sorted(FRONTEND.rglob("*.ts")))
SECTIONS = "|".join(TRANSLATIONS["config_panel"])
WRITTEN_KEYS = set(re.findall(rf'"((?:{SECTIONS})\.[a-z0-9_]+)"', FRONTEND_SOURCE))
WORDS = set(re.findall(r'"([a-z0-9_-]+)"|\b([a-z0-9_]+)\??:', FRONTEND_SOURCE))
PUT_TOGETHER = set(re.findall(r"`([a-z_]+\.[a-z_]*)\$\{", FRONTEND_SOURCE))
"""Beginnings of keys whose end is a variable."""


def is_asked_for(key: str) -> bool:
    """Whether panel or card show a text: its key is written there, or a beginning of it and the rest somewhere."""
    ends = {word for pair in WORDS for word in pair}
    return key in WRITTEN_KEYS or any(
        key.startswith(beginning) and key.removeprefix(beginning) in ends for beginning in PUT_TOGETHER
    )


def test_texts_of_the_panel_are_there() -> None:
    assert len(WRITTEN_KEYS) > 100
    assert set(PANEL) >= WRITTEN_KEYS


def test_no_text_of_the_panel_is_left_over() -> None:
    # One of something has a text of its own, which is found by adding to the key.
    assert [key for key in PANEL if not is_asked_for(key) and not is_asked_for(key.removesuffix("_one"))] == []


def test_texts_of_the_panel_can_be_filled() -> None:
    """Home Assistant drops a text whose placeholders it cannot read, and shows the key in its place."""
    for key, text in PANEL.items():
        names = [field for _, field, _, _ in Formatter().parse(text) if field is not None]

        assert text.strip() == text != "", key
        assert all(re.fullmatch("[a-z_]+", name) for name in names), key
        assert "service" not in text.replace("Devices & services", "").lower(), key


def test_texts_for_one_differ_only_in_the_count() -> None:
    for key, text in PANEL.items():
        many = PANEL.get(key.removesuffix("_one"))
        if many is None or not key.endswith("_one"):
            continue
        placeholders = [{field for _, field, _, _ in Formatter().parse(each) if field} for each in (text, many)]

        assert placeholders[0] | {"count"} >= placeholders[1] >= placeholders[0], key
