"""Memories, questions, and which memories answer them.

A suite is one or more sets of the same kind. Each set is a store of its own: its questions are asked of its memories.
"""

from collections.abc import Iterable, Sequence
import csv
from dataclasses import dataclass, replace
from datetime import UTC, datetime
import json
from pathlib import Path
import re
from typing import Final

HOUSEHOLD: Final = "household"
"""Owner of what belongs to everybody in the house."""
HOUSEHOLD_FOLDER: Final = Path(__file__).parent / "household"
PEOPLE: Final = ("mara", "jonas", "lena", "emil")
"""Of the household set."""
FOREIGN: Final = "foreign"
"""Kind of the questions that were written for another file."""

_ONLY_OWNER: Final = "owner"
_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
_PAUSE: Final = 60.0
"""Seconds between two memories of which nobody knows when they were said."""
_SPOKEN_TIMES: Final = ("%I:%M %p on %d %B, %Y", "%d %B, %Y", "%d %B %Y")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMemory:
    """One thing that was told."""

    id: str
    owner: str
    """A person's name, or ``HOUSEHOLD``."""
    value: str
    said_at: float
    """Seconds since the epoch."""
    key: str | None = None
    tags: tuple[str, ...] = ()
    category: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody asks, and the ids of all memories that answer it; none if nothing does."""

    asker: str
    text: str
    relevant: tuple[str, ...]
    level: str = ""
    """``easy``, ``medium``, ``hard``; empty where nobody has judged."""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalSet:
    """A store's memories in the order in which they were said, and its questions."""

    name: str
    memories: tuple[StoredMemory, ...]
    questions: tuple[Question, ...]

    def first(self, limit: int) -> RetrievalSet:
        """Return the set with its first ``limit`` memories, and the questions that these answer, or nothing does."""
        memories = self.memories[:limit]
        ids = {memory.id for memory in memories}
        questions = tuple(question for question in self.questions if ids.issuperset(question.relevant))
        return replace(self, memories=memories, questions=questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Sets whose figures are taken together."""

    name: str
    sets: tuple[RetrievalSet, ...]

    def first(self, limit: int) -> Suite:
        """Return the suite with the first ``limit`` memories of each set."""
        return replace(self, sets=tuple(one.first(limit) for one in self.sets))


def load_household(folder: Path = HOUSEHOLD_FOLDER) -> Suite:
    """Read the set of our own: two tab-separated files with a header. Raises OSError, KeyError, ValueError."""
    memories = tuple(
        StoredMemory(
            id=row["id"],
            owner=row["owner"],
            value=row["value"],
            said_at=datetime.fromisoformat(row["said_at"]).replace(tzinfo=UTC).timestamp(),
            key=row["key"],
            tags=tuple(tag.strip() for tag in row["tags"].split(",")),
            category=row["category"],
            language=row["language"],
        )
        for row in _rows(folder / "memories.tsv")
    )
    questions = tuple(
        Question(
            asker=row["asker"],
            text=row["question"],
            relevant=tuple(row["relevant"].split(",")) if row["relevant"] else (),
            level=row["level"],
            kind=row["kind"],
        )
        for row in _rows(folder / "questions.tsv")
    )
    return Suite(
        name="household", sets=(RetrievalSet(name="household", memories=_in_order(memories), questions=questions),)
    )


def load_folder(folder: Path) -> Suite:
    """Read every ``*.json`` of a folder as a store of one owner, who is also asked the questions of the other files.

    A file holds ``memories`` (``text``; optional ``about``, ``said_at``, ``key``, ``tags``) and ``questions``
    (``question``; optional ``category`` and ``relevant``, indexes into the memories). Nothing answers a question of
    another file; those that name somebody whom the store is ``about`` are left out, since something might.
    Raises OSError, KeyError, ValueError.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise ValueError(f"there is no JSON file in {folder}")
    contents = [(path.stem, json.loads(path.read_text("utf-8"))) for path in paths]
    sets = [_from_json(name, data) for name, data in contents]
    people = [_words(str(memory.get("about") or "") for memory in data["memories"]) for _, data in contents]
    return Suite(
        name=folder.name,
        sets=tuple(
            replace(one, questions=one.questions + _foreign(one, sets, known))
            for one, known in zip(sets, people, strict=True)
        ),
    )


def _from_json(name: str, data: dict[str, list[dict[str, object]]]) -> RetrievalSet:
    memories, moment = [], _BEGIN - _PAUSE
    for number, item in enumerate(data["memories"]):
        moment = _moment(item.get("said_at"), moment + _PAUSE)
        tags = item.get("tags")
        memories.append(
            StoredMemory(
                id=str(number),
                owner=_ONLY_OWNER,
                value=str(item["text"]),
                said_at=moment,
                key=str(item["key"]) if item.get("key") else None,
                tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
            )
        )
    questions = tuple(
        Question(
            asker=_ONLY_OWNER,
            text=str(item["question"]),
            relevant=tuple(dict.fromkeys(_indexes(item.get("relevant"), len(memories)))),
            kind=str(item.get("category") or ""),
        )
        for item in data["questions"]
    )
    return RetrievalSet(name=name, memories=_in_order(memories), questions=questions)


def _indexes(relevant: object, count: int) -> Iterable[str]:
    for index in relevant if isinstance(relevant, list) else ():
        if not isinstance(index, int) or not 0 <= index < count:
            raise ValueError(f"there is no memory {index!r} among {count}")
        yield str(index)


def _foreign(one: RetrievalSet, sets: Sequence[RetrievalSet], people: set[str]) -> tuple[Question, ...]:
    """Return the questions of the other sets that name nobody whom this one is about."""
    return tuple(
        replace(question, relevant=(), kind=FOREIGN)
        for other in sets
        if other is not one
        for question in other.questions
        if question.relevant and not people & _words([question.text])
    )


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"\w+", text.casefold())}


def _moment(said_at: object, otherwise: float) -> float:
    """Return when something was said, in seconds since the epoch: a number, ISO 8601, or ``1:56 pm on 8 May, 2023``."""
    if isinstance(said_at, int | float):
        return float(said_at)
    text = str(said_at or "").strip()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        pass
    for form in _SPOKEN_TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return otherwise


def _in_order(memories: Iterable[StoredMemory]) -> tuple[StoredMemory, ...]:
    return tuple(sorted(memories, key=lambda memory: memory.said_at))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True))
