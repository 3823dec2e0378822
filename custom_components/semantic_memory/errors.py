"""Engine errors as Home Assistant errors: the only place where one becomes the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .memory.errors import DatabaseClosedError, InvalidInputError, SemanticMemoryError

_QUOTED: Final = 200
"""Characters of what was sent that an error repeats: enough to recognise it."""


def translated(err: SemanticMemoryError) -> HomeAssistantError:
    """Return the Home Assistant error that says the same in the user's language."""
    # Home Assistant says with the same kind that an entry is not loaded.
    expected = isinstance(err, InvalidInputError | DatabaseClosedError)
    quoted = isinstance(err, InvalidInputError)
    return (ServiceValidationError if expected else HomeAssistantError)(
        translation_domain=DOMAIN,
        translation_key=err.code,
        translation_placeholders={name: quote(text) if quoted else text for name, text in err.placeholders.items()},
    )


def quote(sent: str) -> str:
    """Return what was sent as an error may repeat it: short, on one line, and nothing that UTF-8 cannot hold."""
    shown = " ".join(sent[: _QUOTED + 1].replace("\0", "").encode("utf-8", "replace").decode().split())
    return shown if len(sent) <= _QUOTED else f"{shown[:_QUOTED]}…"


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise the engine's errors as translated Home Assistant errors."""
    try:
        yield
    except SemanticMemoryError as err:
        raise translated(err) from err
