"""The page in the sidebar, and how its files are served."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from unittest.mock import patch

from homeassistant.components.frontend import DATA_PANELS
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import EVENT_PANELS_UPDATED
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.semantic_memory import bundles, panel
from custom_components.semantic_memory.bundles import async_bundle_url
from custom_components.semantic_memory.panel import PANEL_URL

from .conftest import SetUp


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Path]:
    """Return a built bundle, in the place of the real one."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "semantic-memory-panel.js").write_text("export {};")
    with patch.object(bundles, "_FOLDER", folder):
        yield folder


@pytest.fixture
async def frontend(hass: HomeAssistant) -> None:
    """Have a frontend, as Home Assistant does unless somebody leaves it out."""
    hass.config.components.add("frontend")
    assert await async_setup_component(hass, "http", {})


def shown(hass: HomeAssistant) -> dict[str, object] | None:
    """Return what the frontend is told about the page."""
    found = hass.data.get(DATA_PANELS, {}).get(PANEL_URL)
    return None if found is None else dict(found.to_response())


@pytest.mark.usefixtures("frontend", "bundle")
@pytest.mark.parametrize("end", ["disable", "remove"])
async def test_the_page_is_there_until_the_entry_goes(hass: HomeAssistant, set_up: SetUp, end: str) -> None:
    entry = await set_up()

    page = shown(hass)
    assert page is not None
    assert (page["title"], page["icon"], page["require_admin"]) == ("Memory", "mdi:brain", False)
    config = page["config"]
    assert isinstance(config, dict)
    assert config["_panel_custom"]["name"] == "semantic-memory-panel"
    assert config["_panel_custom"]["module_url"] == await async_bundle_url(hass, "semantic-memory-panel.js")
    if end == "disable":
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    else:
        await hass.config_entries.async_remove(entry.entry_id)
    assert shown(hass) is None


@pytest.mark.usefixtures("frontend", "bundle")
async def test_the_page_stays_while_the_entry_is_reloaded(hass: HomeAssistant, set_up: SetUp) -> None:
    """Whoever looks at it would find themselves on another page, for example after restoring a snapshot."""
    entry = await set_up()
    before = shown(hass)
    told = async_capture_events(hass, EVENT_PANELS_UPDATED)

    assert await hass.config_entries.async_unload(entry.entry_id)
    assert shown(hass) == before
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert shown(hass) == before
    assert told == []


@pytest.mark.usefixtures("frontend", "bundle")
async def test_the_sidebar_can_do_without(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up(options={"panel": {"show_in_sidebar": False}})

    page = shown(hass)
    assert page is not None
    assert page["title"] is None


@pytest.mark.usefixtures("frontend", "bundle")
async def test_the_title_follows_the_language(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up()
    key = "component.semantic_memory.config_panel.panel.title"

    with patch.object(panel, "async_get_translations", return_value={key: "Gedächtnis"}):
        await hass.config.async_update(language="de")
        await hass.async_block_till_done()
        page = shown(hass)
        assert page is not None
        assert page["title"] == "Gedächtnis"
    await hass.config.async_update(location_name="Elsewhere")
    await hass.async_block_till_done()
    assert shown(hass) == page


@pytest.mark.usefixtures("bundle")
async def test_set_up_without_a_frontend(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    assert setup_integration.state is ConfigEntryState.LOADED
    assert shown(hass) is None


@pytest.mark.usefixtures("frontend")
async def test_set_up_without_a_bundle(hass: HomeAssistant, set_up: SetUp, bundle: Path) -> None:
    (bundle / "semantic-memory-panel.js").unlink()

    await set_up()

    assert shown(hass) is None


@pytest.mark.usefixtures("frontend")
async def test_files_have_another_address_when_they_change(
    hass: HomeAssistant, bundle: Path, hass_client_no_auth: ClientSessionGenerator
) -> None:
    first = await async_bundle_url(hass, "semantic-memory-panel.js")
    assert await async_bundle_url(hass, "semantic-memory-panel.js") == first
    (bundle / "chunks").mkdir()
    (bundle / "chunks" / "two.js").write_text("export const two = 2;")
    second = await async_bundle_url(hass, "semantic-memory-panel.js")

    assert first != second
    client = await hass_client_no_auth()
    for url in (first, second):
        answer = await client.get(str(url))
        assert answer.status == HTTPStatus.OK
        assert await answer.text() == "export {};"
        assert "max-age" in answer.headers["Cache-Control"]
    assert await async_bundle_url(hass, "missing.js") is None
