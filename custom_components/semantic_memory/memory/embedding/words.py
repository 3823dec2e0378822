"""The table of words beside this module: what a larger model, all-MiniLM-L6-v2, knows about which words mean alike.

It is learnt by ``scripts/distil``, which says how. A row for each word, or piece of a word, of English; 128 numbers of
four bits and a scale per row. See ``words.md`` for whose work it builds on.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from numpy import float32, int8, int64
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

DIMENSION: Final = 128
FILE: Final = Path(__file__).with_name("words.safetensors")
_UNKNOWN: Final = "[UNK]"
_FINGERPRINT_LENGTH: Final = 12


class WordTable:
    """Means of the vectors of a text's words."""

    def __init__(self, steps: NDArray[int8], scales: NDArray[float32], tokenizer: Tokenizer, fingerprint: str) -> None:
        """Take rows, shape (tokens, 128), what one step of each is worth, and the tokenizer of these tokens."""
        self._steps = steps
        self._scales = scales
        self._tokenizer = tokenizer
        self._model = tokenizer.model
        self._unknown = tokenizer.token_to_id(_UNKNOWN)
        self.fingerprint = fingerprint

    @classmethod
    def load(cls) -> Self:
        """Read the table. Raises ImportError, OSError, ValueError or KeyError where that cannot be."""
        from hashlib import sha256  # noqa: PLC0415 - needed once

        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine
        from safetensors.numpy import load  # noqa: PLC0415
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers  # noqa: PLC0415

        content = FILE.read_bytes()
        tensors = load(content)
        rows = tensors["rows"]
        steps = np.empty((len(rows), DIMENSION), dtype=np.int8)
        # Two's complement in half bytes: the shifts to the right bring the sign along.
        steps[:, ::2] = (rows << 4).view(np.int8) >> 4
        steps[:, 1::2] = rows.view(np.int8) >> 4
        tokens = tensors["tokens"].tobytes().decode().split("\n")
        tokenizer = Tokenizer(models.WordPiece({token: row for row, token in enumerate(tokens)}, unk_token=_UNKNOWN))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)  # accents go as well
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        fingerprint = sha256(content).hexdigest()[:_FINGERPRINT_LENGTH]
        return cls(steps, tensors["scales"].astype(np.float32), tokenizer, fingerprint)

    def means(self, texts: Sequence[str]) -> NDArray[float32]:
        """Return the mean of each text's rows, (n, 128) unit vectors; zero for a text of which no word is known."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        sums = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for total, encoding in zip(sums, self._tokenizer.encode_batch(list(texts)), strict=True):
            if encoding.ids:
                total[:] = self._scales[encoding.ids] @ self._steps[encoding.ids].astype(np.float32)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        units: NDArray[float32] = np.divide(sums, lengths, out=sums, where=lengths > 0)
        return units

    def rows_of(self, word: str) -> tuple[int, ...]:
        """Return the row of a word in lower case, or those of its pieces, each once; none where nobody knows it."""
        # There is nothing to normalise and to split in letters and digits of ASCII, which is most of the work.
        plain = word.isascii() and word.isalnum()
        rows = [token.id for token in self._model.tokenize(word)] if plain else self._tokenizer.encode(word).ids
        return tuple(row for row in dict.fromkeys(rows) if row != self._unknown)

    def lengths(self, rows: NDArray[int64]) -> NDArray[float32]:
        """Return how long these rows are, (n,): how much they count in a mean."""
        lengths: NDArray[float32] = self._scales[rows] * self._norms[rows]
        return lengths

    def cosines(self, rows: NDArray[int64], others: NDArray[int64]) -> NDArray[float32]:
        """Return the cosines of rows with others, (n, m); 0 with one that is zero."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        mine, theirs = (self._steps[chosen].astype(np.float32) for chosen in (rows, others))
        # One step at least, where there is any.
        norms = np.maximum(self._norms[rows], 1)[:, None] * np.maximum(self._norms[others], 1)
        cosines: NDArray[float32] = (mine @ theirs.T) / norms
        return cosines

    @cached_property
    def _norms(self) -> NDArray[float32]:
        """Return how long each row is, in its own steps, (tokens,)."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        squares = np.square(self._steps, dtype=np.int32)
        norms: NDArray[float32] = np.sqrt(squares.sum(axis=1)).astype(np.float32)
        return norms
