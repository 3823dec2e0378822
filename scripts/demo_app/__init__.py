"""A real Home Assistant with this integration, driven over its API: the demo, and what the smoke tests stand on."""
