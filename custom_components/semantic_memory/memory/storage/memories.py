"""Rows of memories and their history. Functions of a connection; those that write run inside a transaction."""

from collections.abc import Iterable, Sequence
import json
import sqlite3
from typing import Any, Final

from ..models import Category, ChangeKind, HistoryEntry, Memory, Scope, Source
from ..text import index_pieces

_COLUMNS: Final = (
    "id, key, value, owner, scope, category, tags, confidence, pinned, surface, conversation_id, agent_id, device_id,"
    " area_id, created_at, updated_at, last_used_at, use_count, expires_at, deleted_at"
)
HISTORY_COLUMNS: Final = "at, kind, actor, surface, before, after, history.id"
LIVE: Final = "deleted_at IS NULL AND (expires_at IS NULL OR expires_at > :now)"
"""Neither forgotten nor expired."""


def owner_condition(owners: Sequence[str]) -> tuple[str, dict[str, object]]:
    """Return the SQL condition that lets only these owners' rows through, and its parameters."""
    names = {f"owner_{place}": owner for place, owner in enumerate(owners)}
    return f"owner IN ({', '.join(f':{name}' for name in names)})", dict(names)


def find(
    connection: sqlite3.Connection, condition: str, parameters: dict[str, object], tail: str = ""
) -> list[tuple[int, Memory]]:
    """Return (seq, memory) of the rows that meet a condition."""
    return [(seq, memory_of(row)) for seq, *row in rows(connection, condition, parameters, tail)]


def rows(
    connection: sqlite3.Connection, condition: str, parameters: dict[str, object], tail: str = ""
) -> sqlite3.Cursor:
    """Return the rows that meet a condition: seq, and what ``memory_of`` and ``text_of`` make something of."""
    return connection.execute(f"SELECT seq, {_COLUMNS} FROM memory WHERE {condition} {tail}", parameters)


def text_of(row: Sequence[Any]) -> str:
    """Return what a row says, the value last, which may be long: key, tags and value."""
    return f"{row[1]} {row[6]} {row[2]}"


def insert(connection: sqlite3.Connection, memory: Memory) -> int:
    """Add a memory and return its seq. Raises sqlite3.IntegrityError if its owner has the key already."""
    values = _to_row(memory)
    (seq,) = connection.execute(
        f"INSERT INTO memory ({', '.join(values)}) VALUES ({', '.join(f':{name}' for name in values)}) RETURNING seq",
        values,
    ).fetchone()
    return int(seq)


def replace(connection: sqlite3.Connection, seq: int, memory: Memory, *, reembed: bool) -> None:
    """Write every column of a memory anew; ``reembed`` says that its embedded text has changed."""
    values = _to_row(memory)
    connection.execute(
        f"UPDATE memory SET {', '.join(f'{name} = :{name}' for name in values)}, revision = revision + :reembed"
        " WHERE seq = :seq",
        {**values, "seq": seq, "reembed": reembed},
    )


def purge(connection: sqlite3.Connection, seqs: Sequence[int]) -> None:
    """Delete memories with their history and vectors."""
    connection.executemany("DELETE FROM memory WHERE seq = ?", [(seq,) for seq in seqs])


def touch(connection: sqlite3.Connection, uses: Iterable[tuple[str, int, float]]) -> None:
    """Count uses: (id, times, last time)."""
    connection.executemany(
        "UPDATE memory SET use_count = use_count + ?2, last_used_at = max(coalesce(last_used_at, 0), ?3) WHERE id = ?1",
        uses,
    )


def record(
    connection: sqlite3.Connection,
    seq: int,
    *,
    at: float,
    kind: ChangeKind,
    actor: str | None,
    surface: str,
    before: Memory | None,
    after: Memory | None,
) -> None:
    """Write one line of a memory's history."""
    connection.execute(
        "INSERT INTO history (memory_seq, at, kind, actor, surface, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (seq, at, kind, actor, surface, _as_json(before), _as_json(after)),
    )


def history(connection: sqlite3.Connection, seq: int, owners: Sequence[str]) -> tuple[HistoryEntry, ...]:
    """Return a memory's history, oldest first, as far as it was one of these owners'.

    What somebody shares with the household today may have been personal yesterday.
    """
    rows = connection.execute(f"SELECT {HISTORY_COLUMNS} FROM history WHERE memory_seq = ? ORDER BY id", (seq,))
    entries = (history_from_row(row, owners) for row in rows)
    return tuple(entry for entry in entries if entry.before is not None or entry.after is not None)


def history_from_row(row: Sequence[Any], owners: Sequence[str]) -> HistoryEntry:
    """Return one line of a history, with the states that were these owners' only."""
    at, kind, actor, surface, before, after, id_ = row
    return HistoryEntry(
        id=id_,
        at=at,
        kind=ChangeKind(kind),
        actor=actor,
        surface=surface,
        before=_seen_by(owners, before),
        after=_seen_by(owners, after),
    )


def _seen_by(owners: Sequence[str], state: str | None) -> dict[str, object] | None:
    """Return a memory as it was, ``None`` if it was not one of these owners'."""
    if state is None:
        return None
    fields: dict[str, object] = json.loads(state)
    return fields if fields["owner"] in owners else None


def _as_json(memory: Memory | None) -> str | None:
    """Return what people can change about a memory, as it was."""
    if memory is None:
        return None
    return json.dumps(
        {
            "key": memory.key,
            "value": memory.value,
            "owner": memory.owner,
            "scope": memory.scope,
            "category": memory.category,
            "tags": memory.tags,
            "confidence": memory.confidence,
            "pinned": memory.pinned,
            "expires_at": memory.expires_at,
        },
        ensure_ascii=False,
    )


def _to_row(memory: Memory) -> dict[str, Any]:
    return {
        "id": memory.id,
        "key": memory.key,
        "value": memory.value,
        "owner": memory.owner,
        "scope": memory.scope,
        "category": memory.category,
        "tags": json.dumps(memory.tags, ensure_ascii=False),
        "pieces": index_pieces(memory.key, memory.value, memory.tags),
        "confidence": memory.confidence,
        "pinned": memory.pinned,
        "surface": memory.source.surface,
        "conversation_id": memory.source.conversation_id,
        "agent_id": memory.source.agent_id,
        "device_id": memory.source.device_id,
        "area_id": memory.source.area_id,
        "created_at": memory.created_at,
        "updated_at": memory.updated_at,
        "last_used_at": memory.last_used_at,
        "use_count": memory.use_count,
        "expires_at": memory.expires_at,
        "deleted_at": memory.deleted_at,
    }


def memory_of(row: Sequence[Any]) -> Memory:
    """Return the memory of a row."""
    (id_, key, value, owner, scope, category, tags, confidence, pinned, *source) = row[:14]
    surface, conversation_id, agent_id, device_id, area_id = source
    created_at, updated_at, last_used_at, use_count, expires_at, deleted_at = row[14:]
    return Memory(
        id=id_,
        key=key,
        value=value,
        owner=owner,
        scope=Scope(scope),
        category=Category(category),
        tags=tuple(json.loads(tags)),
        confidence=confidence,
        pinned=bool(pinned),
        source=Source(
            surface=surface,
            conversation_id=conversation_id,
            agent_id=agent_id,
            device_id=device_id,
            area_id=area_id,
        ),
        created_at=created_at,
        updated_at=updated_at,
        last_used_at=last_used_at,
        use_count=use_count,
        expires_at=expires_at,
        deleted_at=deleted_at,
    )
