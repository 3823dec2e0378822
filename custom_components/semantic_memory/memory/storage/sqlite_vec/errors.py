"""Why sqlite-vec cannot be had."""


class UnobtainableError(Exception):
    """There is no usable file; the text says why, in words for the person who runs the house."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        """Take the reason; ``final`` where nothing that people can mend would change it."""
        super().__init__(reason)
        self.final = final
