"""Moving many memories at once: in from other tools, out to files."""

from ..writes import Writes


class Transfer:
    """What the engine can do with files of memories."""

    def __init__(self, writes: Writes) -> None:
        """Take the one way to change memories."""
        self._writes = writes
