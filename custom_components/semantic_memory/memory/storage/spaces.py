"""Embedding spaces, their vectors, and the queue of memories that wait for one. Functions of a connection."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
import json
import sqlite3
from typing import NamedTuple

from ..embedding.base import SpaceKey
from ..embedding.calibration import Calibration
from ..text import document_text
from .candidates import FITTING, CandidateIndex, Entry


@dataclass(frozen=True, slots=True)
class Space:
    """A space that has vectors in the database."""

    id: int
    key: SpaceKey
    calibration: Calibration
    ready: bool
    """It has been complete once; from then on it serves, and memories that wait are few."""


class Waiting(NamedTuple):
    """A memory that waits for its vector."""

    seq: int
    revision: int
    owner: str
    text: str


def all_spaces(connection: sqlite3.Connection) -> list[Space]:
    """Return the spaces, the oldest first."""
    rows = connection.execute(
        "SELECT id, model, dimension, template, fingerprint, calibration_low, calibration_high, ready"
        " FROM space ORDER BY id"
    )
    return [
        Space(id_, SpaceKey(model, dimension, template, fingerprint), Calibration(low, high), bool(ready))
        for id_, model, dimension, template, fingerprint, low, high, ready in rows
    ]


def add(connection: sqlite3.Connection, key: SpaceKey, calibration: Calibration, index: CandidateIndex) -> Space:
    """Add a space, or return the one that is there."""
    connection.execute(
        "INSERT INTO space (model, dimension, template, fingerprint, calibration_low, calibration_high)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (key.model, key.dimension, key.template, key.fingerprint, calibration.low, calibration.high),
    )
    space = next(space for space in all_spaces(connection) if space.key == key)
    index.prepare(connection, space.id)
    return space


def drop(connection: sqlite3.Connection, space_id: int, index: CandidateIndex) -> None:
    """Drop a space with its vectors."""
    index.drop(connection, space_id)
    connection.execute("DELETE FROM space WHERE id = ?", (space_id,))


def clear(connection: sqlite3.Connection, space_id: int, index: CandidateIndex) -> None:
    """Drop the vectors of a space, so that every memory waits for a new one."""
    index.drop(connection, space_id)
    connection.execute("DELETE FROM vector WHERE space_id = ?", (space_id,))
    connection.execute("UPDATE space SET ready = 0, indexed = 0 WHERE id = ?", (space_id,))
    index.prepare(connection, space_id)


def mark_ready(connection: sqlite3.Connection, space_id: int) -> None:
    """Let a space serve."""
    connection.execute("UPDATE space SET ready = 1 WHERE id = ?", (space_id,))


def space_ids(connection: sqlite3.Connection) -> list[int]:
    """Return the ids of all spaces."""
    return [space_id for (space_id,) in connection.execute("SELECT id FROM space")]


def count_waiting(connection: sqlite3.Connection, space_id: int) -> int:
    """Return how many live memories have no vector in the space."""
    (count,) = connection.execute(
        "SELECT count(*) FROM memory m WHERE m.deleted_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM vector v WHERE v.space_id = ? AND v.memory_seq = m.seq)",
        (space_id,),
    ).fetchone()
    return int(count)


def waiting(
    connection: sqlite3.Connection, space_id: int, after: int, limit: int, ids: Collection[str] | None = None
) -> list[Waiting]:
    """Return the next memories, in the order of their seq beyond ``after``, that have no vector in the space.

    With ``ids``, only these memories are looked at.
    """
    among = "" if ids is None else " AND m.id IN (SELECT value FROM json_each(:ids))"
    rows = connection.execute(
        "SELECT seq, revision, owner, key, value, tags FROM memory m"
        f" WHERE m.seq > :after AND m.deleted_at IS NULL{among} AND NOT EXISTS"
        " (SELECT 1 FROM vector v WHERE v.space_id = :space_id AND v.memory_seq = m.seq) ORDER BY seq LIMIT :limit",
        {"space_id": space_id, "after": after, "limit": limit, "ids": json.dumps(list(ids or ()))},
    )
    return [
        Waiting(seq, revision, owner, document_text(key, value, json.loads(tags)))
        for seq, revision, owner, key, value, tags in rows
    ]


def store(
    connection: sqlite3.Connection,
    space_id: int,
    items: Sequence[Waiting],
    embeddings: Sequence[bytes],
    index: CandidateIndex,
) -> None:
    """Store the vectors of memories that still are as they were when they were read.

    One that has changed meanwhile is left waiting; one that was forgotten is skipped, and so is a dropped space.
    """
    if connection.execute("SELECT 1 FROM space WHERE id = ?", (space_id,)).fetchone() is None:
        return
    fresh = []
    for item, embedding in zip(items, embeddings, strict=True):
        row = connection.execute(
            "SELECT owner FROM memory WHERE seq = ? AND revision = ? AND deleted_at IS NULL", (item.seq, item.revision)
        ).fetchone()
        if row is None:
            continue
        added = connection.execute(
            "INSERT INTO vector VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (space_id, item.seq, embedding)
        ).rowcount
        if added:
            fresh.append(Entry(item.seq, row[0], embedding))
    index.put(connection, space_id, fresh)


def discard_vectors(connection: sqlite3.Connection, seqs: Sequence[int], index: CandidateIndex) -> None:
    """Delete the vectors of memories whose text has changed: they wait again."""
    index.remove(connection, space_ids(connection), seqs)
    connection.executemany("DELETE FROM vector WHERE memory_seq = ?", [(seq,) for seq in seqs])


def reindex(connection: sqlite3.Connection, seqs: Sequence[int], index: CandidateIndex) -> None:
    """Bring live memories back into the indexes with the vectors that they have."""
    for space_id in space_ids(connection):
        entries = [
            Entry(*row)
            for seq in seqs
            for row in connection.execute(
                "SELECT m.seq, m.owner, v.embedding FROM vector v JOIN memory m ON m.seq = v.memory_seq"
                f" WHERE v.space_id = :space_id AND m.seq = :seq AND m.deleted_at IS NULL AND {FITTING}",
                {"space_id": space_id, "seq": seq},
            )
        ]
        index.put(connection, space_id, entries)


def embeddings_of(connection: sqlite3.Connection, space_id: int, seqs: Sequence[int]) -> dict[int, bytes]:
    """Return the vectors of these memories, as far as the space has them."""
    if not seqs:
        return {}
    return dict(
        connection.execute(
            "SELECT memory_seq, embedding FROM vector WHERE space_id = :space_id"
            f" AND memory_seq IN (SELECT value FROM json_each(:seqs)) AND {FITTING}",
            {"space_id": space_id, "seqs": json.dumps(list(seqs))},
        )
    )
