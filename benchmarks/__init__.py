"""Measurements; no test waits for them."""
