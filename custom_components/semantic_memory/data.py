"""What a config entry holds, and what it says about the engine."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry

from .const import (
    CONF_DEFAULT_EXPIRY_DAYS,
    CONF_KEYWORD_WEIGHT,
    CONF_LIMIT,
    CONF_THRESHOLD,
    SECTION_RECALL,
    SECTION_RETENTION,
)
from .downloads import Downloads
from .memory.embedding.ollama import OllamaClient
from .memory.engine import MemoryEngine
from .memory.models import EngineSettings
from .uploads import Uploads

type SemanticMemoryConfigEntry = ConfigEntry[SemanticMemoryData]


@dataclass(slots=True)
class SemanticMemoryData:
    """The running engine, and the client of the Ollama server where one is chosen."""

    engine: MemoryEngine
    ollama: OllamaClient | None = None
    system_users: set[str] = field(default_factory=set)
    """Users that Home Assistant made for itself and its add-ons: nobody in particular."""
    fetching: asyncio.Task[None] | None = None
    """Fetches packages that are missing."""
    downloads: Downloads = field(kw_only=True)
    """Exports that wait for a browser to fetch them."""
    uploads: Uploads = field(kw_only=True)
    """Files from a browser that are being imported."""


def settings_from(options: Mapping[str, Any]) -> EngineSettings:
    """Return the engine's settings, its own defaults for what was never set."""
    recall, retention = options.get(SECTION_RECALL, {}), options.get(SECTION_RETENTION, {})
    default = EngineSettings()
    return EngineSettings(
        recall_limit=int(recall.get(CONF_LIMIT, default.recall_limit)),
        threshold=recall.get(CONF_THRESHOLD, default.threshold),
        keyword_weight=recall.get(CONF_KEYWORD_WEIGHT, default.keyword_weight),
        default_expiry_days=retention.get(CONF_DEFAULT_EXPIRY_DAYS, default.default_expiry_days),
    )
