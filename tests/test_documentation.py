"""Everything that people can use is documented: whoever adds something is told here what is missing where."""

from collections.abc import Callable, Iterator
import dataclasses
import inspect
import json
from pathlib import Path
import re
from typing import Any, is_typeddict
from urllib.parse import parse_qs, urlsplit

from homeassistant.util.yaml import load_yaml_dict
import pytest
import voluptuous as vol

from custom_components.semantic_memory import api, issues, services
from custom_components.semantic_memory.button import REEMBED
from custom_components.semantic_memory.event import CHANGE, OF_ALL, OF_HOUSEHOLD
from custom_components.semantic_memory.events import EVENT_CHANGED
from custom_components.semantic_memory.happenings import Happening, Kind, event_data
from custom_components.semantic_memory.llm_tools import MEMORY_TOOLS
from custom_components.semantic_memory.memory.models import HOUSEHOLD, Category, Memory, Scope, Source
from custom_components.semantic_memory.sensor import SENSORS
from custom_components.semantic_memory.service_request import Action

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TRANSLATIONS: dict[str, Any] = json.loads(
    (ROOT / "custom_components" / "semantic_memory" / "translations" / "en.json").read_text()
)
OPTIONS = {name: section["data"] for name, section in TRANSLATIONS["options"]["step"]["settings"]["sections"].items()}
BLUEPRINTS = sorted((ROOT / "blueprints").rglob("*.yaml"), key=lambda path: path.name)
ELSEWHERE = {
    **dict.fromkeys(("import",), "import"),
    **dict.fromkeys(("export", "export_person", "erase_person"), "export"),
    **dict.fromkeys(("backup", "restore_backup"), "backup"),
}
"""Actions whose fields are described on a page of their own."""
EVERYWHERE = {"person"}
"""Fields that are described once for all actions, in a section of their own."""


def page(name: str) -> str:
    """Return a page of the documentation."""
    return (ROOT / "docs" / f"{name}.md").read_text()


def section(text: str, heading: str) -> str:
    """Return what is below a heading, up to the next one of its level or above."""
    level = heading.split(" ", maxsplit=1)[0]
    start = text.index(f"{heading}\n") + len(heading)
    plain = re.sub(r"```.*?```", lambda code: "x" * len(code[0]), text[start:], flags=re.DOTALL)
    end = re.search(rf"^#{{1,{len(level)}}} ", plain, re.MULTILINE)
    return text[start : start + end.start()] if end else text[start:]


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of the rows of all tables, without those of heads."""
    for line in text.splitlines():
        if line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]


def code(text: str) -> set[str]:
    """Return what is written as code."""
    return set(re.findall(r"`([^`\n]+)`", text))


def fields_of(action: Action) -> set[str]:
    """Return the fields that an action takes, without those of the older scripts."""
    return {str(marker.schema) for marker in action.schema.schema if not isinstance(marker, vol.Remove)}


@pytest.mark.parametrize("action", services.ACTIONS, ids=lambda action: action.op)
def test_actions(action: Action) -> None:
    name = f"`semantic_memory.memory_{action.op}`"

    assert name in [first for first, *_ in rows(section(README, "## Actions"))]
    assert f"memory_{action.op}" in page(ELSEWHERE.get(action.op, "actions")) or action.op in page("actions")


def test_fields_are_in_the_table_of_fields() -> None:
    described: dict[str, set[str]] = {action.op: set() for action in services.ACTIONS}
    for names, actions, *_ in rows(section(page("actions"), "## Fields")):
        for op in re.findall(r"[a-z]+", re.sub(r"\(.*?\)", "", actions)):
            described.get(op, set()).update(code(names))

    for action in services.ACTIONS:
        if action.op not in ELSEWHERE:
            assert described[action.op] == fields_of(action) - EVERYWHERE, action.op
    assert "`person`" in section(page("actions"), "## Whose memories")


@pytest.mark.parametrize("op", sorted(ELSEWHERE))
def test_fields_on_pages_of_their_own(op: str) -> None:
    (action,) = (action for action in services.ACTIONS if action.op == op)
    text = page(ELSEWHERE[op])
    written = code(text) | set(re.findall(r"^\s*([a-z_]+):", text, re.MULTILINE))
    written |= {word.split(":")[0] for word in code(text)}

    assert fields_of(action) <= written


@pytest.mark.parametrize("name", [label for labels in OPTIONS.values() for label in labels.values()])
def test_options(name: str) -> None:
    options = [cells[1] for cells in rows(section(README, "## Options")) if len(cells) > 1]

    assert any(option.startswith(name) for option in options)


def test_every_section_of_the_options() -> None:
    names = {cells[0] for cells in rows(section(README, "## Options"))}

    assert {about["name"] for about in TRANSLATIONS["options"]["step"]["settings"]["sections"].values()} <= names


@pytest.mark.parametrize(
    ("platform", "key"),
    [("event", CHANGE.key), ("button", REEMBED.key), *(("sensor", description.key) for description in SENSORS)],
)
def test_entities(platform: str, key: str) -> None:
    name = TRANSLATIONS["entity"][platform][key]["name"]

    assert any(cells[0].startswith(name) for cells in rows(section(README, "## Entities")))


def test_no_entity_is_left_out_here() -> None:
    keys = {key for entities in TRANSLATIONS["entity"].values() for key in entities}

    assert keys == {CHANGE.key, REEMBED.key, *(description.key for description in SENSORS)}


def test_events() -> None:
    text = section(page("automations"), f"## The event `{EVENT_CHANGED}`")
    memory = Memory(
        **dict.fromkeys(("id", "key", "value"), "x"),
        owner=HOUSEHOLD,
        scope=Scope.HOUSEHOLD,
        category=Category.GENERAL,
        tags=(),
        confidence=1.0,
        pinned=False,
        source=Source(),
        created_at=0.0,
        updated_at=0.0,
        last_used_at=None,
        use_count=0,
        expires_at=None,
        deleted_at=None,
    )
    told = event_data(Happening(kind=Kind.ADDED, memories=(memory,), before=(), surface="x", actor=None))

    assert [cells[0].strip("`") for cells in rows(text)][1:] == [kind.value for kind in Kind]
    example = load_example(text)
    assert list(example) == ["event_type", "data"]
    assert set(example["data"]) == set(told)
    assert EVENT_CHANGED in README


def load_example(text: str) -> dict[str, Any]:
    """Return the first example in YAML."""
    found = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert found is not None
    loaded: dict[str, Any] = {}
    inside: dict[str, Any] = loaded
    for line in found[1].splitlines():
        if match := re.match(r"(\s*)([a-z_]+):", line):
            inside = loaded if not match[1] else loaded.setdefault("data", {}) or loaded["data"]
            inside[match[2]] = {} if match[2] == "data" else None
    return loaded


def test_event_entity() -> None:
    text = section(page("automations"), "## The event entity")

    assert {*OF_ALL, *OF_HOUSEHOLD} <= code(text)
    assert "event.semantic_memory_change_of_memories" in text


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_blueprints(path: Path) -> None:
    about = load_yaml_dict(str(path))["blueprint"]
    text = page("automations")
    links = [
        parse_qs(urlsplit(link).query)["blueprint_url"][0]
        for link in re.findall(r"\((https://my\.home-assistant\.io/redirect/blueprint_import/[^)]+)\)", text)
    ]

    assert about["source_url"] in links
    assert about["source_url"].endswith(str(path.relative_to(ROOT)))
    assert len(links) == len(BLUEPRINTS)
    if about["domain"] == "automation":
        assert f"### `{path.name}`" in text


PUBLIC: list[tuple[str, Any]] = [(name, getattr(api, name)) for name in api.__all__]
FUNCTIONS = [(name, found) for name, found in PUBLIC if inspect.isfunction(found)]
CLASSES = [(name, found) for name, found in PUBLIC if dataclasses.is_dataclass(found)]


@pytest.mark.parametrize("name", api.__all__)
def test_everything_in_the_python_api(name: str) -> None:
    assert re.search(rf"`{name}\b", page("api"))


@pytest.mark.parametrize(("name", "function"), FUNCTIONS)
def test_functions_of_the_python_api(name: str, function: Callable[..., Any]) -> None:
    (written,) = (cells[0] for cells in rows(page("api")) if cells[0].startswith(f"`{name}("))
    stars = {inspect.Parameter.VAR_KEYWORD: "**"}
    parameters = inspect.signature(function).parameters.values()

    assert re.findall(r"[*\w]+", written.removeprefix(f"`{name}("))[: len(parameters) + 1] == [
        "hass",
        *(word for word in _words(list(parameters)[1:], stars)),
    ]
    assert function.__doc__


def _words(parameters: list[inspect.Parameter], stars: dict[Any, str]) -> Iterator[str]:
    """Yield parameters as they are written, with the star before the first that has to be named."""
    named = False
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not named:
            named = True
            yield "*"
        yield f"{stars.get(parameter.kind, '')}{parameter.name}"


@pytest.mark.parametrize(("name", "found"), CLASSES)
def test_dataclasses_of_the_python_api(name: str, found: Any) -> None:
    (row,) = (cells for cells in rows(page("api")) if cells[0] == f"`{name}`")

    assert {field.name for field in dataclasses.fields(found)} <= code(row[1])


@pytest.mark.parametrize(("name", "found"), [(name, found) for name, found in PUBLIC if is_typeddict(found)])
def test_keywords_of_the_python_api(name: str, found: Any) -> None:
    assert set(found.__annotations__) <= code(section(page("api"), "## Functions"))


@pytest.mark.parametrize("issue", issues._ALL)
def test_repair_issues(issue: str) -> None:
    title = TRANSLATIONS["issues"][issue]["title"]
    told = [
        re.sub(r"\s*…\s*", ".*", cells[0].removeprefix("Repair: *").removesuffix("*"))
        for cells in rows(section(README, "## When something is wrong"))
        if cells[0].startswith("Repair: ")
    ]

    assert any(re.match(pattern, title, re.IGNORECASE) for pattern in told)


def test_no_issue_is_left_out_here() -> None:
    assert set(TRANSLATIONS["issues"]) == set(issues._ALL)


@pytest.mark.parametrize("tool", MEMORY_TOOLS)
def test_tools_of_language_models(tool: Any) -> None:
    assert f"`{tool().name}`" in [cells[0] for cells in rows(section(README, "## Assist: the tools"))]


def test_options_of_the_card() -> None:
    source = (ROOT / "frontend" / "src" / "card" / "config.ts").read_text()
    interface = re.search(r"interface CardConfig \{(.*?)\n\}", source, re.DOTALL)
    assert interface is not None
    options = set(re.findall(r"^  (\w+)\??:", interface[1], re.MULTILINE)) - {"type"}
    documented = {cells[0].strip("`"): cells[1] for cells in rows(section(page("card"), "## Options"))}

    assert set(documented) - {"Option"} == options
    for name, of_option in (("MODES", "mode"), ("SIGHTS", "scope")):
        values = re.search(rf"{name} = \[(.*?)\]", source)
        assert values is not None
        assert set(re.findall(r'"(\w+)"', values[1])) == code(documented[of_option])
    assert set(Category) == code(documented["category"])


def test_links_inside_the_documentation() -> None:
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text()
        for link in re.findall(r"\]\(((?!https?:|#)[^)\s]+)\)", text):
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve()
            assert target.exists(), f"{path.name}: {link}"
            if anchor:
                assert anchor in anchors(target.read_text()), f"{path.name}: {link}"


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
