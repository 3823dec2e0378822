"""Changing memories: row, history, word index, vectors and bit index together, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
import sqlite3
from typing import Final, NamedTuple

from .. import drafts, policy, text, undoing
from ..answers import Outcome
from ..drafts import Prepared
from ..errors import InvalidInputError, KeyInUseError, MemoryNotFoundError
from ..models import Caller, ChangeKind, EngineSettings, Memory, MemoryChanges, MemoryFilter, Source
from . import memories, spaces, words
from .candidates import CandidateIndex, Entry
from .filters import Conditions

_NEAREST: Final = 20
_TELLING_WORDS: Final = 8
"""A memory that says the same has most of a draft's words, so some of its rarest ones too."""


class KnownVector(NamedTuple):
    """A vector that was made before the memory was stored."""

    space_id: int
    text: str
    """What was embedded."""
    embedding: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes something, when, and by which rules."""

    connection: sqlite3.Connection
    index: CandidateIndex
    settings: EngineSettings
    now: float
    actor: str | None
    expired: list[Memory] = field(default_factory=list)
    """What expired on the way."""

    def remember(self, prepared: Prepared, vector: KnownVector | None) -> tuple[Outcome, Memory, Memory | None]:
        """Add or update a memory; return what happened, how it is now and how it was."""
        self.expire()
        found = self._existing(prepared)
        if found is None:
            memory = drafts.created(self._with_free_key(prepared), self.now, self.settings)
            seq = memories.insert(self.connection, memory)
            self._record(seq, ChangeKind.SET, memory.source.surface, None, memory)
            self._store_vector(seq, memory, vector)
            return Outcome.ADDED, memory, None
        seq, before = found
        after = drafts.updated(before, prepared, self.now, self.settings)
        if after == replace(before, expires_at=after.expires_at):
            memories.replace(self.connection, seq, after, reembed=False)
            return Outcome.UNCHANGED, after, before
        self._replace(seq, ChangeKind.SET, prepared.source.surface, before, after)
        self._store_vector(seq, after, vector)
        return Outcome.UPDATED, after, before

    def edit(
        self, owners: Sequence[str], reference: str, caller: Caller, changes: MemoryChanges
    ) -> tuple[Memory, Memory]:
        """Change one memory; return how it was and is. Raises MemoryNotFoundError, KeyInUseError, NotAllowedError."""
        self.expire()
        seq, before = self.require(owners, reference)
        after = drafts.edited(before, caller, changes, self.now, self.settings)
        self._apply(caller, seq, before, after, changes.source)
        return before, after

    def undo(
        self, owners: Sequence[str], reference: str, caller: Caller, entry_id: int, source: Source
    ) -> tuple[Memory, Memory]:
        """Bring back how a memory was before a line of its history; return how it was and is.

        Raises MemoryNotFoundError, InvalidInputError (see ``undoing``), KeyInUseError, NotAllowedError.
        """
        self.expire()
        seq, before = find_any(self.connection, owners, reference, self.now)
        lines = memories.history(self.connection, seq, owners)
        entry = undoing.require(caller, before, next((line for line in lines if line.id == entry_id), None))
        if before.deleted_at is not None:
            return self.restore(owners, before.id, source)
        after = drafts.reverted(before, entry.before or {}, self.now, self.settings)
        self._apply(caller, seq, before, after, source)
        return before, after

    def _apply(self, caller: Caller, seq: int, before: Memory, after: Memory, source: Source) -> None:
        if after != before:
            policy.require_may_move(caller, before, after)
            self._refuse_taken_key(after, seq)
            self._replace(seq, ChangeKind.CHANGE, source.surface, before, after)

    def forget(self, found: Sequence[tuple[int, Memory]], kind: ChangeKind, surface: str) -> list[Memory]:
        """Take memories out of sight; they can be restored."""
        gone = []
        for seq, before in found:
            after = replace(before, deleted_at=self.now)
            memories.replace(self.connection, seq, after, reembed=False)
            self._record(seq, kind, surface, before, None)
            gone.append(after)
        self.index.remove(self.connection, spaces.space_ids(self.connection), [seq for seq, _ in found])
        return gone

    def expire(self) -> list[Memory]:
        """Take out of sight what has expired; until then it holds its key and is in nobody's list."""
        due = memories.find(self.connection, "deleted_at IS NULL AND expires_at <= :now", {"now": self.now})
        gone = replace(self, actor=None).forget(due, ChangeKind.EXPIRE, "maintenance") if due else []
        self.expired.extend(gone)
        return gone

    def purge(self, found: Sequence[tuple[int, Memory]]) -> None:
        """Delete memories, their history and everything derived from them."""
        live = [seq for seq, memory in found if memory.deleted_at is None]
        self.index.remove(self.connection, spaces.space_ids(self.connection), live)
        memories.purge(self.connection, [seq for seq, _ in found])

    def restore(self, owners: Sequence[str], reference: str, source: Source) -> tuple[Memory, Memory]:
        """Bring a forgotten memory back; return how it was and is. Raises MemoryNotFoundError, KeyInUseError."""
        self.expire()
        found = self._by_reference(owners, reference, forgotten=True)
        if not found:
            raise MemoryNotFoundError(reference)
        seq, before = max(found, key=lambda item: item[1].deleted_at or 0.0)
        after = drafts.restored(before, self.now, self.settings)
        self._refuse_taken_key(after, seq)
        memories.replace(self.connection, seq, after, reembed=False)
        self._record(seq, ChangeKind.RESTORE, source.surface, None, after)
        spaces.reindex(self.connection, [seq], self.index)
        return before, after

    def require(self, owners: Sequence[str], reference: str) -> tuple[int, Memory]:
        """Return the live memory with this key or id, the first owner's first. Raises MemoryNotFoundError."""
        return require(self.connection, owners, reference, self.now)

    def select(self, owners: Sequence[str], references: Sequence[str], where: MemoryFilter | None) -> dict[int, Memory]:
        """Return the memories that are named, and those that the filter means. Raises MemoryNotFoundError."""
        found = dict(self.require(owners, reference) for reference in references)
        if where is not None:
            conditions = Conditions(owners, where, self.now)
            found.update(memories.find(self.connection, conditions.sql, conditions.parameters))
        return found

    def require_purgeable(self, owners: Sequence[str], references: Sequence[str]) -> dict[int, Memory]:
        """Return the memories that are named, also those forgotten already. Raises MemoryNotFoundError."""
        self.expire()
        found: dict[int, Memory] = {}
        for reference in references:
            live = self._by_reference(owners, reference, forgotten=False)
            forgotten = self._by_reference(owners, reference, forgotten=True)
            if not live and not forgotten:
                raise MemoryNotFoundError(reference)
            # The same key of the other owner is not meant: see require.
            owner = min((memory.owner for _, memory in live or forgotten), key=owners.index)
            found.update((seq, memory) for seq, memory in (*live, *forgotten) if memory.owner == owner)
        return found

    def _existing(self, prepared: Prepared) -> tuple[int, Memory] | None:
        """Return the memory that the draft is about: the one with its key, or one that says the same."""
        parameters: dict[str, object] = {"owner": prepared.owner, "key": prepared.key}
        same_key = memories.find(self.connection, "owner = :owner AND key = :key AND deleted_at IS NULL", parameters)
        if not prepared.key_is_derived:
            return same_key[0] if same_key else None
        if prepared.force_new:
            return None
        return next((item for item in [*same_key, *self._nearest(prepared)] if _repeats(item[1], prepared)), None)

    def _nearest(self, prepared: Prepared) -> list[tuple[int, Memory]]:
        """Return the owner's memories that share most words with the draft."""
        terms = words.rarest(self.connection, text.query_words(prepared.value), _TELLING_WORDS)
        if not terms:
            return []
        conditions = Conditions([prepared.owner], MemoryFilter(), self.now)
        rows = self.connection.execute(
            "SELECT seq FROM memory_fts JOIN memory ON seq = memory_fts.rowid"
            f" WHERE memory_fts MATCH :match AND {conditions.by_seq} ORDER BY bm25(memory_fts) LIMIT {_NEAREST}",
            {**conditions.parameters, "match": text.match_any(terms)},
        )
        return conditions.memories(self.connection, [seq for (seq,) in rows.fetchall()])

    def _with_free_key(self, prepared: Prepared) -> Prepared:
        """Return the draft with a key that its owner does not use: a derived key must not overwrite another memory."""
        if not prepared.key_is_derived:
            return prepared
        taken = {
            key
            for (key,) in self.connection.execute(
                "SELECT key FROM memory WHERE owner = ? AND deleted_at IS NULL AND key >= ? AND key < ?",
                (prepared.owner, prepared.key, f"{prepared.key}_\U0010ffff"),
            )
        }
        key, number = prepared.key, 2
        while key in taken:
            key, number = f"{prepared.key}_{number}", number + 1
        return replace(prepared, key=key)

    def _refuse_taken_key(self, memory: Memory, seq: int) -> None:
        row = self.connection.execute(
            "SELECT 1 FROM memory WHERE owner = ? AND key = ? AND deleted_at IS NULL AND seq <> ?",
            (memory.owner, memory.key, seq),
        ).fetchone()
        if row is not None:
            raise KeyInUseError(memory.key)

    def _replace(self, seq: int, kind: ChangeKind, surface: str, before: Memory, after: Memory) -> None:
        reembed = _embedded_text(before) != _embedded_text(after)
        memories.replace(self.connection, seq, after, reembed=reembed)
        self._record(seq, kind, surface, before, after)
        if reembed:
            spaces.discard_vectors(self.connection, [seq], self.index)
        elif before.owner != after.owner:
            self.index.remove(self.connection, spaces.space_ids(self.connection), [seq])
            spaces.reindex(self.connection, [seq], self.index)

    def _store_vector(self, seq: int, memory: Memory, vector: KnownVector | None) -> None:
        """Store a vector that is known already, if it is that of the memory's text and the memory waits for it."""
        if vector is None or vector.text != _embedded_text(memory):
            return
        added = self.connection.execute(
            "INSERT INTO vector SELECT id, ?, ? FROM space WHERE id = ? ON CONFLICT DO NOTHING",
            (seq, vector.embedding, vector.space_id),
        ).rowcount
        if added:
            self.index.put(self.connection, vector.space_id, [Entry(seq, memory.owner, vector.embedding)])

    def _record(self, seq: int, kind: ChangeKind, surface: str, before: Memory | None, after: Memory | None) -> None:
        memories.record(
            self.connection, seq, at=self.now, kind=kind, actor=self.actor, surface=surface, before=before, after=after
        )

    def _by_reference(self, owners: Sequence[str], reference: str, *, forgotten: bool) -> list[tuple[int, Memory]]:
        return by_reference(self.connection, owners, reference, self.now, forgotten=forgotten)


def require(connection: sqlite3.Connection, owners: Sequence[str], reference: str, now: float) -> tuple[int, Memory]:
    """Return the live memory with this key or id, the first owner's first. Raises MemoryNotFoundError."""
    found = by_reference(connection, owners, reference, now, forgotten=False)
    if not found:
        raise MemoryNotFoundError(reference)
    return min(found, key=lambda item: owners.index(item[1].owner))


def find_any(connection: sqlite3.Connection, owners: Sequence[str], reference: str, now: float) -> tuple[int, Memory]:
    """Return the memory with this key or id, a live one rather than one forgotten. Raises MemoryNotFoundError."""
    found = by_reference(connection, owners, reference, now, forgotten=False)
    found = found or by_reference(connection, owners, reference, now, forgotten=True)
    if not found:
        raise MemoryNotFoundError(reference)
    return min(found, key=lambda item: (owners.index(item[1].owner), -(item[1].deleted_at or 0.0)))


def by_reference(
    connection: sqlite3.Connection, owners: Sequence[str], reference: str, now: float, *, forgotten: bool
) -> list[tuple[int, Memory]]:
    """Return the owners' memories, live or forgotten ones, with this id or key."""
    conditions = Conditions(owners, MemoryFilter(forgotten=forgotten), now)
    try:
        key = text.normalise_key(reference)
    except InvalidInputError:
        key = ""
    named = {"id": text.storable(reference).strip().upper(), "key": key}
    # One after the other: for both in one condition SQLite would look through all of an owner's memories.
    found = dict(memories.find(connection, f"id = :id AND {conditions.by_seq}", conditions.parameters | named))
    found.update(memories.find(connection, f"key = :key AND {conditions.sql}", conditions.parameters | named))
    return list(found.items())


def _repeats(memory: Memory, prepared: Prepared) -> bool:
    return memory.scope is prepared.scope and text.says_the_same(memory.value, prepared.value)


def _embedded_text(memory: Memory) -> str:
    return text.document_text(memory.key, memory.value, memory.tags)
