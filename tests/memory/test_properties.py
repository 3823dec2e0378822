"""The engine against a list of records, with whatever sequence of calls Hypothesis thinks of."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
import shutil
import tempfile
from typing import override

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
import pytest

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import KeyInUseError, MemoryNotFoundError, NotAllowedError
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Caller,
    EngineSettings,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    Outcome,
    RecallRequest,
    Scope,
)

from .fakes import ALICE, BOB, DAY, NOBODY, Clock, FakeEmbedder, assert_sound

DEFAULT_DAYS = 10
callers = st.sampled_from([ALICE, BOB, NOBODY, replace(NOBODY, trusted=True)])
keys = st.sampled_from(["one", "two", "địa_chỉ"])
values = st.sampled_from(["kitten", "automobile", "kitten's automobile", "x"])
days = st.sampled_from([None, 0, 1, 30])


@dataclass
class Record:
    """A memory as it should be."""

    id: str
    owner: str
    key: str
    value: str
    expires_at: float | None
    pinned: bool = False
    forgotten: bool = False


class EngineMachine(RuleBasedStateMachine):
    """Calls the engine, and does the same to the records."""

    def __init__(self) -> None:
        """Open an empty store."""
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.folder = Path(tempfile.mkdtemp())
        self.records: list[Record] = []
        self.engine = self.opened()

    def run[T](self, work: Coroutine[None, None, T]) -> T:
        """Run a coroutine to its end."""
        self.clock.now += 1.0
        return self.runner.run(work)

    def opened(self) -> MemoryEngine:
        """Open the store."""

        async def open_() -> MemoryEngine:
            engine = await MemoryEngine.async_open(
                self.folder,
                EngineSettings(default_expiry_days=DEFAULT_DAYS, forgotten_days=10_000),
                clock=self.clock,
            )
            await engine.async_start(FakeEmbedder("built-in"))
            return engine

        return self.run(open_())

    @override
    def teardown(self) -> None:
        """Look at the file once more, and take it away."""
        self.run(assert_sound(self.engine))
        self.run(self.engine.async_close())
        self.runner.close()
        shutil.rmtree(self.folder)

    # What should be there

    def is_live(self, record: Record) -> bool:
        """Return whether it is neither forgotten nor expired."""
        return not record.forgotten and (record.expires_at is None or record.expires_at > self.clock.now)

    def live(self, caller: Caller) -> list[Record]:
        """Return what the caller should see, the own first."""
        seen = [r for r in self.records if self.is_live(r) and r.owner in (caller.user_id, HOUSEHOLD)]
        return sorted(seen, key=lambda record: record.owner == HOUSEHOLD)

    def find(self, caller: Caller, key: str) -> Record | None:
        """Return what the key should mean."""
        return next((record for record in self.live(caller) if record.key == key), None)

    def until(self, for_days: float | None) -> float | None:
        """Return when something ends that is stored now."""
        length = DEFAULT_DAYS if for_days is None else for_days
        return self.clock.now + length * DAY if length else None

    # What is done

    @rule(caller=callers, key=keys, value=values, for_days=days)
    def remember(self, caller: Caller, key: str, value: str, for_days: float | None) -> None:
        """Store something under a key."""
        scope = Scope.HOUSEHOLD if caller.user_id is None else Scope.USER
        draft = MemoryDraft(value=value, key=key, scope=scope, expires_in_days=for_days)
        result = self.run(self.engine.async_remember(caller, draft))
        owner = caller.user_id or HOUSEHOLD
        record = next((r for r in self.live(caller) if (r.owner, r.key) == (owner, key)), None)
        if record is None:
            assert result.outcome is Outcome.ADDED
            self.records.append(Record(result.memory.id, owner, key, value, self.until(for_days)))
            return
        assert result.outcome is (Outcome.UNCHANGED if record.value == value else Outcome.UPDATED)
        record.value = value
        if for_days is not None:
            record.expires_at = self.until(for_days)
        elif record.expires_at is not None and not record.pinned:
            record.expires_at = max(record.expires_at, self.until(None) or 0)
        elif record.pinned:
            record.expires_at = None

    @rule(caller=callers, key=keys, value=values, pinned=st.booleans())
    def update(self, caller: Caller, key: str, value: str, pinned: bool) -> None:
        """Change what a key means."""
        changing = self.engine.async_update(caller, key, MemoryChanges(value=value, pinned=pinned))
        try:
            memory = self.run(changing)
        except MemoryNotFoundError:
            assert self.find(caller, key) is None
            return
        record = self.find(caller, key)
        assert record is not None
        assert record.id == memory.id
        if pinned and not record.pinned:
            record.expires_at = None
        record.value, record.pinned = value, pinned

    @rule(caller=callers, key=keys, new=keys)
    def rename(self, caller: Caller, key: str, new: str) -> None:
        """Give a memory another key."""
        try:
            memory = self.run(self.engine.async_update(caller, key, MemoryChanges(key=new)))
        except MemoryNotFoundError:
            assert self.find(caller, key) is None
            return
        except KeyInUseError:
            record = self.find(caller, key)
            assert record is not None
            assert any(r.key == new and r.owner == record.owner for r in self.live(caller))
            return
        record = self.find(caller, key)
        assert record is not None
        assert record.id == memory.id
        record.key = new

    @rule(caller=callers, key=keys)
    def forget(self, caller: Caller, key: str) -> None:
        """Forget what a key means."""
        try:
            (gone,) = self.run(self.engine.async_forget(caller, [key]))
        except MemoryNotFoundError:
            assert self.find(caller, key) is None
            return
        record = self.find(caller, key)
        assert record is not None
        assert record.id == gone.id
        record.forgotten = True

    @precondition(lambda self: self.records)
    @rule(caller=callers, data=st.data())
    def restore(self, caller: Caller, data: st.DataObject) -> None:
        """Bring one back, whether or not that is possible."""
        record = data.draw(st.sampled_from(self.records))
        visible = record.owner in (caller.user_id, HOUSEHOLD)
        try:
            memory = self.run(self.engine.async_restore(caller, record.id))
        except MemoryNotFoundError:
            assert self.is_live(record) or not visible
            return
        except KeyInUseError:
            assert any(self.is_live(r) and (r.owner, r.key) == (record.owner, record.key) for r in self.records)
            return
        assert visible
        assert not self.is_live(record)
        if record.expires_at is not None and record.expires_at <= self.clock.now:
            record.expires_at = None if record.pinned else self.until(None)
        record.forgotten = False
        assert memory.expires_at == record.expires_at

    @precondition(lambda self: self.records)
    @rule(caller=callers, data=st.data())
    def purge(self, caller: Caller, data: st.DataObject) -> None:
        """Purge one, forgotten or not."""
        record = data.draw(st.sampled_from(self.records))
        try:
            self.run(self.engine.async_forget(caller, [record.id], purge=True))
        except MemoryNotFoundError:
            assert record.owner not in (caller.user_id, HOUSEHOLD)
            return
        except NotAllowedError:
            assert record.owner == HOUSEHOLD
            assert not caller.trusted
            return
        assert record.owner in (caller.user_id, HOUSEHOLD)
        self.records.remove(record)

    @rule(length=st.sampled_from([0.5, 2, 20]))
    def pass_days(self, length: float) -> None:
        """Let time go by."""
        self.clock.pass_days(length)

    @rule()
    def clean_up(self) -> None:
        """Do what is done every day."""
        self.run(self.engine.async_run_maintenance())
        for record in self.records:
            record.forgotten |= not self.is_live(record)

    @rule()
    def restart(self) -> None:
        """Close the store and open it again."""
        self.run(self.engine.async_close())
        self.engine = self.opened()

    @rule(caller=callers, query=values)
    def recall(self, caller: Caller, query: str) -> None:
        """Find everything that may be seen, and nothing else."""
        result = self.run(self.engine.async_recall(caller, RecallRequest(query=query, threshold=0.0, limit=50)))
        assert {hit.memory.id for hit in result.hits} <= {record.id for record in self.live(caller)}
        exact = {record.id for record in self.live(caller) if record.value == query}
        assert exact <= {hit.memory.id for hit in result.hits}

    # What always holds

    @invariant()
    def lists_agree(self) -> None:
        """Compare lists, pins and counts."""
        for caller in (ALICE, BOB, NOBODY):
            page = self.run(self.engine.async_list(caller, limit=500))
            assert {(m.id, m.owner, m.key, m.value, m.expires_at, m.pinned) for m in page.memories} == {
                (r.id, r.owner, r.key, r.value, r.expires_at, r.pinned) for r in self.live(caller)
            }
            assert {m.id for m in self.engine.pinned(caller)} == {r.id for r in self.live(caller) if r.pinned}
            total = self.run(self.engine.async_list(caller, MemoryFilter(text="kitten"))).total
            assert total == sum("kitten" in record.value for record in self.live(caller))


@pytest.mark.timeout(120)
def test_the_engine_agrees_with_the_records() -> None:
    run_state_machine_as_test(
        EngineMachine,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
