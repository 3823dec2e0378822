"""Remembering the vectors of recent queries: people and models ask the same thing twice within a turn."""

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .base import Vectors

_SIZE: Final = 256


class QueryCache:
    """The least recently used go first. Not for several threads."""

    def __init__(self, size: int = _SIZE) -> None:
        """Keep up to ``size`` vectors."""
        self._size = size
        self._vectors: OrderedDict[tuple[int, str], Vectors] = OrderedDict()

    def get(self, space_id: int, text: str) -> Vectors | None:
        """Return the vector of a text in a space, if it is known."""
        vector = self._vectors.get((space_id, text))
        if vector is not None:
            self._vectors.move_to_end((space_id, text))
        return vector

    def put(self, space_id: int, text: str, vector: Vectors) -> None:
        """Remember a vector."""
        self._vectors[space_id, text] = vector
        if len(self._vectors) > self._size:
            self._vectors.popitem(last=False)
