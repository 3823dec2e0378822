"""The table of words beside the built-in model."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from custom_components.semantic_memory.memory.embedding.words import DIMENSION, FILE, WordTable


@pytest.fixture(scope="module")
def table() -> WordTable:
    return WordTable.load()


def test_what_is_in_the_file() -> None:
    tensors = load_file(FILE)
    tokens = tensors["tokens"].tobytes().decode().split("\n")
    assert len(tokens) == len(set(tokens)) > 20_000
    assert tensors["rows"].shape == (len(tokens), DIMENSION // 2)
    assert tensors["scales"].shape == (len(tokens),)
    assert tokens[0] == "[UNK]"
    assert FILE.stat().st_size < 2_200_000


def test_means_are_unit_vectors(table: WordTable) -> None:
    means = table.means(["the kitchen", "thermostat", "antidisestablishmentarianism"])
    assert means.shape == (3, DIMENSION)
    assert means.dtype == np.float32
    assert np.linalg.norm(means, axis=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)


@pytest.mark.parametrize("text", ["", "家", "🎉", "Москва"])
def test_a_text_of_unknown_words_has_none(table: WordTable, text: str) -> None:
    assert not table.means([text]).any()


def test_unknown_words_change_nothing(table: WordTable) -> None:
    known, mixed = table.means(["the kitchen", "the 家 kitchen"])
    assert known.tolist() == pytest.approx(mixed.tolist(), abs=1e-6)


def test_half_bytes_are_read_with_their_signs(table: WordTable) -> None:
    tensors = load_file(FILE)
    tokens = tensors["tokens"].tobytes().decode().split("\n")
    row = tokens.index("kitchen")
    steps: list[int] = []
    for byte in tensors["rows"][row].tolist():
        steps.extend(half - 16 if half > 7 else half for half in (byte & 15, byte >> 4))
    expected = np.array(steps) / np.linalg.norm(steps)
    assert min(steps) < 0 < max(steps)
    assert table.means(["Kitchen"])[0].tolist() == pytest.approx(expected.tolist(), abs=1e-6)
