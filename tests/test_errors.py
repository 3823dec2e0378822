"""Engine errors become Home Assistant errors with words."""

from collections.abc import Iterator
import json
from pathlib import Path
from string import Formatter
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.semantic_memory import errors
from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.errors import (
    DatabaseClosedError,
    DatabaseDamagedError,
    DatabaseUnavailableError,
    EmbedderAuthError,
    EmbedderUnavailableError,
    EmbeddingError,
    FileUnavailableError,
    InvalidInputError,
    InvalidVectorsError,
    KeyInUseError,
    MemoryNotFoundError,
    ModelMissingError,
    NotAllowedError,
    SemanticMemoryError,
    StorageError,
)

TEXTS: Final[dict[str, Any]] = json.loads(
    (Path(errors.__file__).parent / "translations" / "en.json").read_text(encoding="utf-8")
)["exceptions"]
EXAMPLES: Final = (
    SemanticMemoryError(),
    InvalidInputError(),
    InvalidInputError("value_too_long", max=10),
    MemoryNotFoundError("code"),
    KeyInUseError("code"),
    NotAllowedError(),
    StorageError(reason="odd"),
    StorageError("database_too_new", found=9, known=3),
    DatabaseDamagedError(path="/x"),
    DatabaseUnavailableError(path="/x", reason="full"),
    DatabaseClosedError(),
    FileUnavailableError(path="/x", reason="full"),
    EmbeddingError(reason="odd"),
    EmbeddingError("built_in_missing", reason="No module named 'numpy'"),
    EmbedderUnavailableError(reason="refused"),
    EmbedderAuthError(),
    ModelMissingError(model="nomic-embed-text"),
    InvalidVectorsError(reason="a vector is zero"),
)


def _classes(kind: type[SemanticMemoryError] = SemanticMemoryError) -> Iterator[type[SemanticMemoryError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _classes(below)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: f"{type(error).__name__}-{error.code}")
def test_translated(error: SemanticMemoryError) -> None:
    found = errors.translated(error)
    expected = (
        ServiceValidationError if isinstance(error, InvalidInputError | DatabaseClosedError) else HomeAssistantError
    )
    assert type(found) is expected
    assert (found.translation_domain, found.translation_key) == (DOMAIN, error.code)
    assert found.translation_placeholders == error.placeholders
    message = TEXTS[error.code]["message"]
    assert {name for _, name, _, _ in Formatter().parse(message) if name} <= set(error.placeholders)
    assert all(isinstance(value, str) for value in error.placeholders.values())


def test_what_was_sent_is_quoted_briefly() -> None:
    sent = "\0half \ud83d\n" + "x" * 100_000
    quoted = (errors.translated(MemoryNotFoundError(sent)).translation_placeholders or {})["reference"]
    assert quoted.startswith("half ? xxx")
    assert quoted.endswith("…")
    assert len(quoted) <= 201


def test_every_kind_has_words() -> None:
    codes = {kind.default_code for kind in _classes()}
    assert len(codes) > 10
    assert codes <= set(TEXTS)


def test_translate_errors_names_the_cause() -> None:
    cause = DatabaseDamagedError(path="/x")
    with pytest.raises(HomeAssistantError) as found, errors.translate_errors():
        raise cause
    assert found.value.__cause__ is cause


def test_translate_errors_leaves_others_alone() -> None:
    with pytest.raises(KeyError), errors.translate_errors():
        raise KeyError("bug")
    with errors.translate_errors():
        pass
