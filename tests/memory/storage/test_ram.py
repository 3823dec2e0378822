"""The codes in memory follow what is committed, whenever they are read, and keep to their budget."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import product
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from unittest.mock import Mock

from hypothesis import HealthCheck, given, settings, strategies as st
import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.semantic_memory.memory.models import Caller, MemoryChanges, Source
from custom_components.semantic_memory.memory.policy import visible_owners
from custom_components.semantic_memory.memory.storage import fillings, ram, spaces
from custom_components.semantic_memory.memory.storage.candidates import CandidateIndex
from custom_components.semantic_memory.memory.storage.codes import Codes
from custom_components.semantic_memory.memory.storage.fillings import Filling
from custom_components.semantic_memory.memory.storage.ram import RamTier, TieredIndex
from custom_components.semantic_memory.memory.storage.scan import NoIndex
from custom_components.semantic_memory.memory.storage.vec0 import Vec0Index

from .stores import (
    ANN,
    BOB,
    NOBODY,
    Store,
    check_codes,
    check_vectors,
    columns,
    connect,
    content,
    fill_wanted,
    nearest_codes,
    unit,
)

CALLERS: Final = {"ann": ANN, "bob": BOB, "household": NOBODY}
DIMENSION: Final = 16


class Home:
    """A store whose changes are made in transactions, and a reader beside it."""

    def __init__(
        self, path: Path, *, extension: bool = True, budget: int = ram.BUDGET, spare: int = ram.SPARE_BUDGET
    ) -> None:
        """Open both; the store has one space."""
        self.connection = connect(path, extension=extension)
        self.reader = connect(path, extension=extension)
        self.tier = RamTier(budget, spare)
        behind: CandidateIndex = Vec0Index() if extension else NoIndex()
        self.behind = Mock(wraps=behind)
        self.behind.name = behind.name
        self.index = TieredIndex(self.tier, self.behind)
        self.store = Store(self.connection, self.index)
        self.begin()
        self.space = self.store.add_space(dimension=DIMENSION)
        self.end()

    def begin(self) -> None:
        """Begin a transaction."""
        self.connection.execute("BEGIN IMMEDIATE")

    def end(self, *, committed: bool = True) -> None:
        """End it as the database does."""
        self.connection.execute("COMMIT" if committed else "ROLLBACK")
        self.tier.settle(committed)

    def remember(self, number: int, owner: str = "ann") -> None:
        """Store a memory with a vector, or another text and vector of one that is there."""
        scope = "household" if owner == "household" else "user"
        memory = self.store.remember(f"fact {number}", CALLERS[owner], key=f"k{number % 100}", scope=scope)
        waiting = spaces.waiting(self.connection, self.space.id, 0, 1, {memory.id})  # unless nothing has changed
        spaces.store(self.connection, self.space.id, waiting, [vector(number).tobytes()] * len(waiting), self.index)

    def put(self, *numbers: int, owner: str = "ann", committed: bool = True) -> None:
        """Store memories in one transaction."""
        self.begin()
        for number in numbers:
            self.remember(number, owner)
        self.end(committed=committed)

    def forget(self, *numbers: int, committed: bool = True) -> None:
        """Forget memories of Ann's in one transaction."""
        self.begin()
        self.store.forget(*(f"k{number}" for number in numbers))
        self.end(committed=committed)

    def search(self, owner: str = "ann", number: int = 0, limit: int = 160) -> list[int]:
        """Search as a reader does."""
        return list(self.index.search(self.reader, self.space.id, (owner,), vector(number), limit))

    def found(self, owner: str = "ann") -> set[int]:
        """Return all that a search can find."""
        return set(self.search(owner))

    def warm(self, *owners: str) -> None:
        """Have the codes of owners in memory."""
        for owner in owners:
            self.search(owner)
        fill_wanted(self.tier, self.reader)
        self.behind.search.reset_mock()

    @property
    def held(self) -> list[str]:
        """Return whose codes are in memory, who asked last at the end."""
        return [owner for _, owner in self.tier._held]

    def close(self) -> None:
        """Close both."""
        self.reader.close()
        self.connection.close()


def vector(number: int) -> NDArray[np.float32]:
    """Return a vector of length 1. Many have nearly the same code, so that there are ties."""
    numbers = np.random.default_rng(number % 7).normal(size=DIMENSION)
    numbers[number % DIMENSION] *= -1
    return np.frombuffer(unit(numbers.tolist()), "<f4")


@pytest.fixture(params=[True, False], ids=["sqlite-vec", "memory"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """Return a home, once with sqlite-vec and once without."""
    home = Home(tmp_path / "memory.db", extension=request.param)
    yield home
    home.close()


def test_its_name_says_what_serves() -> None:
    assert TieredIndex(RamTier(), Vec0Index()).name == "sqlite-vec"
    assert TieredIndex(RamTier(), NoIndex()).name == "memory"


def test_the_index_behind_answers_until_the_codes_are_there(home: Home) -> None:
    home.put(0, 1, 2, 3, 4)
    behind = home.search()
    assert (len(behind), home.behind.search.call_count, home.held) == (5, 1, [])
    assert home.tier.wants
    filling = home.tier.begin_wanted()
    assert filling is not None
    assert filling.place == (home.space.id, "ann")
    home.search()
    assert home.tier.begin_wanted() is None, "it is on its way"
    filling.abandoned = True
    home.tier.end(filling)
    home.search()
    home.warm("ann")
    assert sorted(home.search()) == sorted(behind)
    assert home.search("household") == []
    home.warm("household")
    assert home.search("household") == []
    assert home.behind.search.call_count == 0
    assert home.held == ["ann", "household"]


def test_what_is_committed_is_found_and_what_is_rolled_back_is_not(home: Home) -> None:
    home.put(1)
    home.warm("ann", "bob")
    home.put(2)
    home.put(3, committed=False)
    home.put(4, owner="bob")  # has the seq that the one before was given
    assert (home.found(), home.found("bob")) == ({1, 2}, {3})
    home.forget(1, committed=False)
    assert home.found() == {1, 2}
    home.forget(1)
    assert home.found() == {2}
    check_codes(home.tier, home.connection)


def test_changes_wait_for_the_end_of_their_transaction(home: Home) -> None:
    home.put(1)
    home.warm("ann")
    home.begin()
    home.remember(2)
    home.store.forget("k1")
    assert home.found() == {1}
    home.end()
    assert home.found() == {2}


def test_a_changed_memory_has_its_new_code_only(home: Home) -> None:
    home.put(1, 2)
    home.warm("ann")
    before = content(home.tier._held[home.space.id, "ann"])
    home.put(101)
    after = content(home.tier._held[home.space.id, "ann"])
    assert after.keys() == before.keys()
    assert after[1] != before[1]
    check_codes(home.tier, home.connection)


def test_a_memory_that_changes_hands_changes_places(home: Home) -> None:
    home.put(1)
    home.warm("ann", "bob", "household")
    for scope, found in (("household", (set(), {1})), ("user", ({1}, set()))):
        home.begin()
        caller = Caller("ann", trusted=True)
        home.store.change(caller).edit(visible_owners(caller), "k1", caller, MemoryChanges(scope=scope))
        home.end()
        assert (home.found(), home.found("household")) == found
        assert home.found("bob") == set()
    check_codes(home.tier, home.connection)
    check_vectors(home.store)


def test_forgotten_restored_purged(home: Home) -> None:
    home.put(1, 2)
    home.warm("ann")
    home.forget(1)
    home.begin()
    home.store.change().restore(["ann"], "k1", Source())
    home.end()
    assert home.found() == {1, 2}
    code = content(home.tier._held[home.space.id, "ann"])[1]
    home.begin()
    home.store.purge("k1")
    home.end()
    assert home.found() == {2}
    assert code not in columns(home.tier._held[home.space.id, "ann"]), "codes of purged memories stay"


def test_a_space_is_dropped_or_emptied(home: Home) -> None:
    home.put(1)
    home.warm("ann")
    home.begin()
    spaces.clear(home.connection, home.space.id, home.index)
    home.end(committed=False)
    assert home.held == ["ann"]
    home.begin()
    spaces.clear(home.connection, home.space.id, home.index)
    home.end()
    assert (home.held, home.found()) == ([], set())
    home.warm("ann")
    home.put(2)
    assert home.found() == {2}
    home.begin()
    spaces.drop(home.connection, home.space.id, home.index)
    home.end()
    assert home.held == []
    filling = begin_to_fill(home)
    assert not filling.read_on(home.reader)
    home.tier.end(filling)
    assert home.held == []


# Reading the codes while others write


def begin_to_fill(home: Home, owner: str = "ann") -> Filling:
    """Begin to read an owner's codes."""
    return home.tier.begin((home.space.id, owner))


def read(home: Home, filling: Filling, pieces: int = 1_000) -> None:
    """Read some pieces, each in a snapshot of its own."""
    for _ in range(pieces):
        if not filling.read_on(home.reader):
            return


@pytest.mark.parametrize("pieces", range(7))
def test_what_is_committed_meanwhile_is_not_missed(home: Home, monkeypatch: pytest.MonkeyPatch, pieces: int) -> None:
    monkeypatch.setattr(fillings, "_BATCH", 2)
    home.put(*range(1, 12))
    filling = begin_to_fill(home)
    read(home, filling, pieces)
    home.put(12)
    home.forget(1)
    home.put(102)
    home.put(13, committed=False)
    home.put(14, owner="bob")
    home.put(15)
    home.forget(15, 11)
    read(home, filling)
    home.tier.end(filling)
    assert home.held == ["ann"]
    assert home.found() == {*range(2, 11), 12}
    check_codes(home.tier, home.connection)


@pytest.mark.parametrize("pieces", [0, 1, 2])
def test_a_space_that_is_emptied_meanwhile(home: Home, monkeypatch: pytest.MonkeyPatch, pieces: int) -> None:
    monkeypatch.setattr(fillings, "_BATCH", 1)
    home.put(1, 2)
    filling = begin_to_fill(home)
    read(home, filling, pieces)
    home.begin()
    spaces.clear(home.connection, home.space.id, home.index)
    home.end()
    home.put(3)
    assert not filling.read_on(home.reader)
    home.tier.end(filling)
    assert home.held == []
    assert home.found() == {3}
    home.warm("ann")
    assert home.found() == {3}


def test_codes_that_were_not_read_to_the_end_are_of_no_use(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fillings, "_BATCH", 2)
    home.put(*range(1, 6))
    for pieces in range(3):
        filling = begin_to_fill(home)
        read(home, filling, pieces)
        home.tier.end(filling)
        assert home.held == []
        assert len(home.search()) == 5
    home.warm("ann")
    assert len(home.search()) == 5
    assert home.behind.search.call_count == 0


def test_a_reader_that_fails_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.put(1)
    with monkeypatch.context() as patch:
        patch.setattr(Codes, "update", Mock(side_effect=MemoryError))
        home.search()
        with pytest.raises(MemoryError):
            fill_wanted(home.tier, home.reader)
    assert (home.held, home.tier._fillings) == ([], [])
    home.warm("ann")
    assert home.found() == {1}


def test_a_change_that_cannot_be_followed_has_the_codes_read_again(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    home.put(1)
    home.warm("ann")
    filling = begin_to_fill(home, "household")
    with monkeypatch.context() as patch:
        patch.setattr(Codes, "update", Mock(side_effect=MemoryError))
        home.put(2)
    assert home.held == []
    read(home, filling)
    home.tier.end(filling)
    assert home.held == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert home.found() == {1, 2}
    home.warm("ann")
    assert home.found() == {1, 2}


# The budget


def test_those_who_asked_last_stay(tmp_path: Path) -> None:
    home = Home(tmp_path / "memory.db", budget=2 * Codes(DIMENSION).nbytes, spare=0)
    for owner in CALLERS:
        home.put(1, owner=owner)
    home.warm("ann", "bob")
    home.search("ann")
    home.warm("household")
    assert home.held == ["ann", "household"]
    assert home.tier.nbytes <= home.tier.budget
    assert home.found("bob") == {2}
    home.close()


def test_an_owner_with_too_many_memories_is_left_to_the_index_behind(tmp_path: Path) -> None:
    home = Home(tmp_path / "memory.db", budget=Codes(DIMENSION).nbytes + 100, spare=0)
    home.put(*range(70))
    home.put(1, owner="bob")
    home.warm("bob")
    filling = begin_to_fill(home)
    assert not filling.read_on(home.reader)
    assert filling.holding is None, "they must not take the room for nothing"
    home.tier.end(filling)
    home.warm("ann")
    assert home.held == ["bob"]
    home.search()
    assert home.tier.begin_wanted() is None, "it would be read in vain with every search"
    assert home.behind.search.call_count == 1
    home.put(*range(70), owner="bob")
    assert home.held == []
    home.search("bob")
    assert home.tier.begin_wanted() is None
    home.begin()
    spaces.clear(home.connection, home.space.id, home.index)
    home.end()
    home.forget(*range(60))
    home.warm("ann")
    assert home.held == ["ann"]
    home.close()


# Whatever happens


_NUMBERS: Final = st.integers(0, 12)
_STEP: Final = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(list(CALLERS)), _NUMBERS),
    st.tuples(st.just("change"), st.sampled_from(list(CALLERS)), _NUMBERS.map(lambda number: 100 + number)),
    st.tuples(st.sampled_from(["forget", "restore", "purge", "move"]), st.sampled_from(list(CALLERS)), _NUMBERS),
    st.tuples(st.sampled_from(["search", "begin to fill", "read", "end"]), st.sampled_from(list(CALLERS)), st.just(0)),
    st.tuples(st.just("clear"), st.just("ann"), st.just(0)),
)
_TRANSACTION: Final = st.tuples(st.lists(_STEP, min_size=1, max_size=6), st.booleans())


def change(home: Home, kind: str, owner: str, number: int) -> None:
    """Take a step that writes."""
    caller, key = CALLERS[owner], f"k{number}"
    trusted = Caller(caller.user_id, trusted=True)
    forgotten = home.store.keys(caller, forgotten=True)
    there = key in home.store.keys(caller, owner=None)
    match kind:
        case "put" | "change":
            home.remember(number, owner)
        case "forget" if there:
            home.store.forget(key, caller=caller)
        case "purge" if there:
            home.store.purge(key, caller=caller)
        case "restore" if key in forgotten and not there:
            home.store.change(caller).restore(visible_owners(caller), key, Source())
        case "move" if there and caller.user_id is not None:
            ours = key in home.store.keys(NOBODY)
            if ours != (key in home.store.keys(caller, scope="user")):
                changes = MemoryChanges(scope="user" if ours else "household")
                home.store.change(trusted).edit(visible_owners(trusted), key, trusted, changes)
        case "clear":
            spaces.clear(home.connection, home.space.id, home.index)


def fill_a_little(home: Home, fillings: dict[str, Filling], kind: str, owner: str) -> None:
    """Take a step of reading codes, each in a snapshot of its own."""
    match kind:
        case "search":
            home.search(owner)
        case "begin to fill" if owner not in fillings:
            fillings[owner] = home.tier.begin((home.space.id, owner))
        case "read" if owner in fillings:
            fillings[owner].read_on(home.reader)
        case "end" if owner in fillings and not fillings[owner].read_on(home.reader):
            home.tier.end(fillings.pop(owner))


def same_as_on_disk(home: Home) -> None:
    """Compare both indexes: equally far, and the same memories but for those that are as far as the last one."""
    check_codes(home.tier, home.connection)
    exact = Vec0Index()
    for (space_id, owner), number, limit in product(list(home.tier._held), (0, 3), (3, 160)):
        query = vector(number)
        signs = {
            seq: int(np.sum((np.frombuffer(blob, "<f4") > 0) != (query > 0)))
            for seq, blob in spaces.embeddings_of(home.reader, space_id, range(10_000)).items()
        }
        codes = home.tier.ask(Codes, space_id, owner)
        assert codes is not None
        ours = nearest_codes(codes, query.tobytes(), limit)
        theirs = list(exact.search(home.reader, space_id, (owner,), query, limit))[:limit]
        far = [signs[seq] for seq in ours]
        assert far == [signs[seq] for seq in theirs]
        assert nearer(ours, far) == nearer(theirs, far)


def nearer(seqs: Sequence[int], far: Sequence[int]) -> set[int]:
    """Return which of them are nearer than the last one."""
    return {seq for seq, distance in zip(seqs, far, strict=True) if distance < far[-1]}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_TRANSACTION, max_size=20))
def test_both_indexes_hold_the_same_whatever_happens(
    transactions: list[tuple[list[tuple[str, str, int]], bool]],
) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        TemporaryDirectory() as folder,
        closing(Home(Path(folder) / "memory.db")) as home,
    ):
        patch.setattr(fillings, "_BATCH", 2)
        home.warm(*CALLERS)
        begun: dict[str, Filling] = {}
        for steps, committed in transactions:
            home.begin()
            for kind, owner, number in steps:
                change(home, kind, owner, number)
                fill_a_little(home, begun, kind, owner)  # sees nothing of the transaction
            home.end(committed=committed)
        same_as_on_disk(home)
        for filling in begun.values():
            read(home, filling)
            home.tier.end(filling)
        home.warm(*CALLERS)
        assert set(home.held) == set(CALLERS)
        same_as_on_disk(home)
        check_vectors(home.store)
