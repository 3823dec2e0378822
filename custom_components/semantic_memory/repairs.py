"""The flows behind the issues that can be mended with a click."""

from abc import abstractmethod
import logging
from pathlib import Path
from typing import Any, override

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_MODEL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import voluptuous as vol

from . import issues
from .const import DOMAIN, FOLDER
from .data import SemanticMemoryConfigEntry
from .memory.engine import DATABASE
from .memory.errors import EmbeddingError, ModelMissingError

_LOGGER = logging.getLogger(__name__)


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that mends an issue."""
    return DamagedDatabaseFlow() if issue_id == issues.ISSUE_DAMAGED else MissingModelFlow()


class _ConfirmFlow(RepairsFlow):
    """Asks once, then acts."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Go to the question."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask, then act on the entry."""
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        if issue is None:  # it has been mended since the question was put
            return self.async_abort(reason="mended")
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders=issue.translation_placeholders,
            )
        try:
            for entry in self.hass.config_entries.async_entries(DOMAIN):
                await self._async_act(entry)
        except OSError as err:
            reason = err.strerror or str(err)
            return self.async_abort(reason="not_moved", description_placeholders={"reason": reason})
        return self.async_create_entry(data={})

    @abstractmethod
    async def _async_act(self, entry: SemanticMemoryConfigEntry) -> None:
        """Mend it."""


class DamagedDatabaseFlow(_ConfirmFlow):
    """Sets the damaged file aside, where it can be rescued from, and starts with an empty one."""

    @override
    async def _async_act(self, entry: SemanticMemoryConfigEntry) -> None:
        await self.hass.config_entries.async_unload(entry.entry_id)
        try:
            await self.hass.async_add_executor_job(_set_aside, Path(self.hass.config.path(FOLDER)))
        finally:
            await self.hass.config_entries.async_reload(entry.entry_id)


class MissingModelFlow(_ConfirmFlow):
    """Has the server download the model; the embeddings follow by themselves."""

    @override
    async def _async_act(self, entry: SemanticMemoryConfigEntry) -> None:
        client = entry.runtime_data.ollama if entry.state is ConfigEntryState.LOADED else None
        if client is None:
            return
        engine, model = entry.runtime_data.engine, entry.data[CONF_MODEL]

        async def pull() -> None:
            try:
                async for _ in client.async_pull(model):
                    pass
            except EmbeddingError as err:
                _LOGGER.warning("The model %s could not be downloaded: %s", model, err)
                if engine.status.embedder_error == ModelMissingError.default_code:
                    issues.async_report_model(self.hass, model)
            engine.wake()

        entry.async_create_background_task(self.hass, pull(), f"{DOMAIN} pull {model}")


def _set_aside(folder: Path) -> None:
    """Rename the database and its log, keeping them."""
    stamp = dt_util.utcnow().strftime("%Y%m%d-%H%M%S")
    for suffix in ("", "-wal", "-shm"):
        path = folder / f"{DATABASE}{suffix}"
        if path.exists():
            path.rename(folder / f"damaged-{stamp}-{path.name}")
