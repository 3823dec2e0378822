"""Vectors in memory are those of the file, whatever has happened, and nothing stays of what was taken out."""

from collections.abc import Iterator, Mapping
from contextlib import closing
import json
from pathlib import Path

from hypothesis import given, settings, strategies as st
import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.semantic_memory.memory.answers import Hit
from custom_components.semantic_memory.memory.models import MemoryFilter
from custom_components.semantic_memory.memory.policy import visible_owners
from custom_components.semantic_memory.memory.query import Query
from custom_components.semantic_memory.memory.storage import search, spaces
from custom_components.semantic_memory.memory.storage.codes import Codes, nearest
from custom_components.semantic_memory.memory.storage.exact import Exact, bytes_of
from custom_components.semantic_memory.memory.storage.ram import RamTier, TieredIndex
from custom_components.semantic_memory.memory.storage.scan import NoIndex

from .stores import ANN, BOB, NOBODY, Store, connect, fill_wanted, unit, vectors_of

CALLERS = {"ann": ANN, "bob": BOB, "household": NOBODY}
DIMENSION = 8


def vector(number: int, dimension: int = DIMENSION) -> bytes:
    """Return a vector as it is stored, the same for the same number."""
    return unit(np.random.default_rng(number).normal(size=dimension).tolist())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sets(st.integers(0, 99)), st.sets(st.integers(0, 99))), max_size=8), st.integers(0, 99))
def test_it_holds_what_it_was_given(changes: list[tuple[set[int], set[int]]], capacity: int) -> None:
    codes, expected = Codes(4, capacity, exact=True), dict[int, bytes]()
    for step, (gone, added) in enumerate(changes):
        new = {seq: vector(seq + 100 * step, 4) for seq in added}
        codes.update([*gone, *added], list(new), list(new.values()))
        expected = {seq: row for seq, row in expected.items() if seq not in gone} | new
        assert vectors_of(codes) == expected
        assert isinstance(codes._vectors, Exact)
        assert not codes._vectors._rows[len(codes) :].any()


def test_nothing_stays_in_a_matrix_that_was_left() -> None:
    codes = Codes(4, exact=True)
    before = codes._vectors
    assert isinstance(before, Exact)
    rows = before._rows
    codes.update((), range(500), [vector(number, 4) for number in range(500)])
    assert not rows.any()
    assert vectors_of(codes) == {number: vector(number, 4) for number in range(500)}
    large, rows = codes.nbytes, before._rows
    codes.update((), [500], [vector(500, 4)])
    assert codes.nbytes < 1.2 * large  # it may be many megabytes
    assert not rows.any()
    rows = before._rows
    codes.slim()
    assert not rows.any()


def test_it_does_without_vectors() -> None:
    embeddings = [vector(number, 32) for number in range(700)]
    codes, sketched = Codes(32, exact=True), Codes(32)
    for each in (codes, sketched):
        each.update((), range(700), embeddings)
        each.update(range(10), (), ())
    assert codes.spare_bytes == codes.nbytes - sketched.nbytes + sketched._vectors.nbytes
    codes.slim()
    assert (codes.spare_bytes, codes.nbytes) == (0, sketched.nbytes)
    query = np.frombuffer(vector(1_000, 32), "<f4")
    assert nearest([codes], query, 20) == nearest([sketched], query, 20)
    codes.slim()
    for each in (codes, sketched):
        each.update((), [1, 2], embeddings[1:3])
    assert nearest([codes], query, 20) == nearest([sketched], query, 20)


def test_cosines_are_exact() -> None:
    numbers = np.random.default_rng(5).normal(size=(3_000, 64))
    vectors = (numbers / np.linalg.norm(numbers, axis=1, keepdims=True)).astype("<f4")
    halves = [Codes(64, exact=True), Codes(64, exact=True)]
    halves[0].update((), range(1_500), [row.tobytes() for row in vectors[:1_500]])
    halves[1].update((), range(1_500, 3_000), [row.tobytes() for row in vectors[1_500:]])
    for query in vectors[:20]:
        found = nearest(halves, query, 48)
        assert found.exact
        assert found.cosines == pytest.approx((vectors[found.seqs] @ query).tolist())
        assert len(found.seqs) == 48
        assert found.cosines == sorted(found.cosines, reverse=True)
        assert found.seqs[0] == int(np.argmax(vectors @ query))


class Home:
    """A store with a space, whose vectors are followed in memory as the database does it."""

    def __init__(self, path: Path, spare: int = 1_000_000) -> None:
        """Open it."""
        self.connection = connect(path, extension=False)
        self.tier = RamTier(spare_budget=spare)
        self.index = TieredIndex(self.tier, NoIndex())
        self.store = Store(self.connection, self.index)
        self.space = self.store.add_space(dimension=DIMENSION)

    def put(self, *numbers: int, owner: str = "ann", committed: bool = True) -> None:
        """Store memories in one transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        scope = "household" if owner == "household" else "user"
        for number in numbers:
            self.store.remember(f"fact {number}", CALLERS[owner], key=f"k{number % 100}", scope=scope)
        waiting = spaces.waiting(self.connection, self.space.id, 0, 1_000)
        vectors = [vector(number) for number in numbers]
        spaces.store(self.connection, self.space.id, waiting, vectors, self.index)
        self.end(committed=committed)

    def end(self, *, committed: bool = True) -> None:
        """End a transaction as the database does."""
        if self.connection.in_transaction:
            self.connection.execute("COMMIT" if committed else "ROLLBACK")
        self.tier.settle(committed)

    def warm(self, *owners: str) -> None:
        """Have the vectors of owners in memory."""
        for owner in owners:
            self.tier.ask(Codes, self.space.id, owner)
        fill_wanted(self.tier, self.connection)

    def held(self, *owners: str) -> Mapping[int, bytes]:
        """Return what is in memory of these owners."""
        asked = [self.tier.ask(Codes, self.space.id, owner) for owner in owners]
        return {
            seq: row
            for codes in asked
            if codes is not None and codes.spare_bytes
            for seq, row in vectors_of(codes).items()
        }

    def stored(self, *owners: str) -> Mapping[int, bytes]:
        """Return what the file has of them."""
        rows = self.connection.execute(
            "SELECT seq FROM memory WHERE owner IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL",
            (json.dumps(owners),),
        )
        return spaces.embeddings_of(self.connection, self.space.id, [seq for (seq,) in rows])

    def recall(self, numbers: NDArray[np.float32]) -> tuple[Hit, ...]:
        """Search by meaning as Ann does."""
        wanted = search.Search(
            query=Query(""),
            owners=visible_owners(ANN),
            where=MemoryFilter(),
            vectors={self.space.id: numbers},
            limit=5,
            threshold=0.0,
            strict=True,
            keyword_weight=0.0,
            now=self.store.now,
        )
        return search.run(self.connection, wanted, self.index)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Return a home."""
    home = Home(tmp_path / "memory.db")
    with closing(home.connection):
        yield home


def test_every_change_is_followed(home: Home) -> None:
    home.put(*range(10))
    home.put(*range(20, 25), owner="bob")
    assert home.held("ann") == {}
    home.warm("ann", "bob")
    for change in (
        lambda: home.put(30, 31),
        lambda: home.put(103, 105),  # other texts of the keys that are there
        lambda: home.put(40, committed=False),
        lambda: home.store.forget("k1", "k2"),
        lambda: home.store.purge("k5"),
        lambda: home.put(50, owner="bob"),
    ):
        change()
        home.end()
        assert home.held("ann") == home.stored("ann")
        assert home.held("bob") == home.stored("bob")
    assert len(home.held("ann")) == 9
    spaces.clear(home.connection, home.space.id, home.index)
    home.end()
    assert home.held("ann", "bob") == {}


def test_scores_are_those_of_the_vectors_in_the_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.put(*range(20))
    home.put(*range(20, 25), owner="household")
    home.put(*range(30, 35), owner="bob")
    question = np.frombuffer(vector(99), "<f4")
    read = home.recall(question)
    assert len(read) == 5
    home.warm("ann")
    assert home.recall(question) == read  # the household's are read
    home.warm("household")
    monkeypatch.setattr(spaces, "embeddings_of", lambda _connection, _space_id, seqs: dict.fromkeys(seqs, b""))
    assert home.recall(question) == read


def test_who_asks_last_finds_no_room_for_vectors(tmp_path: Path) -> None:
    home = Home(tmp_path / "memory.db", spare=bytes_of(DIMENSION, 100))
    with closing(home.connection):
        home.put(*range(10))
        home.put(*range(20, 90), owner="bob")
        home.warm("ann", "bob")  # with the room that is kept free for Ann, both do not fit
        assert home.held("ann", "bob") == home.stored("ann")
        found = home.index.search(home.connection, home.space.id, ("bob",), np.frombuffer(vector(22), "<f4"), 40)
        assert found == dict.fromkeys(home.stored("bob"))


def test_who_asked_longest_ago_does_without_them(tmp_path: Path) -> None:
    home = Home(tmp_path / "memory.db", spare=bytes_of(DIMENSION, 130))
    with closing(home.connection):
        home.put(1)
        home.put(2, owner="bob")
        home.warm("ann", "bob")
        assert home.held("ann", "bob") == home.stored("ann", "bob")
        home.put(*range(3, 80), owner="bob")
        assert home.held("ann", "bob") == home.stored("bob")


def test_too_many_are_never_kept(tmp_path: Path) -> None:
    home = Home(tmp_path / "memory.db", spare=bytes_of(DIMENSION, 9))
    with closing(home.connection):
        home.put(*range(10))
        home.warm("ann")
        assert home.held("ann") == {}
        question = np.frombuffer(vector(3), "<f4")
        assert home.index.cosines(home.space.id, ("ann",), [1, 2], question) == {}
        assert home.recall(question)[0].memory.value == "fact 3"


def test_one_memory_more_does_not_lose_all_vectors(tmp_path: Path) -> None:
    home = Home(tmp_path / "memory.db", spare=bytes_of(DIMENSION, 79))
    with closing(home.connection):
        home.put(*range(70))
        home.put(*range(100, 171), owner="bob")
        home.warm("ann")
        assert home.held("ann") == home.stored("ann")
        home.put(90)
        assert home.held("ann") == home.stored("ann")
        home.warm("bob")
        assert home.held("bob") == {}


def test_an_index_on_disk_has_none_in_memory(home: Home) -> None:
    home.put(1)
    assert NoIndex().cosines(home.space.id, ["ann"], [1], np.ones(DIMENSION, "<f4")) == {}
