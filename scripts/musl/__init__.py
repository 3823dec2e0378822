"""Proving that sqlite-vec works on musl: what the integration makes of its wheel is loaded by a SQLite under musl."""
