"""Every text that the flows ask for is there, and every text that is there is asked for."""

import ast
from typing import Any, NamedTuple

import pytest

from custom_components.semantic_memory import options_flow
from custom_components.semantic_memory.config_flow import SemanticMemoryConfigFlow
from custom_components.semantic_memory.const import EMBEDDER_BUILT_IN, EMBEDDER_OLLAMA
from custom_components.semantic_memory.options_flow import SemanticMemoryOptionsFlow

from .flow_helpers import COMPONENT, TEXTS, placeholders, texts_of

MODULES = {
    "config": ("config_flow.py", "config_flow_checks.py"),
    "options": ("options_flow.py", "options_import.py", "options_import_forms.py"),
}
WITHOUT_A_PAGE = {"reauth", "built_in", "finish"}
"""Steps that show nothing."""
OF_THE_FORM = {"example"}
"""Placeholders that the form gives, whatever is wrong."""


class Problem(NamedTuple):
    """What a module shows: the error key and the placeholders that come with it."""

    code: str
    given: frozenset[str]


def calls(part: str) -> list[ast.Call]:
    """Return every call in the modules of a flow."""
    trees = [ast.parse((COMPONENT / module).read_text()) for module in MODULES[part]]
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]


def problems(part: str) -> list[Problem]:
    """Return every problem that a flow makes."""
    found = []
    for call in calls(part):
        match call:
            case ast.Call(func=ast.Name(id="FlowProblem"), args=[ast.Constant(value=str(code)), *_]):
                found.append(Problem(code, frozenset(word.arg for word in call.keywords if word.arg)))
    return found


def arguments(part: str, name: str) -> set[str]:
    """Return what is passed as a keyword argument of that name."""
    return {
        word.value.value
        for call in calls(part)
        for word in call.keywords
        if word.arg == name and isinstance(word.value, ast.Constant) and isinstance(word.value.value, str)
    }


@pytest.mark.parametrize("part", MODULES)
def test_errors(part: str) -> None:
    found = problems(part)

    assert {problem.code for problem in found} == set(TEXTS[part]["error"])
    for problem in found:
        assert placeholders(TEXTS[part]["error"][problem.code]) <= problem.given | OF_THE_FORM, problem.code


def test_steps() -> None:
    steps = {
        name.removeprefix("async_step_") for name in vars(SemanticMemoryConfigFlow) if name.startswith("async_step_")
    }

    assert steps - WITHOUT_A_PAGE == set(TEXTS["config"]["step"]) == arguments("config", "step_id")
    steps = {name.removeprefix("async_step_") for name in dir(SemanticMemoryOptionsFlow) if "async_step_" in name}
    shown = arguments("options", "step_id")
    assert steps - {"import_done"} == shown
    assert set(TEXTS["options"]["step"]) == shown - set(TEXTS["options"]["progress"])


def test_progress() -> None:
    for part in MODULES:
        assert arguments(part, "progress_action") == set(TEXTS[part]["progress"])


def test_results() -> None:
    assert set(TEXTS["config"]["create_entry"]) == {EMBEDDER_BUILT_IN, EMBEDDER_OLLAMA}


def test_own_reasons_to_abort() -> None:
    assert not any(call.func.attr == "async_abort" for call in calls("config") if isinstance(call.func, ast.Attribute))
    assert "abort" not in TEXTS["config"]
    assert arguments("options", "reason") == set(TEXTS["options"]["abort"])


def test_menus_lead_to_steps() -> None:
    for flow, part in ((SemanticMemoryConfigFlow, "config"), (SemanticMemoryOptionsFlow, "options")):
        for step in TEXTS[part]["step"].values():
            for option in step.get("menu_options", {}):
                assert hasattr(flow, f"async_step_{option}")
            assert set(step.get("menu_options", {})) == set(step.get("menu_option_descriptions", {}))


def test_fields_have_a_name_and_a_description() -> None:
    for step in (step for part in MODULES for step in TEXTS[part]["step"].values()):
        assert set(step.get("data", {})) == set(step.get("data_description", {}))


def test_sections_of_the_options() -> None:
    sections: dict[str, Any] = TEXTS["options"]["step"]["settings"]["sections"]
    schema = options_flow._schema({}).schema

    assert [str(name) for name in schema] == list(sections)
    for name, section in schema.items():
        fields = [str(field) for field in section.schema.schema]
        assert fields == list(sections[str(name)]["data"]) == list(sections[str(name)]["data_description"])


def test_fields_of_a_satellite() -> None:
    assert set(options_flow._SATELLITES.config["fields"]) == set(TEXTS["selector"]["satellites"]["fields"])


def test_style() -> None:
    for text in texts_of({part: TEXTS[part] for part in MODULES}):
        assert "service" not in text.lower(), text
    for part in MODULES:
        for code, text in TEXTS[part]["error"].items():
            assert text.endswith((".", "{suggestion}.")), code
            assert len(text.split()) > 5, code


def test_no_text_holds_an_address() -> None:
    """Home Assistant's validator refuses them: addresses come as placeholders."""
    assert not [text for text in texts_of(TEXTS) if "://" in text]
