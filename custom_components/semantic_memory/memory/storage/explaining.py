"""Where scores come from: what ``search`` found, looked at once more. Functions of a reader's connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
import json
import sqlite3

from .. import ranking, text
from ..answers import Hit
from ..explanation import Explanation, Part, SearchedWord, SearchExplanation
from ..query import Pattern
from . import keywords, spaces, words
from .filters import Conditions
from .search import Search
from .word_tier import Replaced, WordTier


def explain(
    connection: sqlite3.Connection, search: Search, hits: Sequence[Hit], tier: WordTier | None = None
) -> tuple[tuple[Hit, ...], SearchExplanation]:
    """Return the hits with details to the parts of their scores, and what was searched for.

    ``hits`` are those of ``search`` in the same snapshot, with the same words in memory.
    """
    conditions = Conditions(search.owners, search.where, search.now)
    conditions.add_operators(connection, search.query)
    visible = conditions.count(connection)
    searched = _words(connection, search, conditions, visible, tier)
    known = [space for space_id in search.vectors for space in spaces.all_spaces(connection) if space.id == space_id]
    seqs = _seqs(connection, hits)
    details: dict[str, dict[int, dict[str, object]]] = {
        "meaning": _cosines(connection, search, known, list(seqs.values())),
        "words": {seq: {"matched": searched.matched(seq)} for seq in seqs.values()},
    }
    explained = tuple(
        replace(
            hit, explanation=Explanation(parts=tuple(_detailed(part, seqs[hit.memory.id], details) for part in parts))
        )
        for hit in hits
        for parts in [hit.explanation.parts if hit.explanation else ()]
    )
    is_cut = search.strict or visible > ranking.SMALL_STORE
    return explained, SearchExplanation(
        text=search.query.text,
        required=tuple(map(_shown, search.query.required)),
        excluded=tuple(map(_shown, search.query.excluded)),
        words=tuple(
            SearchedWord(word=term[0], weight=weight, memories=len(searched.memories[term]))
            for term, weight in searched.weights.items()
        ),
        common_words=tuple(term[0] for term in searched.common),
        models=tuple(space.key.model for space in known),
        memories=visible,
        threshold=search.threshold if is_cut else None,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a query, and which memories have them."""

    weights: Mapping[text.Term, float]
    """Shares of the query's weight, of those words that count."""
    memories: Mapping[text.Term, frozenset[int]]
    common: Sequence[text.Term]
    replaced: Mapping[text.Term, Replaced]
    """Words that nothing has, by others like them."""

    def matched(self, seq: int) -> list[dict[str, object]]:
        """Return which of the words a memory has, those that tell most first."""
        has = {
            term: weight * (self.replaced[term].by.share if term in self.replaced else 1)
            for term, weight in self.weights.items()
            if seq in self.memories[term]
        }
        return [
            {"word": term[0], "weight": has[term]}
            | ({"as": list(self.replaced[term].by.words)} if term in self.replaced else {})
            for term in sorted(has, key=lambda term: -has[term])
        ]


def _words(
    connection: sqlite3.Connection, search: Search, conditions: Conditions, visible: int, tier: WordTier | None
) -> _Words:
    """Weigh the words as a search does, which looks at fewer memories for it."""
    terms = text.query_words(search.query.text)
    replaced: Mapping[text.Term, Replaced] = {}
    if tier is not None and keywords.is_by_owner(conditions):
        replaced = tier.replaced(connection, terms, conditions.owners, conditions.now)
    memories = {
        term: replaced[term].seqs if term in replaced else frozenset(keywords.having(connection, term, conditions))
        for term in terms
    }
    weights = {
        terms[place]: weight
        for place, weight in words.telling([len(memories[term]) for term in terms], visible).items()
    }
    whole = sum(weights.values())
    return _Words(
        {term: weight / whole for term, weight in weights.items()},
        memories,
        [term for term in terms if term not in weights],
        replaced,
    )


def _seqs(connection: sqlite3.Connection, hits: Sequence[Hit]) -> dict[str, int]:
    """Return the memories' places by their ids."""
    rows = connection.execute(
        "SELECT id, seq FROM memory WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps([hit.memory.id for hit in hits]),),
    )
    return dict(rows.fetchall())


def _cosines(
    connection: sqlite3.Connection, search: Search, known: Sequence[spaces.Space], seqs: Sequence[int]
) -> dict[int, dict[str, object]]:
    """Return the cosine of each memory's vector with the query's, and the model that made them."""
    if not known:
        return {}
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    found: dict[int, dict[str, object]] = {}
    for space in known:
        vectors = spaces.embeddings_of(connection, space.id, [seq for seq in seqs if seq not in found])
        for seq, vector in vectors.items():
            cosine = float(np.frombuffer(vector, "<f4") @ search.vectors[space.id])
            found[seq] = {"cosine": cosine, "model": space.key.model}
    return found


def _detailed(part: Part, seq: int, details: Mapping[str, Mapping[int, Mapping[str, object]]]) -> Part:
    return replace(part, details={**part.details, **details.get(part.name, {}).get(seq, {})})


def _shown(pattern: Pattern) -> str:
    return f"{pattern.text}*" if pattern.prefix else pattern.text
