"""The models that are compared, each behind a memory of its vectors so that all systems see the same ones."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
import os
from pathlib import Path
import sqlite3
from typing import Final

import aiohttp
import numpy as np
from numpy.typing import NDArray

from custom_components.semantic_memory.memory.embedding.base import Embedder, SpaceKey
from custom_components.semantic_memory.memory.embedding.ollama import OllamaClient, OllamaEmbedder
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.embedding.templates import PLAIN

from ..single_words import counterparts
from .minilm import PACKAGE, MiniLM

BUILT_IN: Final = "built-in"
MINILM: Final = "minilm"
NAMES: Final = (BUILT_IN, MINILM)
_OLLAMA_SECONDS: Final = 60.0
"""For a question. Here nobody waits for the answer, and the model may have to be loaded first."""

type Matrix = NDArray[np.float32]


class KeptEmbedder:
    """An embedder that embeds every text once; slow ones keep their vectors in a file, too."""

    def __init__(self, inner: Embedder, space: SpaceKey, file: Path | None) -> None:
        """Take the embedder with its space, and where its vectors are kept, which need not exist."""
        self.model = inner.model
        self._inner = inner
        self._space = space
        self.counterparts = counterparts()
        self._vectors: dict[tuple[str, str], Matrix] = {}
        self._connection = sqlite3.connect(":memory:" if file is None else file, autocommit=True)
        self._connection.execute("CREATE TABLE IF NOT EXISTS vector (hash BLOB PRIMARY KEY, embedding BLOB)")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    async def async_space(self) -> SpaceKey:
        """Return the space of the vectors."""
        return self._space

    def forget_space(self) -> None:
        """Do nothing: vectors of two spaces in one table would not be comparable."""

    async def async_embed_documents(self, texts: Sequence[str]) -> Matrix:
        """Embed what is stored: (n, dimension)."""
        return await self._async_embed(texts, "document")

    async def async_embed_query(self, text: str) -> Matrix:
        """Embed what is asked: (1, dimension)."""
        return await self._async_embed([text], "query")

    async def async_embed_queries(self, texts: Sequence[str]) -> Matrix:
        """Embed what will be asked: (n, dimension)."""
        return await self._async_embed(texts, "query")

    async def _async_embed(self, texts: Sequence[str], form: str) -> Matrix:
        plain = self._space.template == PLAIN.name  # then a question is embedded as a document is, in batches
        form = "" if plain else form
        missing = [text for text in dict.fromkeys(texts) if not self._is_known(form, text)]
        if missing and form == "query":
            rows = np.concatenate([await self._inner.async_embed_query(text) for text in missing])
        elif missing:
            rows = await self._inner.async_embed_documents(missing)
        else:
            rows = np.empty((0, self._space.dimension), np.float32)
        self._keep(form, missing, rows)
        return np.array([self._vectors[form, text] for text in texts], np.float32).reshape(-1, self._space.dimension)

    def _is_known(self, form: str, text: str) -> bool:
        if (form, text) not in self._vectors:
            row = self._connection.execute("SELECT embedding FROM vector WHERE hash = ?", (_hash(form, text),))
            for (blob,) in row:
                self._vectors[form, text] = np.frombuffer(blob, "<f4")
        return (form, text) in self._vectors

    def _keep(self, form: str, texts: Sequence[str], rows: Matrix) -> None:
        self._vectors.update(((form, text), row) for text, row in zip(texts, rows, strict=True))
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT OR REPLACE INTO vector VALUES (?, ?)",
            ((_hash(form, text), row.astype("<f4").tobytes()) for text, row in zip(texts, rows, strict=True)),
        )
        self._connection.execute("COMMIT")


@asynccontextmanager
async def open_embedder(name: str) -> AsyncIterator[KeptEmbedder | None]:
    """Load a model of ``NAMES``; ``None`` where its package is not installed."""
    if name == BUILT_IN:
        static = StaticEmbedder.load()
        kept = KeptEmbedder(static, await static.async_space(), None)
    else:
        found = MiniLM.load()
        if found is None:
            yield None
            return
        kept = await _async_with_file(found)
    try:
        yield kept
    finally:
        kept.close()


@asynccontextmanager
async def open_ollama(url: str, model: str) -> AsyncIterator[KeptEmbedder]:
    """Use a model of a server. Raises EmbeddingError."""
    async with aiohttp.ClientSession() as session:
        embedder = OllamaEmbedder(OllamaClient(session, url), model, query_timeout=_OLLAMA_SECONDS)
        kept = await _async_with_file(embedder)
        try:
            yield kept
        finally:
            kept.close()


def how_to_get(name: str) -> str:
    """Return what to do for a model whose package is not installed."""
    return f"{name} is skipped: the package {PACKAGE} is not installed (scripts/setup benchmark installs it)"


async def _async_with_file(inner: Embedder) -> KeptEmbedder:
    space = await inner.async_space()
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ha-semantic-memory" / "vectors"
    folder.mkdir(parents=True, exist_ok=True)
    return KeptEmbedder(inner, space, folder / f"{_hash(*map(str, _parts(space))).hex()[:16]}.db")


def _parts(space: SpaceKey) -> tuple[object, ...]:
    return space.model, space.dimension, space.template, space.fingerprint


def _hash(*parts: str) -> bytes:
    return sha256("\0".join(parts).encode("utf-8", "replace")).digest()
