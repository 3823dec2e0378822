"""What keeps a proof from being tried."""


class UntriedError(Exception):
    """Nothing is proved and nothing is refuted; the text says what is missing."""
