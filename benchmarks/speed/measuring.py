"""What is measured of a store of one size, in which order."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Self

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder

from . import searching
from .corpus import Corpus, async_import, household
from .figures import RATE, Figure
from .searching import Questions
from .sentences import questions
from .vectors import DIMENSION, Projection

PARTS: Final = ("search", "recall")
_SEED: Final = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How often everything is done."""

    questions: int = 300
    dimension: int = DIMENSION

    @classmethod
    def quick(cls) -> Self:
        """Return a plan for a first impression."""
        return cls(questions=60)


def make(size: int, plan: Plan, *, others: int = 0) -> tuple[Corpus, Questions]:
    """Make up what is remembered and what is asked."""
    projection = Projection(StaticEmbedder.load(), plan.dimension)
    asked = list(islice(questions(_SEED), plan.questions))
    return (
        household(size, projection, others=others),
        Questions(asked, projection.embed(asked, _SEED), projection.embed),
    )


async def async_measure(
    folder: Path, size: int, plan: Plan, parts: Collection[str] = PARTS, *, others: int = 0
) -> list[Figure]:
    """Fill a store with ``size`` memories, and as many of somebody else as ``others`` says, and measure its parts."""
    corpus, wanted = make(size, plan, others=others)
    seconds = await async_import(folder, corpus)
    figures, exact = await searching.async_time(folder, corpus, wanted)
    figures.append(Figure(size=size, name="import", unit=RATE, value=len(corpus.memories) / seconds, exact=1 / exact))
    if "recall" in parts:
        figures += await searching.async_recall_share(folder, corpus, wanted, "made-up sentences")
    return figures
