"""Showing results: a table, JSON, and the questions that went wrong."""

from collections.abc import Iterator, Mapping, Sequence
import csv
from dataclasses import asdict
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import platform
from typing import Final

from .metrics import Figures
from .retrieval_set import StoredMemory
from .running import Asked, Result, Unanswered
from .systems import SHOWN, Found

_FIRST: Final = 13
_COLUMN: Final = 12


def table(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of a table for results of one suite and embedder."""
    first = results[0]
    asked = first.asked
    stores = len({one.set_name for one in asked})
    nothing = sum(not one.question.relevant for one in asked)
    yield ""
    yield (
        f"{first.suite} · {first.embedder}: {len(asked) - nothing} questions, and {nothing} that nothing answers,"
        f" of {stores} store{'s' if stores > 1 else ''}"
    )
    yield _row("", "recall@1", "recall@5", "recall@10", "MRR", "nDCG@10", "nothing", "r@5 then", "loss", "loss at 90%")
    for result in results:
        yield _row(result.system, *_cells(result.overall), *_threshold_cells(result.unanswered))
    yield ""
    yield _row("recall@5 by", *(result.system for result in results), "questions")
    for groups in ([result.by_level for result in results], [result.by_kind for result in results]):
        for name, figures in groups[0].items():
            yield _row(f"  {name}", *(f"{group[name].recall_5:.3f}" for group in groups), str(figures.questions))
    unanswered = [result.unanswered_by_kind for result in results]
    if unanswered[0]:
        yield "nothing found, of"
    for name, share in unanswered[0].items():
        yield _row(f"  {name}", *(f"{group[name].nothing:.3f}" for group in unanswered), str(share.questions))


def write_json(path: Path, results: Sequence[Result]) -> None:
    """Write all figures, with when and on what kind of machine they were measured. Raises OSError."""
    data = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {"processor": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()},
        "results": [_as_json(result) for result in results],
    }
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")


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


def _threshold_cells(unanswered: Unanswered | None) -> tuple[str, ...]:
    if unanswered is None:
        return ("-",) * 4
    return (
        f"{unanswered.nothing:.3f}",
        f"{unanswered.recall_5:.3f}",
        f"{unanswered.loss:.1%}",
        f"{unanswered.loss_at_90:.1%}",
    )


def _row(name: str, *cells: str) -> str:
    return f"{name:<{_FIRST}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells)
