"""Rows that go into a vec0 table, change and leave, and what has to be found then, counted without sqlite-vec."""

from dataclasses import dataclass
from itertools import islice
import math
import random
import struct
from typing import Final

BITS: Final = 768
NUMBERS: Final = 64
OWNERS: Final = ("anna", "bert", "household")
ROWS: Final = 400
CHANGED: Final = range(1, ROWS, 7)
"""In their numbers; no release of sqlite-vec can update bits so far."""
DELETED: Final = range(3, ROWS, 5)
QUESTIONS: Final = 20
WANTED: Final = 25
_TOLERANCE: Final = 1e-5
"""Relative: sqlite-vec adds up in single precision."""

_TABLE: Final = (
    f"CREATE VIRTUAL TABLE probe USING vec0 (owner TEXT PARTITION KEY, code BIT[{BITS}], place FLOAT[{NUMBERS}])"
)


@dataclass
class Row:
    """What is stored under a number."""

    owner: str
    code: int
    place: tuple[float, ...]


@dataclass(frozen=True)
class Question:
    """A search and its answer: every row of the owner with its distance, nearest first."""

    sql: str
    distances: dict[int, float]


def story(seed: int = 20) -> tuple[list[str], list[Question]]:
    """Return the statements that fill the table, and what to ask then."""
    dice = random.Random(seed)  # noqa: S311 - made up, the same each time
    statements, rows = [_TABLE], {number: _row(dice) for number in range(1, ROWS + 1)}
    statements += [_insertion(number, row) for number, row in rows.items()]
    for number in CHANGED:
        rows[number].place = _place(dice)
        statements.append(f"UPDATE probe SET place = {_numbers(rows[number].place)} WHERE rowid = {number}")
    for number in DELETED:
        del rows[number]
        statements.append(f"DELETE FROM probe WHERE rowid = {number}")
    for number in islice(DELETED, 10):  # a number may be used again
        rows[number] = _row(dice)
        statements.append(_insertion(number, rows[number]))
    return statements, [_question(dice, rows, number) for number in range(QUESTIONS)]


def compare(question: Question, found: list[str]) -> str | None:
    """Return what is wrong with the rows that were found, ``None`` if nothing is."""
    nearest = sorted(question.distances.values())[:WANTED]
    if len(found) != len(nearest):
        return f"{len(found)} rows instead of {len(nearest)}"
    for line, expected in zip(found, nearest, strict=True):
        number, distance = line.split("\t")
        right = question.distances.get(int(number))
        if right is None:
            return f"row {number} is not the owner's, or no longer there"
        if not _equal(float(distance), right) or not _equal(right, expected):
            return f"row {number} at {distance} instead of {right}, where {expected} comes next"
    return None


def _question(dice: random.Random, rows: dict[int, Row], number: int) -> Question:
    owner = dice.choice(OWNERS)
    own = {at: row for at, row in rows.items() if row.owner == owner}
    select = f"SELECT rowid, distance FROM probe WHERE owner = '{owner}' AND k = {WANTED} AND"
    if number % 2:
        code = _code(dice)
        distances = {at: float((row.code ^ code).bit_count()) for at, row in own.items()}
        return Question(f"{select} code MATCH {_bits(code)}", distances)
    place = _place(dice)
    return Question(
        f"{select} place MATCH {_numbers(place)}", {at: math.dist(row.place, place) for at, row in own.items()}
    )


def _row(dice: random.Random) -> Row:
    return Row(dice.choice(OWNERS), _code(dice), _place(dice))


def _code(dice: random.Random) -> int:
    return dice.getrandbits(BITS)


def _place(dice: random.Random) -> tuple[float, ...]:
    """Return numbers that single precision holds exactly."""
    form = f"<{NUMBERS}f"
    return struct.unpack(form, struct.pack(form, *(dice.gauss() for _ in range(NUMBERS))))


def _insertion(number: int, row: Row) -> str:
    values = f"{number}, '{row.owner}', {_bits(row.code)}, {_numbers(row.place)}"
    return f"INSERT INTO probe (rowid, owner, code, place) VALUES ({values})"


def _bits(code: int) -> str:
    return f"vec_bit(X'{code.to_bytes(BITS // 8).hex()}')"


def _numbers(place: tuple[float, ...]) -> str:
    return f"X'{struct.pack(f'<{NUMBERS}f', *place).hex()}'"


def _equal(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
