"""Each system finds what it should, in a set small enough to look at."""

from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import pytest

from benchmarks.quality import embedders
from benchmarks.quality.embedders import KeptEmbedder, open_ollama
from benchmarks.quality.ours import open_ours
from benchmarks.quality.retrieval_set import HOUSEHOLD, Question, StoredMemory
from benchmarks.quality.systems import BASELINES, Answer, Baseline, Prepared, shared, trigrams
from custom_components.semantic_memory.memory.embedding.base import SpaceKey, checked_unit_vectors
from scripts.ollama_stand_in import StandIn

MEMORIES = (
    StoredMemory(id="dog", owner=HOUSEHOLD, value="Our dog is called Bruno", said_at=1.0, key="dog_name"),
    StoredMemory(id="tea", owner="mara", value="I drink green tea", said_at=2.0),
    StoredMemory(id="coffee", owner="jonas", value="I drink black coffee", said_at=3.0),
    StoredMemory(id="key", owner=HOUSEHOLD, value="The key hangs behind the birdhouse", said_at=4.0, tags=("door",)),
)
DIRECTIONS = {"dog": 0, "pet": 0, "Bruno": 0, "tea": 1, "beverage": 1, "coffee": 1, "key": 2, "enter": 2}


class Meanings:
    """An embedder that knows a few words, in four directions, and counts what it is asked."""

    model = "meanings"

    def __init__(self, template: str = "plain") -> None:
        """Take the template of its space."""
        self.space = SpaceKey("meanings", 4, template, "1")
        self.documents: list[str] = []
        self.queries: list[str] = []

    async def async_space(self) -> SpaceKey:
        """Return its space."""
        return self.space

    def forget_space(self) -> None:
        """Do nothing."""

    async def async_embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Add up the directions of the words that are known, and a bit of the last for all others."""
        self.documents += texts
        return self._embed(texts)

    async def async_embed_query(self, text: str) -> NDArray[np.float32]:
        """Do the same."""
        self.queries.append(text)
        return self._embed([text])

    @staticmethod
    def _embed(texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.full((len(texts), 4), 0.1, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word, direction in DIRECTIONS.items():
                row[direction] += word in text
        return checked_unit_vectors(rows, len(texts), 4)


@pytest.fixture
async def kept() -> AsyncIterator[KeptEmbedder]:
    """Return an embedder that keeps what it has embedded."""
    inner = Meanings()
    embedder = KeptEmbedder(inner, inner.space, None)
    yield embedder
    embedder.close()


def ask(text: str, asker: str = "mara") -> Question:
    """Return a question of which nobody says what answers it."""
    return Question(asker=asker, text=text, relevant=())


async def answer_of(name: str, question: Question, kept: KeptEmbedder) -> Answer:
    """Ask a baseline of this name."""
    vectors = await kept.async_embed_documents([memory.value for memory in MEMORIES])
    (query,) = await kept.async_embed_queries([question.text])
    baselines: dict[str, type[Baseline]] = {baseline.name: baseline for baseline in BASELINES}
    with closing(Prepared(MEMORIES, vectors, {question.text: query})) as prepared:
        return await baselines[name](prepared).async_answer(question)


def ids(answer: Answer) -> list[str]:
    """Return what was found."""
    return [found.id for found in answer.ranked]


async def test_vectors_find_by_meaning(kept: KeptEmbedder) -> None:
    answer = await answer_of("vector", ask("my beverage"), kept)
    assert ids(answer)[0] == "tea"
    assert len(answer.shown) == 3
    assert answer.ranked[0].score > 0.9 > answer.ranked[1].score


async def test_keywords_find_by_stem(kept: KeptEmbedder) -> None:
    assert ids(await answer_of("keyword", ask("who drinks?"), kept)) == ["tea"]
    assert ids(await answer_of("keyword", ask("door"), kept)) == ["key"]  # a tag
    assert ids(await answer_of("keyword", ask("names"), kept)) == ["dog"]  # of the key
    assert ids(await answer_of("keyword", ask('what"ever - OR (*'), kept)) == []


async def test_fusion_takes_both(kept: KeptEmbedder) -> None:
    answer = await answer_of("fusion", ask("birdhouse of a pet"), kept)
    assert set(ids(answer)[:2]) == {"dog", "key"}
    assert answer.ranked[0].score == pytest.approx(1 / 61 + 1 / 62, abs=1e-3)


async def test_the_seed_boosts_similar_spelling_and_has_thresholds(kept: KeptEmbedder) -> None:
    question = ask("the birdhose")
    answer = await answer_of("seed", question, kept)
    assert ids(answer)[0] == "key"
    by_vector = await answer_of("vector", question, kept)
    cosine = {found.id: found.score for found in by_vector.ranked}["key"]
    similarity = shared(trigrams("the birdhose"), trigrams("The key hangs behind the birdhouse (door)"))
    assert answer.ranked[0].score == pytest.approx(cosine + 0.15 * similarity)
    pet = await answer_of("seed", ask("pet"), kept)
    assert [found.id for found in pet.shown] == ["dog"]
    assert len(pet.ranked) == 3


@pytest.mark.parametrize("name", ["vector", "keyword", "fusion", "seed"])
async def test_nobody_sees_what_others_told(name: str, kept: KeptEmbedder) -> None:
    for asker, hidden in (("mara", "coffee"), ("jonas", "tea"), ("lena", "tea")):
        answer = await answer_of(name, ask("I drink coffee and tea", asker), kept)
        assert hidden not in ids(answer)
    assert "coffee" in ids(await answer_of(name, ask("I drink coffee and tea", "jonas"), kept))


async def test_ours_finds_and_hides(kept: KeptEmbedder) -> None:
    async with open_ours(MEMORIES, kept) as ours:
        assert ids(await ours.async_answer(ask("What is the dog's name?")))[0] == "dog"
        mara = await ours.async_answer(ask("What is my beverage?"))
        assert ids(mara)[0] == "tea"
        assert mara.ranked[0].parts[0] is not None
        jonas = await ours.async_answer(ask("What is my beverage?", "jonas"))
        assert ids(jonas)[0] == "coffee"
        assert "coffee" not in ids(mara)
        assert "tea" not in ids(jonas)


async def test_two_memories_under_one_key_are_refused(kept: KeptEmbedder) -> None:
    twice = [StoredMemory(id=key, owner="mara", value=f"Text {key}", said_at=0.0, key="same") for key in "ab"]
    with pytest.raises(ValueError, match="same owner and key"):
        async with open_ours(twice, kept):
            pass


async def test_memories_that_say_the_same_stay_two(kept: KeptEmbedder) -> None:
    twice = [StoredMemory(id=key, owner="mara", value="I drink green tea", said_at=0.0) for key in "ab"]
    async with open_ours(twice, kept) as ours:
        assert set(ids(await ours.async_answer(ask("tea")))) == {"a", "b"}


def test_trigrams_are_those_of_pg_trgm() -> None:
    # SELECT show_trgm('Word'), show_trgm('a-b'), similarity('word', 'two words'): from its documentation and by hand.
    assert trigrams("Word") == {"  w", " wo", "wor", "ord", "rd "}
    assert trigrams("a-b_a") == {"  a", " a ", "  b", " b "}
    assert shared(trigrams("word"), trigrams("two words")) == pytest.approx(4 / 11)
    assert shared(trigrams(""), trigrams("!")) == 0.0


async def test_texts_are_embedded_once() -> None:
    inner = Meanings()
    kept = KeptEmbedder(inner, await inner.async_space(), None)
    first = await kept.async_embed_documents(["tea", "dog", "tea"])
    second = await kept.async_embed_documents(["dog", "key"])
    assert inner.documents == ["tea", "dog", "key"]
    assert first[1].tolist() == second[0].tolist()
    assert (await kept.async_embed_query("tea")).tolist() == [first[0].tolist()]
    assert inner.queries == []  # in this space a question is embedded as a memory is
    kept.close()


async def test_questions_have_a_form_of_their_own_where_the_model_wants_it() -> None:
    inner = Meanings("nomic")
    kept = KeptEmbedder(inner, await inner.async_space(), None)
    await kept.async_embed_documents(["tea"])
    await kept.async_embed_queries(["tea", "dog"])
    await kept.async_embed_query("dog")
    assert (inner.documents, inner.queries) == (["tea"], ["tea", "dog"])
    kept.close()


async def test_vectors_are_kept_in_a_file(tmp_path: Path) -> None:
    inner = Meanings()
    one = KeptEmbedder(inner, inner.space, tmp_path / "vectors.db")
    vectors = await one.async_embed_documents(["tea", "dog"])
    one.close()
    other = KeptEmbedder(inner, inner.space, tmp_path / "vectors.db")
    assert (await other.async_embed_documents(["dog", "tea"])).tolist() == vectors[::-1].tolist()
    assert inner.documents == ["tea", "dog"]
    other.close()


@pytest.mark.usefixtures("socket_enabled")
async def test_a_model_of_an_ollama_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    async with StandIn(models=["nomic-embed-text"]) as server:
        async with open_ollama(server.url, "nomic-embed-text") as embedder, open_ours(MEMORIES, embedder) as ours:
            assert embedder.model == "nomic-embed-text"
            assert ids(await ours.async_answer(ask("What is the name of our dog?")))[0] == "dog"
        asked = len(server.requests)
        async with open_ollama(server.url, "nomic-embed-text") as embedder:
            again = await embedder.async_embed_documents([memory.value for memory in MEMORIES[1:3]])
        assert np.linalg.norm(again, axis=1).tolist() == pytest.approx([1, 1], abs=1e-5)
        embedded = [request for request in list(server.requests)[asked:] if request.path == "/api/embed"]
        assert len(embedded) == 1  # to find out which space it is; the vectors are in the file
    assert list((tmp_path / "ha-semantic-memory" / "vectors").glob("*.db"))


def test_how_to_get_a_model_is_told() -> None:
    assert "scripts/setup benchmark" in embedders.how_to_get("minilm")
