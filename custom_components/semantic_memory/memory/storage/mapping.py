"""Reading what a map of the memories shows. Functions of a reader's connection."""

from array import array
import json
import sqlite3
from typing import Final, NamedTuple

from ..models import Category
from .candidates import FITTING
from .exports import Seqs
from .filters import Conditions

_VALUE: Final = 80
"""Characters of a value that are shown."""
_SPREAD: Final = 2_654_435_761
"""Two to the 32nd, divided by the golden ratio: multiples of it are spread evenly, so no time is left out."""
_PLACED: Final = "EXISTS (SELECT 1 FROM vector WHERE space_id = :space_id AND memory_seq = seq)"
"""Looks at the index of the vectors, not at the vectors: they are as large as everything else together."""


class Place(NamedTuple):
    """A memory on the map, without where it lies."""

    id: str
    key: str
    value: str
    owner: str
    category: Category
    pinned: bool
    expires_at: float | None


class Chosen(NamedTuple):
    """What a map is made of."""

    seqs: Seqs
    total: int
    """How many memories there are."""
    placed: int
    """How many of them have a vector."""


def choose(connection: sqlite3.Connection, conditions: Conditions, space_id: int, limit: int) -> Chosen:
    """Return up to ``limit`` memories that have a vector in the space, in an order that prefers none."""
    rows = connection.execute(
        f"SELECT seq FROM memory WHERE {conditions.sql} AND {_PLACED} ORDER BY (seq * {_SPREAD}) & {0xFFFF_FFFF}",
        {**conditions.parameters, "space_id": space_id},
    )
    seqs = array("q", (seq for (seq,) in rows))
    return Chosen(seqs[:limit], conditions.count(connection), len(seqs))


def read(
    connection: sqlite3.Connection, conditions: Conditions, space_id: int, seqs: Seqs
) -> tuple[list[Place], list[bytes]]:
    """Return those of the memories that are still there, and their vectors, in one order."""
    # The unary plus keeps SQLite from walking through all of an owner's memories by index to find these few.
    rows = connection.execute(
        f"SELECT id, key, substr(value, 1, {_VALUE}), owner, category, pinned, expires_at, embedding"
        " FROM memory JOIN vector ON memory_seq = seq AND space_id = :space_id"
        f" WHERE seq IN (SELECT value FROM json_each(:seqs)) AND {conditions.by_seq} AND {FITTING}",
        {**conditions.parameters, "space_id": space_id, "seqs": json.dumps(seqs.tolist())},
    )
    places, embeddings = [], []
    for id_, key, value, owner, category, pinned, expires_at, embedding in rows:
        places.append(Place(id_, key, value, owner, Category(category), bool(pinned), expires_at))
        embeddings.append(embedding)
    return places, embeddings


def count_placed(connection: sqlite3.Connection, conditions: Conditions, space_id: int) -> int:
    """Return how many of the memories have a vector in the space."""
    (count,) = connection.execute(
        f"SELECT count(*) FROM memory WHERE {conditions.sql} AND {_PLACED}",
        {**conditions.parameters, "space_id": space_id},
    ).fetchone()
    return int(count)
