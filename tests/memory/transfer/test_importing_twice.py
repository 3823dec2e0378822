"""Whatever is in a file and here already: taking it in a second time changes nothing."""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from itertools import batched
from typing import Any

from hypothesis import given, strategies as st

from custom_components.semantic_memory.memory.models import HOUSEHOLD, Category, Memory, Scope, Source
from custom_components.semantic_memory.memory.text import derive_key
from custom_components.semantic_memory.memory.transfer.deciding import PutOff, decide, decide_so_far
from custom_components.semantic_memory.memory.transfer.merging import (
    Decision,
    Effect,
    Here,
    ImportOptions,
    Incoming,
    prepare,
)
from custom_components.semantic_memory.memory.transfer.reading.found import Format, Found
from custom_components.semantic_memory.memory.transfer.source import names_of
from custom_components.semantic_memory.memory.transfer.temporary import Queue, Trial

from ..fakes import ALICE, BOB, START

ADA, BEN = ALICE.user_id or "", BOB.user_id or ""
IDS = [f"01K0000000000000000000000{digit}" for digit in "0123"]
times = st.sampled_from([START - distance for distance in (5, 10, 20, 40)])
BATCH = 3
maybe_times = st.none() | times
expiries = st.sampled_from([None, START - 1, START + 10, START + 20])
values = st.sampled_from(["Tea", "tea.", "Tea!", "Coffee", "Tea with milk"])


@st.composite
def found(draw: st.DrawFn, kind: Format) -> Found:
    """Return what a file of this kind may have."""
    key = draw(st.sampled_from(["a", "b", "c"])) if kind in {Format.OWN, Format.HA_SEMANTIC_MEMORY} else None
    value = draw(values)
    id_ = draw(st.sampled_from(IDS)) if kind is Format.OWN else None
    return Found(
        where=1,
        identity=id_ or f"{key} {draw(times) if key else value}",
        value=value,
        key=key,
        id=id_,
        owner=draw(st.sampled_from([None, ADA, BEN])) if id_ is None else draw(st.sampled_from([ADA, BEN, HOUSEHOLD])),
        scope=draw(st.sampled_from([Scope.USER, Scope.HOUSEHOLD, Scope.SESSION])),
        tags=draw(st.sampled_from([None, (), ("hot",)])),
        pinned=draw(st.sampled_from([None, True, False])),
        created_at=draw(maybe_times),
        updated_at=draw(times) if kind is Format.OWN else draw(st.sampled_from([None, START - 7])),
        expires_at=draw(expiries),
        forgotten=draw(st.booleans()) and kind is Format.OWN,
    )


def files(kind: Format) -> st.SearchStrategy[list[Found]]:
    """Return what a file of this kind may have; no export has an id twice."""
    return st.lists(found(kind), max_size=8, unique_by=(lambda item: item.id) if kind is Format.OWN else None)


@st.composite
def here(draw: st.DrawFn) -> Memory:
    """Return what may be here."""
    owner = draw(st.sampled_from([ADA, BEN, HOUSEHOLD]))
    value = draw(values)
    return Memory(
        id=draw(st.sampled_from(IDS)),
        key=draw(st.sampled_from(["a", "b", "c", derive_key(value)])),
        value=value,
        owner=owner,
        scope=Scope.HOUSEHOLD if owner == HOUSEHOLD else Scope.USER,
        category=draw(st.sampled_from(["home", "general"])),  # type: ignore[arg-type]
        tags=(),
        confidence=1.0,
        pinned=False,
        source=Source(surface=draw(st.sampled_from(["import", "action"]))),
        created_at=START - 40,
        updated_at=draw(times),
        last_used_at=None,
        use_count=0,
        expires_at=draw(expiries.filter(lambda at: at is None or at > START)),
        deleted_at=draw(st.sampled_from([None, None, START - 8])),
    )


class Store:
    """Memories as the database holds them: unique by id, live ones also by owner and key."""

    def __init__(self, memories: list[Memory]) -> None:
        """Hold those of the memories that can be together."""
        self.memories: list[Memory] = []
        for memory in memories:
            if all(not self.clash(memory, other) for other in self.memories):
                self.memories.append(memory)

    @staticmethod
    def clash(one: Memory, other: Memory) -> bool:
        """Return whether two memories cannot be together."""
        live = one.deleted_at is other.deleted_at is None
        return one.id == other.id or (live and (one.owner, one.key) == (other.owner, other.key))

    def take_in(
        self, items: list[Found], kind: Format, options: ImportOptions, now: float, size: int = BATCH
    ) -> list[Effect]:
        """Take a file in as the importer does, batch by batch."""
        seen: set[str] = set()
        prepared: list[Incoming] = []
        for item in items:
            incoming = prepare(item, kind, options, now)
            if isinstance(incoming, Incoming):
                if seen.isdisjoint(names_of(incoming)):
                    prepared.append(incoming)
                seen.update(names_of(incoming))
        effects: list[Effect] = []
        with closing(Queue()) as queue, closing(Trial()) as trial:
            meanwhile = trial if options.dry_run else None
            for batch in batched(prepared, size, strict=False):
                effects += self._batch(list(batch), now, queue, meanwhile, for_good=False)
            while (later := queue.take(size))[0]:
                effects += self._batch(later[0], now, queue, meanwhile, for_good=later[1])
        return effects

    def _batch(
        self, batch: list[Incoming], now: float, queue: Queue, trial: Trial | None, *, for_good: bool
    ) -> list[Effect]:
        live: dict[tuple[str, str], tuple[int | None, Memory]] = {
            (m.owner, m.key): (n, m) for n, m in enumerate(self.memories) if m.deleted_at is None
        }
        owners = {item.memory.owner for item in batch}
        by_id = {m.id: (n, m) for n, m in enumerate(self.memories) if m.owner in owners}
        elsewhere = {m.id for m in self.memories} - by_id.keys()
        here = Here(by_id, live, elsewhere)
        if trial is not None:
            trial.apply(here, batch)
        results = decide(batch, here, now) if for_good else decide_so_far(batch, here, now)
        if trial is not None:
            trial.note(results)
        queue.put(result for result in results if isinstance(result, PutOff))
        effects = []
        for decision in results:
            if not isinstance(decision, Decision):
                continue
            effects.append(decision.effect)
            if trial is not None:
                continue
            if decision.effect is Effect.ADD:
                self._put(decision.after, None)
            elif decision.effect is Effect.UPDATE:
                assert decision.before is not None
                self._put(decision.after, decision.before[0])
        return effects

    def _put(self, memory: Memory, place: int | None) -> None:
        others = [other for n, other in enumerate(self.memories) if n != place]
        assert not any(self.clash(memory, other) for other in others)
        if place is None:
            self.memories.append(memory)
        else:
            self.memories[place] = memory


@given(data=st.data(), kind=st.sampled_from(Format), before=st.lists(here(), max_size=5))
def test_twice_is_once(data: st.DataObject, kind: Format, before: list[Memory]) -> None:
    items = data.draw(files(kind))
    choices: dict[str, Any] = {
        "owner": data.draw(st.sampled_from([None, ADA, HOUSEHOLD])),
        "keep_owners": data.draw(st.booleans()),
    }
    check(items, kind, ImportOptions(known_owners={ADA, BEN}, **choices), before)


def check(items: list[Found], kind: Format, options: ImportOptions, before: list[Memory]) -> Store:
    """Take a file in twice, and return what is here then: as after a trial run, and as if it were one batch."""
    whole, store = Store(before), Store(before)
    expected = Counter(store.take_in(items, kind, replace(options, dry_run=True), START))
    assert Counter(store.take_in(items, kind, options, START)) == expected
    after = list(store.memories)
    whole.take_in(items, kind, options, START, size=len(items) + 1)
    assert by_id(whole.memories) == by_id(after)

    assert set(store.take_in(items, kind, options, START + 1)) <= {Effect.NOTHING}
    assert store.memories == after
    return store


def by_id(memories: list[Memory]) -> dict[str, Memory]:
    return {memory.id: memory for memory in memories}


def test_a_key_that_was_left_by_a_forgotten_memory() -> None:
    """Hypothesis found it: what comes back under another key takes the old one from nobody."""
    other, live = (memory_here(IDS[number], "c", HOUSEHOLD, "Tea", START - 5) for number in (0, 1))
    forgotten = replace(other, deleted_at=START - 8)
    items = [
        memory_there(IDS[0], "a", HOUSEHOLD, "Tea", START - 5),
        replace(memory_there(IDS[1], "c", ADA, "Tea", START - 5), scope=Scope.HOUSEHOLD),
    ]
    store = check(items, Format.OWN, ImportOptions(known_owners={ADA, BEN}), [forgotten, live])
    assert [(memory.id, memory.key) for memory in store.memories] == [(IDS[0], "a"), (IDS[1], "c")]


def test_a_key_that_goes_from_one_memory_to_another() -> None:
    """There, one got another key, and its old one a new memory, which happens to come first: neither is lost."""
    items = [
        memory_there(IDS[0], "c", ADA, "Coffee", START - 5),
        memory_there(IDS[1], "a", ADA, "Tea", START - 5),
    ]
    store = check(
        items, Format.OWN, ImportOptions(known_owners={ADA, BEN}), [memory_here(IDS[1], "c", ADA, "Tea", START - 10)]
    )
    found = {(memory.id, memory.key, memory.value) for memory in store.memories}
    assert found == {(IDS[0], "c", "Coffee"), (IDS[1], "a", "Tea")}


def test_a_key_that_one_memory_has_to_give_up_first() -> None:
    before = [memory_here(id_, key, ADA, "Tea", START - 10) for id_, key in ((IDS[0], "a"), (IDS[1], "b"))]
    items = [memory_there(id_, key, ADA, "Tea", START - 5) for id_, key in ((IDS[0], "b"), (IDS[1], "c"))]
    store = check(items, Format.OWN, ImportOptions(known_owners={ADA, BEN}), before)
    assert {memory.id: memory.key for memory in store.memories} == {IDS[0]: "b", IDS[1]: "c"}


def memory_here(id_: str, key: str, owner: str, value: str, updated_at: float) -> Memory:
    """Return one that is here."""
    return Memory(
        id=id_,
        key=key,
        value=value,
        owner=owner,
        scope=Scope.HOUSEHOLD if owner == HOUSEHOLD else Scope.USER,
        category=Category.GENERAL,
        tags=(),
        confidence=1.0,
        pinned=False,
        source=Source(surface="import"),
        created_at=START - 40,
        updated_at=updated_at,
        last_used_at=None,
        use_count=0,
        expires_at=None,
        deleted_at=None,
    )


def memory_there(id_: str, key: str, owner: str, value: str, updated_at: float) -> Found:
    """Return one of an export."""
    return Found(
        where=1, identity=id_, value=value, key=key, id=id_, owner=owner, created_at=START - 40, updated_at=updated_at
    )


@given(data=st.data(), kind=st.sampled_from(Format), before=st.lists(here(), max_size=5))
def test_owners_are_those_that_were_named(data: st.DataObject, kind: Format, before: list[Memory]) -> None:
    """Nobody gets or loses anything who is not named by the options or, being known, by the file."""
    items = data.draw(files(kind))
    options = ImportOptions(owner=ADA, keep_owners=False, known_owners={ADA, BEN})
    store = Store(before)
    untouched = [memory for memory in store.memories if memory.owner == BEN]
    store.take_in([replace(item, owner=item.owner) for item in items], kind, options, START)
    assert [memory for memory in store.memories if memory.owner == BEN] == untouched
