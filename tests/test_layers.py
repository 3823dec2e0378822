"""Who may import whom: the engine nothing of what lies above it, and a surface no other surface."""

import ast
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path
import sys

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "custom_components.semantic_memory"
ENGINE = f"{PACKAGE}.memory"
ENGINE_FOLDER = ROOT / ENGINE.replace(".", "/")
ENGINE_FILES = sorted(path.relative_to(ROOT).as_posix() for path in ENGINE_FOLDER.rglob("*.py"))
LIBRARIES = {"aiohttp", "numpy", "safetensors", "sqlite_vec", "tokenizers", "ulid_transform", "wordllama", "yarl"}
"""What the engine may use beside the standard library."""
SURFACES = {
    "actions": {
        "services",
        "services_backup",
        "services_export",
        "services_import",
        "services_memories",
        "service_request",
        "service_schemas",
    },
    "tools of agents": {"llm", "llm_answers", "llm_arguments", "llm_base", "llm_tools"},
    "websocket commands": {"websocket"},
    "other integrations": {"api", "api_types"},
    "bus": {"events"},
    "entities": {"button", "entity", "event", "sensor"},
    "page": {"panel"},
    "card": {"card"},
    "flows": {
        "config_flow",
        "config_flow_checks",
        "config_flow_schemas",
        "options_flow",
        "options_import",
        "options_import_forms",
    },
    "repairs": {"repairs"},
    "diagnostics": {"diagnostics"},
    "system health": {"system_health"},
}
"""By what people and programs reach the engine, and the modules of each. Everything else serves several of them."""
SURFACE_OF = {f"{PACKAGE}.{module}": surface for surface, modules in SURFACES.items() for module in modules}
START = f"{PACKAGE.replace('.', '/')}/__init__.py"
"""The life of an entry, which starts them all."""
FILES_ABOVE = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / PACKAGE.replace(".", "/")).rglob("*.py")
    if not path.is_relative_to(ENGINE_FOLDER)
)


def imported_modules(source: str, package: str) -> Iterator[str]:
    """Yield the absolute name of everything that ``source``, a module in ``package``, imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            if node.module:
                yield base
            else:
                yield from (f"{base}.{alias.name}" for alias in node.names)


def is_allowed(module: str) -> bool:
    """Return whether the engine may import ``module``."""
    top = module.partition(".")[0]
    return module == ENGINE or module.startswith(f"{ENGINE}.") or top in LIBRARIES or top in sys.stdlib_module_names


@pytest.mark.parametrize("file", ENGINE_FILES)
def test_engine_imports_only_itself(file: str) -> None:
    package = ".".join(Path(file).parent.parts)
    modules = set(imported_modules((ROOT / file).read_text(), package))
    assert [module for module in sorted(modules) if not is_allowed(module)] == []


@pytest.mark.parametrize(
    "statement",
    [
        "import homeassistant.core",
        "from homeassistant.core import HomeAssistant",
        "from ...const import DOMAIN",
        "from ... import const",
        "from custom_components.semantic_memory.const import DOMAIN",
        "def late():\n    from ...data import SemanticMemoryData",
    ],
)
def test_an_import_from_above_is_seen(statement: str) -> None:
    modules = imported_modules(statement, f"{ENGINE}.embedding")
    assert not all(is_allowed(module) for module in modules)


def surface_of(module: str) -> str | None:
    """Return the surface that a module belongs to."""
    package = ".".join(module.split(".")[:3])
    return SURFACE_OF.get(package)


@pytest.mark.parametrize("file", [file for file in FILES_ABOVE if file != START])
def test_surfaces_are_imported_by_themselves_only(file: str) -> None:
    here = ".".join(Path(file).with_suffix("").parts)
    package = ".".join(Path(file).parent.parts)
    modules = set(imported_modules((ROOT / file).read_text(), package))
    assert {surface_of(module) for module in modules} <= {None, surface_of(here)}


@pytest.mark.parametrize(
    ("statement", "package", "surface"),
    [
        ("from .panel import PANEL_URL", PACKAGE, "page"),
        ("from . import llm", PACKAGE, "tools of agents"),
        ("from ..services_memories import async_set", f"{PACKAGE}.websocket", "actions"),
        ("import custom_components.semantic_memory.websocket.base", PACKAGE, "websocket commands"),
    ],
)
def test_an_import_of_a_surface_is_seen(statement: str, package: str, surface: str) -> None:
    (module,) = imported_modules(statement, package)
    assert surface_of(module) == surface


def test_surfaces_are_there() -> None:
    above = {".".join(Path(file).with_suffix("").parts).removesuffix(".__init__") for file in FILES_ABOVE}
    assert set(SURFACE_OF) <= above
