"""Semantic Memory: what people tell Assist is remembered, and found again by meaning."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from homeassistant.const import CONF_API_KEY, CONF_MODEL, CONF_URL, EVENT_HOMEASSISTANT_FINAL_WRITE, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import ConfigEntryError, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util

from . import issues
from .backup import async_follow, async_is_under_way
from .card import async_offer_card
from .const import CONF_EMBEDDER, DOMAIN, EMBEDDER_OLLAMA, FOLDER
from .data import SemanticMemoryConfigEntry, SemanticMemoryData, settings_from
from .downloads import Downloads, DownloadView
from .events import async_fire_events
from .llm import async_register_llm_api
from .memory.embedding.ollama import OllamaClient, OllamaEmbedder
from .memory.embedding.static import StaticEmbedder
from .memory.engine import MemoryEngine
from .memory.errors import DatabaseDamagedError, StorageError
from .packages import async_built_in, async_obtain_missing
from .panel import async_remove_page, async_set_up_panel
from .people import async_follow_system_users
from .services import async_setup_services
from .uploads import Uploads
from .websocket import async_setup_commands
from .websocket.subscribing import async_announce

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = (Platform.BUTTON, Platform.EVENT, Platform.SENSOR)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, the websocket commands, and where exports are fetched."""
    async_setup_services(hass)
    async_setup_commands(hass)
    hass.http.register_view(DownloadView)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> bool:
    """Open the memory. A server or package index that is down does not keep it from being used."""
    try:
        engine = await MemoryEngine.async_open(
            Path(hass.config.path(FOLDER)),
            settings_from(entry.options),
            zone=dt_util.get_default_time_zone,
            held=async_is_under_way(hass),
        )
        try:
            await _async_set_up(hass, entry, engine)
            await async_follow(hass, engine)
        except BaseException:
            await engine.async_close()
            raise
    except StorageError as err:
        raise _refusal(hass, err) from err
    if entry.runtime_data.engine.status.storage_error != DatabaseDamagedError.default_code:
        issues.async_clear_damage(hass)
    async_announce(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> bool:
    """Close the memory; no task or thread stays."""
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    if entry.runtime_data.fetching is not None:  # it might start what is being closed
        entry.runtime_data.fetching.cancel()
    await _async_close(entry)
    return True


async def async_remove_entry(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> None:
    """Withdraw what was reported. The memories stay on disk: whoever sets the integration up again finds them."""
    issues.async_clear(hass)
    async_remove_page(hass)


async def _async_set_up(hass: HomeAssistant, entry: SemanticMemoryConfigEntry, engine: MemoryEngine) -> None:
    """Put an open engine to work; where this raises, Home Assistant undoes what is to be undone on unload."""
    client = _ollama_client(hass, entry)
    await engine.transfer.async_remove_downloads()  # a crash may have left some
    entry.runtime_data = SemanticMemoryData(engine, client, downloads=Downloads(hass), uploads=Uploads(hass))
    await async_follow_system_users(hass, entry)
    entry.async_on_unload(issues.async_watch(hass, entry))
    entry.async_on_unload(async_fire_events(hass, entry))
    entry.async_on_unload(_close_at_shutdown(hass, entry))
    await _async_start(entry, await async_built_in(hass))
    entry.async_on_unload(async_register_llm_api(hass, entry))
    await async_set_up_panel(hass, entry)
    await async_offer_card(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.runtime_data.fetching = entry.async_create_background_task(
        hass, async_obtain_missing(hass, entry, partial(_async_start, entry)), f"{DOMAIN} packages"
    )


def _refusal(hass: HomeAssistant, err: StorageError) -> ConfigEntryError | ConfigEntryNotReady:
    """Return why the entry cannot be set up, and report what only people can mend."""
    damaged = isinstance(err, DatabaseDamagedError)
    if damaged:
        issues.async_report_damage(hass, err)
    kind = ConfigEntryError if damaged or err.code == "database_too_new" else ConfigEntryNotReady
    return kind(translation_domain=DOMAIN, translation_key=err.code, translation_placeholders=err.placeholders)


def _ollama_client(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> OllamaClient | None:
    if entry.data.get(CONF_EMBEDDER) != EMBEDDER_OLLAMA:
        return None
    session = async_get_clientsession(hass)
    return OllamaClient(session, entry.data[CONF_URL], api_key=entry.data.get(CONF_API_KEY))


async def _async_start(entry: SemanticMemoryConfigEntry, built_in: StaticEmbedder | None) -> None:
    """Let the engine work with the embedders that there are."""
    engine, client = entry.runtime_data.engine, entry.runtime_data.ollama
    if client is None:
        await engine.async_start(built_in)
        return
    make = partial(OllamaEmbedder, client)
    await engine.async_start(built_in, make(entry.data[CONF_MODEL]), make)


async def _async_close(entry: SemanticMemoryConfigEntry) -> None:
    """Close the memory, and remove what waits for a browser."""
    data = entry.runtime_data
    await data.uploads.async_close()
    await data.engine.async_close()
    await data.downloads.async_close()


def _close_at_shutdown(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> Callable[[], None]:
    """Close the engine when Home Assistant ends, which unloads no entry; as late as data may be written."""

    async def close(_: Event) -> None:
        await _async_close(entry)

    return hass.bus.async_listen(EVENT_HOMEASSISTANT_FINAL_WRITE, close)
