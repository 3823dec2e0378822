"""Files as other tools write them, with the tables that their sources create."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
import csv
import json
from pathlib import Path
import sqlite3
from typing import Any, Final

CREATED: Final = "2026-01-02T03:04:05.678901+00:00"
USED: Final = "2026-02-03T04:05:06+00:00"

LUUQUANGVU: Final = """
CREATE TABLE IF NOT EXISTS mem
(
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    key          TEXT UNIQUE NOT NULL,
    value        TEXT        NOT NULL,
    scope        TEXT        NOT NULL,
    tags         TEXT        NOT NULL,
    tags_search  TEXT        NOT NULL,
    created_at   TEXT        NOT NULL,
    last_used_at TEXT        NOT NULL,
    expires_at   TEXT
);
CREATE VIRTUAL TABLE IF NOT EXISTS mem_fts USING fts5(
    key, value, tags, content='mem', content_rowid='id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE INDEX IF NOT EXISTS idx_mem_scope ON mem(scope);
CREATE TRIGGER IF NOT EXISTS mem_ai AFTER INSERT ON mem
BEGIN
    INSERT INTO mem_fts(rowid, key, value, tags) VALUES (new.id, new.key, new.value, new.tags_search);
END;
"""
"""``scripts/memory.py`` of luuquangvu/tutorials."""

AI_MEMORY_0: Final = """
CREATE TABLE IF NOT EXISTS memories (
    id TEXT PRIMARY KEY, content TEXT, embedding TEXT, scope TEXT, agent_id TEXT, created_at TEXT, metadata TEXT
);
"""
"""``memory_manager.py`` of Riscue/ha-ai-memory, before its schema had versions."""

AI_MEMORY_1: Final = """
CREATE TABLE IF NOT EXISTS _meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS memories (
    id TEXT PRIMARY KEY, content TEXT, embedding TEXT, scope TEXT, agent_id TEXT, created_at TEXT, summary TEXT,
    wing TEXT DEFAULT 'general', room TEXT DEFAULT 'general', layer INTEGER DEFAULT 2, updated_at TEXT,
    accessed_at TEXT, access_count INTEGER DEFAULT 0
);
CREATE TABLE IF NOT EXISTS knowledge_graph (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, relationship TEXT NOT NULL, object TEXT NOT NULL, valid_from TEXT,
    valid_to TEXT, confidence REAL DEFAULT 1.0, source_memory_id TEXT, created_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS palace_structure (
    wing TEXT NOT NULL, room TEXT NOT NULL, scope TEXT DEFAULT 'common', hall_connections TEXT DEFAULT '[]',
    tunnel_connections TEXT DEFAULT '[]', description TEXT, auto_assign_keywords TEXT DEFAULT '[]',
    created_at TEXT DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (wing, room)
);
"""
"""``memory/migration.py`` of Riscue/ha-ai-memory."""

POSTGRES_COLUMNS: Final = (
    "id", "key", "value", "scope", "user_id", "tags", "tags_search", "embedding", "search_text", "created_at",
    "last_used_at", "expires_at",
)  # fmt: skip
"""``server/db.py`` of iXanadu/ha-semantic-memory; older ones have no ``user_id``."""


def database(path: Path, schema: str, table: str, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Make an SQLite file in WAL mode."""
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(schema)
        insert(connection, table, rows)
    return path


def connect(path: Path) -> sqlite3.Connection:
    """Open a file as a tool of its own would."""
    return sqlite3.connect(path, autocommit=True)


def insert(connection: sqlite3.Connection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows."""
    connection.execute("BEGIN")
    for row in rows:
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)  # noqa: S608 - names from tests
    connection.execute("COMMIT")


def mem(key: str, value: str, **fields: Any) -> dict[str, Any]:
    """Return a row of luuquangvu's table; as there, the tags are those of the key where none are given."""
    row = {"key": key, "value": value, "scope": "user", "tags": key, "created_at": CREATED, "last_used_at": USED}
    return row | {"tags_search": key.replace("_", " ")} | fields


def luuquangvu(path: Path, *rows: Mapping[str, Any]) -> Path:
    """Make luuquangvu's ``memory.db``."""
    return database(path, LUUQUANGVU, "mem", rows)


def postgres_csv(path: Path, *rows: Mapping[str, str], columns: Sequence[str] = POSTGRES_COLUMNS) -> Path:
    """Make what psql writes of ha-semantic-memory's table."""
    common = {"scope": "user", "user_id": "default", "created_at": "2026-01-02 03:04:05.678901+00"}
    common |= {"last_used_at": "2026-02-03 04:05:06+00", "embedding": "[" + ",".join(["0.0123"] * 768) + "]"}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for number, row in enumerate(rows, 1):
            writer.writerow({"id": number, **common, **row})
    return path


def json_lines(path: Path, *records: object) -> Path:
    """Write one JSON document a line."""
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    return path


def entity(name: str, kind: str, *observations: object) -> dict[str, Any]:
    """Return a line of the MCP memory server."""
    return {"type": "entity", "name": name, "entityType": kind, "observations": list(observations)}


def relation(source: str, kind: str, target: str) -> dict[str, Any]:
    """Return the other kind of line."""
    return {"type": "relation", "from": source, "to": target, "relationType": kind}
