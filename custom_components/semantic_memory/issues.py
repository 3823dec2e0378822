"""What people are told to mend, and when that is withdrawn."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from homeassistant.const import CONF_MODEL
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN, FOLDER
from .data import SemanticMemoryConfigEntry
from .memory.engine import DATABASE
from .memory.errors import DatabaseDamagedError, EmbedderAuthError, ModelMissingError, SemanticMemoryError
from .memory.status import EngineEvent

ISSUE_UNREACHABLE: Final = "ollama_unreachable"
ISSUE_MODEL_MISSING: Final = "model_missing"
ISSUE_PACKAGES: Final = "packages_missing"
ISSUE_INDEX: Final = "index_unavailable"
ISSUE_DAMAGED: Final = "database_damaged"
_OF_A_RUN: Final = (ISSUE_UNREACHABLE, ISSUE_MODEL_MISSING, ISSUE_PACKAGES)
_ALL: Final = (ISSUE_UNREACHABLE, ISSUE_MODEL_MISSING, ISSUE_PACKAGES, ISSUE_INDEX, ISSUE_DAMAGED)

_ANSWERS: Final = (None, EmbedderAuthError.default_code, ModelMissingError.default_code, "built_in_missing")
"""States in which the server is there; in the last one, packages of the integration are not."""
UNREACHABLE_SECONDS: Final = 1800
"""A server that restarts or updates is back sooner."""


@callback
def async_watch(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> Callable[[], None]:
    """Report and withdraw what the engine's status says of server and database; returns how to end that."""
    watch = _Watch(hass, entry)
    unsubscribe = entry.runtime_data.engine.subscribe(watch.look)

    @callback
    def stop() -> None:
        unsubscribe()
        watch.stop_waiting()
        for issue in _OF_A_RUN:
            ir.async_delete_issue(hass, DOMAIN, issue)
        # A reload finds the same index; deleting its issue would forget that somebody chose to ignore it.
        if entry.disabled_by:
            async_clear_index(hass)

    return stop


class _Watch:
    """What was last seen of the server and of the database.

    Only a change is acted upon: the status is told with every memory that is stored, and what somebody has just
    dismissed, or is having mended, must not come back with the next one.
    """

    def __init__(self, hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> None:
        self._hass, self._entry = hass, entry
        self._error: str | None = None
        self._storage_error: str | None = None
        self._waiting: CALLBACK_TYPE | None = None

    @callback
    def look(self, event: EngineEvent) -> None:
        """Act where something has changed."""
        if event.kind != "status":
            return
        status = self._entry.runtime_data.engine.status
        if status.storage_error != self._storage_error:
            self._storage_error = status.storage_error
            self._look_at_storage()
        if status.embedder_error != self._error:
            self._error = status.embedder_error
            self._look_at_server(status.embedder_error)

    @callback
    def _look_at_storage(self) -> None:
        """Report damage, which is withdrawn when the database is opened anew and is sound."""
        if self._storage_error == DatabaseDamagedError.default_code:
            path = Path(self._hass.config.path(FOLDER)) / DATABASE
            async_report_damage(self._hass, DatabaseDamagedError(path=path))

    @callback
    def _look_at_server(self, error: str | None) -> None:
        if error not in _ANSWERS:
            if self._waiting is None:
                self._waiting = async_call_later(self._hass, UNREACHABLE_SECONDS, self._report_unreachable)
            return
        self.stop_waiting()
        ir.async_delete_issue(self._hass, DOMAIN, ISSUE_UNREACHABLE)
        if error is None:
            ir.async_delete_issue(self._hass, DOMAIN, ISSUE_MODEL_MISSING)
        elif error == EmbedderAuthError.default_code:
            self._entry.async_start_reauth(self._hass)
        elif error == ModelMissingError.default_code:
            async_report_model(self._hass, self._entry.data[CONF_MODEL])

    @callback
    def stop_waiting(self) -> None:
        """Do not report the server any more."""
        if self._waiting is not None:
            self._waiting()
            self._waiting = None

    @callback
    def _report_unreachable(self, _: datetime) -> None:
        self._waiting = None
        client = self._entry.runtime_data.ollama
        _create(self._hass, ISSUE_UNREACHABLE, url=client.url if client else "")


@callback
def async_report_model(hass: HomeAssistant, model: str) -> None:
    """Say that the server does not have the model."""
    _create(hass, ISSUE_MODEL_MISSING, fixable=True, model=model)


@callback
def async_report_packages(hass: HomeAssistant) -> None:
    """Say that recall by meaning waits for packages."""
    _create(hass, ISSUE_PACKAGES)


@callback
def async_clear_packages(hass: HomeAssistant) -> None:
    """Withdraw it."""
    ir.async_delete_issue(hass, DOMAIN, ISSUE_PACKAGES)


@callback
def async_report_index(hass: HomeAssistant, reason: str) -> None:
    """Say that sqlite-vec cannot be used."""
    _create(hass, ISSUE_INDEX, reason=reason)


@callback
def async_clear_index(hass: HomeAssistant) -> None:
    """Withdraw it."""
    ir.async_delete_issue(hass, DOMAIN, ISSUE_INDEX)


@callback
def async_report_damage(hass: HomeAssistant, err: SemanticMemoryError) -> None:
    """Say that the database cannot be read."""
    _create(hass, ISSUE_DAMAGED, fixable=True, severity=ir.IssueSeverity.ERROR, **err.placeholders)


@callback
def async_clear_damage(hass: HomeAssistant) -> None:
    """Withdraw it."""
    ir.async_delete_issue(hass, DOMAIN, ISSUE_DAMAGED)


@callback
def async_clear(hass: HomeAssistant) -> None:
    """Withdraw everything."""
    for issue in _ALL:
        ir.async_delete_issue(hass, DOMAIN, issue)


def _create(
    hass: HomeAssistant,
    issue: str,
    *,
    fixable: bool = False,
    severity: ir.IssueSeverity = ir.IssueSeverity.WARNING,
    **placeholders: str,
) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        is_fixable=fixable,
        severity=severity,
        translation_key=issue,
        translation_placeholders=placeholders,
    )
