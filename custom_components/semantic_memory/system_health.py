"""What the system information page says about Semantic Memory."""

import asyncio
from typing import Any, Final

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .data import SemanticMemoryConfigEntry
from .memory.embedding.ollama import OllamaClient
from .memory.errors import SemanticMemoryError

SERVER_TIMEOUT: Final = 4.0
"""Seconds. The page waits for the answer."""
_BYTES_PER_MB: Final = 1_000_000


@callback
def async_register(_hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what is shown, and where it is managed."""
    register.async_register_info(_async_info, f"/config/integrations/integration/{DOMAIN}")


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return what is shown. A coroutine among the values is awaited by the page."""
    entries: list[SemanticMemoryConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    if not entries:
        return {"loaded": False}
    data = entries[0].runtime_data
    status = data.engine.status
    info: dict[str, Any] = {
        "loaded": True,
        "embedder": status.embedder.value,
        "model": status.model,
        "index": status.index,
        "memories": status.memories,
        "pending": status.pending,
    }
    try:
        stats = await data.engine.async_stats(None)
    except SemanticMemoryError as err:
        info["database_size"] = {"type": "failed", "error": err.code}
    else:
        info["database_size"] = f"{stats.database_bytes / _BYTES_PER_MB:.1f} MB"
    if data.ollama is not None:
        info["server"] = _async_server(data.ollama)
    return info


async def _async_server(client: OllamaClient) -> str | dict[str, str]:
    """Return whether the server answers, with its own credentials and certificates."""
    try:
        async with asyncio.timeout(SERVER_TIMEOUT):
            return f"ok ({await client.async_version()})"
    except TimeoutError:
        return {"type": "failed", "error": "timeout"}
    except SemanticMemoryError as err:
        return {"type": "failed", "error": "unreachable" if err.code == "cannot_connect" else err.code}
