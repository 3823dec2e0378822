"""What compares single words beside any model: the built-in one's, which is there beside an Ollama server, too."""

from functools import cache

from custom_components.semantic_memory.memory.embedding.counterparts import Counterparts
from custom_components.semantic_memory.memory.embedding.words import WordTable


@cache
def counterparts() -> Counterparts:
    """Load it once."""
    return Counterparts(WordTable.load())
