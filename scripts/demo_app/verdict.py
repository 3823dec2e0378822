"""What makes the demo a check."""


class DemoError(Exception):
    """A step did not do what it should."""


def require(condition: object, message: str) -> None:
    """Raise DemoError with ``message`` unless ``condition`` holds."""
    if not condition:
        raise DemoError(message)
