"""What a store should hold, as a list of records: the engine in a few lines, without a file, words or vectors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from custom_components.semantic_memory.memory.models import HOUSEHOLD, Caller, Category, Memory, MemoryFilter, Scope
from custom_components.semantic_memory.memory.text import says_the_same

from .fakes import DAY


@dataclass
class Record:
    """A memory as it should be. Its place in the list is its age."""

    id: str
    owner: str
    scope: Scope
    key: str
    value: str
    created_at: float
    category: Category = Category.GENERAL
    tags: tuple[str, ...] = ()
    pinned: bool = False
    expires_at: float | None = None
    updated_at: float = 0.0
    deleted_at: float | None = None
    history: list[str] = field(default_factory=list)
    """What happened, by kind."""
    moved: bool = False
    """Whether it has had two owners, who see a part of the history each."""

    def is_like(self, memory: Memory) -> bool:
        """Return whether the engine's memory is the same in everything."""
        mine = {name: value for name, value in vars(self).items() if name not in {"history", "moved"}}
        return mine == {name: getattr(memory, name) for name in mine}


class Model:
    """The records, and what each operation makes of them."""

    def __init__(self, now: Callable[[], float], *, default_days: float, forgotten_days: float) -> None:
        """Begin empty."""
        self.records: list[Record] = []
        self._now = now
        self._default_days = default_days
        self._forgotten_days = forgotten_days

    # What is seen

    def is_live(self, record: Record) -> bool:
        """Return whether it is neither forgotten nor expired."""
        return record.deleted_at is None and (record.expires_at is None or record.expires_at > self._now())

    def visible(self, caller: Caller) -> list[Record]:
        """Return what belongs to the caller or the household, the oldest first."""
        return [record for record in self.records if record.owner in (caller.user_id, HOUSEHOLD)]

    def meant(self, caller: Caller, where: MemoryFilter) -> list[Record]:
        """Return what the filter means, the oldest first."""
        return [record for record in self.visible(caller) if self._fits(record, where)]

    def _fits(self, record: Record, where: MemoryFilter) -> bool:
        there = record.deleted_at is not None if where.forgotten else self.is_live(record)
        words = f"{record.key} {record.value} {' '.join(record.tags)}"
        return (
            there
            and where.owner in (None, record.owner)
            and where.scope in (None, record.scope)
            and where.category in (None, record.category)
            and where.pinned in (None, record.pinned)
            and (where.tags is None or where.tags in record.tags)
            and (where.text is None or where.text in words)
            and (where.created_after is None or record.created_at >= where.created_after)
            and (where.updated_before is None or record.updated_at < where.updated_before)
        )

    def find(self, caller: Caller, reference: str) -> Record | None:
        """Return what a key or id means: the own memory, else the household's."""
        live = [r for r in self.visible(caller) if self.is_live(r) and reference in (r.key, r.id)]
        return min(live, key=lambda record: record.owner == HOUSEHOLD, default=None)

    def restorable(self, caller: Caller, reference: str) -> list[Record]:
        """Return what may be brought back: what went last of what the key or id means."""
        gone = [r for r in self.visible(caller) if not self.is_live(r) and reference in (r.key, r.id)]
        went = [self._now() if record.deleted_at is None else record.deleted_at for record in gone]
        return [record for record, at in zip(gone, went, strict=True) if at == max(went)]

    def taken(self, record: Record, owner: str, key: str) -> bool:
        """Return whether another live memory of that owner has the key."""
        others = (other for other in self.records if other is not record and self.is_live(other))
        return any((other.owner, other.key) == (owner, key) for other in others)

    def repeated(self, owner: str, scope: Scope, value: str) -> list[Record]:
        """Return the memories that a value without a key may repeat."""
        return [
            record
            for record in self.records
            if self.is_live(record)
            and (record.owner, record.scope) == (owner, scope)
            and says_the_same(record.value, value)
        ]

    # What happens

    def until(self, record: Record, days: float | None) -> float | None:
        """Return when a memory ends that is stored or prolonged now."""
        if days is None:
            if record.pinned:
                return None
            days = 1.0 if record.scope is Scope.SESSION else self._default_days
        return self._now() + days * DAY if days else None

    def add(self, record: Record, days: float | None) -> None:
        """Store a new memory."""
        record.updated_at = self._now()
        record.expires_at = self.until(record, days)
        record.history.append("set")
        self.records.append(record)

    def say_again(self, record: Record, days: float | None, **said: object) -> bool:
        """Store a memory that is there; return whether that changed anything but its end."""
        before = replace(record)
        for name, value in said.items():
            setattr(record, name, value)
        changed = record != before
        if changed:
            record.updated_at = self._now()
            record.history.append("set")
        end = self.until(record, days)
        if days is not None or end is None:
            record.expires_at = end
        elif record.expires_at is not None:
            record.expires_at = max(end, record.expires_at)
        return changed

    def edit(self, record: Record, days: float | None, **said: object) -> None:
        """Change parts of a memory."""
        before = replace(record)
        for name, value in said.items():
            setattr(record, name, value)
        if days is not None or (record.pinned and not before.pinned) or record.scope is not before.scope:
            record.expires_at = self.until(record, days)
        if record != before:
            record.updated_at = self._now()
            record.history.append("change")
            record.moved |= record.owner != before.owner

    def forget(self, records: Iterable[Record], kind: str = "forget") -> None:
        """Take memories out of sight."""
        for record in records:
            record.deleted_at = self._now()
            record.history.append(kind)

    def expire(self) -> None:
        """Take out of sight what has expired."""
        self.forget([r for r in self.records if r.deleted_at is None and not self.is_live(r)], "expire")

    def restore(self, record: Record) -> None:
        """Bring a memory back; one that has expired for another while."""
        record.deleted_at = None
        record.updated_at = self._now()
        record.history.append("restore")
        if record.expires_at is not None and record.expires_at <= self._now():
            record.expires_at = self.until(record, None)

    def purge(self, records: Iterable[Record]) -> None:
        """Delete memories."""
        doomed = [record.id for record in records]
        self.records = [record for record in self.records if record.id not in doomed]

    def clean_up(self) -> None:
        """Do what is done every day."""
        self.expire()
        before = self._now() - self._forgotten_days * DAY
        self.purge([r for r in self.records if r.deleted_at is not None and r.deleted_at <= before])
