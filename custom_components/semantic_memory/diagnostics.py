"""Diagnostics to attach to a report: figures and settings, nothing that anybody said or is called."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
import sqlite3
from typing import Any, Final

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.core import HomeAssistant
from yarl import URL

from .const import CONF_PERSON, CONF_PROMPT, FOLDER
from .data import SemanticMemoryConfigEntry
from .memory.engine import MemoryEngine
from .memory.errors import SemanticMemoryError
from .memory.models import HOUSEHOLD
from .memory.storage.snapshot_files import FOLDER as SNAPSHOTS

# People's entity ids are made of their names, and the prompt is what somebody wrote.
TO_REDACT: Final = {CONF_API_KEY, CONF_PERSON, CONF_PROMPT}
PACKAGES: Final = ("numpy", "safetensors", "sqlite-vec", "tokenizers", "wordllama")


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: SemanticMemoryConfigEntry) -> dict[str, Any]:
    """Return the state of the entry. One that could not be set up is described as far as it goes."""
    folder = Path(hass.config.path(FOLDER))
    about: dict[str, Any] = {
        "entry": {
            "state": entry.state.value,
            "version": f"{entry.version}.{entry.minor_version}",
            "data": _redacted(entry.data),
            "options": _redacted(entry.options),
        },
        "versions": await hass.async_add_executor_job(_versions),
        "files": await hass.async_add_executor_job(_file_sizes, folder),
        "snapshots": await hass.async_add_executor_job(_file_sizes, folder / SNAPSHOTS),
    }
    if entry.state is ConfigEntryState.LOADED:
        about["engine"] = await _engine(entry.runtime_data.engine)
    return about


async def _engine(engine: MemoryEngine) -> dict[str, Any]:
    """Return how the engine is doing, and how much it holds."""
    about: dict[str, Any] = {"settings": asdict(engine.settings), "status": asdict(engine.status)}
    about["last_check"] = asdict(engine.checks.last)
    try:
        stats = await engine.async_stats(None)
    except SemanticMemoryError as err:
        about["stats"] = {"error": err.code}
        return about
    owners = Counter(stats.by_owner)
    household = owners.pop(HOUSEHOLD, 0)
    about["stats"] = {
        "total": stats.total,
        "pinned": stats.pinned,
        "expiring": stats.expiring,
        "forgotten": stats.forgotten,
        "by_scope": stats.by_scope,
        "by_category": stats.by_category,
        "household": household,
        "people": sorted(owners.values(), reverse=True),
        "database_bytes": stats.database_bytes,
    }
    return about


def _redacted(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without secrets, names and free text."""
    redacted: dict[str, Any] = async_redact_data(values, TO_REDACT)
    if CONF_URL in redacted:
        redacted[CONF_URL] = _redacted_url(redacted[CONF_URL])
    return redacted


def _redacted_url(address: object) -> str:
    """Return an address without what could be a password in it."""
    try:
        url = URL(str(address))
    except ValueError:
        return REDACTED
    return str(url.with_user(None).with_query(None).with_fragment(None)) if url.host else REDACTED


def _versions() -> dict[str, str | None]:
    """Return the versions of what the engine rests on, ``None`` for what is not installed. Reads files."""
    return {"sqlite": sqlite3.sqlite_version, **{package: _version(package) for package in PACKAGES}}


def _version(package: str) -> str | None:
    """Return the version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _file_sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of every file in a folder of the engine. Reads the folder."""
    if not folder.is_dir():
        return {}
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.is_file()}
