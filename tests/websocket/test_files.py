"""Exports that a browser fetches, and files that it uploads to be imported."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
import json
from pathlib import Path
import tempfile
from typing import Any, Final

from aiohttp.test_utils import TestClient
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.semantic_memory import downloads, uploads
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import HOUSEHOLD, Caller, MemoryDraft, Scope
from custom_components.semantic_memory.memory.transfer.transfer import Transfer

from ..conftest import SetUp
from .conftest import ADA, Client, Connect

type Http = TestClient[Any, Any]
type Upload = Callable[..., Awaitable[str]]
PREFIX: Final = "semantic_memory_import_"


@pytest.fixture
async def anybody(
    hass: HomeAssistant, setup_integration: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> Http:
    """Return a browser that sends no token."""
    browser: Http = await hass_client_no_auth()
    return browser


@pytest.fixture
async def stored(engine: MemoryEngine, bea: Client, carl: Client) -> dict[str, str]:
    """Store something for different people; return ids by key."""
    found = {}
    for client, key, value in (
        (bea, "cat", "The cat is called Tom"),
        (bea, "formula", "=1+1"),
        (bea, "gone", "The dog is called Rex"),
        (carl, "present", "The present is in the cellar"),
        (None, "dinner", "Dinner is at six"),
    ):
        caller = Caller(client.user.id) if client else Caller()
        scope = Scope.USER if client else Scope.HOUSEHOLD
        draft = MemoryDraft(value=value, key=key, scope=scope, pinned=key == "cat")
        found[key] = (await engine.async_remember(caller, draft)).memory.id
    await engine.async_forget(Caller(bea.user.id), ["gone"])
    return found


def exports(hass: HomeAssistant) -> list[Path]:
    """Return every file in the folder of exports."""
    return [path for path in Path(hass.config.path("semantic_memory/exports")).rglob("*") if path.is_file()]


async def fetch(browser: Http, url: str) -> str:
    """Return what a browser gets."""
    response = await browser.get(url)
    assert response.status == HTTPStatus.OK
    return await response.text()


@pytest.mark.parametrize(
    ("format_", "suffix", "content_type"),
    [
        ("jsonl", ".jsonl", "application/jsonl"),
        ("csv", ".csv", "text/csv; charset=utf-8"),
        ("markdown", ".md", "text/markdown; charset=utf-8"),
        ("text", ".txt", "text/plain; charset=utf-8"),
    ],
)
async def test_each_format(
    hass: HomeAssistant,
    stored: dict[str, str],
    bea: Client,
    anybody: Http,
    format_: str,
    suffix: str,
    content_type: str,
) -> None:
    offered = await bea.ask("export", format=format_)
    assert offered["memories"] == 3
    assert offered["filename"] == f"semantic-memory-{dt_util.now().date().isoformat()}{suffix}"
    (file,) = exports(hass)
    assert file.stat().st_size == offered["size"]

    response = await anybody.get(offered["url"])

    assert response.status == HTTPStatus.OK
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Content-Disposition"] == f'attachment; filename="{offered["filename"]}"'
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    body = await response.read()
    assert len(body) == offered["size"] == int(response.headers["Content-Length"])
    for text in ("Tom", "Dinner"):
        assert text in body.decode()
    for text in ("Rex", "present"):
        assert text not in body.decode()
    assert exports(hass) == []


async def test_an_address_is_good_once(hass: HomeAssistant, stored: dict[str, str], bea: Client, anybody: Http) -> None:
    url = (await bea.ask("export", format="jsonl"))["url"]
    await fetch(anybody, url)
    for _ in range(2):
        assert (await anybody.get(url)).status == HTTPStatus.NOT_FOUND


async def test_an_address_has_to_be_signed_and_is_for_one_user(
    hass: HomeAssistant, stored: dict[str, str], bea: Client, carl: Client, anybody: Http
) -> None:
    url = (await bea.ask("export", format="jsonl"))["url"]
    path, _, query = url.partition("?")
    assert (await anybody.get(path)).status == HTTPStatus.UNAUTHORIZED
    assert (await anybody.get(f"{path}x?{query}")).status == HTTPStatus.UNAUTHORIZED
    token = await hass.auth.async_create_refresh_token(carl.user, "https://carl.test/other")
    headers = {"Authorization": f"Bearer {hass.auth.async_create_access_token(token)}"}
    assert (await anybody.get(path, headers=headers)).status == HTTPStatus.NOT_FOUND
    assert "Tom" in await fetch(anybody, url)  # nobody else's attempts use it up


async def test_an_address_is_good_for_five_minutes(
    hass: HomeAssistant, stored: dict[str, str], bea: Client, anybody: Http
) -> None:
    url = (await bea.ask("export", format="jsonl"))["url"]
    async_fire_time_changed(hass, dt_util.utcnow() + downloads.LIFETIME - timedelta(seconds=5))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(exports(hass)) == 1
    async_fire_time_changed(hass, dt_util.utcnow() + downloads.LIFETIME + timedelta(seconds=1))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert exports(hass) == []
    assert (await anybody.get(url)).status == HTTPStatus.NOT_FOUND


async def test_only_some_wait(
    hass: HomeAssistant, stored: dict[str, str], bea: Client, carl: Client, anybody: Http
) -> None:
    theirs = (await carl.ask("export", format="jsonl"))["url"]
    urls = [(await bea.ask("export", format="jsonl"))["url"] for _ in range(7)]
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(exports(hass)) == 6
    statuses = [(await anybody.get(url)).status for url in urls]
    assert statuses == [HTTPStatus.NOT_FOUND] * 2 + [HTTPStatus.OK] * 5
    assert "present" in await fetch(anybody, theirs)


async def test_what_is_meant(hass: HomeAssistant, stored: dict[str, str], bea: Client, anybody: Http) -> None:
    async def keys(**fields: Any) -> set[str]:
        text = await fetch(anybody, (await bea.ask("export", format="jsonl", **fields))["url"])
        return {line["key"] for line in map(json.loads, text.splitlines()) if line["type"] == "memory"}

    assert await keys() == {"cat", "formula", "dinner"}
    assert await keys(filter={"owner": HOUSEHOLD}) == {"dinner"}
    assert await keys(filter={"pinned": True}) == {"cat"}
    assert await keys(filter={"forgotten": True}) == {"gone"}
    assert await keys(ids=[stored["cat"], stored["dinner"], stored["present"]]) == {"cat", "dinner"}
    assert await keys(ids=[stored["gone"]], filter={"forgotten": True}) == {"gone"}
    assert await keys(ids=[stored["present"]]) == set()
    assert await bea.refused("export", format="jsonl", ids=[]) == "no_ids"
    assert await bea.refused("export", format="pdf") == "invalid_format"
    assert await bea.refused("export", format="csv", history=True) == "export_history_format"
    assert await bea.refused("export", format="jsonl", user_id="a" * 32) == "other_user"


async def test_with_history(hass: HomeAssistant, stored: dict[str, str], bea: Client, anybody: Http) -> None:
    text = await fetch(anybody, (await bea.ask("export", format="jsonl", history=True, ids=[stored["cat"]]))["url"])
    assert [entry["kind"] for entry in json.loads(text.splitlines()[1])["history"]] == ["set"]


async def test_an_administrator_fetches_for_somebody(
    hass: HomeAssistant, stored: dict[str, str], bea: Client, ada: Client, anybody: Http
) -> None:
    text = await fetch(anybody, (await ada.ask("export", format="text", user_id=bea.user.id))["url"])
    assert "Tom" in text


async def test_whoever_is_erased_is_in_no_file_that_waits(
    hass: HomeAssistant, engine: MemoryEngine, stored: dict[str, str], bea: Client, anybody: Http
) -> None:
    url = (await bea.ask("export", format="jsonl"))["url"]
    await engine.transfer.async_erase_person(Caller(bea.user.id))
    assert exports(hass) == []
    assert (await anybody.get(url)).status == HTTPStatus.NOT_FOUND


async def test_nothing_waits_without_the_entry(
    hass: HomeAssistant, setup_integration: MockConfigEntry, stored: dict[str, str], bea: Client, anybody: Http
) -> None:
    url = (await bea.ask("export", format="jsonl"))["url"]
    assert await hass.config_entries.async_unload(setup_integration.entry_id)
    assert exports(hass) == []
    assert (await anybody.get(url)).status == HTTPStatus.NOT_FOUND


async def test_an_export_that_is_done_too_late_is_not_offered(
    hass: HomeAssistant,
    setup_integration: MockConfigEntry,
    stored: dict[str, str],
    bea: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = Transfer.async_export

    async def slowly(self: Transfer, *given: Any, **how: Any) -> object:
        report = await write(self, *given, **how)
        assert await hass.config_entries.async_unload(setup_integration.entry_id)
        return report

    monkeypatch.setattr(Transfer, "async_export", slowly)
    assert await bea.refused("export", format="jsonl") == "database_closed"
    monkeypatch.undo()
    assert await hass.config_entries.async_setup(setup_integration.entry_id)
    assert exports(hass) == []


async def test_a_file_that_is_gone_cannot_be_removed_again(
    hass: HomeAssistant, setup_integration: MockConfigEntry, stored: dict[str, str], bea: Client
) -> None:
    await bea.ask("export", format="jsonl")
    (file,) = exports(hass)
    file.unlink()
    assert await hass.config_entries.async_unload(setup_integration.entry_id)


async def test_nothing_waits_after_a_crash(hass: HomeAssistant, set_up: SetUp) -> None:
    folder = Path(hass.config.path("semantic_memory/exports")) / ("a" * 32)
    folder.mkdir(parents=True)
    for name in ("download-20261129-120000.jsonl", "memories-20261129-120000.jsonl"):
        (folder / name).write_text("x")
    await set_up()
    assert [path.name for path in exports(hass)] == ["memories-20261129-120000.jsonl"]


async def test_nothing_waits_when_home_assistant_ends(
    hass: HomeAssistant, setup_integration: MockConfigEntry, stored: dict[str, str], bea: Client
) -> None:
    await bea.ask("export", format="jsonl")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert exports(hass) == []


# Importing


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
async def upload(
    hass: HomeAssistant,
    temporary: Path,
    connect: Connect,
    setup_integration: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> Upload:
    """Return what uploads memories and returns the id of the file."""
    browser = await hass_client()

    async def send(*lines: dict[str, Any]) -> str:
        file = temporary / "memories.jsonl"
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        with file.open("rb") as opened:
            response = await browser.post("/api/file_upload", data={"file": opened})
        assert response.status == HTTPStatus.OK
        return str((await response.json())["file_id"])

    return send


def entity(name: str, about: str) -> dict[str, Any]:
    """Return a line of the knowledge graph of the MCP memory server."""
    return {"type": "entity", "name": name, "entityType": "pet", "observations": [about]}


def left(temporary: Path) -> list[str]:
    """Return the folders of files that are being imported."""
    return [path.name for path in temporary.iterdir() if path.name.startswith(PREFIX)]


async def test_a_trial_and_the_import(engine: MemoryEngine, ada: Client, upload: Upload, temporary: Path) -> None:
    file_id = await upload(entity("Rex", "Likes bones"), entity("Tom", "Sleeps a lot"))
    asked: dict[str, Any] = {"file_id": file_id, "owner": HOUSEHOLD}

    trial = await ada.ask("import", dry_run=True, **asked)

    assert (trial["dry_run"], trial["read"], trial["added"], trial["complete"]) == (True, 2, 2, True)
    assert trial.keys() == {
        "format", "dry_run", "read", "added", "updated", "unchanged", "skipped", "reasons", "details", "notes",
        "ignored", "complete",
    }  # fmt: skip
    assert (await engine.async_list(Caller())).total == 0
    assert len(left(temporary)) == 1

    assert (await ada.ask("import", dry_run=True, **asked))["added"] == 2
    done = await ada.ask("import", dry_run=False, **asked)

    assert (done["dry_run"], done["added"]) == (False, 2)
    assert (await engine.async_list(Caller())).total == 2
    assert left(temporary) == []
    assert await ada.refused("import", dry_run=False, **asked) == "import_upload_missing"
    (line, _) = (await engine.activity.async_page(Caller())).entries
    assert line.entry.actor == ada.user.id  # type: ignore[union-attr]


async def test_whose_it_becomes(engine: MemoryEngine, ada: Client, bea: Client, upload: Upload) -> None:
    file_id = await upload(entity("Rex", "Likes bones"))
    assert await ada.refused("import", file_id=file_id, owner="f" * 32, dry_run=True) == "user_not_found"
    await ada.ask("import", file_id=file_id, owner=bea.user.id, dry_run=False, format="mcp_memory")
    assert (await engine.async_list(Caller(bea.user.id))).total == 1


async def test_nobodys_is_left_out(
    hass: HomeAssistant, engine: MemoryEngine, ada: Client, bea: Client, anybody: Http, upload: Upload
) -> None:
    await engine.async_remember(Caller(bea.user.id), MemoryDraft(value="The cat is called Tom", key="cat"))
    text = await fetch(anybody, (await bea.ask("export", format="jsonl"))["url"])
    lines = [json.loads(line.replace(bea.user.id, "f" * 32)) for line in text.splitlines()]
    report = await ada.ask("import", file_id=await upload(*lines), owner=None, dry_run=True)
    assert (report["added"], report["skipped"]) == (0, 1)
    kept = await ada.ask("import", file_id=await upload(*lines), owner=HOUSEHOLD, dry_run=True, keep_owners=False)
    assert (kept["added"], kept["skipped"]) == (1, 0)


async def test_a_file_that_is_none(ada: Client, upload: Upload, temporary: Path) -> None:
    assert await ada.refused("import", file_id="unknown", owner=HOUSEHOLD, dry_run=True) == "import_upload_missing"
    assert left(temporary) == []
    file_id = await upload(entity("Rex", "Likes bones"))
    code = await ada.refused("import", file_id=file_id, owner=HOUSEHOLD, dry_run=False, format="semantic_memory")
    assert code.startswith("import_")
    assert len(left(temporary)) == 1  # for another attempt
    assert await ada.refused("import", file_id=file_id, owner=HOUSEHOLD, dry_run=False, format="x") == "invalid_format"
    assert (await ada.ask("import", file_id=file_id, owner=HOUSEHOLD, dry_run=False))["added"] == 1


async def test_a_file_that_cannot_be_used_is_called_by_its_name(ada: Client, upload: Upload, temporary: Path) -> None:
    answer = await ada.send("import", file_id=await upload({"something": "else"}), owner=HOUSEHOLD, dry_run=True)
    assert answer["error"]["code"] == "import_unknown_format"
    assert "memories.jsonl" in answer["error"]["message"]
    assert str(temporary) not in answer["error"]["message"]


async def test_a_file_is_kept_for_ten_minutes(
    hass: HomeAssistant, ada: Client, upload: Upload, temporary: Path
) -> None:
    asked = {"file_id": await upload(entity("Rex", "Likes bones")), "owner": HOUSEHOLD, "dry_run": True}
    await ada.ask("import", **asked)
    async_fire_time_changed(hass, dt_util.utcnow() + uploads.LIFETIME + timedelta(seconds=1))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert left(temporary) == []
    assert await ada.refused("import", **asked) == "import_upload_missing"


async def test_nothing_is_kept_without_the_entry(
    hass: HomeAssistant, setup_integration: MockConfigEntry, ada: Client, upload: Upload, temporary: Path
) -> None:
    await ada.ask("import", file_id=await upload(entity("Rex", "Likes bones")), owner=HOUSEHOLD, dry_run=True)
    assert len(left(temporary)) == 1
    assert await hass.config_entries.async_unload(setup_integration.entry_id)
    assert left(temporary) == []


async def test_a_file_is_used_by_one_at_a_time_and_removed_if_the_entry_goes_meanwhile(
    hass: HomeAssistant,
    setup_integration: MockConfigEntry,
    connect: Connect,
    ada: Client,
    upload: Upload,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = {"file_id": await upload(entity("Rex", "Likes bones")), "owner": HOUSEHOLD, "dry_run": True}
    other = await connect(ADA)
    codes: list[str] = []
    take_in = Transfer.async_import

    async def slowly(self: Transfer, *given: Any) -> object:
        codes.append(await other.refused("import", **asked))
        assert await hass.config_entries.async_unload(setup_integration.entry_id)
        return await take_in(self, *given)

    monkeypatch.setattr(Transfer, "async_import", slowly)
    codes.append(await ada.refused("import", **asked))
    assert codes == ["import_running", "database_closed"]
    assert left(temporary) == []
