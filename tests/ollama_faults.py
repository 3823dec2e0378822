"""What an Ollama server can do wrong, and which error it is to the engine. One table for all tests."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from scripts.ollama_stand_in import Faults, StandIn

EMBED: Final = "/api/embed"
TAGS: Final = "/api/tags"


class Fault(NamedTuple):
    """A fault and the code that the status shows for it."""

    faults: Faults | None
    """``None``: nothing listens any more."""
    code: str = "cannot_connect"
    slow: bool = False
    """It shows by nothing but the time that passes."""


FAULTS: Final[Mapping[str, Fault]] = {
    # Nothing, or too late
    "refused": Fault(None),
    "hangs": Fault(Faults(hang=True), slow=True),
    "embedding-hangs": Fault(Faults(hang=True, path=EMBED), slow=True),
    "questions-hang": Fault(Faults(hang=True, only_with="search_query"), slow=True),
    "slow": Fault(Faults(delay=1.0), slow=True),
    "drips": Fault(Faults(drip=0.02), slow=True),
    # Broken off
    "disconnects": Fault(Faults(disconnect=True)),
    "dies-in-mid-answer": Fault(Faults(dies=True)),
    "truncated": Fault(Faults(truncated_json=True)),
    # Statuses
    "failing": Fault(Faults(status=500)),
    "embedding-fails": Fault(Faults(status=500, path=EMBED)),
    "overloaded": Fault(Faults(status=503)),
    "busy": Fault(Faults(status=429)),
    "gateway-page": Fault(Faults(status=502, not_json=True)),
    "unauthorized": Fault(Faults(status=401), "invalid_auth"),
    "forbidden": Fault(Faults(status=403), "invalid_auth"),
    "without-model": Fault(Faults(model_missing=True, path=EMBED), "model_missing"),
    "refuses-to-embed": Fault(Faults(status=400, path=EMBED), "embedding_failed"),
    "cannot-embed": Fault(Faults(status=501, path=EMBED), "embedding_failed"),
    "elsewhere": Fault(Faults(redirect="http://127.0.0.1:9/")),
    "cannot-list": Fault(Faults(status=404, path=TAGS)),
    # Something else
    "garbage": Fault(Faults(garbage=True)),
    "web-page": Fault(Faults(not_json=True)),
    "array": Fault(Faults(answer=[1, 2])),
    "error-with-200": Fault(Faults(answer={"error": "out of memory"}, path=EMBED), "invalid_vectors"),
    "list-is-an-error": Fault(Faults(answer={"error": "out of memory"}, path=TAGS)),
    "lists-nothing": Fault(Faults(answer={"models": []}, path=TAGS)),
    "huge-vectors": Fault(Faults(huge=True, path=EMBED)),
    "huge-list": Fault(Faults(huge=True, path=TAGS)),
    # Vectors that are none
    "nan": Fault(Faults(nan=True, path=EMBED), "invalid_vectors"),
    "infinite": Fault(Faults(infinite=True, path=EMBED), "invalid_vectors"),
    "zero": Fault(Faults(zero=True, path=EMBED), "invalid_vectors"),
    "fewer": Fault(Faults(fewer=True, path=EMBED), "invalid_vectors"),
    "more": Fault(Faults(more=True, path=EMBED), "invalid_vectors"),
    "empty": Fault(Faults(answer={"embeddings": [[]]}, path=EMBED), "invalid_vectors"),
    "null": Fault(Faults(answer={"embeddings": None}, path=EMBED), "invalid_vectors"),
    "words": Fault(Faults(answer={"embeddings": [["a", "b"]]}, path=EMBED), "invalid_vectors"),
}
FROM_THE_START: Final = {name: fault for name, fault in FAULTS.items() if name != "lists-nothing"}
"""Those that are wrong also where nobody knows how it was before."""


async def break_server(server: StandIn, fault: Fault) -> None:
    """Have the server do something wrong."""
    if fault.faults is None:
        await server.vanish()
    else:
        server.faults = replace(fault.faults)


async def mend_server(server: StandIn) -> None:
    """Have the server work again."""
    server.faults = Faults()
    await server.come_back()
