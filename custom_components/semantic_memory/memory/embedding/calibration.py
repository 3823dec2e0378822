"""What a cosine means in a space.

Models differ: unrelated texts have a cosine near 0 in one and near 0.7 in the next. A space is therefore measured
once, with questions and facts that belong together and the same ones mixed up, and every cosine is put on one scale
from 0 to 1.
"""

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Final

from ..ranking import UNRELATED

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from .base import Embedder

    type Floats = NDArray[float32]

_HIGH_SCORE: Final = 0.7
_UNRELATED_PERCENTILE: Final = 95
_LEAST_SPREAD: Final = 0.02

PAIRS: Final = (
    ("Where do we keep the spare key?", "The spare key hangs in the cupboard beside the front door."),
    ("When are the bins collected?", "Rubbish is picked up every Tuesday morning."),
    ("What does she like to drink in the morning?", "Her favourite breakfast drink is green tea."),
    ("Who looks after the dog when we travel?", "The neighbour feeds the dog during our holidays."),
    ("How warm should the bedroom be at night?", "For sleeping the bedroom is set to 18 degrees."),
    ("Which bus goes to school?", "The children take line 14 to get to their school."),
    ("Is anybody allergic to something?", "Our son cannot eat peanuts."),
    ("What is the name of the plumber?", "For a leaking pipe we call the plumbing company on Mill Road."),
    ("When is the wedding anniversary?", "They married on the ninth of June."),
    ("What should be playing at dinner?", "Soft jazz is the music for meals."),
    ("How often do the plants need water?", "Give the ficus a glass of water every ten days."),
    ("Which lamp broke last week?", "The light in the hallway stopped working on Monday."),
    ("What size are his shoes?", "He wears trainers in size 43."),
    ("Where is the car parked?", "The car stands on level two of the garage."),
    ("What is the password for visitors?", "Guests use the wireless network with the code sunflower."),
    ("Who is her best friend at work?", "She gets along best with a colleague from accounting."),
)
"""(question, fact that answers it), written for this purpose."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Two cosines of a space: what unrelated texts hardly reach, and what a question and its answer usually have."""

    low: float
    high: float

    def score(self, cosines: Floats) -> Floats:
        """Return 0..1 for cosines of any shape: a logistic curve through (low, 0.2) and (high, 0.7).

        Strictly increasing, so it never changes an order (Platt, "Probabilistic outputs for support vector machines",
        1999).
        """
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        low_logit, high_logit = (log(score / (1 - score)) for score in (UNRELATED, _HIGH_SCORE))
        slope = (high_logit - low_logit) / (self.high - self.low)
        # In float32 the exponential overflows where both cosines are close to each other.
        exponents = low_logit + slope * (np.asarray(cosines, dtype=np.float64) - self.low)
        scores: Floats = (1 / (1 + np.exp(-exponents))).astype(np.float32)
        return scores


async def async_calibrate(embedder: Embedder) -> Calibration:
    """Measure a space with one batch of documents and one query each. Raises EmbeddingError."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    documents = await embedder.async_embed_documents([fact for _, fact in PAIRS])
    queries = np.vstack([await embedder.async_embed_query(question) for question, _ in PAIRS])
    cosines = queries @ documents.T
    related = np.eye(len(PAIRS), dtype=bool)
    low = float(np.percentile(cosines[~related], _UNRELATED_PERCENTILE))
    return Calibration(low, max(float(np.median(cosines[related])), low + _LEAST_SPREAD))
