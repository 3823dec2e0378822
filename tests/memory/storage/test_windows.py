"""How SQLite finds what lists and pages show: by indexes, however many memories there are."""

from collections.abc import Callable

import pytest

from custom_components.semantic_memory.memory.models import ChangeKind, MemoryFilter, SortKey
from custom_components.semantic_memory.memory.query import parse
from custom_components.semantic_memory.memory.status import EngineStatus
from custom_components.semantic_memory.memory.storage import changes, listing, timeline, windows
from custom_components.semantic_memory.memory.storage.filters import Conditions
from custom_components.semantic_memory.memory.views import GroupKey

from .stores import ANN, NOW, Store

OWNERS = ("ann", "household")


def plans(store: Store, work: Callable[[], object]) -> str:
    """Return how SQLite runs each statement of something."""
    statements: list[str] = []
    store.connection.set_trace_callback(statements.append)
    try:
        work()
    finally:
        store.connection.set_trace_callback(None)
    rows = [store.connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in statements if sql[0] != "-"]
    return "\n".join(str(row[-1]) for plan in rows for row in plan)


def listed(store: Store, where: MemoryFilter, **parts: object) -> Callable[[], object]:
    """Return what lists memories."""
    conditions = Conditions(OWNERS, where, NOW)
    wanted: dict[str, object] = {"sort": SortKey.UPDATED, "descending": True, "group_by": None, "offset": 1, "limit": 5}
    return lambda: windows.window(store.connection, conditions, **(wanted | parts))  # type: ignore[arg-type]


@pytest.mark.parametrize("reference", ["01MCC5RM003B6PF41DQ5GHVPPN", "tea"])
def test_one_memory_is_not_looked_for_among_all(store: Store, reference: str) -> None:
    memory = store.remember("Ann drinks tea", ANN, key="tea")
    named = memory.id if len(reference) == len(memory.id) else reference

    plan = plans(store, lambda: changes.require(store.connection, OWNERS, named, NOW))

    assert "(id=?)" in plan
    assert "(owner=? AND key=?)" in plan
    assert "(owner=?)" not in plan
    assert "SCAN memory" not in plan


@pytest.mark.parametrize("sort", [SortKey.UPDATED, SortKey.CREATED, SortKey.KEY])
def test_whole_lists_are_merged_not_sorted(store: Store, sort: SortKey) -> None:
    plan = plans(store, listed(store, MemoryFilter(), sort=sort))

    assert "MERGE (UNION ALL)" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("where", [MemoryFilter(category="home"), MemoryFilter(pinned=True), MemoryFilter(tags="x")])
@pytest.mark.parametrize("group_by", [None, *GroupKey])
def test_filters_and_groups_are_found_in_the_overview(
    store: Store, where: MemoryFilter, group_by: GroupKey | None
) -> None:
    plan = plans(store, listed(store, where, group_by=group_by))

    assert "memory_overview" in plan
    assert "SCAN memory" not in plan


@pytest.mark.parametrize(
    ("where", "index"),
    [(MemoryFilter(ids=["x"]), "(id=?)"), (MemoryFilter(text="tea"), "PRIMARY KEY (rowid=?)")],
)
@pytest.mark.parametrize("group_by", [None, *GroupKey])
def test_what_is_named_is_not_looked_for_among_all(
    store: Store, where: MemoryFilter, index: str, group_by: GroupKey | None
) -> None:
    plan = plans(store, listed(store, where, group_by=group_by))

    assert index in plan
    assert "(owner=?" not in plan
    assert "SCAN memory\n" not in plan


def test_what_a_query_requires_is_not_looked_for_among_all(store: Store) -> None:
    conditions = Conditions(OWNERS, MemoryFilter(), NOW)
    conditions.add_operators(store.connection, parse('"green tea"'))

    plan = plans(store, lambda: (conditions.all_seqs(store.connection), conditions.count(store.connection)))

    assert plan.count("PRIMARY KEY (rowid=?)") == 2
    assert "(owner=?" not in plan


@pytest.mark.parametrize("owners", [OWNERS, None])
def test_kinds_are_counted_in_one_go(store: Store, owners: tuple[str, ...] | None) -> None:
    plan = plans(store, lambda: listing.stats(store.connection, owners, NOW, EngineStatus(), 0))

    assert plan.count("memory_overview") == 1
    assert plan.count("memory_") == 2  # the other one counts what was forgotten


def test_changes_of_other_kinds_are_not_read_to_tell_whose_they_were(store: Store) -> None:
    for number in range(200):
        store.remember(f"Number {number}", ANN, key=f"n{number}")

    def steps(kind: ChangeKind) -> int:
        taken: list[None] = []
        store.connection.set_progress_handler(lambda: taken.append(None), 1)
        try:
            assert timeline.changes(store.connection, ("bob",), [kind], None, 50) == []
        finally:
            store.connection.set_progress_handler(None, 0)
        return len(taken)

    assert steps(ChangeKind.RESTORE) < 0.6 * steps(ChangeKind.SET)
