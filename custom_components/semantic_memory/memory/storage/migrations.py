"""The schema, as steps that are only ever appended.

Each step runs in one transaction together with its record, so a step is either wholly there or not at all.
"""

from collections.abc import Callable
from contextlib import suppress
import json
import sqlite3
import time
from typing import Final

from ..errors import StorageError
from ..text import index_pieces

type Step = Callable[[sqlite3.Connection], None]

_WORD_SHADOWS: Final = ("config", "content", "data", "docsize", "idx")
_WORD_TRIGGERS: Final = ("insert", "delete", "update_out", "update_in")
_SCOPES: Final = "'user', 'household', 'session'"
_CATEGORIES: Final = (
    "'user', 'home', 'device', 'routine', 'preference', 'relationship', 'event', 'instruction', 'general'"
)


def m001_create_memories(connection: sqlite3.Connection) -> None:
    """Create memories and their history."""
    connection.execute(f"""
        CREATE TABLE memory (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: derived indexes refer to it
            id TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
            key TEXT NOT NULL CHECK (key <> ''),
            value TEXT NOT NULL CHECK (value <> ''),
            owner TEXT NOT NULL CHECK (owner <> ''),
            scope TEXT NOT NULL CHECK (scope IN ({_SCOPES})),
            category TEXT NOT NULL CHECK (category IN ({_CATEGORIES})),
            tags TEXT NOT NULL DEFAULT '[]' CHECK (json_type(tags) = 'array'),
            confidence REAL NOT NULL DEFAULT 1.0 CHECK (confidence BETWEEN 0 AND 1),
            pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
            surface TEXT NOT NULL,
            conversation_id TEXT,
            agent_id TEXT,
            device_id TEXT,
            area_id TEXT,
            created_at REAL NOT NULL,
            updated_at REAL NOT NULL,
            last_used_at REAL,
            use_count INTEGER NOT NULL DEFAULT 0 CHECK (use_count >= 0),
            expires_at REAL,
            deleted_at REAL,
            revision INTEGER NOT NULL DEFAULT 1,  -- counts the changes of what is embedded
            CHECK ((scope = 'household') <= (owner = 'household')),
            CHECK ((scope = 'user') <= (owner <> 'household'))
        ) STRICT""")
    connection.execute("CREATE UNIQUE INDEX memory_key ON memory (owner, key) WHERE deleted_at IS NULL")
    connection.execute("CREATE INDEX memory_updated ON memory (owner, updated_at) WHERE deleted_at IS NULL")
    connection.execute(
        "CREATE INDEX memory_expiry ON memory (expires_at) WHERE deleted_at IS NULL AND expires_at NOT NULL"
    )
    connection.execute("CREATE INDEX memory_pinned ON memory (owner) WHERE deleted_at IS NULL AND pinned")
    connection.execute("CREATE INDEX memory_forgotten ON memory (deleted_at) WHERE deleted_at NOT NULL")
    connection.execute("""
        CREATE TABLE history (
            id INTEGER PRIMARY KEY,
            memory_seq INTEGER NOT NULL REFERENCES memory (seq) ON DELETE CASCADE,
            at REAL NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('set', 'change', 'forget', 'expire', 'restore')),
            actor TEXT,
            surface TEXT NOT NULL,
            before TEXT CHECK (before IS NULL OR json_type(before) = 'object'),
            after TEXT CHECK (after IS NULL OR json_type(after) = 'object')
        ) STRICT""")
    connection.execute("CREATE INDEX history_memory ON history (memory_seq, id)")


def m002_create_word_index(connection: sqlite3.Connection) -> None:
    """Create the full-text index over the live memories, kept by triggers.

    Marks belong to words: without them FTS5 takes words of Hindi, Thai or Arabic apart at every vowel sign.
    """
    connection.execute("CREATE VIEW memory_live AS SELECT seq, key, value, tags FROM memory WHERE deleted_at IS NULL")
    connection.execute("""
        CREATE VIRTUAL TABLE memory_fts USING fts5 (
            key, value, tags, content = 'memory_live', content_rowid = 'seq',
            tokenize = 'porter unicode61 remove_diacritics 2 categories ''L* M* N* Co'''
        )""")
    # Without it, deleted words stay readable in the index until its segments are merged.
    connection.execute("INSERT INTO memory_fts (memory_fts, rank) VALUES ('secure-delete', 1)")
    connection.execute("CREATE VIRTUAL TABLE memory_vocabulary USING fts5vocab (memory_fts, 'row')")
    add = "INSERT INTO memory_fts (rowid, key, value, tags) VALUES (new.seq, new.key, new.value, new.tags);"
    remove = (
        "INSERT INTO memory_fts (memory_fts, rowid, key, value, tags)"
        " VALUES ('delete', old.seq, old.key, old.value, old.tags);"
    )
    columns = "UPDATE OF key, value, tags, deleted_at ON memory"
    for name, event, body in (
        ("insert", "AFTER INSERT ON memory WHEN new.deleted_at IS NULL", add),
        ("delete", "AFTER DELETE ON memory WHEN old.deleted_at IS NULL", remove),
        ("update_out", f"BEFORE {columns} WHEN old.deleted_at IS NULL", remove),
        ("update_in", f"AFTER {columns} WHEN new.deleted_at IS NULL", add),
    ):
        connection.execute(f"CREATE TRIGGER memory_fts_{name} {event} BEGIN {body} END")


def m003_create_vectors(connection: sqlite3.Connection) -> None:
    """Create embedding spaces and their vectors. A memory without a row here is waiting to be embedded."""
    connection.execute("""
        CREATE TABLE space (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            model TEXT NOT NULL,
            dimension INTEGER NOT NULL CHECK (dimension > 0),
            template TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            calibration_low REAL NOT NULL,
            calibration_high REAL NOT NULL CHECK (calibration_high > calibration_low),
            ready INTEGER NOT NULL DEFAULT 0 CHECK (ready IN (0, 1)),  -- has been complete once
            indexed INTEGER NOT NULL DEFAULT 0 CHECK (indexed IN (0, 1)),  -- its bit index holds every vector
            UNIQUE (model, dimension, template, fingerprint)
        ) STRICT""")
    connection.execute("""
        CREATE TABLE vector (
            space_id INTEGER NOT NULL REFERENCES space (id) ON DELETE CASCADE,
            memory_seq INTEGER NOT NULL REFERENCES memory (seq) ON DELETE CASCADE,
            embedding BLOB NOT NULL CHECK (length(embedding) % 4 = 0),  -- little-endian float32, length 1
            PRIMARY KEY (space_id, memory_seq)
        ) STRICT""")
    connection.execute("CREATE INDEX vector_memory ON vector (memory_seq)")


def m004_index_core_facts(connection: sqlite3.Connection) -> None:
    """Find what people said about themselves without looking at every memory."""
    connection.execute(
        "CREATE INDEX memory_core_facts ON memory (owner, seq)"
        " WHERE category = 'user' AND scope = 'user' AND deleted_at IS NULL AND NOT pinned"
    )


def m005_index_creation(connection: sqlite3.Connection) -> None:
    """Find what was told at a time without looking at every memory."""
    connection.execute("CREATE INDEX memory_created ON memory (owner, created_at) WHERE deleted_at IS NULL")


def m006_index_pieces(connection: sqlite3.Connection) -> None:
    """Find words of scripts that write no spaces between them.

    What they are found by is a column of the memories, so that neither triggers nor checks need a function that other
    programs, which may open the file or a snapshot of it, do not have.
    """
    drop_word_index(connection)
    connection.execute("ALTER TABLE memory ADD COLUMN pieces TEXT")
    rows = connection.execute("SELECT seq, key, value, tags FROM memory")
    found = [(index_pieces(key, value, json.loads(tags)), seq) for seq, key, value, tags in rows]
    connection.executemany("UPDATE memory SET pieces = ? WHERE seq = ?", [row for row in found if row[0] is not None])
    create_word_index(connection)


def m007_index_overview(connection: sqlite3.Connection) -> None:
    """Put lists in order and count kinds without reading the memories themselves, which are ten times as large.

    Measured with 100,000 memories: a window in the middle of a list takes a quarter of the time, counts a tenth.
    """
    connection.execute(
        "CREATE INDEX memory_overview ON memory (owner, category, scope, surface, pinned, expires_at, created_at,"
        " updated_at, last_used_at, use_count, tags) WHERE deleted_at IS NULL"
    )


def drop_word_index(connection: sqlite3.Connection) -> None:
    """Drop the full-text index, whatever is left of it, with what keeps it."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'memory_fts'").fetchone():
        # Put back what FTS5 has to find before it drops a table.
        for name in ("data", "docsize", "idx"):
            connection.execute(f"CREATE TABLE IF NOT EXISTS memory_fts_{name} (x)")
        connection.execute("CREATE TABLE IF NOT EXISTS memory_fts_config (k PRIMARY KEY, v) WITHOUT ROWID")
        connection.execute("INSERT OR REPLACE INTO memory_fts_config VALUES ('version', 4)")
    for name in _WORD_TRIGGERS:
        connection.execute(f"DROP TRIGGER IF EXISTS memory_fts_{name}")
    for name in ("memory_vocabulary", "memory_fts", *(f"memory_fts_{shadow}" for shadow in _WORD_SHADOWS)):
        connection.execute(f"DROP TABLE IF EXISTS {name}")
    connection.execute("DROP VIEW IF EXISTS memory_live")


def create_word_index(connection: sqlite3.Connection) -> None:
    """Create and fill the full-text index as it is since the last of the steps; see m002 for the reasons."""
    columns = ("key", "value", "tags", "pieces")
    names, new, old = (", ".join(f"{row}{name}" for name in columns) for row in ("", "new.", "old."))
    connection.execute(f"CREATE VIEW memory_live AS SELECT seq, {names} FROM memory WHERE deleted_at IS NULL")
    tokenizer = "porter unicode61 remove_diacritics 2 categories ''L* M* N* Co''"
    connection.execute(
        f"CREATE VIRTUAL TABLE memory_fts USING fts5 ({names},"
        f" content = 'memory_live', content_rowid = 'seq', tokenize = '{tokenizer}')"
    )
    connection.execute("INSERT INTO memory_fts (memory_fts, rank) VALUES ('secure-delete', 1)")
    connection.execute("CREATE VIRTUAL TABLE memory_vocabulary USING fts5vocab (memory_fts, 'row')")
    add = f"INSERT INTO memory_fts (rowid, {names}) VALUES (new.seq, {new});"
    remove = f"INSERT INTO memory_fts (memory_fts, rowid, {names}) VALUES ('delete', old.seq, {old});"
    updated = f"UPDATE OF {names}, deleted_at ON memory"
    for name, event, body in (
        ("insert", "AFTER INSERT ON memory WHEN new.deleted_at IS NULL", add),
        ("delete", "AFTER DELETE ON memory WHEN old.deleted_at IS NULL", remove),
        ("update_out", f"BEFORE {updated} WHEN old.deleted_at IS NULL", remove),
        ("update_in", f"AFTER {updated} WHEN new.deleted_at IS NULL", add),
    ):
        connection.execute(f"CREATE TRIGGER memory_fts_{name} {event} BEGIN {body} END")
    connection.execute("INSERT INTO memory_fts (memory_fts) VALUES ('rebuild')")


STEPS: Final[tuple[Step, ...]] = (
    m001_create_memories,
    m002_create_word_index,
    m003_create_vectors,
    m004_index_core_facts,
    m005_index_creation,
    m006_index_pieces,
    m007_index_overview,
)


def is_outdated(connection: sqlite3.Connection, steps: tuple[Step, ...] = STEPS) -> bool:
    """Return whether the file holds something that an older version of the integration has written."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migration'").fetchone() is None:
        return False
    (done,) = connection.execute("SELECT coalesce(max(version), 0) FROM migration").fetchone()
    return 0 < int(done) < len(steps)


def migrate(connection: sqlite3.Connection, steps: tuple[Step, ...] = STEPS) -> None:
    """Run the steps that the file has not seen yet.

    Raises StorageError (code ``database_too_new``) for a file that a newer version of the integration has written.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migration"
        " (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL NOT NULL) STRICT"
    )
    (done,) = connection.execute("SELECT coalesce(max(version), 0) FROM migration").fetchone()
    if done > len(steps):
        raise StorageError("database_too_new", found=done, known=len(steps))
    for version, step in enumerate(steps[done:], start=done + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            step(connection)
            connection.execute("INSERT INTO migration VALUES (?, ?, ?)", (version, step.__name__, time.time()))
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite may have rolled back by itself (a full disk)
                connection.execute("ROLLBACK")
            raise
