"""Comparing a code with all of an owner's where sqlite-vec keeps them. Functions of a reader's connection.

For the k nearest, sqlite-vec 0.1.9 goes k times through each of its chunks: 20 ms for 160 of 90,000 memories. Reading
the same chunks and comparing all codes in them with NumPy takes a third of that.
"""

from collections.abc import Iterable, Iterator
import sqlite3
from typing import TYPE_CHECKING, Any, Final

from .codes import places_of_nearest

if TYPE_CHECKING:
    from numpy import int64, uint16
    from numpy.typing import NDArray

    type Chunk = tuple[int, Any, Any, Any]
    """How many memories it has room for, which of them are there, their seqs, their codes."""

_BATCH: Final = 16
"""Chunks that are compared at a time: 1.5 MB of codes of 768 bits."""
_WORD: Final = 8
_BYTE_BITS: Final = 8


def nearest(
    connection: sqlite3.Connection, table: str, owners: Iterable[str], code: bytes, limit: int
) -> list[int] | None:
    """Return the ``limit`` memories of all the owners whose codes in a ``vec0`` table are nearest, nearest first.

    ``None`` where the chunks are not as sqlite-vec 0.1.9 writes them: then it has to be asked itself.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    seqs: list[NDArray[int64]] = []
    distances: list[NDArray[uint16]] = []
    try:
        for batch in (batch for owner in owners for batch in _batches(connection, table, owner)):
            if not all(_is_whole(chunk, len(code)) for chunk in batch):
                return None
            validity, rowids, codes = (b"".join(parts) for parts in zip(*(chunk[1:] for chunk in batch), strict=True))
            there = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little").view(np.bool_)
            seqs.append(np.frombuffer(rowids, "<i8")[there])
            distances.append(_distances(codes, code)[there])
    except sqlite3.OperationalError as err:
        if err.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # no such table or column
            return None
        raise
    if not seqs:
        return []
    every = np.concatenate(seqs)
    found: list[int] = every[places_of_nearest(np.concatenate(distances), every, limit)].tolist()
    return found


def _batches(connection: sqlite3.Connection, table: str, owner: str) -> Iterator[list[Chunk]]:
    rows = connection.execute(
        f"SELECT size, validity, rowids, vectors FROM {table}_chunks"
        f" LEFT JOIN {table}_vector_chunks00 AS codes ON codes.rowid = chunk_id WHERE partition00 = ?",
        (owner,),
    )
    while batch := rows.fetchmany(_BATCH):
        yield batch


def _is_whole(chunk: Chunk, code_bytes: int) -> bool:
    size, *parts = chunk
    lengths = [len(part) if isinstance(part, bytes) else None for part in parts]
    return lengths == [size // _BYTE_BITS, size * _WORD, size * code_bytes]


def _distances(codes: bytes, code: bytes) -> NDArray[uint16]:
    """Return the Hamming distance of each of several codes in a row."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    # Bits are counted in words of 64 where the codes are whole words.
    kind: type[np.unsignedinteger[Any]] = np.uint8 if len(code) % _WORD else np.uint64
    wanted: NDArray[np.unsignedinteger[Any]] = np.frombuffer(code, kind)
    counts = np.bitwise_count(np.frombuffer(codes, kind).reshape(-1, wanted.size) ^ wanted)
    total = np.zeros(len(counts), np.uint16)
    for column in counts.T:
        total += column
    return total
