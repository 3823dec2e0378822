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
from custom_components.semantic_memory.memory.storage.exact import Exact, bytes_of
from custom_components.semantic_memory.memory.storage.fillings import ExactFilling
from custom_components.semantic_memory.memory.storage.ram import RamTier, TieredIndex
from custom_components.semantic_memory.memory.storage.scan import NoIndex

from .stores import ANN, BOB, NOBODY, Store, connect, fill_wanted, unit

CALLERS = {"ann": ANN, "bob": BOB, "household": NOBODY}
DIMENSION = 8


def vector(number: int, dimension: int = DIMENSION) -> bytes:
    """Return a vector as it is stored, the same for the same number."""
    return unit(np.random.default_rng(number).normal(size=dimension).tolist())


def content(exact: Exact) -> dict[int, bytes]:
    """Return all that is there."""
    found, rows = exact.at(range(1_000))
    return {seq: row.tobytes() for seq, row in zip(found, rows, strict=True)}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30))), max_size=8), st.integers(0, 9))
def test_it_holds_what_it_was_given(changes: list[tuple[set[int], set[int]]], capacity: int) -> None:
    exact, expected = Exact(4, capacity), dict[int, bytes]()
    for step, (gone, added) in enumerate(changes):
        new = {seq: vector(seq + 100 * step, 4) for seq in added}
        exact.update([*gone, *added], list(new), list(new.values()))
        expected = {seq: row for seq, row in expected.items() if seq not in gone} | new
        assert content(exact) == expected
        assert len(exact) == len(expected)
        assert not exact._rows[len(exact) :].any()


def test_nothing_stays_in_a_matrix_that_was_left() -> None:
    exact = Exact(4)
    before = exact._rows
    exact.update((), range(500), [vector(number, 4) for number in range(500)])
    assert not before.any()
    assert content(exact) == {number: vector(number, 4) for number in range(500)}
    large = exact.nbytes
    exact.update((), [500], [vector(500, 4)])
    assert exact.nbytes < 1.2 * large  # it may be many megabytes


def test_the_size_is_known_beforehand() -> None:
    exact = Exact(4, 500)
    exact.update((), range(500), [vector(number, 4) for number in range(500)])
    assert exact.nbytes == bytes_of(4, 500)


class Home:
    """A store with a space, whose vectors are followed in memory as the database does it."""

    def __init__(self, path: Path, budget: int = 1_000_000) -> None:
        """Open it."""
        self.connection = connect(path, extension=False)
        self.exact = RamTier(budget, ExactFilling, displace=False)
        self.index = TieredIndex(RamTier(), NoIndex(), self.exact)
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
        self.exact.settle(committed)

    def warm(self, *owners: str) -> None:
        """Have the vectors of owners in memory."""
        self.index.vectors(self.space.id, owners, ())
        fill_wanted(self.exact, self.connection)

    def held(self, *owners: str) -> Mapping[int, bytes]:
        """Return what is in memory of these owners."""
        parts = self.index.vectors(self.space.id, owners, range(1_000))
        return {seq: row.tobytes() for found, rows in parts for seq, row in zip(found, rows, strict=True)}

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
    fill_wanted(home.exact, home.connection)
    monkeypatch.setattr(spaces, "embeddings_of", lambda _connection, _space_id, seqs: dict.fromkeys(seqs, b""))
    assert home.recall(question) == read


def test_nobody_is_displaced(tmp_path: Path) -> None:
    home = Home(tmp_path / "memory.db", budget=5_000)
    with closing(home.connection):
        home.put(*range(10))
        home.put(*range(20, 25), owner="bob")
        home.warm("ann")
        home.warm("bob")  # with the room that is kept free, both do not fit
        assert home.held("ann", "bob") == home.stored("ann")
        home.warm("ann", "bob")
        assert home.exact.take_wanted() is None


def test_too_many_are_never_read(tmp_path: Path) -> None:
    home = Home(tmp_path / "memory.db", budget=bytes_of(DIMENSION, 9))
    with closing(home.connection):
        home.put(*range(10))
        home.warm("ann")
        assert home.held("ann") == {}
        assert home.exact.take_wanted() is None


def test_an_index_may_have_none_in_memory(home: Home) -> None:
    home.put(1)
    assert TieredIndex(RamTier(), NoIndex()).vectors(home.space.id, ["ann"], [1]) == []
    assert NoIndex().vectors(home.space.id, ["ann"], [1]) == []
