"""What an Ollama server says of its models, in types; and how their names compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from .templates import base_name

_LIBRARY: Final = ("registry.ollama.ai/library/", "registry.ollama.ai/", "library/")
_EMBEDDING_FAMILIES: Final = ("bert", "xlm-roberta")
_EMBEDDING_NAMES: Final = ("embed", "minilm", "bge-", "e5-", "gte-", "paraphrase-")


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaModel:
    """A model that is installed on the server."""

    name: str
    size: int | None
    """Bytes."""
    digest: str
    """Names the exact weights; empty where the server does not say."""
    family: str | None
    embedding: bool | None
    """``None``: neither capabilities nor family nor name tell whether it makes embeddings."""

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self | None:
        """Read one entry of ``/api/tags``; ``None`` where it has no name."""
        name = data.get("model") or data.get("name")
        if not isinstance(name, str):
            return None
        size, digest = data.get("size"), data.get("digest")
        family = _text(_mapping(data.get("details")).get("family"))
        return cls(
            name=name,
            size=size if isinstance(size, int) else None,
            digest=digest if isinstance(digest, str) else "",
            family=family,
            embedding=_makes_embeddings(name, family, data.get("capabilities")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaModelDetails:
    """What ``/api/show`` tells of one model."""

    name: str
    digest: str
    family: str | None
    embedding: bool | None
    capabilities: tuple[str, ...]
    """Empty on servers that do not name them."""
    context_length: int | None
    """Tokens."""
    embedding_length: int | None
    """Numbers in a vector."""

    @classmethod
    def from_json(cls, name: str, digest: str, data: Mapping[str, object]) -> Self:
        """Read the answer of ``/api/show``, whose ``model_info`` has keys such as ``bert.embedding_length``."""
        family = _text(_mapping(data.get("details")).get("family"))
        capabilities = data.get("capabilities")
        info = _mapping(data.get("model_info"))
        return cls(
            name=name,
            digest=digest,
            family=family,
            embedding=_makes_embeddings(name, family, capabilities),
            capabilities=tuple(str(item) for item in capabilities) if isinstance(capabilities, list) else (),
            context_length=_number(info, ".context_length"),
            embedding_length=_number(info, ".embedding_length"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    """One step of a download."""

    status: str
    completed: int | None
    total: int | None
    """Bytes of the layer that is being downloaded."""

    @property
    def fraction(self) -> float | None:
        """Return how much of the layer is there, 0..1; ``None`` while nothing is being counted."""
        if not self.total or self.completed is None:
            return None
        return min(1.0, max(0.0, self.completed / self.total))

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """Read one line of ``/api/pull``."""
        completed, total = data.get("completed"), data.get("total")
        return cls(
            status=_text(data.get("status")) or "",
            completed=completed if isinstance(completed, int) else None,
            total=total if isinstance(total, int) else None,
        )


def normalise_model_name(name: str) -> str:
    """Return a name with its tag and without the library's address: ``nomic-embed-text:latest``."""
    name = name.strip()
    for prefix in _LIBRARY:
        name = name.removeprefix(prefix)
    return name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"


def plain_model_name(model: str) -> str:
    """Return a name as it is stored and shown: Ollama takes ``x`` and ``x:latest`` for the same model."""
    return normalise_model_name(model).removesuffix(":latest")


def same_model(one: str, other: str) -> bool:
    """Tell whether two names mean the same model; Ollama does not distinguish case."""
    return normalise_model_name(one).casefold() == normalise_model_name(other).casefold()


def _makes_embeddings(name: str, family: str | None, capabilities: object) -> bool | None:
    if isinstance(capabilities, list) and capabilities:
        return "embedding" in capabilities
    base = base_name(name)
    if "rerank" in base:
        return False
    if family is not None and any(known in family for known in _EMBEDDING_FAMILIES):
        return True
    return True if any(known in base for known in _EMBEDDING_NAMES) else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(info: Mapping[str, object], ending: str) -> int | None:
    return next((value for key, value in info.items() if key.endswith(ending) and isinstance(value, int)), None)
