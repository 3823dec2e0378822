"""Stores to test with."""

from collections.abc import Iterator
import sqlite3

import pytest

from custom_components.semantic_memory.memory.storage.scan import NoIndex
from custom_components.semantic_memory.memory.storage.vec0 import Vec0Index

from .stores import AtOnceIndex, Store, connect


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """Return a connection to an empty store in memory."""
    connection = connect()
    yield connection
    connection.close()


@pytest.fixture(params=[NoIndex, Vec0Index, AtOnceIndex])
def any_store(request: pytest.FixtureRequest, connection: sqlite3.Connection) -> Store:
    """Return an empty store, once with each index."""
    return Store(connection, request.param())


@pytest.fixture
def store(connection: sqlite3.Connection) -> Store:
    """Return an empty store with the bit index."""
    return Store(connection, Vec0Index())
