"""How anything that is sent may end: with an answer, or with an error that says what to do."""

from collections import Counter
import json
import logging
from string import Formatter
from typing import Final

from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers.json import json_bytes
from hypothesis import HealthCheck, settings
import pytest
import voluptuous as vol

from custom_components.semantic_memory.const import DOMAIN

from ..flow_helpers import TEXTS

CASES: Final[Counter[str]] = Counter()
"""How many were tried of each kind."""
_LONGEST_MESSAGE: Final = 2_000
_OURS: Final = f"custom_components.{DOMAIN}"


def short(examples: int) -> settings:
    """Return how much is tried with every change: the same each time, so that nobody's change fails for another's."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


def long(examples: int) -> settings:
    """Return how much is tried now and then: something else each time."""
    return settings(short(examples), derandomize=False, print_blob=True)


def check_answer(answer: object) -> None:
    """Check that an answer can be sent, and read again."""
    json.dumps(answer, allow_nan=False)  # Home Assistant would send null for what is no number
    assert json.loads(json_bytes(answer)) == answer


def check_error(err: Exception) -> None:
    """Check that an error is one that people can make something of."""
    assert isinstance(err, HomeAssistantError | vol.Invalid), repr(err)
    message = str(err)
    assert isinstance(err, Unauthorized) or len(message) > 10, repr(err)
    if not isinstance(err, HomeAssistantError) or err.translation_domain != DOMAIN:
        return  # Home Assistant's own: a field that there is not, a user who may not
    assert len(message) < _LONGEST_MESSAGE
    json_bytes(message)
    assert "\0" not in message
    text = TEXTS["exceptions"][err.translation_key]["message"]
    wanted = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    assert wanted <= set(err.translation_placeholders or {}), repr(err)
    assert message != err.translation_key


def check_log(caplog: pytest.LogCaptureFixture) -> None:
    """Check that nothing failed behind the answer, and forget what was logged."""
    failed = [
        record.getMessage()
        for record in caplog.records
        if record.exc_info or (record.levelno >= logging.ERROR and record.name.startswith(_OURS))
    ]
    caplog.clear()
    assert failed == []
