"""Showing results: tables, JSON, and the questions that went wrong."""

from collections.abc import Iterator, Mapping, Sequence
import csv
from dataclasses import asdict
from pathlib import Path
from typing import Final

from ..report import machine, table, write_json
from .metrics import Figures
from .retrieval_set import StoredMemory
from .running import Asked, Result, Unanswered
from .systems import SHOWN, Found

_HEADINGS: Final = (
    "",
    "recall@1",
    "recall@5",
    "recall@10",
    "MRR",
    "nDCG@10",
    "nothing",
    "recall@5 then",
    "loss",
    "doubted",
    "wrongly",
    "loss at 90%",
)
"""From ``nothing`` on: see :class:`Unanswered`."""


def tables(results: Sequence[Result]) -> Iterator[str]:
    """Yield what is printed of results of one suite and embedder."""
    first = results[0]
    stores = len({one.set_name for one in first.asked})
    nothing = sum(not one.question.relevant for one in first.asked)
    yield (
        f"\n{first.suite} · {first.embedder}: {len(first.asked) - nothing} questions that something answers,"
        f" {nothing} that nothing does; {stores} store{'s' if stores > 1 else ''}\n"
    )
    yield table(
        _HEADINGS, [[result.system, *_cells(result.overall), *_cells_of(result.unanswered)] for result in results]
    )
    yield "\nBy level and kind: recall@5; of questions that nothing answers, the share answered with nothing.\n"
    groups = ([result.by_level for result in results], [result.by_kind for result in results])
    rows = [
        [name, *(f"{group[name].recall_5:.3f}" for group in column), str(figures.questions)]
        for column in groups
        for name, figures in column[0].items()
    ]
    unanswered = [result.unanswered_by_kind for result in results]
    rows += [
        [f"none: {name}", *(f"{group[name].nothing:.3f}" for group in unanswered), str(share.questions)]
        for name, share in unanswered[0].items()
    ]
    yield table(["", *(result.system for result in results), "questions"], rows)


def write_figures(path: Path, results: Sequence[Result]) -> None:
    """Write all figures, with the machine on which they were measured. Raises OSError."""
    write_json(path, "quality", machine(), {"results": [_as_json(result) for result in results]})


def write_failures(path: Path, results: Sequence[Result], memories: Mapping[tuple[str, str, str], StoredMemory]) -> int:
    """Write each question of ours that lacks something among its first five, or that nothing answers and yet has hits.

    ``memories`` by suite, set and id. Tab-separated, for people who tune; returns how many. Raises OSError.
    """
    wrong = [(result, one) for result in results if result.system == "ours" for one in result.asked if _is_wrong(one)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(("suite", "set", "embedder", "level", "kind", "asker", "question", "relevant", "found"))
        for result, one in wrong:
            texts = {
                key: memory.value
                for (suite, name, key), memory in memories.items()
                if (suite, name) == (result.suite, one.set_name)
            }
            writer.writerow(
                (
                    result.suite,
                    one.set_name,
                    result.embedder,
                    one.question.level,
                    one.question.kind,
                    one.question.asker,
                    one.question.text,
                    " | ".join(f"#{_rank(one, key)} {key}: {texts[key]}" for key in one.question.relevant),
                    " | ".join(
                        f"{_scores(found)} {found.id}: {texts[found.id]}" for found in one.answer.ranked[:SHOWN]
                    ),
                )
            )
    return len(wrong)


def _as_json(result: Result) -> dict[str, object]:
    return {
        "suite": result.suite,
        "embedder": result.embedder,
        "system": result.system,
        "overall": asdict(result.overall),
        "by_level": {name: asdict(figures) for name, figures in result.by_level.items()},
        "by_kind": {name: asdict(figures) for name, figures in result.by_kind.items()},
        "unanswered": None if result.unanswered is None else asdict(result.unanswered),
        "unanswered_by_kind": {name: asdict(one) for name, one in result.unanswered_by_kind.items()},
    }


def _is_wrong(one: Asked) -> bool:
    if not one.question.relevant:
        return bool(one.answer.shown)
    return not {found.id for found in one.answer.ranked[:SHOWN]}.issuperset(one.question.relevant)


def _rank(one: Asked, key: str) -> str:
    places = [place for place, found in enumerate(one.answer.ranked, 1) if found.id == key]
    return str(places[0]) if places else "-"


def _scores(found: Found) -> str:
    parts = "/".join("-" if part is None else f"{part:.2f}" for part in found.parts)
    return f"{found.score:.3f} ({parts})" if parts else f"{found.score:.3f}"


def _cells(figures: Figures) -> tuple[str, ...]:
    values = (figures.recall_1, figures.recall_5, figures.recall_10, figures.mrr, figures.ndcg_10)
    return tuple(f"{value:.3f}" for value in values)


def _cells_of(unanswered: Unanswered | None) -> tuple[str, ...]:
    if unanswered is None:
        return ("",) * 6
    return (
        f"{unanswered.nothing:.3f}",
        f"{unanswered.recall_5:.3f}",
        f"{unanswered.loss:.1%}",
        f"{unanswered.doubted:.3f}",
        f"{unanswered.wrongly_doubted:.3f}",
        f"{unanswered.loss_at_90:.1%}",
    )
