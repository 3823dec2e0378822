"""Erasing everything about one person. Functions of a connection, inside a transaction."""

import sqlite3

from ..models import Memory
from .memories import find


def owned(connection: sqlite3.Connection, owner: str, limit: int) -> list[tuple[int, Memory]]:
    """Return some of an owner's memories, also those that are forgotten or expired."""
    return find(connection, "owner = :owner", {"owner": owner, "limit": limit}, "LIMIT :limit")


def erase_history(connection: sqlite3.Connection, owner: str) -> int:
    """Take a person out of the history of memories that are not theirs today; return how many lines that concerns.

    How a memory was while it was theirs goes; how it was since then stays, without saying who changed it.
    """
    parameters = {"owner": owner}
    (count,) = connection.execute(
        "SELECT count(*) FROM history"
        " WHERE actor = :owner OR before ->> 'owner' = :owner OR after ->> 'owner' = :owner",
        parameters,
    ).fetchone()
    for state in ("before", "after"):
        connection.execute(f"UPDATE history SET {state} = NULL WHERE {state} ->> 'owner' = :owner", parameters)
    connection.execute("DELETE FROM history WHERE before IS NULL AND after IS NULL")
    connection.execute("UPDATE history SET actor = NULL WHERE actor = :owner", parameters)
    return int(count)


def erase_rows(connection: sqlite3.Connection, owner: str) -> None:
    """Erase a person from a file that nobody works with; however old it is, it has these two tables."""
    connection.execute("DELETE FROM history WHERE memory_seq IN (SELECT seq FROM memory WHERE owner = ?)", (owner,))
    connection.execute("DELETE FROM memory WHERE owner = ?", (owner,))
    erase_history(connection, owner)
