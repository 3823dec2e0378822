"""The dashboard card "Ask memory": its bundle is loaded by every page of the frontend while the entry is."""

from functools import partial
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.importlib import async_import_module

from .bundles import async_bundle_url
from .data import SemanticMemoryConfigEntry

BUNDLE: Final = "semantic-memory-card.js"


async def async_offer_card(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> None:
    """Let dashboards use the card until the entry is unloaded; pages that are open learn of it at once."""
    url = await async_bundle_url(hass, BUNDLE)
    if url is None:
        return
    frontend = await async_import_module(hass, "homeassistant.components.frontend")
    frontend.add_extra_js_url(hass, url)
    entry.async_on_unload(partial(frontend.remove_extra_js_url, hass, url))
