"""The engine against a list of records, with whatever sequence of calls Hypothesis thinks of."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
import shutil
import tempfile
from typing import Any, Final, override

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
import pytest

from custom_components.semantic_memory.memory import outage, upkeep, worker
from custom_components.semantic_memory.memory.answers import Outcome
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import (
    EmbedderUnavailableError,
    InvalidInputError,
    KeyInUseError,
    MemoryNotFoundError,
    NotAllowedError,
)
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Caller,
    Category,
    EngineSettings,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    RecallRequest,
    Scope,
    SortKey,
)
from custom_components.semantic_memory.memory.storage.vec import IndexUnavailableError, load_extension
from custom_components.semantic_memory.memory.text import derive_key

from .fakes import ALICE, BOB, NOBODY, Clock, FakeEmbedder, assert_sound, until
from .model import Model, Record

DEFAULT_DAYS: Final = 10
FORGOTTEN_DAYS: Final = 40
CALLERS: Final = (ALICE, BOB, NOBODY)
callers = st.sampled_from([*CALLERS, replace(ALICE, trusted=True), replace(NOBODY, trusted=True)])
keys = st.sampled_from(["one", "địa_chỉ"])
values = st.sampled_from(
    ["kitten", "automobile", "kitten's automobile", "The kitten sleeps", "The kitten sleeps here", "x"]
)
days = st.sampled_from([None, 0, 1, 30])
scopes = st.sampled_from(Scope)
categories = st.sampled_from([None, Category.USER, Category.HOME])
tags = st.sampled_from([None, "red", "blue"])
pins = st.sampled_from([None, True, False])
details = {"expires_in_days": days, "category": categories, "tags": tags, "pinned": pins}
drafts = st.builds(MemoryDraft, value=values, key=keys | st.none(), scope=scopes, force_new=st.booleans(), **details)
changes = st.builds(MemoryChanges, value=values | st.none(), key=keys | st.none(), scope=scopes | st.none(), **details)
filters = st.one_of(
    st.builds(MemoryFilter),
    st.builds(MemoryFilter, scope=scopes),
    st.builds(MemoryFilter, category=categories, pinned=pins),
    st.builds(MemoryFilter, tags=tags),
    st.builds(MemoryFilter, text=st.just("kitten"), forgotten=st.booleans()),
    st.builds(MemoryFilter, forgotten=st.just(value=True), tags=tags),
    st.builds(MemoryFilter, owner=st.just(HOUSEHOLD), pinned=pins),
)
SORTS: Final[dict[SortKey, Callable[[Record], Any]]] = {
    SortKey.UPDATED: lambda record: record.updated_at,
    SortKey.CREATED: lambda record: record.created_at,
    SortKey.KEY: lambda record: record.key,
    SortKey.EXPIRES: lambda record: 1e12 if record.expires_at is None else record.expires_at,
}


places = st.integers(0, 1_000)
"""Which of the memories that there are."""
OPERATIONS: Final[dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]]] = {
    "remember": (4, {"draft": drafts}),
    "remember_again": (8, {"place": places, "draft": drafts}),
    "update": (9, {"place": places, "changes": changes}),
    "forget": (4, {"place": places}),
    "forget_many": (1, {"where": filters}),
    "restore": (5, {"place": places}),
    "purge": (2, {"place": places}),
    "purge_many": (1, {"where": filters.filter(lambda where: where != MemoryFilter())}),
    "recall": (2, {"query": values, "where": filters}),
    "list_": (
        3,
        {
            "where": filters,
            "sort": st.sampled_from(sorted(SORTS)),
            "descending": st.booleans(),
            "size": st.sampled_from([1, 2, 500]),
        },
    ),
    "get": (3, {"place": places}),
    "pass_days": (4, {"length": st.sampled_from([0.5, 2, 20])}),
    **dict.fromkeys(("clean_up", "restart", "change_index", "change_server", "swap_model", "embed_again"), (1, {})),
    "settle": (2, {}),
}
"""How often something is done, and with what."""
FOR_NOBODY: Final = frozenset(list(OPERATIONS)[list(OPERATIONS).index("pass_days") :])
operations = st.sampled_from([name for name, (weight, _) in OPERATIONS.items() for _ in range(weight)]).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries(OPERATIONS[name][1]))
)


def owner_of(caller: Caller, scope: Scope) -> str:
    """Return whose a memory becomes."""
    return HOUSEHOLD if scope is Scope.HOUSEHOLD else caller.user_id or HOUSEHOLD


def said(given: MemoryDraft | MemoryChanges) -> dict[str, Any]:
    """Return the parts of a memory that were given at all."""
    parts = {name: getattr(given, name) for name in ("key", "value", "scope", "category", "pinned")}
    parts["tags"] = given.tags and (given.tags,)
    return {name: part for name, part in parts.items() if part is not None}


class EngineMachine(RuleBasedStateMachine):
    """Calls the engine, and does the same to the model."""

    def __init__(self) -> None:
        """Open an empty store."""
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(worker, "_STORAGE_RETRY_SECONDS", 0.01)
        self.patch.setattr(outage, "RETRY_SECONDS", (0.01, 0.01))
        self.built_in, self.server = FakeEmbedder("built-in"), FakeEmbedder("server")
        self.fingerprints = count(2)
        self.model = Model(self.clock, default_days=DEFAULT_DAYS, forgotten_days=FORGOTTEN_DAYS)
        self.engine = self.opened()

    def run[T](self, work: Coroutine[None, None, T]) -> T:
        """Run a coroutine to its end."""
        self.clock.now += 1.0
        return self.runner.run(work)

    def opened(self) -> MemoryEngine:
        """Open the store, and wait for the clean-up that this begins with."""

        async def open_() -> MemoryEngine:
            known = EngineSettings(default_expiry_days=DEFAULT_DAYS, forgotten_days=FORGOTTEN_DAYS)
            engine = await MemoryEngine.async_open(self.folder, known, clock=self.clock)
            await engine.async_start(self.built_in, self.server)
            await engine.async_run_maintenance()
            return engine

        engine = self.run(open_())
        self.model.clean_up()
        return engine

    @override
    def teardown(self) -> None:
        """Look at the file once more, and take it away."""
        try:
            self.run(assert_sound(self.engine))
            self.run(self.engine.async_close())
        finally:
            self.runner.close()
            self.patch.undo()
            shutil.rmtree(self.folder)

    @initialize(facts=st.lists(drafts, min_size=4, max_size=4))
    def begin(self, facts: list[MemoryDraft]) -> None:
        """Store a few things, so that there is something to begin with."""
        for caller, draft in zip((ALICE, ALICE, BOB, NOBODY), facts, strict=True):
            self.remember(caller, replace(draft, scope=Scope.USER if caller.user_id else Scope.HOUSEHOLD))

    @rule(operation=operations, caller=callers)
    def do(self, operation: tuple[str, dict[str, Any]], caller: Caller) -> None:
        """Do something. One rule for all of it: Hypothesis would choose the others hardly ever."""
        name, arguments = operation
        getattr(self, name)(**arguments | ({"caller": caller} if name not in FOR_NOBODY else {}))

    # Writing

    def remember(self, caller: Caller, draft: MemoryDraft) -> None:
        """Store something, with a key or without."""
        try:
            result = self.run(self.engine.async_remember(caller, draft))
        except InvalidInputError as err:
            assert (err.code, draft.scope, caller.user_id) == ("scope_needs_person", Scope.USER, None)  # noqa: PT017
            return
        self.model.expire()
        owner, scope = owner_of(caller, Scope(draft.scope)), Scope(draft.scope)
        there = self.there(owner, scope, draft)
        record = next((record for record in there if record.id == result.memory.id), None)
        assert (record is None) is (not there) is (result.outcome is Outcome.ADDED)
        if record is None:
            key = draft.key or self.free_key(owner, draft.value)
            record = Record(result.memory.id, owner, scope, key, draft.value, self.clock.now)
            for name, part in said(draft).items():
                setattr(record, name, part)
            self.model.add(record, draft.expires_in_days)
        else:
            changed = self.model.say_again(record, draft.expires_in_days, **said(draft) | {"key": record.key})
            assert result.outcome is (Outcome.UPDATED if changed else Outcome.UNCHANGED)
        assert record.is_like(result.memory)

    def remember_again(self, caller: Caller, place: int, draft: MemoryDraft) -> None:
        """Say something of what is there, or was."""
        if self.model.records:
            record = self.model.records[place % len(self.model.records)]
            caller = NOBODY if record.owner == HOUSEHOLD else Caller(record.owner)
            draft = replace(draft, key=record.key, scope=record.scope)
        self.remember(caller, draft)

    def there(self, owner: str, scope: Scope, draft: MemoryDraft) -> Sequence[Record]:
        """Return the memories that may be meant by what is said: the one with the key, or those that it repeats."""
        if draft.key is not None:
            meant = (owner, draft.key)
            return [r for r in self.model.records if self.model.is_live(r) and (r.owner, r.key) == meant]
        return [] if draft.force_new else self.model.repeated(owner, scope, draft.value)

    def free_key(self, owner: str, value: str) -> str:
        """Return the key that a memory gets by itself."""
        taken = {record.key for record in self.model.records if self.model.is_live(record) and record.owner == owner}
        derived = derive_key(value)
        numbered = (f"{derived}_{number}" for number in count(2))
        return derived if derived not in taken else next(key for key in numbered if key not in taken)

    def update(self, caller: Caller, place: int, changes: MemoryChanges) -> None:
        """Change a memory; rename it, or move it to another owner."""
        reference = self.reference(place)
        record = self.model.find(caller, reference)
        parts = said(changes)
        refused: type[Exception] | None = MemoryNotFoundError
        if record is not None:
            if changes.scope not in (None, record.scope):
                parts["owner"] = owner_of(caller, Scope(changes.scope or record.scope))
            refused = self.refusal(caller, record, parts)
        if refused is not None or record is None:
            with pytest.raises(refused or MemoryNotFoundError):
                self.run(self.engine.async_update(caller, reference, changes))
            return
        memory = self.run(self.engine.async_update(caller, reference, changes))
        self.model.expire()
        self.model.edit(record, changes.expires_in_days, **parts)
        assert record.is_like(memory)

    def refusal(self, caller: Caller, record: Record, parts: dict[str, Any]) -> type[Exception] | None:
        """Return what a change of a memory is refused with."""
        scope = parts.get("scope", record.scope)
        if scope is Scope.USER and record.scope is not Scope.USER and caller.user_id is None:
            return InvalidInputError
        owner = parts.get("owner", record.owner)
        if record.owner == HOUSEHOLD and owner != HOUSEHOLD and not caller.trusted:
            return NotAllowedError
        return KeyInUseError if self.model.taken(record, owner, parts.get("key", record.key)) else None

    def reference(self, place: int) -> str:
        """Return a key or the id of something that is or was there, or what was never there."""
        known = [reference for record in self.model.records for reference in (record.id, record.key)]
        return [*known, "never"][place % (len(known) + 1)]

    def forget(self, caller: Caller, place: int) -> None:
        """Forget what a key or id means."""
        reference = self.reference(place)
        record = self.model.find(caller, reference)
        if record is None:
            with pytest.raises(MemoryNotFoundError):
                self.run(self.engine.async_forget(caller, [reference]))
            return
        (gone,) = self.run(self.engine.async_forget(caller, [reference]))
        self.model.forget([record])
        assert record.is_like(gone)

    def forget_many(self, caller: Caller, where: MemoryFilter) -> None:
        """Forget what a filter means; one that says nothing means nothing."""
        if where == MemoryFilter():
            with pytest.raises(InvalidInputError, match="nothing_selected"):
                self.run(self.engine.async_forget(caller, where=where))
            return
        gone = self.run(self.engine.async_forget(caller, where=where))
        meant = [record for record in self.model.meant(caller, where) if record.deleted_at is None]
        self.model.forget(meant)
        assert {memory.id for memory in gone} == {record.id for record in meant}

    def restore(self, caller: Caller, place: int) -> None:
        """Bring one back, whether or not that is possible."""
        reference = self.reference(place)
        self.clock.now += 1.0
        candidates = self.model.restorable(caller, reference)
        self.clock.now -= 1.0
        try:
            memory = self.run(self.engine.async_restore(caller, reference))
        except MemoryNotFoundError:
            assert not candidates
            return
        except KeyInUseError:
            assert any(self.model.taken(record, record.owner, record.key) for record in candidates)
            return
        self.model.expire()
        record = next(record for record in candidates if record.id == memory.id)
        assert not self.model.taken(record, record.owner, record.key)
        self.model.restore(record)
        assert record.is_like(memory)

    def purge(self, caller: Caller, place: int) -> None:
        """Purge what a key or id means, forgotten or not."""
        reference = self.reference(place)
        self.purged(caller, self.named(caller, reference), [reference], None)

    def named(self, caller: Caller, reference: str) -> list[Record]:
        """Return what is purged by a key or id: the own memories of that name, live and forgotten, or the others."""
        found = [record for record in self.model.visible(caller) if reference in (record.key, record.id)]
        first = [record for record in found if self.model.is_live(record)] or found
        owner = HOUSEHOLD if all(record.owner == HOUSEHOLD for record in first) else caller.user_id
        return [record for record in found if record.owner == owner]

    def purge_many(self, caller: Caller, where: MemoryFilter) -> None:
        """Purge what a filter means."""
        self.purged(caller, None, [], where)

    def purged(
        self, caller: Caller, doomed: list[Record] | None, references: list[str], where: MemoryFilter | None
    ) -> None:
        """Purge, and compare what has gone."""
        if references and not doomed:
            with pytest.raises(MemoryNotFoundError):
                self.run(self.engine.async_forget(caller, references, purge=True))
            return
        before = {record.id: replace(record) for record in self.model.records}
        self.clock.now += 1.0
        self.model.expire()
        if doomed is None:
            doomed = self.model.meant(caller, where or MemoryFilter())
        self.clock.now -= 1.0
        if not caller.trusted and any(record.owner == HOUSEHOLD for record in doomed):
            for record in self.model.records:  # what had expired is as it was, because nothing was done
                record.deleted_at = before[record.id].deleted_at
                del record.history[len(before[record.id].history) :]
            with pytest.raises(NotAllowedError):
                self.run(self.engine.async_forget(caller, references, where=where, purge=True))
            return
        gone = self.run(self.engine.async_forget(caller, references, where=where, purge=True))
        assert {memory.id for memory in gone} == {record.id for record in doomed}
        self.model.purge(doomed)

    # What happens by itself

    def pass_days(self, length: float) -> None:
        """Let time go by."""
        self.clock.pass_days(length)

    def clean_up(self) -> None:
        """Do what is done every day."""
        self.run(self.engine.async_run_maintenance())
        self.model.clean_up()

    def restart(self) -> None:
        """Close the store and open it again."""
        self.run(self.engine.async_close())
        self.engine = self.opened()

    def change_index(self) -> None:
        """Take sqlite-vec away, or bring it back."""

        def fail(*_: object) -> None:
            raise IndexUnavailableError("sqlite-vec is not installed")

        there = self.engine.status.index == "memory"
        self.patch.setattr(upkeep, "load_extension", load_extension if there else fail)
        self.run(self.engine.async_load_index())
        assert self.engine.status.index == ("sqlite-vec" if there else "memory")

    def change_server(self) -> None:
        """Take the server away, or bring it back."""
        self.server.error = EmbedderUnavailableError(reason="refused") if self.server.error is None else None
        self.engine.wake()

    def swap_model(self) -> None:
        """Put another model under the same name on the server."""
        self.server.fingerprint = str(next(self.fingerprints))
        self.engine.wake()

    def embed_again(self) -> None:
        """Make every vector anew."""
        self.run(self.engine.async_reembed())

    def settle(self) -> None:
        """Wait for what goes on in the background, and look through the file."""
        if self.server.error is None:
            self.engine.wake()
            engine = self.engine
            self.run(until(lambda: engine.status.pending == 0 and engine.status.model == "server"))
        self.run(assert_sound(self.engine))

    # Reading

    def recall(self, caller: Caller, query: str, where: MemoryFilter) -> None:
        """Find everything that may be seen and is meant, and nothing else."""
        request = RecallRequest(query=query, threshold=0.0, limit=50, filter=where)
        result = self.run(self.engine.async_recall(caller, request))
        meant = [] if where.forgotten else self.model.meant(caller, where)
        assert {hit.memory.id for hit in result.hits} <= {record.id for record in meant}
        assert {record.id for record in meant if record.value == query} <= {hit.memory.id for hit in result.hits}

    def list_(self, caller: Caller, where: MemoryFilter, sort: SortKey, descending: bool, size: int) -> None:
        """Page through what is meant, in order."""

        async def pages() -> list[str]:
            found: list[str] = []
            cursor: str | None = None
            while True:
                page = await self.engine.async_list(
                    caller, where, sort=sort, descending=descending, limit=size, cursor=cursor
                )
                found += [memory.id for memory in page.memories]
                if (cursor := page.cursor) is None:
                    assert page.total == len(found)
                    return found

        listed = self.run(pages())
        places = {record.id: place for place, record in enumerate(self.model.records)}
        meant = self.model.meant(caller, where)
        meant.sort(key=lambda record: (SORTS[sort](record), places[record.id]), reverse=descending)
        assert listed == [record.id for record in meant]

    def get(self, caller: Caller, place: int) -> None:
        """Read one with its history."""
        reference = self.reference(place)
        self.clock.now += 1.0
        record = self.model.find(caller, reference)
        self.clock.now -= 1.0
        if record is None:
            with pytest.raises(MemoryNotFoundError):
                self.run(self.engine.async_get(caller, reference))
            return
        assert record.is_like(self.run(self.engine.async_get(caller, reference)))
        kinds = [entry.kind.value for entry in self.run(self.engine.async_history(caller, record.id))]
        assert record.moved or kinds == record.history

    # What always holds

    @invariant()
    def everything_agrees(self) -> None:
        """Compare all that is seen."""
        for caller in CALLERS:
            for where in (MemoryFilter(), MemoryFilter(forgotten=True)):
                page = self.run(self.engine.async_list(caller, where, limit=500))
                meant = {record.id: record for record in self.model.meant(caller, where)}
                assert {memory.id for memory in page.memories} == meant.keys()
                assert all(meant[memory.id].is_like(memory) for memory in page.memories)
            live = self.model.meant(caller, MemoryFilter())
            assert [m.id for m in self.engine.pinned(caller)] == [r.id for r in live if r.pinned]
            about = [r for r in live if r.category is Category.USER and r.scope is Scope.USER and not r.pinned]
            facts = [memory.id for memory in self.engine.core_facts(caller)]
            assert set(facts) <= {record.id for record in about if record.owner == caller.user_id}
            stats = self.run(self.engine.async_stats(caller))
            assert (stats.total, stats.pinned) == (len(live), sum(record.pinned for record in live))


def run(examples: int, steps: int, *, derandomize: bool) -> None:
    """Let Hypothesis think of sequences."""
    run_state_machine_as_test(
        EngineMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=derandomize,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(600)  # where it fails, Hypothesis takes up to five minutes to look for a shorter sequence
def test_the_engine_agrees_with_the_records() -> None:
    run(60, 50, derandomize=True)


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_the_engine_agrees_with_the_records_for_long() -> None:
    run(300, 60, derandomize=False)
