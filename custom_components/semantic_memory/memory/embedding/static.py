"""The built-in model: two tables of token vectors, averaged. No server, no download while running.

The first table (32,000 × 256, WordLlama's ``l2_supercat``) and its tokenizer lie in the wheel of ``wordllama``. They
are read directly: importing that package would configure logging and bring in an HTTP client, and its loader tries the
network. The second one lies beside this module (words.py). Means of both stand side by side in a vector, so that its
cosines are a weighted mean of theirs.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from math import sqrt
from pathlib import Path
import re
from typing import TYPE_CHECKING, Final, Self

from ..errors import EmbedderUnavailableError
from .base import SpaceKey, checked_unit_vectors
from .counterparts import Counterparts
from .words import DIMENSION as WORDS_DIMENSION, WordTable

if TYPE_CHECKING:
    from numpy import float16
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from .base import Vectors

MODEL: Final = "built-in"
_TABLE_DIMENSION: Final = 256
DIMENSION: Final = _TABLE_DIMENSION + WORDS_DIMENSION
_WORDS_SHARE: Final = 0.4
"""What the table of words has in a cosine; its training (scripts/distilling/training.py) counts on the same."""
_WEIGHTS: Final = "weights/l2_supercat_256.safetensors"
_TOKENIZER: Final = "tokenizers/l2_supercat_tokenizer_config.json"
_TENSOR: Final = "embedding.weight"
_MAX_CHARACTERS: Final = 8_192
"""More text than this moves a mean of token vectors no further, and tokenizing 100 kB would take 20 ms."""

_REPEATED_SIGN: Final = re.compile(r"([^\w\s])\1+")


class StaticEmbedder:
    """Means of token vectors, shape (n, 384). Made by :meth:`async_load`."""

    def __init__(self, table: NDArray[float16], tokenizer: Tokenizer, words: WordTable, release: str) -> None:
        """Take WordLlama's table, shape (tokens, 256), its tokenizer and release, and the table of words."""
        self._table = table
        self._tokenizer = tokenizer
        self._words = words
        self._space = SpaceKey(MODEL, DIMENSION, "plain", f"{release}+{words.fingerprint}")
        self.counterparts = Counterparts(words)

    @classmethod
    async def async_load(cls) -> Self:
        """Read the model's files in a worker thread.

        Raises EmbedderUnavailableError (code ``built_in_missing``) where a package or a file it needs is missing.
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
            words = WordTable.load()
        except Exception as err:
            raise EmbedderUnavailableError("built_in_missing", reason=err) from err
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(table, tokenizer, words, version("wordllama"))

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
        """Embed texts in a worker thread, (n, 384)."""
        return await asyncio.get_running_loop().run_in_executor(None, partial(self.embed, texts))

    async def async_embed_query(self, text: str) -> Vectors:
        """Embed one text, (1, 384); the model has no query form."""
        return await self.async_embed_documents([text])

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Average the token vectors of each text: (n, 384), every row of length 1. Letters' case does not matter.

        A text without tokens gets the vector of the unknown token, so that no row is zero.
        """
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        texts = [_readable(text) for text in texts]
        rows = np.empty((len(texts), DIMENSION), dtype=np.float32)
        rows[:, _TABLE_DIMENSION:] = sqrt(_WORDS_SHARE) * self._words.means(texts)
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        for row, encoding in zip(rows, encodings, strict=True):
            ids = np.clip(np.asarray(encoding.ids or [0], dtype=np.int64), 0, len(self._table) - 1)
            mean = self._table[ids].mean(axis=0, dtype=np.float32)
            row[:_TABLE_DIMENSION] = sqrt(1 - _WORDS_SHARE) / np.linalg.norm(mean) * mean
        return checked_unit_vectors(rows, len(texts), DIMENSION)


def _readable(text: str) -> str:
    """Return as much of a text as counts, in lower case; the tokenizer refuses lone surrogates.

    A sign that is repeated says no more than one: twenty exclamation marks must not outweigh the words before them.
    """
    return _REPEATED_SIGN.sub(r"\1", text[:_MAX_CHARACTERS]).lower().encode(errors="replace").decode()
