"""A batch of memories that come in: one look at what is here, and one change. Functions of a connection."""

from collections.abc import Mapping, Sequence
import json
import sqlite3

from ..models import ChangeKind, HistoryEntry, Memory
from ..storage import memories, spaces
from ..storage.candidates import Entry
from ..storage.changes import Change
from ..text import document_text
from .merging import SURFACE, Decision, Here, Incoming

type Words = tuple[str, str, tuple[str, ...]]
"""Key, value and tags, which make the text that is embedded. Making it takes longer than comparing these."""
type Vectors = Mapping[Words, bytes]


def look_up(connection: sqlite3.Connection, incoming: Sequence[Incoming], now: float) -> Here:
    """Return what is here of these memories, among those who may get them.

    What is expired does not hold its key any more, whether it has been taken out of sight already or not.
    """
    owners = dict.fromkeys(item.memory.owner for item in incoming)
    ids = json.dumps([item.memory.id for item in incoming])
    condition, parameters = memories.owner_condition([*owners])
    found = memories.find(
        connection, f"id IN (SELECT value FROM json_each(:ids)) AND +{condition}", {**parameters, "ids": ids}
    )
    by_id = {memory.id: (seq, memory) for seq, memory in found}
    taken = connection.execute("SELECT id FROM memory WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    by_key: dict[tuple[str, str], tuple[int | None, Memory]] = {}
    for owner in owners:
        keys = [name for item in incoming if item.memory.owner == owner for name in item.names]
        live = memories.find(
            connection,
            f"owner = :owner AND key IN (SELECT value FROM json_each(:keys)) AND {memories.LIVE}",
            {"owner": owner, "keys": json.dumps(keys), "now": now},
        )
        by_key.update(((owner, memory.key), (seq, memory)) for seq, memory in live)
    return Here(by_id, by_key, {id_ for (id_,) in taken} - by_id.keys(), _touched(connection, [*by_id]))


def _touched(connection: sqlite3.Connection, ids: Sequence[str]) -> set[str]:
    """Return which of the memories were changed last by somebody, and not by an import."""
    last = (
        "SELECT surface FROM history WHERE memory_seq = memory.seq AND kind IN ('set', 'change')"
        " ORDER BY history.id DESC LIMIT 1"
    )
    rows = connection.execute(
        f"SELECT id FROM memory WHERE id IN (SELECT value FROM json_each(:ids)) AND ({last}) IS NOT :surface",
        {"ids": json.dumps(ids), "surface": SURFACE},
    )
    return {id_ for (id_,) in rows}


def store(change: Change, decisions: Sequence[Decision], vectors: Vectors, space_id: int | None) -> None:
    """Carry out what was decided. Memories without a vector in the space wait for theirs."""
    entries: list[Entry] = []
    for decision in decisions:
        seq = _write(change, decision)
        blob = vectors.get(words_of(decision.after))
        if blob is not None:
            entries.append(Entry(seq, decision.after.owner, blob))
    if entries and space_id in spaces.space_ids(change.connection):
        fresh = [entry for entry in entries if _add_vector(change.connection, space_id, entry)]
        change.index.put(change.connection, space_id, fresh)


def words_of(memory: Memory) -> Words:
    """Return what the embedded text of a memory is made of."""
    return (memory.key, memory.value, memory.tags)


def _write(change: Change, decision: Decision) -> int:
    """Write a memory with its history; return its seq."""
    connection, after = change.connection, decision.after
    before: Memory | None = None
    if decision.before is None:
        seq = memories.insert(connection, after)
        _record_again(connection, seq, decision.incoming.history)
    else:
        seq, before = decision.before
        changed = document_text(*words_of(before)) != document_text(*words_of(after))
        memories.replace(connection, seq, after, reembed=changed)
        if changed:
            spaces.discard_vectors(connection, [seq], change.index)
        elif before.deleted_at is not None:
            spaces.reindex(connection, [seq], change.index)
    memories.record(
        connection,
        seq,
        at=change.now,
        kind=ChangeKind.SET,
        actor=change.actor,
        surface=after.source.surface,
        before=before,
        after=after,
    )
    return seq


def _record_again(connection: sqlite3.Connection, seq: int, history: Sequence[HistoryEntry]) -> None:
    """Write what an export knows of a memory's past."""
    connection.executemany(
        "INSERT INTO history (memory_seq, at, kind, actor, surface, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (seq, entry.at, entry.kind, entry.actor, entry.surface, _as_json(entry.before), _as_json(entry.after))
            for entry in history
        ),
    )


def _as_json(state: dict[str, object] | None) -> str | None:
    return None if state is None else json.dumps(state, ensure_ascii=False)


def _add_vector(connection: sqlite3.Connection, space_id: int | None, entry: Entry) -> bool:
    added = connection.execute(
        "INSERT INTO vector VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (space_id, entry.seq, entry.embedding)
    )
    return added.rowcount > 0
