"""The flows behind the issues that can be mended with a click."""

from abc import abstractmethod
import logging
from typing import Any, override

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_MODEL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import voluptuous as vol

from . import issues
from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .errors import translated
from .memory.errors import DatabaseUnavailableError, EmbeddingError, ModelMissingError, SemanticMemoryError
from .memory.storage.restoring import choose
from .memory.storage.snapshots import Snapshot
from .restoring import DAMAGED, async_restore, async_start_empty, database_path

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
        return await self._async_ask("confirm", user_input)

    async def _async_ask(self, step_id: str, user_input: dict[str, Any] | None) -> RepairsFlowResult:
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        if issue is None:  # it has been mended since the question was put
            return self.async_abort(reason="mended")
        if user_input is None:
            return self.async_show_form(
                step_id=step_id, data_schema=vol.Schema({}), description_placeholders=self._placeholders()
            )
        try:
            for entry in self.hass.config_entries.async_entries(DOMAIN):
                await self._async_act(entry)
        except DatabaseUnavailableError as err:
            return self.async_abort(reason="not_moved", description_placeholders={"reason": err.placeholders["reason"]})
        except SemanticMemoryError as err:
            return self.async_abort(reason="failed", description_placeholders={"reason": str(translated(err))})
        return self.async_create_entry(data={})

    def _placeholders(self) -> dict[str, str]:
        """Return what the texts mention."""
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        return dict((issue and issue.translation_placeholders) or {})

    @abstractmethod
    async def _async_act(self, entry: SemanticMemoryConfigEntry) -> None:
        """Mend it."""


class DamagedDatabaseFlow(_ConfirmFlow):
    """Sets the damaged file aside, where it can be rescued from, and starts with the newest backup or an empty one."""

    _newest: Snapshot | None = None
    _restoring = False

    @override
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Let people choose where there is a backup; else only the empty start is left."""
        try:
            self._newest = await self.hass.async_add_executor_job(choose, database_path(self.hass), None)
        except SemanticMemoryError:
            return await self.async_step_confirm()
        return self.async_show_menu(
            step_id="init", menu_options=["restore", "confirm"], description_placeholders=self._placeholders()
        )

    async def async_step_restore(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Restore the backup, once people have seen of when it is."""
        self._restoring = True
        return await self._async_ask("restore", user_input)

    @override
    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Start with an empty memory, once people know what that means."""
        self._restoring = False
        return await self._async_ask("confirm", user_input)

    @override
    def _placeholders(self) -> dict[str, str]:
        if self._newest is None:
            return super()._placeholders()
        taken_at = dt_util.as_local(dt_util.utc_from_timestamp(self._newest.taken_at))
        return {
            **super()._placeholders(),
            "date": taken_at.strftime("%Y-%m-%d %H:%M"),
            "memories": str(self._newest.memories),
        }

    @override
    async def _async_act(self, entry: SemanticMemoryConfigEntry) -> None:
        if self._restoring and self._newest is not None:
            await async_restore(self.hass, entry, self._newest.name, DAMAGED)
        else:
            await async_start_empty(self.hass, entry)


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
