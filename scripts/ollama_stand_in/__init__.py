"""A stand-in for an Ollama server: its HTTP API over a real socket on loopback, for tests and the demo.

Embeddings are real (from the built-in model, rotated into the dimension of the model that is asked for), downloads are
pretended, and the chat follows a script: it picks the memory tools from the user's words. See :class:`StandIn`.
"""

from .faults import Faults
from .server import Recorded, StandIn

__all__ = ["Faults", "Recorded", "StandIn"]
