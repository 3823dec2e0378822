"""The file that the integration reads: four bits per number, and the tokens that the rows stand for."""

from pathlib import Path
import re
from typing import Final

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from .teacher import Floats

UNKNOWN: Final = "[UNK]"
_LATIN: Final = re.compile(r"(##)?[\x21-\x7e\u00a1-\u024f]+")
_STEPS: Final = 7
_CLIP: Final = 0.85
"""Of the largest number of a row: the few that are cut lose less than all others gain by finer steps."""


def write(path: Path, table: Floats, tokenizer: Tokenizer, about: dict[str, str]) -> Floats:
    """Write the rows of Latin tokens, and return all rows as they will be read; others are zero."""
    tokens = [tokenizer.id_to_token(number) or "" for number in range(len(table))]
    kept = [number for number, token in enumerate(tokens) if _LATIN.fullmatch(token) and not re.match(r"\[\w", token)]
    scales = (np.abs(table[kept]).max(axis=1) * _CLIP / _STEPS).astype(np.float16)
    steps = np.clip(np.rint(table[kept] / scales[:, None].astype(np.float32)), -_STEPS - 1, _STEPS).astype(np.int8)
    packed = (steps[:, ::2] & 15) | (steps[:, 1::2] << 4)
    text = "\n".join([UNKNOWN, *(tokens[number] for number in kept)])
    unknown = np.zeros((1, packed.shape[1]), dtype=np.uint8)
    tensors = {
        "rows": np.vstack([unknown, packed.view(np.uint8)]),
        "scales": np.concatenate([np.zeros(1, np.float16), scales]),
        "tokens": np.frombuffer(text.encode(), dtype=np.uint8),
    }
    save_file(tensors, path, about)
    read = np.zeros_like(table)
    read[kept] = steps * scales[:, None].astype(np.float32)
    return read
