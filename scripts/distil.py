"""Makes ``words.safetensors`` of the built-in model: ``python -m scripts.distil WORDNET PACKAGES TARGET``.

WORDNET is the folder of WordNet's files, PACKAGES the site-packages with Home Assistant and WordLlama.
"""

from collections.abc import Sequence
from pathlib import Path
import sys

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from .distilling.corpus import gather
from .distilling.table import write
from .distilling.teacher import Floats, Numbers, Teacher, tokenizer
from .distilling.training import MOST_TOKENS, SHARE, Lesson, beginning, learn
from .distilling.wordnet import Meaning

_SHOWN = 5


class Given:
    """WordLlama's means of token vectors, as the integration makes them."""

    def __init__(self, packages: Path) -> None:
        """Load its files."""
        folder = packages / "wordllama"
        self._table = load_file(folder / "weights/l2_supercat_256.safetensors")["embedding.weight"].astype(np.float32)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizers/l2_supercat_tokenizer_config.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return unit vectors, (n, 256)."""
        return means(self._table, self._tokenizer, texts)


def means(table: Floats, by: Tokenizer, texts: Sequence[str]) -> Floats:
    """Return the normalised mean of each text's rows; zero where it has none."""
    encodings = by.encode_batch([text.lower() for text in texts], add_special_tokens=False)
    sums = np.stack([table[encoding.ids or [0]].sum(axis=0) for encoding in encodings])
    result: Floats = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return result


def padded(by: Tokenizer, texts: Sequence[str]) -> tuple[Numbers, Numbers]:
    """Return the numbers of tokens, (n, MOST_TOKENS), and how many count."""
    ids = np.zeros((len(texts), MOST_TOKENS), dtype=np.int32)
    lengths = np.ones(len(texts), dtype=np.int32)
    for row, encoding in enumerate(by.encode_batch([text.lower() for text in texts], add_special_tokens=False)):
        taken = encoding.ids[:MOST_TOKENS] or by.encode("[UNK]", add_special_tokens=False).ids
        ids[row, : len(taken)] = taken
        lengths[row] = len(taken)
    return ids, lengths


def measure(name: str, held_out: Sequence[Meaning], given: Given, table: Floats | None, by: Tokenizer) -> None:
    """Print how often an example finds its own gloss among those held out."""

    def embed(texts: Sequence[str]) -> Floats:
        first = given.embed(texts)
        if table is None:
            return first
        return np.hstack([np.sqrt(SHARE) * first, np.sqrt(1 - SHARE) * means(table, by, texts)])

    questions = embed([meaning.examples[0] for meaning in held_out])
    for kind, texts in (
        ("words and gloss", [f"{', '.join(meaning.words)}: {meaning.gloss}" for meaning in held_out]),
        ("gloss alone", [meaning.gloss for meaning in held_out]),
    ):
        scores = questions @ embed(texts).T
        places = (scores >= np.diag(scores)[:, None]).sum(axis=1)
        print(f"{name}, {kind}: {np.mean(places <= _SHOWN):.3f} of {len(held_out)} are among the first {_SHOWN}")


def main(wordnet: Path, packages: Path, target: Path) -> None:
    """Make the table."""
    corpus = gather(wordnet, packages)
    by, given, teacher = tokenizer(), Given(packages), Teacher()
    measure("WordLlama", corpus.held_out, given, None, by)
    print(f"the teacher reads {len(corpus.texts)} texts", flush=True)
    taught = teacher.embed(corpus.texts)
    lesson = Lesson(*padded(by, corpus.texts), given.embed(corpus.texts), taught)
    table = learn(beginning(teacher.embed_tokens()), lesson)
    about = {"teacher": "all-MiniLM-L6-v2 (Apache-2.0)", "corpus": "WordNet 3.0; Home Assistant (Apache-2.0)"}
    measure("with the table", corpus.held_out, given, write(target, table, by, about), by)
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
