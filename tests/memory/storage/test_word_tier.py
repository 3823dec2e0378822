"""The words in memory find what the word index on disk finds, with the same scores, whatever has happened."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
import sqlite3
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import Mock

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.semantic_memory.memory import text
from custom_components.semantic_memory.memory.models import Caller, MemoryChanges, MemoryFilter, Source
from custom_components.semantic_memory.memory.policy import visible_owners
from custom_components.semantic_memory.memory.storage import keywords, postings
from custom_components.semantic_memory.memory.storage.fillings import WORDS
from custom_components.semantic_memory.memory.storage.filters import Conditions
from custom_components.semantic_memory.memory.storage.postings import Document, Postings
from custom_components.semantic_memory.memory.storage.ram import RamTier
from custom_components.semantic_memory.memory.storage.word_tier import Matched, WordTier

from .stores import ANN, BOB, DAY, NOBODY, Store, connect, fill_wanted

CALLERS: Final = {"ann": ANN, "bob": BOB, "household": NOBODY}
ALSO: Final = frozenset({1, 3, 7, 20, 5_000})
"""Memories that another signal has brought up."""
VOCABULARY: Final = (
    "lamp",
    "lamps",
    "the",
    "Straße",
    "kitchen",
    "tea",
    "green",
    "東京都",
    "½",
    "ключ",
    "naïve",
    "door",
)


class Home:
    """A store whose words are followed in memory, as the database does it."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        self.connection = connect(path, extension=False)
        self.tier = RamTier()
        self.words = WordTier(self.tier)
        self.words.watch(self.connection)
        self.store = Store(self.connection)

    def begin(self) -> None:
        """Begin a transaction."""
        self.connection.execute("BEGIN IMMEDIATE")

    def end(self, *, committed: bool = True) -> None:
        """End it as the database does."""
        self.connection.execute("COMMIT" if committed else "ROLLBACK")
        self.words.stage(self.connection, committed)
        self.tier.settle(committed)

    def put(self, *values: str, owner: str = "ann", **draft: Any) -> None:
        """Store memories in one transaction."""
        self.begin()
        for value in values:
            scope = "household" if owner == "household" else "user"
            self.store.remember(value, CALLERS[owner], scope=scope, force_new=True, **draft)
        self.end()

    def warm(self, *owners: str) -> None:
        """Have the words of owners in memory."""
        for owner in owners:
            self.words.search(self.connection, (), [owner], self.store.now, 1)
        fill_wanted(self.tier, self.connection)

    def on_disk(self, query: str, owner: str = "ann") -> Matched:
        """Return what the word index finds."""
        conditions = Conditions(visible_owners(CALLERS[owner]), MemoryFilter(), self.store.now)
        return keywords.search(self.connection, text.query_words(query), conditions, None, ALSO)

    def in_memory(self, query: str, owner: str = "ann") -> Matched | None:
        """Return what the words in memory find, if they are asked."""
        owners = visible_owners(CALLERS[owner])
        terms = text.query_words(query)
        return self.words.search(self.connection, terms, owners, self.store.now, keywords.CANDIDATES, ALSO)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Return a home."""
    home = Home(tmp_path / "memory.db")
    with closing(home.connection):
        yield home


def assert_same(home: Home, queries: Sequence[str] = VOCABULARY) -> None:
    """Ask both for every query, on behalf of everybody."""
    for owner in CALLERS:
        for query in queries:
            assert home.in_memory(query, owner) == home.on_disk(query, owner), (owner, query)


def test_nothing_is_in_memory_before_somebody_asks(home: Home) -> None:
    home.put("green tea")
    assert home.in_memory("tea") is None
    fill_wanted(home.tier, home.connection)
    found = home.in_memory("tea")
    assert found is not None
    assert (found.visible, list(found.scores.values())) == (1, [1.0])


def test_every_owner_has_to_be_there(home: Home) -> None:
    home.put("green tea")
    home.warm("ann")
    assert home.in_memory("tea") is None
    filling = home.tier.begin_wanted()
    assert filling is not None
    assert filling.place == (WORDS, "household")


def test_every_way_to_change_a_memory_is_followed(home: Home) -> None:
    home.put("green tea", key="tea")
    home.put("a lamp", "the kitchen", owner="bob")
    home.put("the door", owner="household", key="door")
    home.warm(*CALLERS)
    queries = ("tea", "lamp", "door", "white", "kitchen door")
    change = home.store.change
    for work in (
        lambda: change().edit(["ann"], "tea", ANN, MemoryChanges(value="white tea")),
        lambda: change().edit(["ann"], "tea", ANN, MemoryChanges(tags="lamp, door")),
        lambda: change().edit(["ann"], "tea", ANN, MemoryChanges(scope="household")),
        lambda: home.store.forget("tea"),
        lambda: change().restore(["household"], "tea", Source()),
        lambda: home.store.purge("tea"),
        lambda: home.connection.execute("UPDATE memory SET value = 'white' WHERE key = 'door'"),
        lambda: home.connection.execute("UPDATE memory SET expires_at = 5 WHERE key = 'door'"),
        lambda: home.connection.execute("DELETE FROM memory WHERE key = 'door'"),
    ):
        home.begin()
        work()
        home.end()
        assert_same(home, queries)


def test_a_failed_change_counts_for_nothing(home: Home) -> None:
    home.put("green tea", key="tea")
    home.warm("ann", "household")
    home.begin()
    home.store.purge("tea")
    home.end(committed=False)
    found = home.in_memory("tea")
    assert found is not None
    assert len(found.scores) == 1
    home.put("a lamp")


def test_what_expires_is_not_found(home: Home) -> None:
    home.put("green tea", expires_in_days=1)
    home.put("black tea", expires_in_days=3)
    home.warm("ann", "bob", "household")
    for days in (0, 2, 2):
        home.store.now += days * DAY
        assert_same(home, ("tea", "green"))
    found = home.in_memory("tea")
    assert found is not None
    assert (found.visible, found.scores) == (0, {})


def test_several_words_for_one_are_left_to_the_index_on_disk(home: Home) -> None:
    home.put("a cup of ½ litre")
    home.warm("ann", "household")
    assert home.in_memory("½ litre") is None
    assert len(home.on_disk("½ litre").scores) == 1


def test_a_file_that_cannot_be_read_lets_go_of_the_words(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.put("green tea")
    home.warm("ann", "household")
    failing = Mock(side_effect=sqlite3.OperationalError)
    with monkeypatch.context() as patch:
        patch.setattr("custom_components.semantic_memory.memory.storage.word_tier.documents_of", failing)
        home.put("black tea")
    assert home.in_memory("tea") is None
    home.warm("ann", "household")
    found = home.in_memory("tea")
    assert found is not None
    assert len(found.scores) == 2


def test_only_the_best_are_returned(home: Home) -> None:
    home.put(*(f"{'green ' * (number % 3 == 0)}tea {number}" for number in range(400)))
    home.put(*(f"coffee {number}" for number in range(2_000)))
    home.warm("ann", "bob", "household")
    assert_same(home, ("green tea", "tea", "tea 7", "green coffee"))
    found = home.in_memory("green tea")
    assert found is not None
    assert len(found.scores.keys() - ALSO) == keywords.CANDIDATES
    assert {1, 3, 7, 20} <= found.scores.keys()


VALUES: Final = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=4).map(" ".join)
OWNERS: Final = st.sampled_from(sorted(CALLERS))
STEPS: Final = st.one_of(
    st.tuples(st.just("put"), VALUES, OWNERS),
    st.tuples(st.just("expiring"), VALUES, OWNERS),
    st.tuples(st.sampled_from(["forget", "restore", "purge", "move", "failed"]), st.integers(0, 30), OWNERS),
    st.tuples(st.just("days"), st.integers(1, 3), OWNERS),
    st.tuples(st.just("warm"), st.just(0), OWNERS),
)


def perform(home: Home, step: str, what: str | int, owner: str) -> None:
    """Do one thing; a number means one of the owner's memories."""
    if step == "days":
        home.store.now += int(what) * DAY
    elif step == "warm":
        home.warm(owner)
    elif isinstance(what, str):
        home.put(what, owner=owner, **({"expires_in_days": 2} if step == "expiring" else {}))
    else:
        rows = home.connection.execute("SELECT key FROM memory WHERE owner = ? ORDER BY seq", (owner,)).fetchall()
        if not rows:
            return
        key, caller = rows[what % len(rows)][0], Caller(CALLERS[owner].user_id, trusted=True)
        home.begin()
        try:
            change(home.store, step, key, caller)
        except Exception:  # noqa: BLE001 - what is not possible is left
            home.end(committed=False)
        else:
            home.end(committed=step != "failed")


def change(store: Store, step: str, key: str, caller: Caller) -> None:
    """Change one memory."""
    if step in ("forget", "failed"):
        store.forget(key, caller=caller)
    elif step == "purge":
        store.purge(key, caller=caller)
    elif step == "restore":
        store.change(caller).restore(visible_owners(caller), key, Source())
    else:
        store.change(caller).edit(visible_owners(caller), key, caller, MemoryChanges(scope="household"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, max_size=25), query=VALUES)
def test_both_ways_agree_after_anything(steps: list[tuple[str, str | int, str]], query: str) -> None:
    with TemporaryDirectory() as folder:
        home = Home(Path(folder) / "memory.db")
        with closing(home.connection):
            for step in steps:
                perform(home, *step)
            home.warm(*CALLERS)
            for owner in CALLERS:
                assert home.in_memory(query, owner) in (home.on_disk(query, owner), None)


def documents(seqs: Sequence[int]) -> list[Document]:
    """Return documents that have a word of their own, one of three and one of all."""
    return [Document(seq, "ann", float("inf"), (f"word{seq}", f"every{seq % 3}", "all")) for seq in seqs]


def found(words: Postings, *wanted: str) -> list[list[int]]:
    """Return the seqs that have each word."""
    result = words.find([[word] for word in wanted], 0.0)
    return [sorted(result.seqs[places].tolist()) for places in result.places]


def test_many_changes_are_sorted_in_and_cleared_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postings, "_UNSORTED", 10)
    words, there = Postings(), set[int]()
    for start in range(0, 400, 5):
        gone = [seq for seq in there if seq % 7 == start % 7]
        words.update(gone, documents(range(start, start + 5)), unsorted=10)
        there = (there - set(gone)) | set(range(start, start + 5))
        every = [seq for seq in there if seq % 3 == 1]
        assert found(words, "all", "every1", f"word{start}") == [sorted(there), sorted(every), [start]]
        assert len(words) == len(there)
    assert found(words, "word0", "none") == [[], []]
    assert "word0" not in words._numbers
    words.update(sorted(there), ())
    assert (found(words, "all"), len(words)) == ([[]], 0)


def test_spellings_of_one_word_count_once() -> None:
    words = Postings()
    words.update((), documents(range(6)))
    result = words.find([["every1", "word1", "word2"]], 0.0)
    assert sorted(result.seqs[result.places[0]].tolist()) == [1, 2, 4]


def words_of(home: Home, query: str, owner: str = "ann") -> set[str]:
    """Return the values of what the words in memory find."""
    found = home.in_memory(query, owner)
    assert found is not None
    rows = home.connection.execute("SELECT seq, value FROM memory").fetchall()
    return {value for seq, value in rows if seq in found.scores}


def test_a_misspelt_word_is_taken_for_those_most_like_it(home: Home) -> None:
    home.put("the thermostat", "a battery", "a butter dish", "a hammer", "the year 2024")
    home.warm("ann", "household")
    assert words_of(home, "battrey") == {"a battery"}
    assert words_of(home, "abttery") == {"a battery"}
    assert words_of(home, "thremostst") == {"the thermostat"}
    for other in ("xhermostat", "hamemrs1", "2025", "dihs2", "hmm", "clutter"):
        assert words_of(home, other) == set(), other
    half, full = home.in_memory("thremostst hammer"), home.in_memory("thermostat hammer")
    assert half is not None
    assert full is not None
    assert sorted(half.scores.values()) == pytest.approx([0.3, 0.5])
    assert sorted(full.scores.values()) == pytest.approx([0.5, 0.5])


def test_a_word_that_somebody_has_is_not_replaced(home: Home) -> None:
    home.put("a battery", "a batter")
    home.warm("ann", "household")
    assert words_of(home, "batter") == {"a batter"}
    assert home.in_memory("batter") == home.on_disk("batter")


def test_only_words_that_the_caller_has_now_are_meant(home: Home) -> None:
    home.put("the thermostat", owner="bob")
    home.put("my battery", key="battery")
    home.put("a hammer", expires_in_days=1)
    home.put("a ladder", owner="household")
    home.warm(*CALLERS)
    queries = ("thermostta", "battrey", "hamer", "laddder")
    assert [len(words_of(home, query)) for query in queries] == [0, 1, 1, 1]
    home.begin()
    home.store.forget("battery")
    home.end()
    home.store.now += 2 * DAY
    assert [len(words_of(home, query)) for query in queries] == [0, 0, 0, 1]
    before = home.in_memory("laddder saw")
    home.put(*["the ladders and ladde"] * 3, owner="bob")
    assert home.in_memory("laddder saw") == before
    assert words_of(home, "thermostta", "bob") == {"the thermostat"}


def test_words_learnt_later_are_meant_too(home: Home) -> None:
    home.put("a ladder")
    home.warm("ann", "household")
    assert words_of(home, "hamer") == set()
    home.put("a hammer")
    assert words_of(home, "hamer") == {"a hammer"}


def test_words_of_questions_and_of_what_has_gone_are_forgotten(home: Home) -> None:
    home.put("a ladder", "xylograph", *(f"thing {number}" for number in range(80)))
    home.warm("ann", "household")
    assert words_of(home, "laddder") == {"a ladder"}
    holding = home.tier.ask(Postings, WORDS, "ann")
    assert holding is not None
    spellings = holding._spellings
    assert spellings is not None
    assert spellings._known
    home.begin()
    home.store.purge("xylograph")
    home.end()
    assert "xylograph" in holding._numbers
    home.tier.leave_no_trace()
    assert "xylograph" not in holding._numbers
    assert not spellings._known
    assert holding._spellings is not spellings, "it has all the words"
    assert words_of(home, "laddder") == {"a ladder"}
    assert len(holding) == 81
