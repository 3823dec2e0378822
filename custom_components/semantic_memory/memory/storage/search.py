"""Reading what a recall needs, in one snapshot. Functions of a reader's connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import sqlite3
from typing import Final

from .. import closer, ranking, text
from ..answers import Hit
from ..embedding.counterparts import Counterparts
from ..explanation import Explanation
from ..models import HOUSEHOLD, Memory, MemoryFilter
from ..query import Query
from ..times.spans import Span
from . import keywords, said, spaces
from .candidates import CandidateIndex, Neighbours, Vector
from .filters import Conditions
from .memories import memory_of, text_of
from .word_tier import Matched, WordTier

VECTOR_CANDIDATES: Final = 48
"""Per space. Measured: with twice as many, no question of both sets is answered any better."""
_FOR_EACH: Final = 2
"""At least so many for each hit that is wanted."""
MOST_CANDIDATES: Final = 4_096
"""As many as sqlite-vec looks for, however many of the nearest are excluded."""


@dataclass(frozen=True, slots=True)
class Search:
    """All that a recall is made of, once its query has been embedded."""

    query: Query
    owners: tuple[str, ...]
    where: MemoryFilter
    vectors: Mapping[int, Vector]
    """Query vectors by space id, the space that serves first."""
    limit: int
    threshold: float
    strict: bool
    keyword_weight: float
    now: float
    spans: tuple[Span, ...] = ()
    """Times that the query speaks of."""
    names: Sequence[text.Term] = ()
    """Whom the query speaks of."""
    own_first: bool = False
    """Prefer the caller's own memories to the household's."""
    counterparts: Counterparts | None = None
    """What compares single words, if anything can."""
    explain: bool = False


def run(
    connection: sqlite3.Connection,
    search: Search,
    index: CandidateIndex,
    tier: WordTier | None = None,
    *,
    trust: bool = True,
) -> tuple[Hit, ...]:
    """Return the hits, best first; ``tier`` are the words that are in memory.

    If they are to be trusted, they say which candidates are live, and only the best are looked up.
    """
    if search.where.forgotten:  # nothing that was forgotten is ever recalled; lists show it
        return ()
    conditions = Conditions(search.owners, search.where, search.now)
    conditions.add_operators(connection, search.query)
    trusted = tier if trust and not search.spans else None  # when something was told stands in the file only
    ranked, weights, words = _ranked(connection, search, conditions, index, tier, trusted)
    rows = conditions.rows(connection, [item.candidate.seq for item in ranked])
    if len(rows) < len(ranked):  # memory is ahead of what this connection reads
        return run(connection, search, index, tier, trust=False)
    if search.counterparts is not None:
        texts = [text_of(rows[item.candidate.seq]) for item in ranked]
        ranked, weights = closer.rank(ranked, texts, weights, search.counterparts, words.weights)
    best = ranking.cut(ranked, search.limit, search.threshold, strict=search.strict, visible=words.visible)
    return tuple(_hit(item, memory_of(rows[item.candidate.seq]), weights, explain=search.explain) for item in best)


def _ranked(
    connection: sqlite3.Connection,
    search: Search,
    conditions: Conditions,
    index: CandidateIndex,
    tier: WordTier | None,
    trusted: WordTier | None,
) -> tuple[list[ranking.Ranked], ranking.Weights, Matched]:
    """Return the best candidates, what each signal counts, and what the words brought up.

    The words in memory say which candidates are live where they are ``trusted``.
    """
    known = [space for space in spaces.all_spaces(connection) if space.id in search.vectors]
    known.sort(key=lambda space: list(search.vectors).index(space.id))
    neighbours = {space.id: _near(connection, search, conditions, index, space.id) for space in known}
    near = set().union(*neighbours.values())
    if not known and search.query.required:
        near = set(conditions.all_seqs(connection))
    terms = text.query_words(search.query.text)
    # Neither words nor a default threshold: then nobody asks how many memories there are.
    asked = bool(terms) or not search.strict
    words = keywords.search(connection, terms, conditions, tier, near) if asked else keywords.NOTHING
    told = said.candidates(connection, conditions, search.spans)
    found = keywords.owners_of(connection, near | words.scores.keys() | told, conditions, trusted)
    times = said.scores(connection, found, search.spans)
    vectors = _by_vectors(connection, search, index, known, neighbours, list(found))
    has_words = 0.0 if search.query.required else None  # phrase or prefix occur, whatever their words weigh
    surely = max(span.weight for span in search.spans) if times else 0.0
    weights = _weights(connection, search, ranking.TIME * surely, tier)
    candidates = (
        ranking.Candidate(
            seq,
            vectors.get(seq),
            words.scores.get(seq, has_words),
            owner != HOUSEHOLD,
            times[seq] / surely if times else 0.0,
        )
        for seq, owner in found.items()
    )
    most = search.limit if search.counterparts is None else max(search.limit, closer.LOOKED_AT)
    return ranking.rank(candidates, weights, most), weights, words


def _weights(connection: sqlite3.Connection, search: Search, time: float, tier: WordTier | None) -> ranking.Weights:
    """Return how much each signal counts for this search."""
    factor = 1.0
    if search.names:
        # Whoever filters by tag or date still asks about the same people.
        visible = Conditions(search.owners, MemoryFilter(), search.now)
        if not any(keywords.is_known(connection, name, visible, tier) for name in search.names):
            factor = ranking.UNKNOWN_NAMES
    return ranking.Weights(
        search.keyword_weight, own=ranking.OWN if search.own_first else 0.0, time=time, factor=factor
    )


def _near(
    connection: sqlite3.Connection, search: Search, conditions: Conditions, index: CandidateIndex, space_id: int
) -> Neighbours:
    """Return the candidates by meaning in a space that has a query vector."""
    # An index knows owners only; behind a filter its candidates could all be the wrong ones.
    if conditions.narrow:
        return dict.fromkeys(conditions.all_seqs(connection))
    # What is excluded may be all that is near.
    limit = max(VECTOR_CANDIDATES, _FOR_EACH * search.limit) + conditions.excluded
    if limit > MOST_CANDIDATES:
        limit = MOST_CANDIDATES
        if conditions.count(connection) <= limit:
            return dict.fromkeys(conditions.all_seqs(connection))
    return index.search(connection, space_id, search.owners, search.vectors[space_id], limit)


def _by_vectors(
    connection: sqlite3.Connection,
    search: Search,
    index: CandidateIndex,
    known: Sequence[spaces.Space],
    neighbours: Mapping[int, Neighbours],
    seqs: Sequence[int],
) -> dict[int, float]:
    """Return the calibrated similarity of each memory, in the first of the spaces that has its vector."""
    if not known:
        return {}
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    scores: dict[int, float] = {}
    for space in known:
        query, near = search.vectors[space.id], neighbours[space.id]
        missing = [seq for seq in seqs if seq not in scores]
        cosines = {seq: cosine for seq in missing if (cosine := near.get(seq)) is not None}
        cosines |= index.cosines(space.id, search.owners, [seq for seq in missing if seq not in cosines], query)
        read = spaces.embeddings_of(connection, space.id, [seq for seq in missing if seq not in cosines])
        if read:
            rows = np.frombuffer(b"".join(read.values()), "<f4").reshape(len(read), -1)
            cosines.update(zip(read, np.vecdot(rows, query).tolist(), strict=True))
        if cosines:
            calibrated = space.calibration.score(np.fromiter(cosines.values(), np.float32, len(cosines)))
            scores.update(zip(cosines, calibrated.tolist(), strict=True))
    return scores


def _hit(item: ranking.Ranked, memory: Memory, weights: ranking.Weights, *, explain: bool) -> Hit:
    return Hit(
        memory=memory,
        score=item.score,
        match=item.match,
        vector_score=item.candidate.vector_score,
        keyword_score=item.candidate.keyword_score,
        explanation=Explanation(parts=ranking.parts_of(item.candidate, weights)) if explain else None,
    )
