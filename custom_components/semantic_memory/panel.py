"""The page "Memory" in the sidebar, which is left out where Home Assistant runs without a frontend."""

from typing import Final

from homeassistant.components.frontend import async_remove_panel
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.importlib import async_import_module
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.hass_dict import HassKey

from .bundles import async_bundle_url
from .const import CONF_SHOW_IN_SIDEBAR, DOMAIN, SECTION_PANEL
from .data import SemanticMemoryConfigEntry

PANEL_URL: Final = "semantic-memory"
"""Path of the page; also a memory's address is below it."""
_MODULE: Final = "semantic-memory-panel"
"""Name of the bundle and of the element that it defines."""
_ICON: Final = "mdi:brain"
_SHOWN: Final[HassKey[tuple[str | None, str]]] = HassKey(f"{DOMAIN}_page")
"""Title and address of the page that is there."""


async def async_set_up_panel(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> None:
    """Show the page, called as the language of Home Assistant has it.

    It stays while the entry is reloaded: whoever looks at it would find themselves somewhere else.
    """
    url = await async_bundle_url(hass, f"{_MODULE}.js")
    if url is None:
        return
    panel_custom = await async_import_module(hass, "homeassistant.components.panel_custom")

    def leave() -> None:
        if entry.disabled_by is not None:
            async_remove_page(hass)

    async def register() -> None:
        shown = entry.options.get(SECTION_PANEL, {}).get(CONF_SHOW_IN_SIDEBAR, True)
        title = await _async_title(hass) if shown else None  # without a title there is a page, but no way to it
        if hass.data.get(_SHOWN) == (title, url):
            return
        async_remove_page(hass)
        hass.data[_SHOWN] = (title, url)
        await panel_custom.async_register_panel(
            hass, PANEL_URL, _MODULE, sidebar_title=title, sidebar_icon=_ICON if shown else None, module_url=url
        )

    async def rename(event: Event) -> None:
        if "language" in event.data:
            await register()

    await register()
    entry.async_on_unload(hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, rename))
    entry.async_on_unload(leave)


@callback
def async_remove_page(hass: HomeAssistant) -> None:
    """Take the page away, if it is there."""
    if hass.data.pop(_SHOWN, None) is not None:
        async_remove_panel(hass, PANEL_URL, warn_if_unknown=False)


async def _async_title(hass: HomeAssistant) -> str:
    texts = await async_get_translations(hass, hass.config.language, "config_panel", {DOMAIN})
    return texts[f"component.{DOMAIN}.config_panel.panel.title"]
