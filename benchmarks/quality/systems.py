"""What this project is compared with: simpler ways to rank the same memories, over the same texts and vectors.

None of them sees more than whoever asks may see: what is theirs and what is the household's.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import re
import sqlite3
from typing import ClassVar, Final, Protocol, override

import numpy as np
from numpy.typing import NDArray

from custom_components.semantic_memory.memory.text import document_text

from .embedders import KeptEmbedder
from .retrieval_set import HOUSEHOLD, Question, RetrievalSet, StoredMemory

DEPTH: Final = 50
"""As many hits as are looked at; more cannot be asked of the engine."""
SHOWN: Final = 5
"""As many hits as people get who say nothing else."""


@dataclass(frozen=True, slots=True)
class Found:
    """A memory that was found."""

    id: str
    score: float
    parts: tuple[float | None, ...] = ()
    """Scores of the signals that this one was made of."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system makes of a question."""

    ranked: tuple[Found, ...]
    """The best ``DEPTH``, whatever their scores."""
    shown: tuple[Found, ...]
    """The best ``SHOWN`` that the system's own threshold lets pass."""
    certain: bool = True
    """Whether the system says nothing against the first of them."""


class System(Protocol):
    """Something that finds memories."""

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        ...

    async def async_answer(self, question: Question) -> Answer:
        """Find memories for a question."""
        ...


def text_of(memory: StoredMemory) -> str:
    """Return the text by which every system knows a memory."""
    return document_text(memory.key or "", memory.value, memory.tags)


def visible_to(memory: StoredMemory, asker: str) -> bool:
    """Return whether the asker may see a memory."""
    return memory.owner in (asker, HOUSEHOLD)


@dataclass(slots=True)
class Prepared:
    """A set with everything that several systems use."""

    memories: Sequence[StoredMemory]
    vectors: NDArray[np.float32]
    queries: Mapping[str, NDArray[np.float32]]
    """By question."""
    _words: sqlite3.Connection = field(init=False)
    _trigrams: list[frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        """Index the texts."""
        texts = [text_of(memory) for memory in self.memories]
        self._trigrams = [trigrams(text) for text in texts]
        self._words = sqlite3.connect(":memory:")
        self._words.execute("CREATE VIRTUAL TABLE memory USING fts5 (text, tokenize = 'porter unicode61')")
        self._words.executemany("INSERT INTO memory (rowid, text) VALUES (?, ?)", enumerate(texts))

    @classmethod
    async def async_of(cls, one: RetrievalSet, embedder: KeptEmbedder) -> Prepared:
        """Embed a set."""
        vectors = await embedder.async_embed_documents([text_of(memory) for memory in one.memories])
        questions = list(dict.fromkeys(question.text for question in one.questions))
        rows = await embedder.async_embed_queries(questions)
        return cls(one.memories, vectors, dict(zip(questions, rows, strict=True)))

    def close(self) -> None:
        """Close the word index."""
        self._words.close()

    def visible(self, asker: str) -> list[int]:
        """Return the places of the memories that the asker may see."""
        return [place for place, memory in enumerate(self.memories) if visible_to(memory, asker)]

    def cosines(self, question: Question) -> dict[int, float]:
        """Return the exact cosine of each visible memory, by place."""
        places = self.visible(question.asker)
        scores: list[float] = (self.vectors[places] @ self.queries[question.text]).tolist()
        return dict(zip(places, scores, strict=True))

    def bm25(self, question: Question) -> dict[int, float]:
        """Return FTS5's bm25 (the higher the better here) of each visible memory with a word of the question."""
        match = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question.text))
        rows = self._words.execute("SELECT rowid, -bm25(memory) FROM memory WHERE memory MATCH ?", (match,))
        visible = set(self.visible(question.asker))
        return {place: score for place, score in rows if place in visible}

    def similarities(self, question: Question) -> dict[int, float]:
        """Return the trigram similarity of each visible memory."""
        wanted = trigrams(question.text)
        return {place: shared(wanted, self._trigrams[place]) for place in self.visible(question.asker)}


class Baseline(ABC):
    """A system whose every hit has one score."""

    name: ClassVar[str]

    def __init__(self, prepared: Prepared) -> None:
        """Take an embedded set."""
        self.prepared = prepared

    async def async_answer(self, question: Question) -> Answer:
        """Rank by score."""
        scores = self.scores(question)
        order = sorted(scores, key=lambda place: -scores[place])
        found = [Found(self.prepared.memories[place].id, scores[place]) for place in order]
        shown = [item for item, place in zip(found, order, strict=True) if self.passes(place)]
        return Answer(tuple(found[:DEPTH]), tuple(shown[:SHOWN]))

    @abstractmethod
    def scores(self, question: Question) -> Mapping[int, float]:
        """Return the score of everything that was found, by place."""

    def passes(self, place: int) -> bool:
        """Return whether the system's own threshold lets a memory of the last scores pass; not every system has one."""
        return True


class VectorOnly(Baseline):
    """Exact cosine."""

    name: ClassVar[str] = "vector"

    @override
    def scores(self, question: Question) -> Mapping[int, float]:
        return self.prepared.cosines(question)


class KeywordOnly(Baseline):
    """FTS5 with Porter's stems: any word of the question, ordered by bm25."""

    name: ClassVar[str] = "keyword"

    @override
    def scores(self, question: Question) -> Mapping[int, float]:
        return self.prepared.bm25(question)


class Fused(Baseline):
    """Reciprocal rank fusion of cosine and bm25: ``Σ 1 / (k + rank)``.

    Cormack, Clarke and Büttcher (SIGIR 2009), with their k of 60.
    """

    name: ClassVar[str] = "fusion"
    _K: Final = 60

    @override
    def scores(self, question: Question) -> Mapping[int, float]:
        fused: dict[int, float] = {}
        for scores in (self.prepared.cosines(question), self.prepared.bm25(question)):
            for rank, place in enumerate(sorted(scores, key=lambda place: -scores[place]), 1):
                fused[place] = fused.get(place, 0.0) + 1 / (self._K + rank)
        return fused


class Seed(Baseline):
    """The formula of ha-semantic-memory, the server this project has grown out of: cosine + 0.15 × pg_trgm similarity.

    It shows what has a cosine of 0.35 or a similarity of 0.1.
    """

    name: ClassVar[str] = "seed"
    _BOOST: Final = 0.15
    _LEAST_COSINE: Final = 0.35
    _LEAST_SIMILARITY: Final = 0.1

    def __init__(self, prepared: Prepared) -> None:
        """Take an embedded set."""
        super().__init__(prepared)
        self._passing: set[int] = set()

    @override
    def scores(self, question: Question) -> Mapping[int, float]:
        similar, cosines = self.prepared.similarities(question), self.prepared.cosines(question)
        self._passing = {
            place
            for place, cosine in cosines.items()
            if cosine >= self._LEAST_COSINE or similar[place] >= self._LEAST_SIMILARITY
        }
        return {place: cosine + self._BOOST * similar[place] for place, cosine in cosines.items()}

    @override
    def passes(self, place: int) -> bool:
        return place in self._passing


BASELINES: Final[tuple[type[Baseline], ...]] = (VectorOnly, KeywordOnly, Fused, Seed)


def trigrams(text: str) -> frozenset[str]:
    """Return a text's trigrams as PostgreSQL's pg_trgm makes them: of each word, two spaces before and one after it."""
    return frozenset(
        padded[start : start + 3]
        for word in re.findall(r"[^\W_]+", text.lower())
        for padded in (f"  {word} ",)
        for start in range(len(padded) - 2)
    )


def shared(one: frozenset[str], other: frozenset[str]) -> float:
    """Return pg_trgm's ``similarity``: shared trigrams in relation to all, 0..1."""
    common = len(one & other)
    return common / (len(one) + len(other) - common) if one or other else 0.0
