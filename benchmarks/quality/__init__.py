"""How well memories are found: systems compared on the same vectors; see docs/development.md."""
