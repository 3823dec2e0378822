"""Times that a text speaks of: "yesterday", "im Mai", "16 juin 2023"."""
