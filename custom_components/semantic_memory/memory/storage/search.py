"""Reading what a recall needs, in one snapshot. Functions of a reader's connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import sqlite3
from typing import TYPE_CHECKING, Final

from .. import ranking, text
from ..models import Hit, MemoryFilter
from . import spaces, words
from .candidates import CandidateIndex
from .filters import Conditions

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    type Vector = NDArray[float32]

VECTOR_CANDIDATES: Final = 160
"""Per owner and space. Measured: 160 bit candidates keep 0.988-0.999 of the true first ten on real text."""
KEYWORD_CANDIDATES: Final = 160


@dataclass(frozen=True, slots=True)
class Search:
    """All that a recall is made of, once its query has been embedded."""

    query: str
    owners: tuple[str, ...]
    where: MemoryFilter
    vectors: Mapping[int, Vector]
    """Query vectors by space id, the space that serves first."""
    limit: int
    threshold: float
    strict: bool
    keyword_weight: float
    now: float


def run(connection: sqlite3.Connection, search: Search, index: CandidateIndex) -> tuple[Hit, ...]:
    """Return the hits, best first."""
    if search.where.forgotten:  # nothing that was forgotten is ever recalled; lists show it
        return ()
    conditions = Conditions(search.owners, search.where, search.now)
    known = [space for space in spaces.all_spaces(connection) if space.id in search.vectors]
    known.sort(key=lambda space: list(search.vectors).index(space.id))
    near = _near(connection, search, conditions, index, [space.id for space in known])
    scored_words = _by_words(connection, search, conditions)
    found = conditions.allowed(connection, near | scored_words.keys())
    scored_vectors = _by_vectors(connection, search, known, list(found))
    ranked = ranking.rank(
        (ranking.Candidate(seq, scored_vectors.get(seq), scored_words.get(seq)) for seq in found), search.keyword_weight
    )
    visible = conditions.count(connection, up_to=ranking.SMALL_STORE + 1)
    best = ranking.cut(ranked, search.limit, search.threshold, strict=search.strict, visible=visible)
    return _hits(connection, conditions, best)


def _near(
    connection: sqlite3.Connection,
    search: Search,
    conditions: Conditions,
    index: CandidateIndex,
    space_ids: Sequence[int],
) -> set[int]:
    """Return the candidates by meaning of every space that has a query vector."""
    if conditions.narrow:
        # An index knows owners only; behind a filter its candidates could all be the wrong ones.
        return set(conditions.all_seqs(connection)) if space_ids else set()
    return {
        seq
        for space_id in space_ids
        for seq in index.search(connection, space_id, search.owners, search.vectors[space_id], VECTOR_CANDIDATES)
    }


def _by_words(connection: sqlite3.Connection, search: Search, conditions: Conditions) -> dict[int, float]:
    """Return candidates by keyword with the share of the query's weight that they carry, 0..1.

    BM25 is divided by the sum of the inverse document frequencies of the query's words, which is what a memory of
    average length that has each of them once would get. A memory that shares only a word that everything has is thus
    not taken for a good match just because there is no better one.
    """
    query = words.weigh(connection, text.query_words(search.query))
    if not query.terms:
        return {}
    rows = connection.execute(
        "SELECT seq, bm25(memory_fts, 1.0, 1.0, 0.5) AS distance FROM memory_fts JOIN memory ON seq = memory_fts.rowid"
        f" WHERE memory_fts MATCH :match AND {conditions.by_seq} ORDER BY distance LIMIT :limit",
        {**conditions.parameters, "match": text.match_any(query.terms), "limit": KEYWORD_CANDIDATES},
    )
    found = rows.fetchall()
    whole = max([query.weight, *(-distance for _, distance in found)])
    return {seq: max(0.0, -distance / whole) for seq, distance in found}


def _by_vectors(
    connection: sqlite3.Connection, search: Search, known: Sequence[spaces.Space], seqs: Sequence[int]
) -> dict[int, float]:
    """Return the calibrated similarity of each memory, in the first of the spaces that has its vector."""
    if not known:
        return {}
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    scores: dict[int, float] = {}
    for space in known:
        missing = [seq for seq in seqs if seq not in scores]
        found = spaces.embeddings_of(connection, space.id, missing)
        if found:
            matrix = np.frombuffer(b"".join(found.values()), "<f4").reshape(len(found), -1)
            calibrated: list[float] = space.calibration.score(matrix @ search.vectors[space.id]).tolist()
            scores.update(zip(found, calibrated, strict=True))
    return scores


def _hits(connection: sqlite3.Connection, conditions: Conditions, best: Sequence[ranking.Ranked]) -> tuple[Hit, ...]:
    """Read the memories of the best candidates."""
    seqs = [item.candidate.seq for item in best]
    found = dict(conditions.memories(connection, seqs))
    return tuple(
        Hit(
            memory=found[item.candidate.seq],
            score=item.score,
            match=item.match,
            vector_score=item.candidate.vector_score,
            keyword_score=item.candidate.keyword_score,
        )
        for item in best
        if item.candidate.seq in found
    )
