"""What people are told to mend, and when that is withdrawn."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from homeassistant.const import CONF_MODEL
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .memory.errors import EmbedderAuthError, ModelMissingError, SemanticMemoryError
from .memory.models import EngineEvent

ISSUE_UNREACHABLE: Final = "ollama_unreachable"
ISSUE_MODEL_MISSING: Final = "model_missing"
ISSUE_PACKAGES: Final = "packages_missing"
ISSUE_INDEX: Final = "index_unavailable"
ISSUE_DAMAGED: Final = "database_damaged"
_ALL: Final = (ISSUE_UNREACHABLE, ISSUE_MODEL_MISSING, ISSUE_PACKAGES, ISSUE_INDEX, ISSUE_DAMAGED)

UNREACHABLE_SECONDS: Final = 1800
"""A server that restarts or updates is back sooner."""


@callback
def async_watch(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> Callable[[], None]:
    """Report and withdraw what the engine's status says about the Ollama server; returns how to end that."""
    engine, waiting = entry.runtime_data.engine, list[CALLBACK_TYPE]()

    @callback
    def report_unreachable(_: datetime) -> None:
        waiting.clear()
        _create(hass, ISSUE_UNREACHABLE, url=entry.runtime_data.ollama.url if entry.runtime_data.ollama else "")

    @callback
    def stop_waiting() -> None:
        while waiting:
            waiting.pop()()

    @callback
    def look(event: EngineEvent) -> None:
        status = engine.status
        if event.kind != "status":
            return
        if status.embedder_error is None:
            stop_waiting()
            ir.async_delete_issue(hass, DOMAIN, ISSUE_UNREACHABLE)
            ir.async_delete_issue(hass, DOMAIN, ISSUE_MODEL_MISSING)
        elif status.embedder_error == EmbedderAuthError.default_code:
            stop_waiting()
            entry.async_start_reauth(hass)
        elif status.embedder_error == ModelMissingError.default_code:
            stop_waiting()
            _create(hass, ISSUE_MODEL_MISSING, fixable=True, model=entry.data.get(CONF_MODEL, ""))
        elif not waiting:
            waiting.append(async_call_later(hass, UNREACHABLE_SECONDS, report_unreachable))

    unsubscribe = engine.subscribe(look)

    @callback
    def stop() -> None:
        unsubscribe()
        stop_waiting()

    return stop


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
