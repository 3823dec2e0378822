"""The household set keeps its own rules, and folders of JSON files are read."""

from collections import Counter
from datetime import UTC, datetime
import json
from pathlib import Path
import re
import sqlite3

import pytest

from benchmarks.quality.retrieval_set import FOREIGN, HOUSEHOLD, PEOPLE, RetrievalSet, load_folder, load_household
from custom_components.semantic_memory.memory.models import Category

# Words that carry no content; auxiliaries, pronouns, prepositions, and the fillers of questions.
FUNCTION_WORDS = """
a about again all and any anybody are as at be been both but by can could d did do does don each every for from get
gets go goes got had has have he her here him his how i if in into is isn it its just let ll long m many may me
might more most much must my no nobody not nothing now of off often on one only or other our out over own please
re s same shall she should so some somebody something t than that the their them then there these they this those
to too under until up us ve very was we were what whatever when where which who whom whose why will with would
you your
"""


@pytest.fixture(scope="module")
def household() -> RetrievalSet:
    """Return the set of our own."""
    (one,) = load_household().sets
    return one


def content_words(texts: list[str]) -> list[frozenset[str]]:
    """Return the stems (Porter's, as FTS5 makes them) of each text's words that are not function words."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE text USING fts5 (words, tokenize = 'porter unicode61')")
    connection.execute("CREATE VIRTUAL TABLE stem USING fts5vocab (text, 'instance')")
    function_words = set(FUNCTION_WORDS.split())
    for number, text in enumerate(texts):
        kept = [word for word in re.findall(r"[^\W_]+", text.lower()) if word not in function_words]
        connection.execute("INSERT INTO text (rowid, words) VALUES (?, ?)", (number, " ".join(kept)))
    stems: list[set[str]] = [set() for _ in texts]
    for number, stem in connection.execute("SELECT doc, term FROM stem"):
        stems[number].add(stem)
    connection.close()
    return [frozenset(found) for found in stems]


def test_it_is_large_enough(household: RetrievalSet) -> None:
    assert len(household.memories) >= 300
    assert len(household.questions) >= 600
    assert {memory.owner for memory in household.memories} == {HOUSEHOLD, *PEOPLE}
    assert {question.asker for question in household.questions} == set(PEOPLE)
    assert len({memory.language for memory in household.memories}) == 7
    levels = Counter(question.level for question in household.questions)
    assert levels.keys() == {"easy", "medium", "hard", "none"}
    assert levels["hard"] >= sum(levels[level] for level in ("easy", "medium", "hard")) / 3
    assert levels["none"] >= 60


def test_its_memories_are_well_formed(household: RetrievalSet) -> None:
    assert len({memory.id for memory in household.memories}) == len(household.memories)
    assert len({(memory.owner, memory.key) for memory in household.memories}) == len(household.memories)
    assert {memory.category for memory in household.memories} <= set(Category)
    assert all(memory.value and memory.key and all(memory.tags) for memory in household.memories)
    moments = [memory.said_at for memory in household.memories]
    assert moments == sorted(moments)


def test_questions_name_what_their_asker_may_see(household: RetrievalSet) -> None:
    owners = {memory.id: memory.owner for memory in household.memories}
    for question in household.questions:
        assert len(set(question.relevant)) == len(question.relevant)
        assert {owners[key] for key in question.relevant} <= {question.asker, HOUSEHOLD}, question


def test_unanswerable_questions_have_no_relevant_memory(household: RetrievalSet) -> None:
    for question in household.questions:
        assert (question.level == "none") == (not question.relevant), question
        assert (question.level == "none") == (question.kind in {"nothing", "private"}), question
        if question.kind == "private":  # somebody else is named, whose own it is
            others = [person for person in PEOPLE if person != question.asker]
            assert any(person in question.text.lower() for person in others), question


def test_nothing_is_asked_twice_by_the_same_person(household: RetrievalSet) -> None:
    asked = Counter((question.asker, question.text) for question in household.questions)
    assert [key for key, count in asked.items() if count > 1] == []


def test_hard_questions_share_at_most_one_content_word_with_what_answers_them(household: RetrievalSet) -> None:
    texts = {memory.id: f"{memory.key} {memory.value} {' '.join(memory.tags)}" for memory in household.memories}
    pairs = [
        (question, texts[key])
        for question in household.questions
        if question.level == "hard"
        for key in question.relevant
    ]
    asked = content_words([question.text for question, _ in pairs])
    told = content_words([text.replace("_", " ") for _, text in pairs])
    shared = [
        (question.text, sorted(one & other))
        for (question, _), one, other in zip(pairs, asked, told, strict=True)
        if len(one & other) > 1
    ]
    assert shared == []


def test_what_is_superseded_was_said_before(household: RetrievalSet) -> None:
    memories = {memory.id: memory for memory in household.memories}
    answers = {key for question in household.questions if question.kind == "changed" for key in question.relevant}
    pairs = [(f"u{number:02}", f"u{number + 1:02}") for number in range(1, 27, 2)]
    for old, new in pairs:
        assert memories[old].said_at < memories[new].said_at
        assert memories[old].owner == memories[new].owner
        assert new in answers
        assert old not in answers


def test_every_other_memory_answers_something(household: RetrievalSet) -> None:
    asked = {key for question in household.questions for key in question.relevant}
    superseded = {f"u{number:02}" for number in range(1, 27, 2)}
    assert {memory.id for memory in household.memories} - asked == superseded


def test_the_first_memories_keep_their_questions(household: RetrievalSet) -> None:
    few = household.first(50)
    ids = {memory.id for memory in few.memories}
    assert len(few.memories) == 50
    assert any(question.relevant for question in few.questions)
    assert any(not question.relevant for question in few.questions)
    assert all(ids.issuperset(question.relevant) for question in few.questions)


def write(folder: Path, name: str, **content: object) -> None:
    """Write a file of a folder to read."""
    (folder / f"{name}.json").write_text(json.dumps(content))


def test_a_folder_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        "b",
        memories=[
            {"text": "Later", "about": "Ada", "said_at": "1:56 pm on 8 May, 2023", "turns": ["D1:3"]},
            {"text": "Earlier", "about": "Ada", "said_at": "2023-05-01"},
        ],
        questions=[
            {"question": "Which?", "category": 2, "relevant": [1, 1, 0]},
            {"question": "Does Bo know?", "relevant": []},
            {"question": "What does Bo like?", "relevant": [0]},
        ],
    )
    write(
        tmp_path, "c", memories=[{"text": "Bare", "about": "Bo"}, {"text": "Bones"}], questions=[{"question": "Where?"}]
    )
    suite = load_folder(tmp_path)
    assert suite.name == tmp_path.name
    first, second = suite.sets
    assert [(memory.id, memory.value) for memory in first.memories] == [("1", "Earlier"), ("0", "Later")]
    assert first.memories[1].said_at == datetime(2023, 5, 8, 13, 56, tzinfo=UTC).timestamp()
    assert [(question.text, question.relevant, question.kind) for question in first.questions] == [
        ("Which?", ("1", "0"), "2"),
        ("Does Bo know?", (), ""),
        ("What does Bo like?", ("0",), ""),
    ]
    assert second.memories[0].said_at < second.memories[1].said_at
    # Of the other file's questions: not what Bo is asked about here, and not what nothing answers there either.
    assert [(question.text, question.relevant, question.kind) for question in second.questions] == [
        ("Where?", (), ""),
        ("Which?", (), FOREIGN),
    ]


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no JSON file"):
        load_folder(tmp_path)


def test_a_reference_to_no_memory_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a", memories=[{"text": "One"}], questions=[{"question": "Two?", "relevant": [1]}])
    with pytest.raises(ValueError, match="no memory 1 among 1"):
        load_folder(tmp_path)
