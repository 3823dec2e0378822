"""What a reader has counted holds until somebody has written."""

from contextlib import closing
from pathlib import Path
import sqlite3

from custom_components.semantic_memory.memory.storage.counting import Reader, count
from custom_components.semantic_memory.memory.storage.scan import NoIndex

from .stores import ANN, BOB, Store, connect

HERS = "owner IN (:owner) AND deleted_at IS NULL"


def test_counts_follow_what_others_write(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    store = Store(connect(path), NoIndex())
    with closing(store.connection), closing(sqlite3.connect(path, autocommit=True, factory=Reader)) as reader:
        statements: list[str] = []
        reader.set_trace_callback(statements.append)
        for expected in range(1, 4):
            store.remember(f"hers {expected}", ANN, key=f"k{expected}")
            store.remember(f"his {expected}", BOB, key=f"k{expected}")
            for _ in range(2):
                assert count(reader, HERS, {"owner": "ann"}) == expected
                assert count(reader, HERS, {"owner": "nobody"}) == 0
                assert count(reader, "deleted_at IS NULL", {}) == 2 * expected
        assert sum("count(*)" in statement for statement in statements) == 3 * 3


def test_counts_are_those_of_the_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    store = Store(connect(path), NoIndex())
    with closing(store.connection), closing(sqlite3.connect(path, autocommit=True, factory=Reader)) as reader:
        store.remember("first", ANN, key="a")
        reader.execute("BEGIN")
        assert count(reader, HERS, {"owner": "ann"}) == 1
        store.remember("second", ANN, key="b")
        assert count(reader, HERS, {"owner": "ann"}) == 1
        reader.execute("ROLLBACK")
        assert count(reader, HERS, {"owner": "ann"}) == 2
        assert count(store.connection, HERS, {"owner": "ann"}) == 2
