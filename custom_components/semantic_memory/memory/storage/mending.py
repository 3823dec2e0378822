"""Making anew what is derived from the memories. Functions of the writer's connection, inside a transaction."""

from collections.abc import Iterable, Sequence
import sqlite3

from . import checks, spaces
from .candidates import CandidateIndex
from .checks import Finding, Part
from .code_checks import SHADOWS, incomplete_tables, shadow_table
from .migrations import create_word_index, drop_word_index
from .scan import NoIndex


def mend_objects(connection: sqlite3.Connection) -> None:
    """Make missing tables of derived data, indexes, triggers and views anew. The memories' own tables must be there."""
    present = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    for finding in (finding for finding in checks.missing_objects(connection) if finding.part is not Part.WORDS):
        kind, name = finding.what.split()[:2]
        if name == "memory_key":
            _number_repeated_keys(connection)
        if kind != "table" and name in present:
            connection.execute(f"DROP {kind} {name}")
        connection.execute(checks.expected_objects()[name][1])


def rebuild_words(connection: sqlite3.Connection) -> None:
    """Make the word index anew from the live memories, whatever is left of the old one."""
    drop_word_index(connection)
    create_word_index(connection)


def mark_codes_stale(connection: sqlite3.Connection, space_ids: Iterable[int]) -> None:
    """Have the bit index of these spaces made anew by whichever index is prepared next, and nothing read from it."""
    for space_id in space_ids:
        # Vectors that do not fit would keep the index from being made.
        connection.execute(
            "DELETE FROM vector WHERE space_id = ?1 AND length(embedding) <>"
            " 4 * (SELECT dimension FROM space WHERE id = ?1)",
            (space_id,),
        )
        NoIndex().put(connection, space_id, ())
    for space_id, names in incomplete_tables(connection).items():
        _complete_or_remove(connection, space_id, names)


def rebuild_codes(connection: sqlite3.Connection, space_ids: Iterable[int], index: CandidateIndex) -> None:
    """Make the index of these spaces anew, on disk and in memory."""
    affected = sorted(set(space_ids) & set(spaces.space_ids(connection)))
    mark_codes_stale(connection, affected)
    for space_id in affected:
        index.drop(connection, space_id)
        index.prepare(connection, space_id)


def delete_vectors(connection: sqlite3.Connection, space_id: int, seqs: Sequence[int]) -> None:
    """Delete vectors, so that their memories wait for new ones. The index has to be made anew afterwards."""
    connection.executemany(
        "DELETE FROM vector WHERE space_id = ? AND memory_seq = ?", [(space_id, seq) for seq in seqs]
    )


def delete_orphans(connection: sqlite3.Connection) -> None:
    """Delete history and vectors of memories, and vectors of spaces, that are not there."""
    connection.execute("DELETE FROM history WHERE memory_seq NOT IN (SELECT seq FROM memory)")
    connection.execute(
        "DELETE FROM vector WHERE memory_seq NOT IN (SELECT seq FROM memory) OR space_id NOT IN (SELECT id FROM space)"
    )


def rebuild_lookups(connection: sqlite3.Connection) -> None:
    """Make SQLite's own indexes anew."""
    connection.execute("REINDEX")


def affected_spaces(findings: Iterable[Finding]) -> set[int]:
    """Return the spaces whose bit index has to be made anew."""
    return {finding.space_id for finding in findings if finding.space_id is not None}


def _complete_or_remove(connection: sqlite3.Connection, space_id: int, missing: set[str]) -> None:
    """Let sqlite-vec drop a bit index whose tables are not all there; without its main table, the others go now."""
    if "" in missing:
        for name in SHADOWS:
            connection.execute(f"DROP TABLE IF EXISTS {shadow_table(space_id, name)}")
        return
    for name in missing:
        connection.execute(f"CREATE TABLE {shadow_table(space_id, name)} ({SHADOWS[name]})")


def _number_repeated_keys(connection: sqlite3.Connection) -> None:
    """Give all but the newest of several live memories of an owner with the same key another one."""
    repeated = connection.execute(
        "SELECT seq, owner, key FROM memory m WHERE deleted_at IS NULL AND EXISTS (SELECT 1 FROM memory n"
        " WHERE n.owner = m.owner AND n.key = m.key AND n.deleted_at IS NULL AND n.seq > m.seq)"
    ).fetchall()
    for seq, owner, key in repeated:
        number = 2
        while connection.execute(
            "SELECT 1 FROM memory WHERE owner = ? AND key = ? AND deleted_at IS NULL", (owner, f"{key}_{number}")
        ).fetchone():
            number += 1
        connection.execute("UPDATE memory SET key = ? WHERE seq = ?", (f"{key}_{number}", seq))
