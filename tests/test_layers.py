"""The arrow between the two layers points one way: the engine imports nothing of what lies above it."""

import ast
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path
import sys

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = "custom_components.semantic_memory.memory"
ENGINE_FOLDER = ROOT / ENGINE.replace(".", "/")
ENGINE_FILES = sorted(path.relative_to(ROOT).as_posix() for path in ENGINE_FOLDER.rglob("*.py"))
LIBRARIES = {"aiohttp", "numpy", "safetensors", "sqlite_vec", "tokenizers", "ulid_transform", "wordllama", "yarl"}
"""What the engine may use beside the standard library."""


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
