"""Embedding spaces, their vectors, and the queue of memories that wait."""

import pytest

from custom_components.semantic_memory.memory.storage import spaces

from .stores import BOB, Store, check_vectors, unit

ONES = [1.0] * 8


def texts(store: Store, space: spaces.Space, after: int = 0, limit: int = 100) -> list[str]:
    """Return what waits."""
    return [item.text for item in spaces.waiting(store.connection, space.id, after, limit)]


def test_memories_wait_in_the_order_of_storing(any_store: Store) -> None:
    space = any_store.add_space()
    for key in ("c", "a", "b"):
        any_store.remember("value", key=key)
    assert texts(any_store, space) == ["c: value", "a: value", "b: value"]
    assert texts(any_store, space, after=1, limit=1) == ["a: value"]
    ids = [any_store.change().require(["ann"], key)[1].id for key in ("b", "c")]
    found = spaces.waiting(any_store.connection, space.id, 0, 10, ids=ids)
    assert [item.text for item in found] == ["c: value", "b: value"]
    assert spaces.waiting(any_store.connection, space.id, 0, 10, ids=[]) == []
    any_store.forget("a")
    assert texts(any_store, space) == ["c: value", "b: value"]
    assert spaces.count_waiting(any_store.connection, space.id) == 2


@pytest.mark.parametrize(
    "tags", [['quo"te', "back\\slash", "a'b"], ["{}", "[]", "null"], ["%", "_", "*"], ["Küche", "家", "🎉x"]]
)
def test_odd_tags_are_embedded_as_they_are(store: Store, tags: list[str]) -> None:
    space = store.add_space()
    memory = store.remember("value", key="key", tags=tags)
    assert memory.tags == tuple(tags)
    (text,) = texts(store, space)
    assert all(tag in text for tag in tags if any(char.isalnum() for char in tag))


def test_changes_of_the_text_make_it_wait_again(any_store: Store) -> None:
    first, second = any_store.add_space("one"), any_store.add_space("two")
    memory = any_store.remember("value", key="key")
    for space in (first, second):
        any_store.embed(space, memory, ONES)
    any_store.remember("value", key="key", category="home", pinned=True)
    assert texts(any_store, first) == []
    any_store.remember("value", key="key", tags="new")
    assert texts(any_store, first) == texts(any_store, second) == ["key: value (new)"]
    check_vectors(any_store)


def test_vectors_of_what_has_changed_meanwhile_are_not_stored(any_store: Store) -> None:
    space = any_store.add_space()
    for key in ("same", "changed", "forgotten", "purged"):
        any_store.remember("value", key=key)
    waiting = spaces.waiting(any_store.connection, space.id, 0, 10)
    any_store.remember("other value", key="changed")
    any_store.forget("forgotten")
    any_store.purge("purged")
    vectors = [unit(ONES)] * 4
    spaces.store(any_store.connection, space.id, waiting, vectors, any_store.index)
    spaces.store(any_store.connection, space.id, waiting, vectors, any_store.index)
    assert texts(any_store, space) == ["changed: other value"]
    assert list(spaces.embeddings_of(any_store.connection, space.id, [1, 2, 3, 4])) == [1]
    check_vectors(any_store)


def test_vectors_for_a_dropped_space_are_not_stored(any_store: Store) -> None:
    space = any_store.add_space()
    any_store.remember("value", key="key")
    waiting = spaces.waiting(any_store.connection, space.id, 0, 10)
    spaces.drop(any_store.connection, space.id, any_store.index)
    spaces.store(any_store.connection, space.id, waiting, [unit(ONES)], any_store.index)
    assert any_store.connection.execute("SELECT count(*) FROM vector").fetchone() == (0,)


def test_the_owner_at_the_time_of_storing_counts(any_store: Store) -> None:
    space = any_store.add_space()
    any_store.remember("value", BOB, key="key")
    waiting = spaces.waiting(any_store.connection, space.id, 0, 10)
    any_store.connection.execute("UPDATE memory SET owner = 'household', scope = 'household'")
    spaces.store(any_store.connection, space.id, waiting, [unit(ONES)], any_store.index)
    check_vectors(any_store)


def test_clearing_makes_everything_wait(any_store: Store) -> None:
    space, other = any_store.add_space(), any_store.add_space("other")
    memory = any_store.remember("value", key="key")
    for each in (space, other):
        any_store.embed(each, memory, ONES)
        spaces.mark_ready(any_store.connection, each.id)
    spaces.clear(any_store.connection, space.id, any_store.index)
    assert [each.ready for each in spaces.all_spaces(any_store.connection)] == [False, True]
    assert spaces.count_waiting(any_store.connection, space.id) == 1
    assert spaces.count_waiting(any_store.connection, other.id) == 0
    check_vectors(any_store)
    any_store.embed(space, memory, ONES)
    check_vectors(any_store)


def test_dropping_takes_the_vectors_along(any_store: Store) -> None:
    space, other = any_store.add_space(), any_store.add_space("other")
    memory = any_store.remember("value", key="key")
    for each in (space, other):
        any_store.embed(each, memory, ONES)
    spaces.drop(any_store.connection, space.id, any_store.index)
    assert spaces.space_ids(any_store.connection) == [other.id]
    assert any_store.connection.execute("SELECT space_id FROM vector").fetchall() == [(other.id,)]
    assert any_store.add_space().id > other.id, "an id is never used twice"
    check_vectors(any_store)


def test_thousands_of_vectors_are_read_at_once(store: Store) -> None:
    space = store.add_space()
    store.embed(space, store.remember("value", key="key"), ONES)
    assert list(spaces.embeddings_of(store.connection, space.id, range(50_000))) == [1]
    assert spaces.embeddings_of(store.connection, space.id, []) == {}
