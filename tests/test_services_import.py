"""The action ``memory_import``."""

from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller

from .memory.transfer.foreign import luuquangvu, mem, postgres_csv
from .service_helpers import PERSON, async_act, async_add_person

pytestmark = pytest.mark.usefixtures("setup_integration")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return luuquangvu's database, where it always is."""
    return luuquangvu(
        tmp_path / "memory.db",
        mem("car", "The car is in B2"),
        mem("dog", "Rex eats at six", scope="household"),
        mem("gone", "Long ago", expires_at="2020-01-01T00:00:00+00:00"),
        mem("`x", " "),
    )


async def keys(engine: MemoryEngine, user_id: str | None = None) -> list[str]:
    """Return the keys that somebody sees."""
    return sorted(memory.key for memory in (await engine.async_list(Caller(user_id))).memories)


async def test_at_first_it_only_reports(
    hass: HomeAssistant, engine: MemoryEngine, hass_admin_user: MockUser, old: Path
) -> None:
    expected = {
        "status": "ok",
        "op": "import",
        "path": str(old),
        "format": "luuquangvu",
        "dry_run": True,
        "read": 4,
        "added": 2,
        "updated": 0,
        "unchanged": 0,
        "skipped": 2,
        "reasons": {"expired": 1, "empty": 1},
        "details": [
            {"line": 3, "reason": "expired", "key": "gone", "detail": ""},
            {"line": 4, "reason": "empty", "key": "`x", "detail": ""},
        ],
        "notes": {},
        "ignored": [],
        "complete": True,
    }
    assert await async_act(hass, "import", hass_admin_user, path="memory.db") == expected
    assert await keys(engine, hass_admin_user.id) == []

    answer = await async_act(hass, "import", hass_admin_user, path=f" {old} ", dry_run="false", format="LuuQuangVu")
    assert answer == expected | {"dry_run": False}
    assert await keys(engine, hass_admin_user.id) == ["car", "dog"]
    assert await keys(engine) == ["dog"]

    answer = await async_act(hass, "import", hass_admin_user, path="memory.db", dry_run=False)
    assert (answer["added"], answer["unchanged"]) == (0, 2)


async def test_a_trial_that_nobody_sees_is_no_import(hass: HomeAssistant, engine: MemoryEngine, old: Path) -> None:
    data: dict[str, Any] = {"path": "memory.db"}
    with pytest.raises(ServiceValidationError) as caught:
        await hass.services.async_call(DOMAIN, "memory_import", data, blocking=True)
    assert caught.value.translation_key == "import_trial_unseen"
    assert await keys(engine) == []
    await hass.services.async_call(DOMAIN, "memory_import", data | {"dry_run": False}, blocking=True)
    assert await keys(engine) == ["car", "dog"]


@pytest.mark.parametrize(
    ("data", "personal"),
    [({}, False), ({"person": PERSON}, True), ({"person": PERSON, "scope": "household"}, False)],
)
async def test_automations(
    hass: HomeAssistant,
    engine: MemoryEngine,
    hass_read_only_user: MockUser,
    old: Path,
    data: dict[str, Any],
    personal: bool,
) -> None:
    await async_add_person(hass, hass_read_only_user)
    await async_act(hass, "import", path="memory.db", dry_run=False, **data)
    assert await keys(engine) == (["dog"] if personal else ["car", "dog"])
    assert await keys(engine, hass_read_only_user.id) == ["car", "dog"]
    (entry,) = await engine.async_history(Caller(hass_read_only_user.id), "car")
    assert (entry.actor, entry.surface) == ("automation", "import")


async def test_owners_are_kept_unless_that_is_switched_off(
    hass: HomeAssistant, engine: MemoryEngine, hass_admin_user: MockUser, hass_read_only_user: MockUser, tmp_path: Path
) -> None:
    postgres_csv(tmp_path / "x.csv", {"key": "a", "value": "b", "user_id": hass_read_only_user.id})
    await async_act(hass, "import", hass_admin_user, path="x.csv", dry_run=False)
    assert await keys(engine, hass_read_only_user.id) == ["a"]
    assert await keys(engine, hass_admin_user.id) == []
    await async_act(hass, "import", hass_admin_user, path="x.csv", dry_run=False, keep_owners="no")
    assert await keys(engine, hass_admin_user.id) == ["a"]


async def test_only_for_administrators(hass: HomeAssistant, hass_read_only_user: MockUser, old: Path) -> None:
    with pytest.raises(Unauthorized):
        await async_act(hass, "import", hass_read_only_user, path="memory.db")


async def test_files_elsewhere(hass: HomeAssistant, old: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Only where Home Assistant may read, wherever links lead."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    luuquangvu(elsewhere / "memory.db", mem("a", "b"))
    (old.parent / "link.db").symlink_to(elsewhere / "memory.db")
    (old.parent / "circle").symlink_to(old.parent / "circle")
    for path in (elsewhere / "memory.db", "link.db", "../elsewhere/memory.db", "/etc/passwd", "/proc/self/environ"):
        with pytest.raises(ServiceValidationError) as error:
            await async_act(hass, "import", path=str(path))
        assert error.value.translation_key == "import_path_not_allowed"

    hass.config.allowlist_external_dirs = {str(elsewhere)}
    for path in (elsewhere / "memory.db", "link.db"):
        assert (await async_act(hass, "import", path=str(path)))["added"] == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, "import_path_missing"),
        ({"path": "  "}, "import_path_missing"),
        ({"path": "missing.db"}, "import_not_found"),
        ({"path": "a\0b"}, "import_not_found"),
        ({"path": "."}, "import_not_a_file"),
        ({"path": "semantic_memory/memory.db"}, "import_own_database"),
        ({"path": "memory.db", "format": "word"}, "invalid_import_format"),
        ({"path": "memory.db", "format": "mcp_memory"}, "import_wrong_format"),
        ({"path": "memory.db", "scope": "session"}, "invalid_scope"),
        ({"path": "memory.db", "scope": "user"}, "scope_needs_person"),
        ({"path": "memory.db", "person": "person.nobody"}, "person_not_found"),
        ({"path": "memory.db", "dry_run": "perhaps"}, "invalid_flag"),
    ],
)
async def test_errors(hass: HomeAssistant, old: Path, data: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await async_act(hass, "import", **data)
    assert error.value.translation_key == code
    assert len(str(error.value).split()) > 5
