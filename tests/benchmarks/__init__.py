"""Tests of the measurements: that they run, never how fast."""
