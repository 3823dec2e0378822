"""The built-in model: a table of token vectors, averaged. No server, no download while running.

The table (32,000 × 256, WordLlama's ``l2_supercat``) and its tokenizer lie in the wheel of ``wordllama``. They are read
directly: importing that package would configure logging and bring in an HTTP client, and its loader tries the network.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from ..errors import EmbedderUnavailableError
from .base import SpaceKey, checked_unit_vectors

if TYPE_CHECKING:
    from numpy import float16
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from .base import Vectors

MODEL: Final = "built-in"
DIMENSION: Final = 256
_WEIGHTS: Final = "weights/l2_supercat_256.safetensors"
_TOKENIZER: Final = "tokenizers/l2_supercat_tokenizer_config.json"
_TENSOR: Final = "embedding.weight"
_MAX_CHARACTERS: Final = 8_192
"""More text than this moves a mean of token vectors no further, and tokenizing 100 kB would take 20 ms."""


class StaticEmbedder:
    """Means of token vectors, shape (n, 256). Made by :meth:`async_load`."""

    def __init__(self, table: NDArray[float16], tokenizer: Tokenizer, fingerprint: str) -> None:
        """Take the loaded table, shape (tokens, 256), and tokenizer."""
        self._table = table
        self._tokenizer = tokenizer
        self._space = SpaceKey(MODEL, DIMENSION, "plain", fingerprint)

    @classmethod
    async def async_load(cls) -> Self:
        """Read the model's files in a worker thread.

        Raises EmbedderUnavailableError (code ``built_in_missing``) where a package it needs is not installed.
        """
        return await asyncio.get_running_loop().run_in_executor(None, cls.load)

    @classmethod
    def load(cls) -> Self:
        """Read the model's files; takes 0.1 to 0.5 s. See :meth:`async_load`."""
        try:
            from safetensors.numpy import load_file  # noqa: PLC0415 - heavy, and not there on every machine
            from tokenizers import Tokenizer  # noqa: PLC0415

            spec = find_spec("wordllama")
            if spec is None or spec.origin is None:
                raise ModuleNotFoundError("wordllama")
            folder = Path(spec.origin).parent
            tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
            table = load_file(folder / _WEIGHTS)[_TENSOR]
        except Exception as err:
            raise EmbedderUnavailableError("built_in_missing", reason=err) from err
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(table, tokenizer, version("wordllama"))

    @property
    def model(self) -> str:
        """Return the model's name."""
        return MODEL

    async def async_space(self) -> SpaceKey:
        """Return the built-in space."""
        return self._space

    def forget_space(self) -> None:
        """Do nothing: the files of a package do not change while it runs."""

    async def async_embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed texts in a worker thread, (n, 256)."""
        return await asyncio.get_running_loop().run_in_executor(None, partial(self.embed, texts))

    async def async_embed_query(self, text: str) -> Vectors:
        """Embed one text, (1, 256); the model has no query form."""
        return await self.async_embed_documents([text])

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Average the token vectors of each text: (n, 256), every row of length 1.

        A text without tokens gets the vector of the unknown token, so that no row is zero.
        """
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        rows = np.empty((len(texts), DIMENSION), dtype=np.float32)
        encodings = self._tokenizer.encode_batch([_readable(text) for text in texts], add_special_tokens=False)
        for row, encoding in zip(rows, encodings, strict=True):
            ids = np.clip(np.asarray(encoding.ids or [0], dtype=np.int64), 0, len(self._table) - 1)
            row[:] = self._table[ids].mean(axis=0, dtype=np.float32)
        return checked_unit_vectors(rows, len(texts), DIMENSION)


def _readable(text: str) -> str:
    """Return as much of a text as counts; the tokenizer refuses lone surrogates."""
    return text[:_MAX_CHARACTERS].encode(errors="replace").decode()
