"""Lists, page by page, and counts."""

import base64
import json
from typing import Any

import pytest

from custom_components.semantic_memory.memory.answers import MemoryPage
from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.models import MemoryFilter, SortKey
from custom_components.semantic_memory.memory.status import EngineStatus
from custom_components.semantic_memory.memory.storage import listing, memories
from custom_components.semantic_memory.memory.storage.filters import Conditions

from .stores import ANN, BOB, DAY, NOBODY, Store


def page(store: Store, **options: Any) -> MemoryPage:
    """Return a page of what Ann may see."""
    options = {"sort": SortKey.UPDATED, "descending": True, "limit": 50, "cursor": None, **options}
    conditions = Conditions(["ann", "household"], MemoryFilter(), store.now)
    return listing.page(store.connection, conditions, options.pop("sort"), **options)


@pytest.fixture
def filled(store: Store) -> Store:
    """Return a store with ties in every order."""
    for number, key in enumerate(("e", "Đ", "a", "家", "b", "z", "β")):
        memory = store.remember(
            f"value {number}", key=key, expires_in_days=(0, 3, 3, 9)[number % 4], pinned=key in "az", force_new=True
        )
        if number % 2:
            memories.touch(store.connection, [(memory.id, number // 3, store.now + number % 3)])
        store.now += DAY * (number % 3) / 10
    store.remember("not Ann's", BOB, key="bob")
    store.remember("ours", NOBODY, key="ours", scope="household")
    return store


def sort_value(memory: Any, sort: SortKey) -> Any:
    """Return what a memory is put in order by, as people would say it."""
    return {
        SortKey.UPDATED: memory.updated_at,
        SortKey.CREATED: memory.created_at,
        SortKey.LAST_USED: memory.last_used_at or 0,
        SortKey.KEY: memory.key.encode(),
        SortKey.EXPIRES: memory.expires_at or float("inf"),
        SortKey.USE_COUNT: memory.use_count,
    }[sort]


@pytest.mark.parametrize("sort", list(SortKey))
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 8])
def test_pages_hold_everything_once_and_in_order(filled: Store, sort: SortKey, descending: bool, limit: int) -> None:
    found: list[Any] = []
    cursor = None
    while True:
        part = page(filled, sort=sort, descending=descending, limit=limit, cursor=cursor)
        assert part.total == 8
        assert len(part.memories) <= limit
        found += part.memories
        cursor = part.cursor
        if cursor is None:
            break
    assert len({memory.id for memory in found}) == len(found) == 8
    values = [sort_value(memory, sort) for memory in found]
    assert values == sorted(values, reverse=descending)
    assert "bob" not in {memory.key for memory in found}


def test_pages_go_on_where_they_ended(filled: Store) -> None:
    first = page(filled, sort=SortKey.KEY, descending=False, limit=2)
    assert [memory.key for memory in first.memories] == ["a", "b"]
    filled.forget("b")
    filled.remember("new", key="aa")
    filled.remember("new", key="c")
    second = page(filled, sort=SortKey.KEY, descending=False, limit=2, cursor=first.cursor)
    assert [memory.key for memory in second.memories] == ["c", "e"]


def encoded(content: object) -> str:
    """Return a cursor with this content."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "\ud800",
        "é",
        "AAAA",
        encoded(None),
        encoded(5),
        encoded([]),
        encoded(["updated", 1.0]),
        encoded(["updated", 1.0, 1, 1]),
        encoded(["created", 1.0, 1]),
        encoded(["updated", None, 1]),
        encoded(["updated", [], 1]),
        encoded(["updated", "text", 1]),
        encoded(["updated", float("nan"), 1]),
        encoded(["updated", float("inf"), 1]),
        encoded(["updated", 10**400, 1]),
        encoded(["updated", 1.0, 10**30]),
        encoded(["updated", 1.0, -1]),
        encoded(["updated", 1.0, "x"]),
        encoded({"a": 1, "b": 2, "c": 3}),
        base64.urlsafe_b64encode(b"[" * 200_000).decode(),
    ],
)
def test_tampered_cursors(filled: Store, cursor: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        page(filled, cursor=cursor)
    assert caught.value.code == "invalid_cursor"


@pytest.mark.parametrize("key", [5, None, ["x"]])
def test_tampered_cursors_of_keys(filled: Store, key: object) -> None:
    with pytest.raises(InvalidInputError):
        page(filled, sort=SortKey.KEY, cursor=encoded(["key", key, 1]))
    odd = encoded(["key", "'; DROP TABLE memory; --\ud800", 1])
    assert len(page(filled, sort=SortKey.KEY, descending=False, cursor=odd).memories) == 8


@pytest.mark.parametrize("limit", [0, -1, 501, 10**30])
def test_limits(filled: Store, limit: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        page(filled, limit=limit)
    assert caught.value.code == "invalid_limit"
    assert caught.value.placeholders == {"max": "500"}


def test_an_empty_list(store: Store) -> None:
    assert page(store) == MemoryPage(memories=(), total=0, cursor=None)


def test_counts(filled: Store) -> None:
    filled.forget("e")
    filled.remember("brief", key="brief", scope="session", category="event")
    stats = listing.stats(filled.connection, ["ann", "household"], filled.now, EngineStatus(), 4096)
    assert (stats.total, stats.pinned, stats.forgotten) == (8, 2, 1)
    assert stats.expiring == 5
    assert stats.by_scope == {"household": 1, "session": 1, "user": 6}
    assert stats.by_category == {"event": 1, "general": 7}
    assert stats.by_owner == {"ann": 7, "household": 1}
    assert stats.database_bytes == 4096
    everything = listing.stats(filled.connection, None, filled.now, EngineStatus(), 0)
    assert (everything.total, everything.by_owner["bob"]) == (9, 1)
    nobody = listing.stats(filled.connection, ["household"], filled.now, EngineStatus(), 0)
    assert (nobody.total, nobody.forgotten, nobody.by_owner) == (1, 0, {"household": 1})
    assert listing.count_live(filled.connection) == 9


def test_counts_of_nothing(store: Store) -> None:
    stats = listing.stats(store.connection, ["ann"], store.now, EngineStatus(), 0)
    assert (stats.total, stats.pinned, stats.expiring, stats.by_owner) == (0, 0, 0, {})


def test_pinned_memories_of_all(filled: Store) -> None:
    filled.remember("pinned", BOB, key="pin", pinned=True)
    filled.forget("z", caller=ANN)
    assert [memory.key for memory in listing.pinned(filled.connection)] == ["a", "pin"]
