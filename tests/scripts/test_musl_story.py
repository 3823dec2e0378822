"""The rows and searches by which sqlite-vec is judged on musl, tried on the sqlite-vec of this machine."""

from collections.abc import Iterator
import sqlite3

import pytest
import sqlite_vec

from scripts.musl.story import Question, compare, story


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """Return a connection with sqlite-vec."""
    connection = sqlite3.connect(":memory:")
    connection.enable_load_extension(True)
    sqlite_vec.load(connection)
    yield connection
    connection.close()


def answer(connection: sqlite3.Connection, question: Question) -> list[str]:
    """Return what the probe would print."""
    return [f"{row}\t{distance!r}" for row, distance in connection.execute(question.sql)]


def test_the_official_package_passes(connection: sqlite3.Connection) -> None:
    statements, questions = story()
    for statement in statements:
        connection.execute(statement)
    assert [compare(question, answer(connection, question)) for question in questions] == [None] * len(questions)


@pytest.mark.parametrize("left_out", ["UPDATE", "DELETE", "INSERT"])
def test_a_table_that_misses_changes_does_not(connection: sqlite3.Connection, left_out: str) -> None:
    statements, questions = story()
    numbers = [number for number, statement in enumerate(statements) if statement.startswith(left_out)]
    for number, statement in enumerate(statements):
        # A row that was not deleted could not be inserted again.
        if number not in numbers[: len(numbers) // 2] and not (left_out == "DELETE" and number > numbers[-1]):
            connection.execute(statement)
    assert any(compare(question, answer(connection, question)) for question in questions)


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        (["1\t0.5", "2\t2.0"], None),
        (["2\t2.0", "1\t0.5"], "where 0.5 comes next"),
        (["1\t0.5", "2\t2.1"], "row 2 at 2.1 instead of 2.0"),
        (["1\t0.5"], "1 rows instead of 2"),
        (["1\t0.5", "3\t2.0"], "row 3 is not the owner's"),
    ],
)
def test_what_is_wrong_is_said(found: list[str], complaint: str | None) -> None:
    wrong = compare(Question("SELECT", {1: 0.5, 2: 2.0}), found)
    assert (wrong is None) if complaint is None else (wrong is not None and complaint in wrong)
