"""Where memories are kept: SQLite, its threads, its schema and its derived indexes."""
