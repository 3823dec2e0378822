"""Asking every system every question of a suite, and what comes out of it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from math import ceil, inf
from typing import Final

from .embedders import KeptEmbedder
from .metrics import Figures
from .ours import open_ours
from .retrieval_set import Question, RetrievalSet, StoredMemory, Suite
from .systems import BASELINES, SHOWN, Answer, Found, Prepared, System

_WANTED_NOTHING: Final = 0.9
SYSTEMS: Final = tuple(baseline.name for baseline in BASELINES)
"""Those that ours is compared with."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what a system made of it."""

    set_name: str
    question: Question
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """What becomes of questions that nothing answers, at a system's own threshold, and what that costs the others."""

    questions: int
    nothing: float
    """Share of them that were answered with nothing, 0..1."""
    recall_5: float
    """Of the other questions, at the same threshold."""
    loss: float
    """Share of the recall@5 without a threshold that is lost."""
    doubted: float
    """Share of them that were answered with nothing, or with hits that are said to be no certain answer, 0..1."""
    wrongly_doubted: float
    """The same for the other questions whose best hit is relevant."""
    loss_at_90: float
    """Share of recall@5 that is lost with the lowest threshold at which 0.9 of these questions have no hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one system did with one suite and one embedder."""

    suite: str
    embedder: str
    system: str
    asked: Sequence[Asked]

    @property
    def overall(self) -> Figures:
        """Return the figures of all questions that something answers."""
        return _figures(self._answerable())

    def by(self, group: Callable[[Question], str]) -> dict[str, Figures]:
        """Return the figures by a property of the questions, in the order of the alphabet."""
        names = sorted({group(asked.question) for asked in self._answerable()} - {""})
        return {
            name: _figures(asked for asked in self._answerable() if group(asked.question) == name) for name in names
        }

    @property
    def by_level(self) -> dict[str, Figures]:
        """Return the figures by level."""
        return self.by(lambda question: question.level)

    @property
    def by_kind(self) -> dict[str, Figures]:
        """Return the figures by kind."""
        return self.by(lambda question: question.kind)

    @property
    def unanswered(self) -> Unanswered | None:
        """Return what became of the questions that nothing answers; ``None`` where the suite has none."""
        return self._unanswered(lambda _: True)

    @property
    def unanswered_by_kind(self) -> dict[str, Unanswered]:
        """Return the same by their kind."""
        names = sorted({asked.question.kind for asked in self.asked if not asked.question.relevant} - {""})
        found = ((name, self._unanswered(partial(_is_of_kind, name))) for name in names)
        return {name: one for name, one in found if one is not None}

    def _unanswered(self, wanted: Callable[[Question], bool]) -> Unanswered | None:
        asked = [one for one in self.asked if not one.question.relevant and wanted(one.question)]
        if not asked:
            return None
        shown = Figures.of((_ids(one.answer.shown), one.question.relevant) for one in self._answerable()).recall_5
        return Unanswered(
            questions=len(asked),
            nothing=sum(not one.answer.shown for one in asked) / len(asked),
            recall_5=shown,
            loss=self._loss(shown),
            doubted=_doubted(asked),
            wrongly_doubted=_doubted([one for one in self._answerable() if _is_right(one)]),
            loss_at_90=self._loss(self._recall_above(_least_threshold(asked, _WANTED_NOTHING))),
        )

    def _recall_above(self, score: float) -> float:
        """Return the recall@5 of hits with a higher score."""
        kept = (
            (_ids([found for found in one.answer.ranked[:SHOWN] if found.score > score]), one.question.relevant)
            for one in self._answerable()
        )
        return Figures.of(kept).recall_5

    def _loss(self, recall: float) -> float:
        whole = self.overall.recall_5
        return (whole - recall) / whole if whole else 0.0

    def _answerable(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.question.relevant]


async def async_run(
    suite: Suite, embedder: KeptEmbedder, systems: Collection[str] = SYSTEMS
) -> tuple[list[Result], dict[tuple[str, str], StoredMemory]]:
    """Return the result of each system, ours first, and the memories by set and id."""
    asked: dict[str, list[Asked]] = {}
    for one in suite.sets:
        for name, answers in (await _async_run_set(one, embedder, systems)).items():
            asked.setdefault(name, []).extend(answers)
    memories = {(one.name, memory.id): memory for one in suite.sets for memory in one.memories}
    return [
        Result(suite=suite.name, embedder=embedder.model, system=name, asked=answers) for name, answers in asked.items()
    ], memories


async def _async_run_set(one: RetrievalSet, embedder: KeptEmbedder, names: Collection[str]) -> dict[str, list[Asked]]:
    with closing(await Prepared.async_of(one, embedder)) as prepared:
        async with open_ours(one.memories, embedder) as ours:
            systems: list[System] = [ours, *(baseline(prepared) for baseline in BASELINES if baseline.name in names)]
            return {
                system.name: [
                    Asked(one.name, question, await system.async_answer(question)) for question in one.questions
                ]
                for system in systems
            }


def _least_threshold(asked: Sequence[Asked], share: float) -> float:
    """Return the score that a hit has to exceed so that this share of the questions is answered with nothing."""
    best = sorted(one.answer.ranked[0].score if one.answer.ranked else -inf for one in asked)
    return best[ceil(share * len(best)) - 1]


def _doubted(asked: Sequence[Asked]) -> float:
    """Return the share of the questions that were answered with nothing, or with nothing certain."""
    return sum(not (one.answer.shown and one.answer.certain) for one in asked) / len(asked) if asked else 0.0


def _is_right(one: Asked) -> bool:
    """Return whether the first hit is relevant."""
    return bool(one.answer.ranked) and one.answer.ranked[0].id in one.question.relevant


def _is_of_kind(kind: str, question: Question) -> bool:
    return question.kind == kind


def _figures(asked: Iterable[Asked]) -> Figures:
    return Figures.of((_ids(one.answer.ranked), one.question.relevant) for one in asked)


def _ids(found: Sequence[Found]) -> list[str]:
    return [item.id for item in found]
