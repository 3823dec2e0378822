"""What can go wrong in the engine.

SemanticMemoryError
├── InvalidInputError            the caller can mend it: what was sent is not usable
│   ├── MemoryNotFoundError      no such key or id among the memories the caller may see
│   ├── KeyInUseError            another live memory of that owner has the key
│   └── NotAllowedError          the caller may not act for that owner
├── StorageError
│   ├── DatabaseDamagedError     the file is not, or is no longer, a sound database
│   ├── IndexDamagedError        something that can be made anew cannot be read, and is being made anew
│   ├── DatabaseClosedError      the engine is being stopped or loaded anew
│   └── DatabaseUnavailableError locked, full, read-only or not permitted
├── FileUnavailableError         a file other than the database could not be read or written
└── EmbeddingError
    ├── EmbedderUnavailableError refused, timed out, failed or vanished: worth another try
    ├── EmbedderAuthError        the server wants (other) credentials
    ├── ModelMissingError        the server does not have the model
    └── InvalidVectorsError      the answer holds no usable vectors

Every error carries a ``code``, which is also its translation key, and the ``placeholders`` of that translation.
"""

from typing import ClassVar, override


class SemanticMemoryError(Exception):
    """Base of every error that the engine raises on purpose."""

    default_code: ClassVar[str] = "unexpected"

    def __init__(self, code: str | None = None, **placeholders: object) -> None:
        """Remember the code and the values that its text mentions."""
        self.code = code or self.default_code
        self.placeholders = {name: str(value) for name, value in placeholders.items()}
        super().__init__(self.code)

    @override
    def __str__(self) -> str:
        """Return the code with its placeholders, for logs."""
        details = ", ".join(f"{name}={value}" for name, value in self.placeholders.items())
        return f"{self.code} ({details})" if details else self.code


class InvalidInputError(SemanticMemoryError):
    """What was sent is not usable; the code says why."""

    default_code = "invalid_input"


class MemoryNotFoundError(InvalidInputError):
    """No live memory with that key or id is visible to the caller."""

    default_code = "not_found"

    def __init__(self, reference: str) -> None:
        """Name the key or id that was looked for."""
        super().__init__(reference=reference)


class KeyInUseError(InvalidInputError):
    """Another live memory of the same owner already has the key."""

    default_code = "key_in_use"

    def __init__(self, key: str) -> None:
        """Name the key."""
        super().__init__(key=key)


class NotAllowedError(InvalidInputError):
    """The caller may not read or change this memory."""

    default_code = "not_allowed"


class StorageError(SemanticMemoryError):
    """The database could not do what it was asked."""

    default_code = "storage_failed"


class DatabaseDamagedError(StorageError):
    """The file is not a database, or no longer a sound one."""

    default_code = "database_damaged"


class IndexDamagedError(StorageError):
    """An index cannot be read. It is made anew from the memories, which are not affected."""

    default_code = "index_damaged"


class DatabaseClosedError(StorageError):
    """The engine was closed, as happens while Home Assistant loads the integration anew or stops."""

    default_code = "database_closed"


class DatabaseUnavailableError(StorageError):
    """The database is locked, the disk is full, or the path cannot be written."""

    default_code = "database_unavailable"


class FileUnavailableError(SemanticMemoryError):
    """A file other than the database could not be read or written: the disk is full, read-only or refuses access."""

    default_code = "file_unavailable"


class EmbeddingError(SemanticMemoryError):
    """A text could not be turned into a vector."""

    default_code = "embedding_failed"


class EmbedderUnavailableError(EmbeddingError):
    """The server refused, timed out, failed or vanished; worth another try later."""

    default_code = "cannot_connect"


class EmbedderAuthError(EmbeddingError):
    """The server answered 401 or 403."""

    default_code = "invalid_auth"


class ModelMissingError(EmbeddingError):
    """The server does not have the model."""

    default_code = "model_missing"


class InvalidVectorsError(EmbeddingError):
    """The answer was not one finite, non-zero vector of the right size per text."""

    default_code = "invalid_vectors"
