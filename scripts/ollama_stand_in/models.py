"""Which models the stand-in has, and how it makes vectors of each model's dimension."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
import hashlib
from typing import TYPE_CHECKING, Final

from custom_components.semantic_memory.memory.embedding.ollama_models import normalise_model_name
from custom_components.semantic_memory.memory.embedding.static import DIMENSION, StaticEmbedder
from custom_components.semantic_memory.memory.embedding.templates import template_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODIFIED_AT: Final = "2026-01-02T03:04:05.678901+00:00"


@dataclass(frozen=True, slots=True)
class Kind:
    """What the library says of a model."""

    family: str
    size: int
    """Bytes."""
    parameters: str
    dimension: int
    """Numbers in a vector; 0: it makes none."""
    context: int

    @property
    def capabilities(self) -> list[str]:
        """Return what ``/api/show`` names."""
        return ["embedding"] if self.dimension else ["completion", "tools"]


LIBRARY: Final = {
    "nomic-embed-text:latest": Kind("nomic-bert", 274_302_450, "137M", 768, 2048),
    "nomic-embed-text-v2-moe:latest": Kind("nomic-bert-moe", 957_000_000, "475M", 768, 512),
    "all-minilm:latest": Kind("bert", 45_960_996, "23M", 384, 256),
    "mxbai-embed-large:latest": Kind("bert", 669_615_493, "334M", 1024, 512),
    "bge-m3:latest": Kind("bert", 1_157_672_605, "566.70M", 1024, 8192),
    "snowflake-arctic-embed2:latest": Kind("bert", 1_160_296_718, "566.70M", 1024, 8192),
    "granite-embedding:278m": Kind("bert", 562_900_000, "277.45M", 768, 512),
    "embeddinggemma:latest": Kind("gemma3", 621_875_917, "307.58M", 768, 2048),
    "qwen3-embedding:0.6b": Kind("qwen3", 639_153_184, "595.78M", 1024, 32_768),
    "llama3.2:latest": Kind("llama", 2_019_393_189, "3.2B", 0, 131_072),
    "qwen3:latest": Kind("qwen3", 5_225_388_164, "8.2B", 0, 40_960),
}
DEFAULT_MODELS: Final = ("nomic-embed-text", "all-minilm", "llama3.2")


@dataclass(slots=True)
class Installed:
    """A model that is there."""

    name: str
    kind: Kind
    digest: str


@dataclass(slots=True)
class Models:
    """The models of one server."""

    installed: dict[str, Installed] = field(default_factory=dict)

    def install(self, name: str) -> Installed | None:
        """Install a model of the library; ``None`` where it has no such model."""
        name = normalise_model_name(name)
        kind = LIBRARY.get(name)
        if kind is None:
            return None
        return self.installed.setdefault(name, Installed(name, kind, _digest(name)))

    def get(self, name: str) -> Installed | None:
        """Return an installed model."""
        return self.installed.get(normalise_model_name(name))

    def remove(self, name: str) -> bool:
        """Remove a model; ``False`` where it is not installed."""
        return self.installed.pop(normalise_model_name(name), None) is not None

    def change_digest(self, name: str) -> str:
        """Pretend that other weights were published under a model's name; return the new digest."""
        model = self.installed[normalise_model_name(name)]
        model.digest = _digest(model.digest)
        return model.digest


async def embed(model: Installed, texts: Sequence[str]) -> list[list[float]]:
    """Return a unit vector per text: (len(texts), the model's dimension)."""
    return await asyncio.get_running_loop().run_in_executor(None, _embed, model, list(texts))


def _embed(model: Installed, texts: Sequence[str]) -> list[list[float]]:
    # A real model reads its prefix as an instruction; to a mean of token vectors it would be noise.
    template = template_for(model.name)
    plain = [text.removeprefix(template.query).removeprefix(template.document) for text in texts]
    # Go, in which Ollama is written, replaces halves of characters; the tokenizer would refuse them.
    plain = [text.encode(errors="replace").decode() for text in plain]
    vectors = _static().embed(plain) @ _rotation(model.digest, model.kind.dimension)
    rows: list[list[float]] = vectors.tolist()
    return rows


@cache
def _static() -> StaticEmbedder:
    return StaticEmbedder.load()


@cache
def _rotation(digest: str, dimension: int) -> NDArray[np.float32]:
    """Return (256, dimension) orthonormal rows, the same for the same weights: angles between texts are kept."""
    import numpy as np  # noqa: PLC0415 - the server starts faster without it

    random = np.random.default_rng(int(digest[:16], 16))
    columns, _ = np.linalg.qr(random.standard_normal((dimension, DIMENSION)))
    rows: NDArray[np.float32] = columns.T.astype(np.float32)
    return rows


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
