"""What a loaded config entry holds."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .memory.embedding.ollama import OllamaClient
from .memory.engine import MemoryEngine

type SemanticMemoryConfigEntry = ConfigEntry[SemanticMemoryData]


@dataclass(slots=True)
class SemanticMemoryData:
    """The running engine, and the client of the Ollama server where one is chosen."""

    engine: MemoryEngine
    ollama: OllamaClient | None = None
