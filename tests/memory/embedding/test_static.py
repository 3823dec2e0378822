"""The built-in model."""

from pathlib import Path
import sys
from types import SimpleNamespace

from hypothesis import given, strategies as st
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from custom_components.semantic_memory.memory.embedding import static, words
from custom_components.semantic_memory.memory.embedding.base import SpaceKey
from custom_components.semantic_memory.memory.embedding.static import DIMENSION, MODEL, StaticEmbedder
from custom_components.semantic_memory.memory.errors import EmbedderUnavailableError


async def test_it_embeds(built_in: StaticEmbedder) -> None:
    documents = await built_in.async_embed_documents(["Green tea is a drink", "The car is in the garage"])
    query = await built_in.async_embed_query("What do I like to drink?")
    assert documents.shape == (2, DIMENSION)
    assert query.shape == (1, DIMENSION)
    assert documents.dtype == np.float32
    assert np.linalg.norm(documents, axis=1).tolist() == pytest.approx([1, 1], abs=1e-5)
    tea, car = (documents @ query[0]).tolist()
    assert tea > car + 0.1


@pytest.mark.parametrize("text", ["The spare key is in the garage", "Où est la clé ?", "HVAC"])
def test_case_does_not_matter(built_in: StaticEmbedder, text: str) -> None:
    plain, loud = built_in.embed([text, text.upper()])
    assert plain.tolist() == pytest.approx(loud.tolist(), abs=1e-6)


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        ("What does she eat?", "Her favourite food is pizza.", "Her favourite colour is green."),
        ("Who is our physician?", "The doctor's practice is on Mill Road.", "The car is on Mill Road."),
        ("How old is the automobile?", "We bought the car in 2019.", "We bought the sofa in 2019."),
    ],
)
def test_words_that_mean_alike_are_near(built_in: StaticEmbedder, question: str, answer: str, other: str) -> None:
    asked, right, wrong = built_in.embed([question, answer, other])
    assert asked @ right > asked @ wrong + 0.05


async def test_its_space_is_told(built_in: StaticEmbedder) -> None:
    space = await built_in.async_space()
    assert space == SpaceKey(MODEL, DIMENSION, "plain", space.fingerprint)
    assert space.fingerprint
    built_in.forget_space()
    assert await built_in.async_space() == space
    assert built_in.model == MODEL


async def test_loading_in_a_thread() -> None:
    loaded = await StaticEmbedder.async_load()
    assert loaded.embed(["x"]).shape == (1, DIMENSION)


def test_repeated_signs_count_once(built_in: StaticEmbedder) -> None:
    one, many = built_in.embed(["When is the bin day?!", "When is the bin day?!!!!!!!!!!!!!!!!!!!!"])
    assert one == pytest.approx(many)


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "🎉", "家的地址", "x" * 1_000_000, "word " * 50_000])
def test_any_text_has_a_vector(built_in: StaticEmbedder, text: str) -> None:
    vectors = built_in.embed([text])
    assert np.isfinite(vectors).all()


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=40), max_size=5))
def test_every_text_has_its_own_vector(built_in: StaticEmbedder, texts: list[str]) -> None:
    vectors = built_in.embed(texts)
    assert vectors.shape == (len(texts), DIMENSION)
    for row, text in zip(vectors, texts, strict=True):
        assert np.allclose(row, built_in.embed([text])[0], atol=1e-5)


@pytest.mark.parametrize("package", ["tokenizers", "safetensors.numpy"])
def test_a_package_is_missing(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EmbedderUnavailableError) as caught:
        StaticEmbedder.load()
    assert caught.value.code == "built_in_missing"
    assert package in caught.value.placeholders["reason"]


def test_the_model_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "find_spec", lambda _: None)
    with pytest.raises(EmbedderUnavailableError) as caught:
        StaticEmbedder.load()
    assert caught.value.placeholders["reason"] == "wordllama"


def test_the_table_of_words_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(words, "FILE", tmp_path / "words.safetensors")
    with pytest.raises(EmbedderUnavailableError) as caught:
        StaticEmbedder.load()
    assert caught.value.code == "built_in_missing"
    assert "words.safetensors" in caught.value.placeholders["reason"]


def test_the_table_of_words_is_damaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    damaged = tmp_path / "words.safetensors"
    damaged.write_bytes(words.FILE.read_bytes()[:1000])
    monkeypatch.setattr(words, "FILE", damaged)
    with pytest.raises(EmbedderUnavailableError) as caught:
        StaticEmbedder.load()
    assert caught.value.code == "built_in_missing"


async def test_another_table_of_words_is_another_space(
    built_in: StaticEmbedder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "words.safetensors"
    tensors = load_file(words.FILE)
    save_file({**tensors, "scales": 2 * tensors["scales"]}, other)
    monkeypatch.setattr(words, "FILE", other)
    assert await StaticEmbedder.load().async_space() != await built_in.async_space()


async def test_the_files_are_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(static, "find_spec", lambda _: SimpleNamespace(origin=str(tmp_path / "__init__.py")))
    with pytest.raises(EmbedderUnavailableError) as caught:
        await StaticEmbedder.async_load()
    assert caught.value.code == "built_in_missing"
