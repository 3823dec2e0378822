"""Importing from the options."""

import asyncio
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE, FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import StorageError
from custom_components.semantic_memory.memory.models import Caller
from custom_components.semantic_memory.memory.transfer import importing, source
from custom_components.semantic_memory.options_import_forms import known_files

from .flow_helpers import checked
from .memory.transfer.foreign import entity, json_lines, luuquangvu, mem, postgres_csv
from .service_helpers import async_add_person


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the import."""
    flow = checked(await hass.config_entries.options.async_init(entry.entry_id), "options")
    return await answer(hass, flow, next_step_id="import_file")


async def answer(hass: HomeAssistant, flow: ConfigFlowResult, **user_input: Any) -> ConfigFlowResult:
    """Send a form, or look again at a step that shows progress."""
    return checked(await hass.config_entries.options.async_configure(flow["flow_id"], user_input), "options")


async def settled(hass: HomeAssistant, flow: ConfigFlowResult) -> ConfigFlowResult:
    """Wait until a flow shows no progress any more."""
    while flow["type"] in {FlowResultType.SHOW_PROGRESS, FlowResultType.SHOW_PROGRESS_DONE}:
        await hass.async_block_till_done(wait_background_tasks=True)
        flow = checked(await hass.config_entries.options.async_configure(flow["flow_id"]), "options")
    return flow


async def keys(engine: MemoryEngine, user_id: str | None = None) -> list[str]:
    """Return the keys that somebody sees."""
    return sorted(memory.key for memory in (await engine.async_list(Caller(user_id))).memories)


def words(flow: ConfigFlowResult) -> dict[str, str]:
    """Return what a step tells of a report."""
    placeholders = flow["description_placeholders"]
    assert placeholders is not None
    return dict(placeholders)


def choices(flow: ConfigFlowResult, field: str) -> list[Any]:
    """Return the options of a selection."""
    assert flow["data_schema"] is not None
    options: list[Any] = flow["data_schema"].schema[field].config["options"]
    return options


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return luuquangvu's database, where it always is."""
    return luuquangvu(
        tmp_path / "memory.db",
        mem("car", "The car is in B2", tags="long" * 40),
        mem("dog", "Rex eats at six", scope="household"),
        mem("gone", "Long ago", expires_at="2020-01-01T00:00:00+00:00"),
        mem("`![x](y)", " "),
    )


async def test_from_a_file_that_is_there(
    hass: HomeAssistant,
    setup_integration: MockConfigEntry,
    engine: MemoryEngine,
    hass_read_only_user: MockUser,
    old: Path,
) -> None:
    await async_add_person(hass, hass_read_only_user)
    progress: list[float] = []

    @callback
    def note(event: Event[Any]) -> None:
        progress.append(event.data["progress"])

    hass.bus.async_listen(EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE, note)
    options = dict(setup_integration.options)

    flow = await begin(hass, setup_integration)
    assert flow["step_id"] == "import_file"
    assert choices(flow, "path") == ["memory.db"]
    flow = await answer(hass, flow, path="memory.db", format="automatic")
    assert flow["step_id"] == "import_owner"
    assert words(flow) == {"file": str(old), "format": "luuquangvu's memory tool (memory.db)"}
    assert [option["value"] for option in choices(flow, "owner")] == ["household", hass_read_only_user.id]

    flow = await answer(hass, flow, owner=hass_read_only_user.id)
    assert flow["type"] is FlowResultType.SHOW_PROGRESS
    flow = await settled(hass, flow)
    assert flow["step_id"] == "import_report"
    told = words(flow)
    assert (told["added"], told["updated"], told["unchanged"], told["skipped"]) == ("2", "0", "0", "2")
    assert told["remarks"].splitlines() == [
        "- 1 × expired already",
        "- 1 × empty",
        "- 1 × without some of the tags, which are too many or too long",
        "- Line 3: expired already `gone`",
        "- Line 4: empty `![x](y)`",
    ]
    assert await keys(engine, hass_read_only_user.id) == []
    assert progress == [1.0, 1.0]

    flow = await settled(hass, await answer(hass, flow))
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "import_done")
    assert words(flow)["added"] == "2"
    assert await keys(engine, hass_read_only_user.id) == ["car", "dog"]
    assert await keys(engine) == ["dog"]
    (entry,) = await engine.async_history(Caller(hass_read_only_user.id), "car")
    assert entry.actor == "options"
    # Nothing is loaded anew because of it.
    assert setup_integration.options == options
    assert setup_integration.runtime_data.engine is engine


async def test_nothing_to_import(hass: HomeAssistant, setup_integration: MockConfigEntry, old: Path) -> None:
    async def look() -> ConfigFlowResult:
        flow = await answer(hass, await begin(hass, setup_integration), path="memory.db", format="luuquangvu")
        return await settled(hass, await answer(hass, flow, owner="household"))

    await settled(hass, await answer(hass, await look()))
    flow = await look()
    assert flow["reason"] == "import_nothing"
    assert (words(flow)["unchanged"], words(flow)["skipped"]) == ("2", "2")


async def test_owners(
    hass: HomeAssistant,
    setup_integration: MockConfigEntry,
    engine: MemoryEngine,
    hass_read_only_user: MockUser,
    tmp_path: Path,
) -> None:
    """A file that says whose memories are asks for nothing but the rest."""
    user = hass_read_only_user.id
    postgres_csv(tmp_path / "x.csv", {"key": "a", "value": "b", "user_id": user}, {"key": "c", "value": "d"})
    flow = await answer(hass, await begin(hass, setup_integration), path="x.csv", format="automatic")
    assert [option["value"] for option in choices(flow, "owner")] == ["household", "nobody"]
    flow = await settled(hass, await answer(hass, flow, keep_owners=True, owner="nobody"))
    assert words(flow)["remarks"].splitlines()[0] == "- 1 × of somebody who is not known here"
    await settled(hass, await answer(hass, flow))
    assert (await keys(engine, user), await keys(engine)) == (["a"], [])

    flow = await answer(hass, await begin(hass, setup_integration), path="x.csv", format="automatic")
    flow = await settled(hass, await answer(hass, flow, keep_owners=False, owner="household"))
    await settled(hass, await answer(hass, flow))
    assert await keys(engine) == ["a", "c"]


async def test_somebody_has_to_be_chosen(hass: HomeAssistant, setup_integration: MockConfigEntry, old: Path) -> None:
    flow = await answer(hass, await begin(hass, setup_integration), path="memory.db", format="automatic")
    for owner in ("nobody", "a" * 32):
        with pytest.raises(InvalidData):
            await answer(hass, flow, owner=owner)
    with pytest.raises(InvalidData):
        await answer(hass, flow)


@pytest.mark.parametrize(
    ("path", "format_", "said"),
    [
        (" ", "automatic", None),
        ("missing.db", "automatic", "There is no file"),
        ("/etc/passwd", "automatic", "may not read /etc/passwd"),
        ("semantic_memory/memory.db", "automatic", "database of Semantic Memory itself"),
        ("memory.db", "mcp_memory", "not of the format mcp_memory"),
    ],
)
async def test_files_that_cannot_be_imported(
    hass: HomeAssistant, setup_integration: MockConfigEntry, old: Path, path: str, format_: str, said: str | None
) -> None:
    flow = await answer(hass, await begin(hass, setup_integration), path=path, format=format_)
    assert flow["step_id"] == "import_file"
    assert flow["errors"] == {"base": "import_failed" if said else "import_file_missing"}
    if said:
        assert said in words(flow)["problem"]
    flow = await answer(hass, flow, path="memory.db", format="automatic")
    assert flow["step_id"] == "import_owner"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where temporary files are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


async def upload(hass: HomeAssistant, hass_client: ClientSessionGenerator, path: Path) -> str:
    """Upload a file as the browser does."""
    client = await hass_client()
    with path.open("rb") as file:
        response = await client.post("/api/file_upload", data={"file": file})
    assert response.status == 200
    file_id: str = (await response.json())["file_id"]
    return file_id


def left(folder: Path) -> list[Path]:
    """Return what is left of uploads."""
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_from_the_browser(
    hass: HomeAssistant,
    setup_integration: MockConfigEntry,
    engine: MemoryEngine,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
    temporary: Path,
) -> None:
    file_id = await upload(hass, hass_client, json_lines(tmp_path / "graph.jsonl", entity("Rex", "pet", "Likes bones")))
    flow = await answer(hass, await begin(hass, setup_integration), upload=file_id, format="automatic")
    assert words(flow)["file"] == "graph.jsonl"
    assert len(left(temporary)) == 1
    flow = await settled(hass, await answer(hass, flow, owner="household"))
    flow = await settled(hass, await answer(hass, flow))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert flow["reason"] == "import_done"
    assert await keys(engine) == ["rex_likes_bones"]
    assert left(temporary) == []


async def test_uploads_do_not_stay(
    hass: HomeAssistant,
    setup_integration: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
    temporary: Path,
) -> None:
    """Neither one that is no memory, nor one whose dialog was closed; and one can be had once only."""
    (tmp_path / "x.txt").write_text("Remember the milk")
    first = await upload(hass, hass_client, tmp_path / "x.txt")
    flow = await begin(hass, setup_integration)
    flow = await answer(hass, flow, upload=first, format="automatic")
    assert flow["errors"] == {"base": "import_failed"}
    assert "What x.txt holds" in words(flow)["problem"]
    flow = await answer(hass, flow, upload=first, format="automatic")
    assert "no longer there" in words(flow)["problem"]
    second = await upload(hass, hass_client, json_lines(tmp_path / "y", entity("Rex", "pet", "Likes bones")))
    flow = await answer(hass, flow, upload=second, format="automatic")
    assert flow["step_id"] == "import_owner"
    await hass.async_block_till_done()
    assert len(left(temporary)) == 1
    hass.config_entries.options.async_abort(flow["flow_id"])
    async with asyncio.timeout(10):
        while left(temporary):  # it is removed in a thread that nobody waits for
            await asyncio.sleep(0.01)


async def test_leaving_stops_the_import(
    hass: HomeAssistant,
    setup_integration: MockConfigEntry,
    engine: MemoryEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What has been imported by then stays, and nothing more comes after it."""
    monkeypatch.setattr(source, "BATCH", 1)
    luuquangvu(tmp_path / "memory.db", *(mem(f"key_{n}", f"Value {n}") for n in range(30)))
    flow = await answer(hass, await begin(hass, setup_integration), path="memory.db", format="automatic")
    flow = await settled(hass, await answer(hass, flow, owner="household"))
    assert words(flow)["added"] == "30"
    begun = asyncio.Event()
    engine.subscribe(lambda event: begun.set() if event.kind == "import" else None)
    flow = await answer(hass, flow)
    await begun.wait()
    hass.config_entries.options.async_abort(flow["flow_id"])
    await hass.async_block_till_done(wait_background_tasks=True)
    assert 0 < engine.status.memories < 30
    assert engine.status.memories == len(await keys(engine))


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_run_that_fails(
    hass: HomeAssistant, setup_integration: MockConfigEntry, old: Path, dry_run: bool
) -> None:
    """It leads back to the choice of the file, and says what is wrong."""
    flow = await answer(hass, await begin(hass, setup_integration), path="memory.db", format="automatic")
    if not dry_run:
        flow = await settled(hass, await answer(hass, flow, owner="household"))
    with patch.object(importing.Importer, "_async_step", side_effect=StorageError(reason="the disk is full")):
        flow = await settled(hass, await answer(hass, flow, **({"owner": "household"} if dry_run else {})))
    assert flow["step_id"] == "import_file"
    assert "the disk is full" in words(flow)["problem"]


async def test_without_a_running_memory(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    await hass.config_entries.async_unload(setup_integration.entry_id)
    flow = await begin(hass, setup_integration)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "not_loaded")


async def test_an_entry_that_is_unloaded_meanwhile(
    hass: HomeAssistant, setup_integration: MockConfigEntry, old: Path
) -> None:
    flow = await answer(hass, await begin(hass, setup_integration), path="memory.db", format="automatic")
    flow = await settled(hass, await answer(hass, flow, owner="household"))
    await hass.config_entries.async_unload(setup_integration.entry_id)
    flow = await settled(hass, await answer(hass, flow))
    assert flow["reason"] == "not_loaded"


def test_files_that_are_offered(tmp_path: Path) -> None:
    for name in ("memory.db", "other.db", "semantic_memory/memory.db", "semantic_memory/exports/x/a.jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "ai_memory.db").mkdir()
    assert known_files(tmp_path) == ["memory.db", "semantic_memory/exports/x/a.jsonl"]
