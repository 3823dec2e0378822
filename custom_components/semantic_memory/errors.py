"""Engine errors as Home Assistant errors: the only place where one becomes the other."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .memory.errors import InvalidInputError, SemanticMemoryError


def translated(err: SemanticMemoryError) -> HomeAssistantError:
    """Return the Home Assistant error that says the same in the user's language."""
    kind = ServiceValidationError if isinstance(err, InvalidInputError) else HomeAssistantError
    return kind(
        translation_domain=DOMAIN,
        translation_key=err.code,
        translation_placeholders=err.placeholders,
    )


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise the engine's errors as translated Home Assistant errors."""
    try:
        yield
    except SemanticMemoryError as err:
        raise translated(err) from err
