"""The actions that give memories out as files and erase people: what they write, and whose."""

import json
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import HOUSEHOLD, Caller, MemoryDraft, MemoryFilter
from custom_components.semantic_memory.memory.transfer import jsonl
from custom_components.semantic_memory.memory.transfer.formats import ExportFormat

from .conftest import SetUp
from .service_helpers import async_act

ADA, GRACE, GONE = "a" * 32, "b" * 32, "d" * 32
VALUES: Final = {ADA: "quokka", GRACE: "wombat", GONE: "dodo", HOUSEHOLD: "numbat"}


@pytest.fixture
async def users(hass: HomeAssistant) -> dict[str, MockUser | None]:
    """Return an administrator, a user who is none, the user of an add-on, and nobody; the first two are persons."""
    found: dict[str, MockUser | None] = {
        "admin": MockUser(id=ADA, name="Ada", is_owner=True).add_to_hass(hass),
        "normal": MockUser(id=GRACE, name="Grace").add_to_hass(hass),
        "add-on": MockUser(id="c" * 32, name="Add-on", system_generated=True).add_to_hass(hass),
        "automation": None,
    }
    persons = [{"id": "ada", "name": "Ada", "user_id": ADA}, {"id": "grace", "name": "Grace", "user_id": GRACE}]
    assert await async_setup_component(hass, "person", {"person": persons})
    await hass.async_block_till_done()
    return found


@pytest.fixture
async def stored(engine: MemoryEngine) -> MemoryEngine:
    """Store something for everybody, also for a user who has been removed; one memory each is forgotten."""
    for owner, value in VALUES.items():
        caller = Caller() if owner == HOUSEHOLD else Caller(owner)
        scope = "household" if owner == HOUSEHOLD else "user"
        for key in ("pet", "old"):
            draft = MemoryDraft(value=f"The {key} {value}", key=f"{key} {value}", scope=scope, category="home")
            await engine.async_remember(caller, draft)
        await engine.async_forget(caller, [f"old_{value}"])
    return engine


async def refused(hass: HomeAssistant, op: str, user: MockUser | None, **data: Any) -> str | None:
    """Return why an action is refused."""
    with pytest.raises(ServiceValidationError) as raised:
        await async_act(hass, op, user, **data)
    return raised.value.translation_key


def content(path: str | Path) -> str:
    """Return what is in a file, with the ends of lines as they are."""
    return Path(path).read_bytes().decode()


def shown(path: str | Path) -> set[str]:
    """Return whose memories are in a file."""
    return {owner for owner, value in VALUES.items() if value in content(path)}


def lines(path: str) -> list[dict[str, Any]]:
    """Return the lines of an export."""
    return [json.loads(line) for line in content(path).splitlines()]


def keys(path: str) -> list[str]:
    """Return the keys in an export."""
    return [line["key"] for line in lines(path) if line["type"] == "memory"]


def files(folder: str | Path, pattern: str = "*") -> list[Path]:
    """Return the files in a folder, at any depth."""
    return [path for path in Path(folder).rglob(pattern) if path.is_file()]


# Export


@pytest.mark.parametrize(
    ("user", "person", "owners"),
    [
        ("admin", None, {ADA, HOUSEHOLD}),
        ("admin", "person.grace", {GRACE, HOUSEHOLD}),
        ("normal", None, {GRACE, HOUSEHOLD}),
        ("normal", "person.grace", {GRACE, HOUSEHOLD}),
        ("add-on", None, {HOUSEHOLD}),
        ("add-on", "person.grace", {GRACE, HOUSEHOLD}),
        ("automation", None, {HOUSEHOLD}),
        ("automation", "person.ada", {ADA, HOUSEHOLD}),
    ],
)
async def test_an_export_holds_what_the_person_may_see(
    hass: HomeAssistant,
    stored: MemoryEngine,
    users: dict[str, MockUser | None],
    user: str,
    person: str | None,
    owners: set[str],
) -> None:
    folder = Path(hass.config.config_dir) / "semantic_memory" / "exports"
    (owner,) = owners - {HOUSEHOLD} or {HOUSEHOLD}
    for format_ in (None, *ExportFormat):
        data = {name: value for name, value in (("person", person), ("format", format_)) if value}

        answer = await async_act(hass, "export", users[user], **data, history=format_ in (None, "jsonl"))

        assert shown(answer["path"]) == owners
        assert "The old" not in content(answer["path"])
        assert answer == {
            "status": "ok",
            "op": "export",
            "path": answer["path"],
            "format": format_ or "jsonl",
            "memories": len(owners),
            "size": len(content(answer["path"]).encode()),
        }
        assert Path(answer["path"]).parent == folder / owner


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["pet_quokka", "pet_numbat"]),
        ({"scope": "household"}, ["pet_numbat"]),
        ({"category": "home", "text": "quokka"}, ["pet_quokka"]),
        ({"forgotten": "true"}, ["old_quokka", "old_numbat"]),
        ({"tags": "none such"}, []),
        ({"pinned": True}, []),
        ({"created_after": "2100-01-01"}, []),
        ({"created_before": "2100-01-01", "updated_after": "2020-01-01", "scope": "user"}, ["pet_quokka"]),
        ({"updated_before": "2020-01-01"}, []),
    ],
)
async def test_exports_are_filtered_as_lists_are(
    hass: HomeAssistant,
    stored: MemoryEngine,
    users: dict[str, MockUser | None],
    where: dict[str, Any],
    expected: list[str],
) -> None:
    answer = await async_act(hass, "export", users["admin"], **where)
    listed = await async_act(hass, "list", users["admin"], **where)

    assert keys(answer["path"]) == expected
    assert sorted(expected) == sorted(memory["key"] for memory in listed["memories"])


async def test_history_comes_along_if_asked_for(
    hass: HomeAssistant, stored: MemoryEngine, users: dict[str, MockUser | None]
) -> None:
    paths = [
        (await async_act(hass, "export", users["normal"], scope="user", history=history))["path"]
        for history in (False, True)
    ]

    loaded = [jsonl.load(lines(path)[1]) for path in paths]
    assert [len(history) for _, history in loaded] == [0, 1]


@pytest.mark.parametrize(
    ("user", "op", "data", "code"),
    [
        ("normal", "export", {"person": "person.ada"}, "other_person"),
        ("normal", "export_person", {"person": "person.ada"}, "other_person"),
        ("normal", "erase_person", {"person": "person.ada", "confirm": True}, "other_person"),
        ("normal", "export_person", {"user_id": ADA}, "other_person"),
        ("normal", "erase_person", {"user_id": GONE, "confirm": True}, "other_person"),
        ("normal", "erase_person", {}, "erase_needs_confirm"),
        ("normal", "erase_person", {"confirm": "no"}, "erase_needs_confirm"),
        ("normal", "export", {"path": "/media/x.jsonl"}, "export_path_admins"),
        ("normal", "export_person", {"path": "/media/x.jsonl"}, "export_path_admins"),
        ("automation", "export_person", {}, "person_missing"),
        ("add-on", "export_person", {}, "person_missing"),
        ("automation", "erase_person", {"confirm": True}, "person_missing"),
        ("add-on", "erase_person", {"confirm": True}, "person_missing"),
        ("admin", "erase_person", {"person": "person.grace", "user_id": GONE, "confirm": True}, "person_or_user_id"),
        ("admin", "erase_person", {"user_id": "household", "confirm": True}, "invalid_user_id"),
        ("admin", "export_person", {"user_id": "../" + "a" * 29}, "invalid_user_id"),
        ("admin", "export_person", {"person": "person.nobody"}, "person_not_found"),
        ("admin", "export", {"format": "pdf"}, "invalid_export_format"),
        ("admin", "export", {"format": "csv", "history": True}, "export_history_format"),
        ("admin", "export", {"category": "pets"}, "invalid_category"),
        ("admin", "export", {"overwrite": "perhaps"}, "invalid_flag"),
        ("automation", "export", {"scope": "user"}, "scope_needs_person"),
    ],
)
async def test_what_is_refused(
    hass: HomeAssistant,
    stored: MemoryEngine,
    users: dict[str, MockUser | None],
    user: str,
    op: str,
    data: dict[str, Any],
    code: str,
) -> None:
    before = await stored.async_stats(None)

    assert await refused(hass, op, users[user], **data) == code

    assert (await stored.async_stats(None)).by_owner == before.by_owner
    assert files(hass.config.config_dir, "*.jsonl") == []


# Paths


@pytest.mark.parametrize("user", ["admin", "add-on", "automation"])
async def test_a_path_can_be_chosen_where_home_assistant_may_write(
    hass: HomeAssistant, stored: MemoryEngine, users: dict[str, MockUser | None], tmp_path: Path, user: str
) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    hass.config.allowlist_external_dirs = {str(allowed)}

    answer = await async_act(hass, "export", users[user], path=f" {allowed}/mine.csv ", format="csv")

    assert answer["path"] == str(allowed / "mine.csv")
    assert "numbat" in (allowed / "mine.csv").read_text()
    assert await refused(hass, "export", users[user], path=f"{allowed}/mine.csv", format="csv") == "file_exists"
    assert await refused(hass, "export", users[user], path=f"{allowed}/mine.csv") == "wrong_suffix"
    assert await refused(hass, "export", users[user], path=f"{allowed}/no/mine.jsonl") == "folder_missing"
    await async_act(hass, "export", users[user], path="allowed/mine.csv", format="csv", overwrite=True)
    person = await async_act(hass, "export_person", users["admin"], path=f"{allowed}/me.jsonl")
    assert shown(person["path"]) == {ADA}


@pytest.mark.parametrize(
    "path",
    [
        "{config}/x.jsonl",
        "x.jsonl",
        "semantic_memory/x.jsonl",
        "/etc/x.jsonl",
        "{allowed}/../x.jsonl",
        "{allowed}/link/x.jsonl",
        "{allowed}/nul\0/x.jsonl",
        "/proc/self/fd/x.jsonl",
    ],
)
async def test_nothing_is_written_anywhere_else(
    hass: HomeAssistant, stored: MemoryEngine, users: dict[str, MockUser | None], tmp_path: Path, path: str
) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (allowed / "link").symlink_to(tmp_path)
    hass.config.allowlist_external_dirs = {str(allowed)}
    given = path.format(config=tmp_path, allowed=allowed)

    assert await refused(hass, "export", users["admin"], path=given) == "export_path_not_allowed"

    assert files(tmp_path, "*.jsonl") == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nul\0.jsonl", "embedded null"),
        ("loop/x.jsonl", "Too many levels of symbolic links"),
        ("x" * 300 + "/y.jsonl", "the name is too long"),
    ],
)
async def test_a_path_that_no_file_can_have_is_said_in_words(
    hass: HomeAssistant,
    stored: MemoryEngine,
    users: dict[str, MockUser | None],
    tmp_path: Path,
    path: str,
    reason: str,
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    hass.config.allowlist_external_dirs = {str(tmp_path)}

    with pytest.raises(HomeAssistantError, match=reason) as raised:
        await async_act(hass, "export", users["admin"], path=path)

    assert raised.value.translation_key == "file_unavailable"


# A person


@pytest.mark.parametrize(
    ("user", "data", "owner"),
    [
        ("normal", {}, GRACE),
        ("normal", {"person": "person.grace"}, GRACE),
        ("normal", {"user_id": GRACE}, GRACE),
        ("admin", {}, ADA),
        ("admin", {"person": "person.grace"}, GRACE),
        ("admin", {"user_id": GONE}, GONE),
        ("add-on", {"person": "person.ada"}, ADA),
        ("automation", {"user_id": GONE.upper()}, GONE),
    ],
)
async def test_people_get_and_erase_what_is_stored_about_them(
    hass: HomeAssistant,
    stored: MemoryEngine,
    users: dict[str, MockUser | None],
    user: str,
    data: dict[str, str],
    owner: str,
) -> None:
    folder = Path(hass.config.config_dir) / "semantic_memory"

    export = await async_act(hass, "export_person", users[user], **data)

    assert export["op"] == "export_person"
    assert export["memories"] == 2
    assert shown(export["path"]) == {owner}
    assert keys(export["path"]) == [f"pet_{VALUES[owner]}", f"old_{VALUES[owner]}"]
    assert Path(export["path"]).parent == folder / "exports" / owner

    erased = await async_act(hass, "erase_person", users[user], **data, confirm=True)

    assert erased == {
        "status": "ok", "op": "erase_person", "memories": 2, "history": 0, "exports": 1, "remaining": [],
    }  # fmt: skip
    assert owner not in (await stored.async_stats(None)).by_owner
    assert sorted((await stored.async_stats(None)).by_owner) == sorted(VALUES.keys() - {owner})
    traces = [
        path for path in files(folder) if any(text.encode() in path.read_bytes() for text in (owner, VALUES[owner]))
    ]
    assert traces == []
    assert (await stored.async_list(Caller(owner), MemoryFilter(owner=owner, forgotten=True))).total == 0


async def test_files_that_are_left_are_named(
    hass: HomeAssistant, stored: MemoryEngine, users: dict[str, MockUser | None]
) -> None:
    left = Path(hass.config.config_dir) / "semantic_memory" / "damaged-20270101-000000-memory.db"
    left.write_text(f"what was damaged: {GRACE}")

    erased = await async_act(hass, "erase_person", users["normal"], confirm=True)

    assert erased["remaining"] == [str(left)]


async def test_satellites_are_part_of_what_is_stored_about_a_person(
    hass: HomeAssistant, set_up: SetUp, users: dict[str, MockUser | None]
) -> None:
    other = MockConfigEntry(domain="test")
    other.add_to_hass(hass)
    registry = dr.async_get(hass)
    kitchen = registry.async_get_or_create(config_entry_id=other.entry_id, identifiers={("test", "1")}, name="Kitchen")
    rows = [
        {"device": kitchen.id, "person": "person.grace"},
        {"device": "removed", "person": "person.grace"},
        {"device": "study", "person": "person.ada"},
        {"device": "hall", "person": "person.nobody"},
    ]
    await set_up(options={"people": {"satellites": rows}})

    path = (await async_act(hass, "export_person", users["normal"]))["path"]

    header, *options = lines(path)
    assert options == [
        {"type": "option", "name": "satellite", "person": "person.grace", "device_id": kitchen.id,
         "device_name": "Kitchen"},
        {"type": "option", "name": "satellite", "person": "person.grace", "device_id": "removed", "device_name": None},
    ]  # fmt: skip
    assert header["filter"]["owner"] == GRACE
