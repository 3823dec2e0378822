"""What other programs, or a failing disk, can do to a database. Each as SQL for a connection without sqlite-vec."""

from typing import Final, NamedTuple

from custom_components.semantic_memory.memory.storage.checks import Part


class Damage(NamedTuple):
    """What is done to a file with the memory of seq 3 and the space 1, and which parts disagree then."""

    sql: str
    parts: frozenset[Part]
    at_open: bool = True
    """Whether the cheap check sees all of it."""


def _words(sql: str, *, at_open: bool = True) -> Damage:
    return Damage(sql, frozenset({Part.WORDS}), at_open)


def _codes(sql: str, *, at_open: bool = True) -> Damage:
    return Damage(sql, frozenset({Part.CODES}), at_open)


_REPLACE_THIRD: Final = (
    "INSERT OR REPLACE INTO memory (seq, id, key, value, owner, scope, category, surface, created_at, updated_at)"
    " SELECT seq, id, 'changed', value, owner, scope, category, surface, created_at, updated_at"
    " FROM memory WHERE seq = 3"
)
_COPY_THIRD: Final = (
    "INSERT INTO memory (id, key, value, owner, scope, category, surface, created_at, updated_at)"
    " SELECT substr(id, 2) || '_', 'seven', value, owner, scope, category, surface, created_at, updated_at"
    " FROM memory WHERE seq = 3;"
)
_HIDE_INDEX: Final = """
    PRAGMA writable_schema = ON;
    CREATE TEMP TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'memory_updated';
    DELETE FROM sqlite_schema WHERE name = 'memory_updated';
    PRAGMA writable_schema = RESET;"""
_SHOW_INDEX: Final = """
    PRAGMA writable_schema = ON;
    INSERT INTO sqlite_schema SELECT * FROM hidden;
    PRAGMA writable_schema = RESET;"""

DAMAGES: Final = {
    # Another program edits the memories.
    "deleted without foreign keys": Damage(
        "DELETE FROM memory WHERE seq = 3", frozenset({Part.HISTORY, Part.VECTORS, Part.CODES}), at_open=False
    ),
    "deleted with foreign keys": _codes("PRAGMA foreign_keys = ON; DELETE FROM memory WHERE seq = 3"),
    "replaced, which no trigger notices": _words(_REPLACE_THIRD, at_open=False),
    "forgotten by hand": _codes("UPDATE memory SET deleted_at = 1 WHERE seq = 3"),
    "given to somebody else": _codes("UPDATE memory SET owner = 'somebody' WHERE seq = 3", at_open=False),
    "the vectors deleted": _codes("DELETE FROM vector WHERE memory_seq = 3"),
    "a space deleted": Damage("DELETE FROM space", frozenset({Part.VECTORS}), at_open=False),
    # The word index.
    "words: no entry for a memory": _words("DELETE FROM memory_fts_docsize WHERE id = 3"),
    "words: an entry for no memory": _words("INSERT INTO memory_fts_docsize VALUES (999, x'010101')"),
    "words: no sizes": _words("DELETE FROM memory_fts_docsize"),
    "words: no data": _words("DELETE FROM memory_fts_data"),
    "words: no pages": _words("DELETE FROM memory_fts_data WHERE id > 10"),
    "words: blank": _words("UPDATE memory_fts_data SET block = zeroblob(length(block))", at_open=False),
    "words: pages blank": _words("UPDATE memory_fts_data SET block = zeroblob(length(block)) WHERE id > 10"),
    "words: no version": _words("DELETE FROM memory_fts_config"),
    "words: table data dropped": _words("DROP TABLE memory_fts_data"),
    "words: table docsize dropped": _words("DROP TABLE memory_fts_docsize"),
    "words: table idx dropped": _words("DROP TABLE memory_fts_idx"),
    "words: table config dropped": _words("DROP TABLE memory_fts_config"),
    "words: dropped": _words("DROP TABLE memory_fts"),
    "words: vocabulary dropped": _words("DROP TABLE memory_vocabulary"),
    "words: view dropped": _words("DROP VIEW memory_live"),
    "words: trigger dropped": _words("DROP TRIGGER memory_fts_update_in"),
    "words: trigger dropped and missed": _words(f"DROP TRIGGER memory_fts_insert; {_COPY_THIRD}"),
    "words: trigger replaced": _words(
        "DROP TRIGGER memory_fts_insert;CREATE TRIGGER memory_fts_insert AFTER INSERT ON memory BEGIN SELECT 1; END"
    ),
    # The bit index.
    "codes: no row": _codes("DELETE FROM vector_code_1_rowids WHERE rowid = 3"),
    "codes: no rows": _codes("DELETE FROM vector_code_1_rowids"),
    "codes: no chunks": _codes("DELETE FROM vector_code_1_chunks"),
    "codes: nothing valid": _codes("UPDATE vector_code_1_chunks SET validity = zeroblob(length(validity))"),
    "codes: blank rowids": _codes("UPDATE vector_code_1_chunks SET rowids = zeroblob(length(rowids))", at_open=False),
    "codes: no vectors": _codes("DELETE FROM vector_code_1_vector_chunks00", at_open=False),
    "codes: blank": _codes(
        "UPDATE vector_code_1_vector_chunks00 SET vectors = zeroblob(length(vectors))", at_open=False
    ),
    "codes: cut": _codes("UPDATE vector_code_1_vector_chunks00 SET vectors = zeroblob(3)", at_open=False),
    # As VACUUM may do it: whoever prepares the index sees this before anybody checks it.
    "codes: numbered anew": Damage("UPDATE vector_code_1_vector_chunks00 SET _rowid_ = _rowid_ + 7", frozenset()),
    "codes: table info dropped": _codes("DROP TABLE vector_code_1_info"),
    "codes: table rowids dropped": _codes("DROP TABLE vector_code_1_rowids"),
    "codes: table chunks dropped": _codes("DROP TABLE vector_code_1_chunks"),
    "codes: table vector_chunks00 dropped": _codes("DROP TABLE vector_code_1_vector_chunks00"),
    "codes: main table gone": _codes(
        "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'vector_code_1'"
    ),
    "codes: all tables gone": _codes(
        "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'vector_code_1';"
        "PRAGMA writable_schema = RESET;"
        "DROP TABLE vector_code_1_info; DROP TABLE vector_code_1_rowids;"
        "DROP TABLE vector_code_1_chunks; DROP TABLE vector_code_1_vector_chunks00"
    ),
    # The vectors.
    "vector: short": Damage(
        "UPDATE vector SET embedding = x'0000803f' WHERE memory_seq = 3", frozenset({Part.VECTORS}), at_open=False
    ),
    "vector: not a number": Damage(
        "UPDATE vector SET embedding = CAST(x'0000c07f' || substr(embedding, 5) AS BLOB) WHERE memory_seq = 3",
        frozenset({Part.VECTORS}),
        at_open=False,
    ),
    "vector: zero": Damage(
        "UPDATE vector SET embedding = zeroblob(length(embedding)) WHERE memory_seq = 3",
        frozenset({Part.VECTORS}),
        at_open=False,
    ),
    "vector: another": _codes(
        "UPDATE vector SET embedding = (SELECT embedding FROM vector WHERE memory_seq = 4) WHERE memory_seq = 3",
        at_open=False,
    ),
    "vector: table dropped": Damage("DROP TABLE vector", frozenset({Part.VECTORS, Part.LOOKUP, Part.CODES})),
    # SQLite's own indexes.
    "lookup: dropped": Damage("DROP INDEX memory_key", frozenset({Part.LOOKUP})),
    "lookup: dropped and broken": Damage(
        "DROP INDEX memory_key; DROP INDEX memory_updated; UPDATE memory SET key = 'same' WHERE seq IN (2, 3, 4)",
        frozenset({Part.LOOKUP}),
    ),
    "lookup: another": Damage(
        "DROP INDEX memory_key; CREATE INDEX memory_key ON memory (key)", frozenset({Part.LOOKUP})
    ),
    "lookup: entries missing": Damage(
        f"{_HIDE_INDEX} {_COPY_THIRD} {_SHOW_INDEX}",
        frozenset({Part.LOOKUP, Part.WORDS}),  # the words are compared by what this index says
        at_open=False,
    ),
    "history: orphaned": Damage(
        "INSERT INTO history (memory_seq, at, kind, surface) VALUES (999, 1, 'set', 'test')",
        frozenset({Part.HISTORY}),
        at_open=False,
    ),
}
