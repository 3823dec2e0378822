"""Vectors without a server, and an embedder that hands them out for nothing.

The 256 numbers of the built-in model are projected to 768, as many as an Ollama model usually has, by a fixed random
matrix, and a little noise is added: near texts stay near (Johnson and Lindenstrauss, 1984), so words and meaning agree
as they do in a real store, and no number is a mere mixture of 256 others.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from custom_components.semantic_memory.memory.embedding.base import SpaceKey
from custom_components.semantic_memory.memory.embedding.static import DIMENSION as BUILT_IN_DIMENSION, StaticEmbedder

from ..single_words import counterparts

DIMENSION: Final = 768
_NOISE: Final = 0.3
"""Length of the noise where the vector itself has 1."""
_BLOCK: Final = 4_096
_OF_ONE_TOPIC: Final = 250

type Matrix = NDArray[np.float32]
type Embed = Callable[[Sequence[str]], Matrix]


class Projection:
    """Embeds texts in as many numbers as a large model has."""

    def __init__(self, built_in: StaticEmbedder, dimension: int = DIMENSION) -> None:
        """Take the model whose vectors are projected."""
        self._built_in = built_in
        chance = np.random.default_rng(7)
        self._matrix = chance.standard_normal((BUILT_IN_DIMENSION, dimension), np.float32) / np.sqrt(dimension)

    @property
    def dimension(self) -> int:
        """Return how many numbers a vector has."""
        return int(self._matrix.shape[1])

    def embed(self, texts: Sequence[str], seed: int = 0) -> Matrix:
        """Return unit vectors, shape (texts, dimension), with the noise of this seed."""
        chance = np.random.default_rng(seed)
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _BLOCK):
            block = units(self._built_in.embed(texts[start : start + _BLOCK]) @ self._matrix)
            noise = chance.standard_normal(block.shape, np.float32) * (_NOISE / np.sqrt(self.dimension))
            vectors[start : start + len(block)] = units(block + noise)
        return vectors


class KnownEmbedder:
    """Knows the vectors of its texts beforehand, so that what is measured is never the embedding."""

    model: Final = "benchmark"

    def __init__(self, embed: Embed) -> None:
        """Take what embeds other texts, such as those that a new space is calibrated with."""
        self.counterparts = counterparts()
        self._embed = embed
        self._vectors: dict[str, Matrix] = {}
        self._dimension = embed([""]).shape[1]

    def learn(self, texts: Sequence[str], vectors: Matrix) -> None:
        """Take in more texts; ``vectors`` has a row for each."""
        self._vectors.update(zip(texts, vectors, strict=True))

    async def async_space(self) -> SpaceKey:
        """Return the space, the same in every process."""
        return SpaceKey(self.model, self._dimension, "plain", "1")

    def forget_space(self) -> None:
        """Do nothing: it does not change."""

    async def async_embed_documents(self, texts: Sequence[str]) -> Matrix:
        """Return the vectors of texts, shape (texts, dimension)."""
        return np.stack([self._vector(text) for text in texts])

    async def async_embed_query(self, text: str) -> Matrix:
        """Return the vector of a text, shape (1, dimension)."""
        return self._vector(text)[None]

    def _vector(self, text: str) -> Matrix:
        if text not in self._vectors:
            self._vectors[text] = self._embed([text])[0]
        return self._vectors[text]


def clustered(count: int, dimension: int = DIMENSION, seed: int = 2) -> Matrix:
    """Return unit vectors around topics, each of which has more memories than an index returns candidates."""
    chance = np.random.default_rng(seed)
    topics = chance.standard_normal((max(1, count // _OF_ONE_TOPIC), dimension), np.float32)
    return units(
        topics[chance.integers(0, len(topics), count)] + chance.standard_normal((count, dimension), np.float32)
    )


def units(vectors: Matrix) -> Matrix:
    """Return the rows, each of length 1."""
    rows: Matrix = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32, copy=False)
    return rows
