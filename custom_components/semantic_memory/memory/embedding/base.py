"""What every embedder is, and the checks that every vector passes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..errors import EmbeddingError, InvalidVectorsError

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    type Vectors = NDArray[float32]
    """Shape (texts, dimension), every row of length 1."""


@dataclass(frozen=True, slots=True)
class SpaceKey:
    """What makes two vectors comparable: the same model, dimension and templates.

    ``fingerprint`` names the exact weights (Ollama's digest, a package version); another one is another space.
    """

    model: str
    dimension: int
    template: str
    fingerprint: str


class SpaceChangedError(InvalidVectorsError):
    """The vectors are of another space than the one that :meth:`Embedder.async_space` told last; none is returned."""


class Embedder(Protocol):
    """Turns texts into unit vectors of one embedding space, the one that was told last."""

    @property
    def model(self) -> str:
        """Return the model's name as people know it."""
        ...

    async def async_space(self) -> SpaceKey:
        """Return the space of the vectors. Raises EmbeddingError while it cannot be told."""
        ...

    def forget_space(self) -> None:
        """Find out anew, on the next call, which space it is: the weights under a name can change."""
        ...

    async def async_embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed what is stored: (len(texts), dimension) unit vectors. Raises EmbeddingError."""
        ...

    async def async_embed_query(self, text: str) -> Vectors:
        """Embed what is asked: (1, dimension). Raises EmbeddingError."""
        ...


def checked_unit_vectors(vectors: object, count: int, dimension: int | None) -> Vectors:
    """Return ``vectors`` as float32 rows of length 1.

    ``dimension`` is the expected row length, ``None`` when it is not known yet. Raises InvalidVectorsError unless there
    are ``count`` rows of equal length, every number is finite and no row is zero; EmbeddingError (code
    ``built_in_missing``) where NumPy is not installed yet.
    """
    try:
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine
    except ImportError as err:
        raise EmbeddingError("built_in_missing", reason=err) from err
    try:
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused below
            array = np.asarray(vectors, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as err:
        raise InvalidVectorsError(reason="not a table of numbers") from err
    if array.ndim != 2 or array.shape[0] != count:  # noqa: PLR2004 - rows and columns
        raise InvalidVectorsError(reason=f"shape {array.shape} for {count} texts")
    if array.shape[1] == 0 or (dimension is not None and array.shape[1] != dimension):
        raise InvalidVectorsError(reason=f"dimension {array.shape[1]}, expected {dimension}")
    if not np.isfinite(array).all():
        raise InvalidVectorsError(reason="a number is not finite")
    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    if not (lengths > 0).all() or not np.isfinite(lengths).all():
        raise InvalidVectorsError(reason="a vector is zero")
    unit: Vectors = array / lengths
    return unit
