"""The files that Home Assistant and HACS read about the integration agree with each other and with their rules."""

import json
from pathlib import Path
import tomllib
from typing import Any

from awesomeversion import AwesomeVersion
import homeassistant
import pytest
import yaml

ROOT = Path(__file__).parent.parent
INTEGRATION = ROOT / "custom_components" / "semantic_memory"
KNX = Path(homeassistant.__file__).parent / "components" / "knx"


@pytest.fixture
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((INTEGRATION / "manifest.json").read_text())
    return loaded


def test_keys_are_in_the_order_that_hassfest_wants(manifest: dict[str, Any]) -> None:
    assert list(manifest) == ["domain", "name", *sorted(manifest.keys() - {"domain", "name"})]
    assert manifest["domain"] == INTEGRATION.name


def test_nothing_is_required_of_the_package_index(manifest: dict[str, Any]) -> None:
    assert manifest["requirements"] == []


def test_versions_agree(manifest: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert manifest["version"] == project["version"]
    assert AwesomeVersion(manifest["version"]).valid


def test_hacs_asks_for_the_oldest_supported_release(manifest: dict[str, Any]) -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert hacs["name"] == manifest["name"]
    assert AwesomeVersion(hacs["homeassistant"]) <= AwesomeVersion("2026.10.4")


def test_every_rule_of_the_quality_scale_is_answered() -> None:
    rules = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text())["rules"]
    asked = yaml.safe_load((KNX / "quality_scale.yaml").read_text())["rules"]
    assert rules.keys() == asked.keys()
    for rule, answer in rules.items():
        status = answer if isinstance(answer, str) else answer["status"]
        assert status in {"done", "todo", "exempt"}, rule
        assert status != "exempt" or answer["comment"], rule
