"""Changing memories: row, history, word index, vectors and bit index stay together."""

from pathlib import Path
import sqlite3

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.semantic_memory.memory import drafts
from custom_components.semantic_memory.memory.answers import Outcome
from custom_components.semantic_memory.memory.errors import InvalidInputError, KeyInUseError, MemoryNotFoundError
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Caller,
    ChangeKind,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    Source,
)
from custom_components.semantic_memory.memory.policy import visible_owners
from custom_components.semantic_memory.memory.storage import memories, spaces
from custom_components.semantic_memory.memory.storage.changes import KnownVector
from custom_components.semantic_memory.memory.storage.checkpoints import rewrite
from custom_components.semantic_memory.memory.storage.vec0 import Vec0Index
from custom_components.semantic_memory.memory.text import document_text

from .stores import ANN, BOB, DAY, NOBODY, NOW, Store, check_vectors, check_word_index, connect, unit

OWNERS = visible_owners(ANN)


def remember(store: Store, caller: Caller = ANN, **draft: object) -> tuple[Outcome, str]:
    """Remember something; return what happened and the key."""
    prepared = drafts.prepare(caller, MemoryDraft(**draft))  # type: ignore[arg-type]
    outcome, memory, _ = store.change(caller).remember(prepared, None)
    return outcome, memory.key


def edit(store: Store, reference: str, caller: Caller = ANN, **changes: object) -> None:
    """Edit one memory."""
    store.change(caller).edit(visible_owners(caller), reference, caller, MemoryChanges(**changes))  # type: ignore[arg-type]


def test_a_key_is_unique_per_owner(any_store: Store) -> None:
    assert remember(any_store, key="wifi", value="one") == (Outcome.ADDED, "wifi")
    assert remember(any_store, BOB, key="wifi", value="two") == (Outcome.ADDED, "wifi")
    assert remember(any_store, key="WiFi", value="three", scope="household") == (Outcome.ADDED, "wifi")
    assert remember(any_store, key="Wi-Fi", value="four") == (Outcome.ADDED, "wi_fi")
    assert remember(any_store, key="WIFI", value="five") == (Outcome.UPDATED, "wifi")
    assert remember(any_store, key="wifi", value="five") == (Outcome.UNCHANGED, "wifi")
    values = dict(any_store.connection.execute("SELECT owner, value FROM memory WHERE key = 'wifi'").fetchall())
    assert values == {"ann": "five", "bob": "two", HOUSEHOLD: "three"}
    check_word_index(any_store.connection)


def test_saying_the_same_renews_without_history(store: Store) -> None:
    first = store.remember("Tea", key="tea")
    store.now += 30 * DAY
    second = store.remember("Tea", key="tea")
    assert second.expires_at is not None
    assert first.expires_at is not None
    assert second.expires_at - first.expires_at == 30 * DAY
    assert second.updated_at == first.updated_at
    assert len(memories.history(store.connection, store.seq(first), OWNERS)) == 1


@pytest.mark.parametrize(
    ("first", "second", "outcome", "count"),
    [
        ("I live in Portland", "I live in Portland!", Outcome.UPDATED, 1),
        ("I live in Portland", "I live in Portland, OR", Outcome.UPDATED, 1),
        ("I live in Portland", "I live in Portland", Outcome.UNCHANGED, 1),
        ("My mother's code is 12", "My father's code is 12", Outcome.ADDED, 2),
        ("The dog chased the cat", "The cat chased the dog", Outcome.ADDED, 2),
        ("It is 5 degrees", "It is -5 degrees", Outcome.ADDED, 2),
        ("My mother lives in Rome", "My mother in law lives in Rome", Outcome.ADDED, 2),
        ("🎉", "🎂", Outcome.ADDED, 2),
    ],
)
def test_only_a_repetition_updates_without_a_key(
    store: Store, first: str, second: str, outcome: Outcome, count: int
) -> None:
    store.remember(first)
    assert remember(store, value=second)[0] is outcome
    assert len(store.keys()) == count


def test_a_repetition_is_found_under_another_key(store: Store) -> None:
    store.remember("The spare key is under the mat", key="spare_key")
    for number in range(50):
        store.remember(f"The lamp number {number} is in the hall", force_new=True)
    assert remember(store, value="the spare key is under the mat.") == (Outcome.UPDATED, "spare_key")
    assert remember(store, value="the spare key is under the mat.", force_new=True) == (
        Outcome.ADDED,
        "the_spare_key_is_under_the_mat",
    )


def test_repetitions_of_others_and_in_other_scopes_do_not_count(store: Store) -> None:
    store.remember("Tea is good", BOB)
    store.remember("Tea is good", scope="household")
    assert remember(store, value="Tea is good")[0] is Outcome.ADDED
    assert remember(store, value="Tea is good", scope="session") == (Outcome.ADDED, "tea_is_good_2")


def test_derived_keys_never_overwrite(store: Store) -> None:
    facts = [f"one two three four five six seven eight {word}" for word in ("nine", "ten", "eleven", "twelve")]
    base = "one_two_three_four_five_six_seven_eight"
    assert [remember(store, value=fact)[1] for fact in facts] == [base, *(f"{base}_{number}" for number in (2, 3, 4))]
    assert [remember(store, value=value, force_new=True)[1] for value in ("🎉", "🎂", "%_*?")] == [
        "note",
        "note_2",
        "note_3",
    ]
    store.forget("note_2")
    assert remember(store, value="…", force_new=True) == (Outcome.ADDED, "note_2")


def test_an_expired_memory_makes_room(store: Store) -> None:
    store.remember("old", key="code", expires_in_days=1)
    other = store.remember("other", key="other", expires_in_days=0)
    store.now += DAY
    assert remember(store, key="code", value="new") == (Outcome.ADDED, "code")
    store.remember("brief", key="brief", expires_in_days=1)
    store.now += DAY
    edit(store, "other", key="brief")
    assert store.keys() == ["brief", "code"]
    kinds = [entry.kind for entry in memories.history(store.connection, store.seq(other), OWNERS)]
    assert kinds == [ChangeKind.SET, ChangeKind.CHANGE]
    check_word_index(store.connection)


def test_editing_to_a_taken_key_is_refused(store: Store) -> None:
    store.remember("a", key="a")
    store.remember("b", key="b")
    store.remember("c", BOB, key="c")
    with pytest.raises(KeyInUseError) as caught:
        edit(store, "a", key="B")
    assert caught.value.placeholders == {"key": "b"}
    edit(store, "a", key="c")
    assert store.keys() == ["b", "c"]
    edit(store, "c", value="a ")
    assert store.connection.execute("SELECT count(*) FROM history WHERE memory_seq = 1").fetchone() == (2,)


def test_moving_to_the_household_is_refused_where_the_key_is_taken(any_store: Store) -> None:
    any_store.remember("mine", key="k")
    any_store.remember("ours", NOBODY, key="k", scope="household")
    with pytest.raises(KeyInUseError):
        edit(any_store, "k", scope="household")


def test_moving_moves_the_index_too(any_store: Store) -> None:
    space = any_store.add_space()
    memory = any_store.remember("mine", key="k")
    any_store.embed(space, memory, [1, 2, 3, 4, 5, 6, 7, 8])
    edit(any_store, "k", scope="household")
    check_vectors(any_store)
    assert spaces.count_waiting(any_store.connection, space.id) == 0
    assert any_store.keys(BOB) == ["k"]
    edit(any_store, "k", Caller(ANN.user_id, trusted=True), value="ours", scope="user")
    check_vectors(any_store)
    assert spaces.count_waiting(any_store.connection, space.id) == 1
    assert any_store.keys(BOB) == []


def test_a_vector_that_is_known_is_stored_with_the_memory(any_store: Store) -> None:
    space = any_store.add_space()
    known = KnownVector(space.id, document_text("tea", "Green tea", ()), unit([1] * 8))
    any_store.remember("Green tea", key="tea", vector=known)
    assert spaces.count_waiting(any_store.connection, space.id) == 0
    any_store.remember("Black tea", key="tea", vector=known)
    assert spaces.count_waiting(any_store.connection, space.id) == 1
    any_store.remember("Green tea", key="tea", vector=known)
    any_store.remember("Green tea", key="tea", category="home", vector=known)
    assert spaces.count_waiting(any_store.connection, space.id) == 0
    any_store.remember("Other", key="other", vector=known._replace(space_id=99, text="other"))
    check_vectors(any_store)


def test_forgetting_and_restoring(any_store: Store) -> None:
    space = any_store.add_space()
    memory = any_store.remember("Tea", key="tea")
    any_store.embed(space, memory, [1] * 8)
    any_store.forget("TEA")
    assert any_store.keys() == []
    assert any_store.keys(forgotten=True) == ["tea"]
    check_word_index(any_store.connection)
    check_vectors(any_store)
    with pytest.raises(MemoryNotFoundError):
        any_store.forget("tea")
    any_store.now += 60
    _, restored = any_store.change(ANN).restore(OWNERS, memory.id.lower(), Source(surface="panel"))
    assert restored.deleted_at is None
    assert any_store.keys() == ["tea"]
    assert spaces.count_waiting(any_store.connection, space.id) == 0
    check_word_index(any_store.connection)
    check_vectors(any_store)
    history = memories.history(any_store.connection, any_store.seq(memory), OWNERS)
    assert [(entry.kind, entry.surface) for entry in history] == [
        (ChangeKind.SET, "engine"),
        (ChangeKind.FORGET, "test"),
        (ChangeKind.RESTORE, "panel"),
    ]
    assert history[1].before is not None
    assert history[1].before["value"] == "Tea"
    assert history[1].after is None


def test_restoring_takes_the_latest_and_no_taken_key(store: Store) -> None:
    store.remember("first", key="k")
    store.forget("k")
    store.now += 1
    store.remember("second", key="k")
    store.forget("k")
    _, restored = store.change(ANN).restore(OWNERS, "k", Source())
    assert restored.value == "second"
    with pytest.raises(KeyInUseError):
        store.change(ANN).restore(OWNERS, "k", Source())
    with pytest.raises(MemoryNotFoundError):
        store.change(BOB).restore(visible_owners(BOB), "k", Source())


@pytest.mark.parametrize("reference", ["", "nothing", "\0", "\ud800", "'; --", "x" * 1000, "%", "*", "k_"])
def test_unknown_references(store: Store, reference: str) -> None:
    store.remember("v", key="kk")
    for attempt in (store.forget, store.purge):
        with pytest.raises(MemoryNotFoundError):
            attempt(reference)
    assert store.keys() == ["kk"]


def test_the_own_memory_comes_first(store: Store) -> None:
    store.remember("ours", key="k", scope="household")
    assert store.change().require(OWNERS, "k")[1].value == "ours"
    mine = store.remember("mine", key="k")
    assert store.change().require(OWNERS, "k")[1].value == "mine"
    assert store.change().require(OWNERS, mine.id)[1].value == "mine"
    with pytest.raises(MemoryNotFoundError):
        store.change().require(visible_owners(BOB), mine.id)


def test_selecting_by_reference_and_filter(store: Store) -> None:
    for key, category in (("a", "home"), ("b", "home"), ("c", "event")):
        store.remember(key, key=key, category=category)
    store.remember("d", BOB, key="d", category="home")
    found = store.change().select(OWNERS, ["c", "a"], MemoryFilter(category="home"))
    assert sorted(memory.key for memory in found.values()) == ["a", "b", "c"]


def test_purging_by_key_leaves_the_other_owner_alone(store: Store) -> None:
    for value in ("ours", "mine"):
        store.remember(value, key="k", scope="user" if value == "mine" else "household")
    store.forget("k")  # mine
    store.remember("mine again", key="k")
    store.forget("k", caller=NOBODY)  # ours
    store.remember("ours again", key="k", scope="household")
    assert sorted(memory.value for memory in store.purge("k")) == ["mine", "mine again"]
    assert sorted(memory.value for memory in store.purge("k")) == ["ours", "ours again"]
    with pytest.raises(MemoryNotFoundError):
        store.purge("k")


def test_purging_takes_a_live_memory_before_a_forgotten_one(store: Store) -> None:
    store.remember("mine", key="k")
    store.forget("k")
    store.remember("ours", key="k", scope="household")
    assert [memory.value for memory in store.purge("k")] == ["ours"]


def traces(folder: Path, *secrets: str) -> list[tuple[str, str]]:
    """Return in which files of a folder which of the texts are found."""
    return [
        (file.name, secret) for file in folder.iterdir() for secret in secrets if secret.encode() in file.read_bytes()
    ]


@pytest.mark.parametrize("extension", [True, False])
def test_purging_leaves_no_trace_in_the_files(tmp_path: Path, extension: bool) -> None:
    connection = connect(tmp_path / "memory.db", extension=extension)
    store = Store(connection, Vec0Index()) if extension else Store(connection)
    space = store.add_space()
    for number in range(400):  # so that pages have been split and merged
        memory = store.remember(
            f"Fact {number}: zanzibar{number:03}q " + "filler " * (number % 50), key=f"quokka{number:03}q",
            tags=[f"wombat{number:03}q"], source=Source(surface="llm", conversation_id=f"dingo{number:03}q"),
        )  # fmt: skip
        store.embed(space, memory, [number + 1, 1, 2, 3, 4, 5, 6, -number - 1])
    store.remember("long " + "numbatq " * 2_000, key="long")
    doomed = [f"quokka{number:03}q" for number in range(0, 400, 7)]
    store.forget(*doomed[:20])
    edit(store, doomed[30], value="changed since")
    secrets = [f"{word}{key[6:]}" for key in doomed for word in ("zanzibar", "quokka", "wombat", "dingo")]
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert traces(tmp_path, *secrets)
    store.purge(*doomed, "long")
    rewrite(connection)
    assert traces(tmp_path, *secrets, "numbatq") == []
    assert traces(tmp_path, "zanzibar001q")
    check_word_index(connection)
    check_vectors(store)
    connection.close()


_KEYS = st.sampled_from(["a", "b", "c"])
_VALUES = st.sampled_from(["tea is green", "tea", "Địa chỉ", "🎉", "note 12", "हिन्दी", "x" * 300])
_STEPS = st.tuples(
    st.sampled_from(["set", "add", "edit", "forget", "restore", "purge", "embed", "wait"]),
    st.sampled_from([ANN, BOB, NOBODY]),
    _KEYS,
    _VALUES,
    st.sampled_from(["user", "household", "session"]),
    st.lists(st.sampled_from(["red", "Grün", 'quo"te', "new\nline"]), max_size=2),
)


def step(store: Store, space: spaces.Space, taken: tuple[str, Caller, str, str, str, list[str]]) -> None:
    """Take one random step."""
    kind, caller, key, value, scope, tags = taken
    owners = visible_owners(caller)
    match kind:
        case "set":
            store.remember(value, caller, key=key, scope=scope, tags=tags)
        case "add":
            store.remember(value, caller, scope=scope, tags=tags, expires_in_days=1)
        case "edit":
            edit(store, key, caller, value=value, scope=scope, tags=tags)
        case "forget":
            store.forget(key, caller=caller)
        case "restore":
            store.change(caller).restore(owners, key, Source())
        case "purge":
            store.purge(key, caller=caller)
        case "embed":
            waiting = spaces.waiting(store.connection, space.id, 0, 2)
            vectors = [unit([item.seq, 1, -1, 1, -1, 1, 1, 1]) for item in waiting]
            spaces.store(store.connection, space.id, waiting, vectors, store.index)
        case _:
            store.now += DAY / 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_STEPS, max_size=25))
def test_everything_stays_together(steps: list[tuple[str, Caller, str, str, str, list[str]]]) -> None:
    connection = connect()
    store = Store(connection, Vec0Index())
    space = store.add_space()
    for taken in steps:
        connection.execute("BEGIN")
        try:
            step(store, space, taken)
        except InvalidInputError:
            connection.execute("ROLLBACK")
        else:
            connection.execute("COMMIT")
        store.now += 1
    check_word_index(connection)
    check_vectors(store)
    connection.close()


def test_expiring_takes_out_what_is_due(store: Store) -> None:
    memory = store.remember("brief", key="brief", expires_in_days=1)
    store.remember("lasting", key="lasting", expires_in_days=0)
    store.now = NOW + DAY - 1
    assert store.change().expire() == []
    store.now = NOW + DAY
    assert [gone.key for gone in store.change(BOB).expire()] == ["brief"]
    entry = memories.history(store.connection, store.seq(memory), OWNERS)[-1]
    assert (entry.kind, entry.actor, entry.surface) == (ChangeKind.EXPIRE, None, "maintenance")
    check_word_index(store.connection)


def test_inserting_a_taken_key_is_an_integrity_error(store: Store) -> None:
    memory = store.remember("a", key="a")
    with pytest.raises(sqlite3.IntegrityError):
        memories.insert(store.connection, memory)


def test_counting_uses(store: Store) -> None:
    memory = store.remember("a", key="a")
    memories.touch(store.connection, [(memory.id, 2, NOW + 5), ("unknown", 1, NOW)])
    memories.touch(store.connection, [(memory.id, 1, NOW + 1)])
    _, touched = store.change().require(OWNERS, "a")
    assert (touched.use_count, touched.last_used_at) == (3, NOW + 5)
