"""Finding near vectors: both indexes agree, and the bit index stays in line with the rows."""

from pathlib import Path
import sqlite3

import numpy as np
import pytest

from custom_components.semantic_memory.memory.embedding.base import SpaceKey
from custom_components.semantic_memory.memory.embedding.calibration import Calibration
from custom_components.semantic_memory.memory.storage import chunks, spaces
from custom_components.semantic_memory.memory.storage.codes import sign_code
from custom_components.semantic_memory.memory.storage.scan import NoIndex
from custom_components.semantic_memory.memory.storage.vec0 import Vec0Index, chunk_table, code_table

from .stores import ANN, BOB, NOBODY, Store, check_vectors, connect, unit


def fill(store: Store, space: spaces.Space, count: int) -> np.ndarray:
    """Store memories of three owners with random vectors; return the vectors by seq - 1."""
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(count, space.key.dimension)).astype("<f4")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for number in range(count):
        caller = (ANN, BOB, NOBODY)[number % 3]
        store.remember(f"v{number}", caller, key=f"k{number}", scope="user" if caller.user_id else "household")
    waiting = spaces.waiting(store.connection, space.id, 0, count)
    spaces.store(store.connection, space.id, waiting, [row.tobytes() for row in vectors], store.index)
    return vectors


@pytest.mark.parametrize("dimension", [8, 13, 256])
def test_both_find_the_same_best_hits(connection: sqlite3.Connection, dimension: int) -> None:
    store = Store(connection, Vec0Index())
    space = store.add_space(dimension=dimension)
    vectors = fill(store, space, 600)
    owners = ["ann", "household"]
    for seed in range(5):
        query = np.frombuffer(unit(np.random.default_rng(seed).normal(size=dimension).tolist()), "<f4")
        found = [set(index.search(connection, space.id, owners, query, 160)) for index in (NoIndex(), Vec0Index())]
        best = [sorted(seqs, key=lambda seq: -float(vectors[seq - 1] @ query))[:5] for seqs in found]
        assert best[0] == best[1]
        assert all((seq - 1) % 3 != 1 for seqs in found for seq in seqs), "somebody else's memory"


@pytest.mark.parametrize("dimension", [8, 13, 256])
def test_chunks_are_read_as_sqlite_vec_does(
    connection: sqlite3.Connection, dimension: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(connection, Vec0Index())
    space = store.add_space(dimension=dimension)
    vectors = fill(store, space, 3_600)  # more than a chunk of each owner
    store.index.remove(connection, [space.id], range(1, 900, 7))
    query, table = vectors[1_200], code_table(space.id)
    assert table == "vector_code_1"
    wanted = connection.execute(
        "SELECT rowid, distance FROM vector_code_1 WHERE code MATCH vec_bit(?) AND k = 2000 AND owner = 'ann'",
        (sign_code(query.tobytes()),),
    ).fetchall()
    found = chunks.nearest(connection, table, ["ann"], sign_code(query.tobytes()), 2_000)
    assert found is not None
    assert sorted(found) == sorted(seq for seq, _ in wanted)
    distances = dict(wanted)
    assert [distances[seq] for seq in found] == [distance for _, distance in wanted]
    nearest = store.index.search(connection, space.id, ["ann"], query, 4_000)
    monkeypatch.setattr(chunks, "nearest", lambda *_: None)
    assert set(store.index.search(connection, space.id, ["ann"], query, 4_000)) == set(nearest)


def test_unknown_chunks_are_left_to_sqlite_vec(connection: sqlite3.Connection) -> None:
    store = Store(connection, Vec0Index())
    space = store.add_space(dimension=8)
    fill(store, space, 30)
    table = code_table(space.id)
    assert table == "vector_code_1"
    assert chunks.nearest(connection, "vector_code_99", ["ann"], b"x", 5) is None
    assert chunks.nearest(connection, table, ["ann"], b"xy", 5) is None
    connection.execute("DELETE FROM vector_code_1_vector_chunks00")
    assert chunks.nearest(connection, table, ["ann"], b"x", 5) is None


def test_nearest_first(any_store: Store) -> None:
    space = any_store.add_space(dimension=8)
    for key, caller, values in (
        ("far", ANN, [1, 1, 1, 1, -1, -1, -1, -1]),
        ("near", ANN, [1, 1, 1, 1, 1, 1, 1, -1]),
        ("ours", NOBODY, [1] * 8),
        ("his", BOB, [1] * 8),
    ):
        memory = any_store.remember(key, caller, key=key, scope="user" if caller.user_id else "household")
        any_store.embed(space, memory, values)
    query = np.frombuffer(unit([1] * 8), "<f4")

    def search(owners: list[str], limit: int) -> list[int]:
        return list(any_store.index.search(any_store.connection, space.id, owners, query, limit))

    assert {2, 3} <= set(search(["ann", "household"], 2)) <= {1, 2, 3}
    assert set(search(["ann", "household"], 10)) == {1, 2, 3}
    assert search(["ann"], 10) == [2, 1]
    assert search(["household", "ann"], 1)[0] == 3
    assert search(["household"], 10) == [3]
    assert search(["nobody"], 10) == []


def test_what_is_forgotten_or_changed_is_no_candidate(any_store: Store) -> None:
    space = any_store.add_space()
    any_store.embed(space, any_store.remember("a", key="a"), [1] * 8)
    any_store.embed(space, any_store.remember("b", key="b"), [1] * 8)
    any_store.forget("a")
    any_store.remember("b has changed", key="b")
    query = np.frombuffer(unit([1] * 8), "<f4")
    assert any_store.index.search(any_store.connection, space.id, ["ann"], query, 10) == {}
    check_vectors(any_store)


def test_writes_made_without_sqlite_vec_are_caught_up_with(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    connection = connect(path)
    store = Store(connection, Vec0Index())
    space = store.add_space()
    for key in ("a", "b", "c"):
        store.embed(space, store.remember(key, key=key), [1] * 8)
    connection.close()

    connection = connect(path, extension=False)
    store = Store(connection)
    store.embed(space, store.remember("d", key="d"), [-1] * 8)
    store.forget("a")
    store.purge("b")
    chunks = connection.execute("SELECT vectors FROM vector_code_1_vector_chunks00").fetchall()
    assert chunks
    assert not any(any(blob) for (blob,) in chunks), "codes of a purged memory stay in the file"
    assert connection.execute("SELECT indexed FROM space").fetchone() == (0,)
    connection.close()

    connection = connect(path)
    store = Store(connection, Vec0Index())
    store.index.prepare(connection, space.id)
    check_vectors(store)
    assert connection.execute("SELECT indexed FROM space").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM vector_code_1").fetchone() == (2,)
    connection.close()


def test_an_index_that_is_known_to_be_right_is_left_alone(store: Store) -> None:
    space = store.add_space()
    store.embed(space, store.remember("a", key="a"), [1] * 8)
    before = store.connection.total_changes
    store.index.prepare(store.connection, space.id)
    store.index.prepare(store.connection, 99)
    assert store.connection.total_changes == before


def test_many_vectors_are_indexed_in_batches(store: Store) -> None:
    space = Store(store.connection).add_space()
    fill(Store(store.connection), space, 1_500)
    store.index.prepare(store.connection, space.id)
    check_vectors(store)


def test_tables_of_dropped_spaces_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    connection = connect(path)
    store = Store(connection, Vec0Index())
    dropped = store.add_space("old")
    store.embed(dropped, store.remember("a", key="a"), [1] * 8)
    kept = store.add_space("new")
    connection.close()
    connection = connect(path, extension=False)
    read_codes = f"SELECT vectors FROM {chunk_table(dropped.id)}"  # noqa: S608
    [(codes,)] = connection.execute(read_codes)
    assert any(codes)
    spaces.drop(connection, dropped.id, NoIndex())
    [(codes,)] = connection.execute(read_codes)
    assert codes
    assert not any(codes), "codes of memories that may be purged stay in the file"
    connection.close()

    connection = connect(path)
    Vec0Index().prepare(connection, kept.id)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    assert f"vector_code_{kept.id}" in tables
    assert not [name for name in tables if name.startswith(f"vector_code_{dropped.id}")]
    connection.close()


@pytest.mark.parametrize("dimension", [1, 7, 9, 100])
def test_dimensions_that_are_no_whole_bytes(connection: sqlite3.Connection, dimension: int) -> None:
    store = Store(connection, Vec0Index())
    space = store.add_space(dimension=dimension)
    store.embed(space, store.remember("plus", key="plus"), [1] * dimension)
    store.embed(space, store.remember("minus", key="minus"), [-1] * dimension)
    query = np.frombuffer(unit([-1] * dimension), "<f4")
    assert list(store.index.search(connection, space.id, ["ann"], query, 2)) == [2, 1]


def test_the_same_space_is_added_once(any_store: Store) -> None:
    key = SpaceKey("m", 8, "t", "f")
    first = spaces.add(any_store.connection, key, Calibration(0.1, 0.5), any_store.index)
    again = spaces.add(any_store.connection, key, Calibration(0.3, 0.9), any_store.index)
    assert again == first
    assert first.calibration == Calibration(0.1, 0.5)


def test_chunks_that_were_numbered_anew_are_made_again(connection: sqlite3.Connection) -> None:
    """VACUUM may renumber rows without an integer primary key, and sqlite-vec reads its chunks by row number."""
    store = Store(connection, Vec0Index())
    space = store.add_space(dimension=8)
    vectors = fill(store, space, 60)
    expected = store.index.search(connection, space.id, ["ann"], vectors[0], 60)
    assert expected
    assert space.id == 1
    connection.execute("UPDATE vector_code_1_vector_chunks00 SET _rowid_ = _rowid_ + 10")
    store.index.prepare(connection, space.id)
    assert store.index.search(connection, space.id, ["ann"], vectors[0], 60) == expected
