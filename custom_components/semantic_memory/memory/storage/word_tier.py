"""The words in memory: they follow what is committed, and answer which memories a question's words bring up.

Words are tokens of FTS5, whatever reads them, so both ways of searching find the same, but for misspelt words: only
those in memory can be compared with what nothing has.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
import logging
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from ..text import Term
from . import similar, words
from .candidates import marks
from .fillings import WORDS, documents_of
from .postings import Found, Postings
from .ram import RamTier
from .stems import Stems

if TYPE_CHECKING:
    from numpy import bool_, float64, int64
    from numpy.typing import NDArray

_LOGGER = logging.getLogger(__name__)

_COLUMNS: Final = "key, value, tags, pieces, owner, expires_at, deleted_at"

_MOST_CORRECTED: Final = 8
"""Of the words of a question. With more unknown ones it is about something else, and each takes up to a millisecond."""
_MOST_MEANT: Final = 3
_SHARES: Final = {1: 0.8, 2: 0.6}
"""What a word counts for, by mistakes."""
_STEPS: Final = 255


class Matched(NamedTuple):
    """What the words of a question brought up."""

    visible: int
    """How many memories were searched."""
    scores: dict[int, float]
    """By seq, share of the question's weight, of the best."""
    weights: Mapping[Term, float] = {}
    """Of the words that tell something."""


class Correction(NamedTuple):
    """What may be meant by a word that nothing has."""

    words: Sequence[str]
    """As they stand in the index. None, where nothing is like it."""
    share: float
    """Of the weight that any of them counts for."""


class Replaced(NamedTuple):
    """What was searched for in the place of a word that nothing has."""

    by: Correction
    seqs: frozenset[int]
    """The memories that have any of them."""


class WordTier:
    """Keeps the words of owners who are searched in memory."""

    def __init__(self, tier: RamTier) -> None:
        """Take what holds them."""
        self._tier = tier
        self._stems = Stems()
        self._changed: set[int] = set()
        """By the transaction that is under way. Only the writer's thread touches it."""

    # For the writer

    def watch(self, connection: sqlite3.Connection) -> None:
        """Have the writer's connection note which memories change, whatever changes them."""
        connection.create_function("note_change", 1, self._changed.add)
        for name, event in (("insert", "INSERT"), ("update", f"UPDATE OF {_COLUMNS}"), ("delete", "DELETE")):
            row = "old" if event == "DELETE" else "new"
            connection.execute(
                f"CREATE TEMP TRIGGER IF NOT EXISTS note_{name} AFTER {event} ON main.memory"
                f" BEGIN SELECT note_change({row}.seq); END"
            )

    def stage(self, connection: sqlite3.Connection, committed: bool) -> None:
        """Read what a transaction has changed, once it has ended. Never raises: the transaction counts already."""
        changed, owners = list(self._changed), self._tier.followed(WORDS)
        self._changed.clear()
        if not committed or not changed or not owners:
            return
        try:
            documents = documents_of(connection, changed, owners)
        except sqlite3.Error:
            _LOGGER.exception("The word index in memory could not follow a change, it is made anew")
            self._tier.stage_drop(WORDS)
        else:
            self._tier.stage(WORDS, {**dict.fromkeys(changed), **{item.seq: item for item in documents}})

    # For readers

    def search(
        self,
        connection: sqlite3.Connection,
        terms: Sequence[Term],
        owners: Iterable[str],
        now: float,
        limit: int,
        also: AbstractSet[int] = frozenset(),
    ) -> Matched | None:
        """Return the memories that have the words that tell most; ``None`` while not all of the owners are in memory.

        ``terms`` that are several words each cannot be looked up here either. Of the memories in ``also``, those that
        have any of the words are returned too.
        """
        held = self._held(owners)
        known = self._stems.of(connection, terms) if held else None
        if not held or known is None:
            return None
        terms, stems = list(known), list(known.values())
        found, counts = _find(held, stems, now)
        unknown = [place for place, count in enumerate(counts) if not count]
        meant = {place: _meant(held, stems[place], now) for place in unknown[:_MOST_CORRECTED]}
        if any(correction.words for correction in meant.values()):
            found, counts = _find(
                held, [meant[place].words if place in meant else stem for place, stem in enumerate(stems)], now
            )
        visible = sum(item.visible for item in found)
        weights = words.telling(counts, visible)
        told = {place: weight * (meant[place].share if place in meant else 1) for place, weight in weights.items()}
        best = _best(found, told, sum(weights.values()), limit, also)
        return Matched(visible, best, {terms[place]: weight for place, weight in weights.items()})

    def owners_of(self, seqs: AbstractSet[int], owners: Sequence[str], now: float) -> dict[int, str] | None:
        """Return whose each of the memories is, of those that these owners have now.

        ``None`` while not all of the owners are in memory.
        """
        held = self._held(owners)
        if held is None:
            return None
        marked = marks(seqs)
        each = zip(owners, held, strict=True)
        return {seq: owner for owner, postings in each for seq in postings.among(marked, now)}

    def knows(self, connection: sqlite3.Connection, term: Term, owners: Iterable[str], now: float) -> bool | None:
        """Return whether any of the owners' memories has a word; ``None`` where :meth:`search` does not know either."""
        held = self._held(owners)
        known = None if held is None else self._stems.of(connection, [term])
        return None if held is None or known is None else any(_find(held, list(known.values()), now)[1])

    def forget_questions(self) -> None:
        """Forget what is remembered of the words of questions."""
        self._stems.forget()

    def replaced(
        self, connection: sqlite3.Connection, terms: Sequence[Term], owners: Iterable[str], now: float
    ) -> dict[Term, Replaced]:
        """Return what :meth:`search` takes misspelt words for."""
        held = self._held(owners)
        known = None if held is None else self._stems.of(connection, terms)
        if held is None or known is None:
            return {}
        each = list(known.items())
        counts = _find(held, list(known.values()), now)[1]
        unknown = [place for place, count in enumerate(counts) if not count]
        found: dict[Term, Replaced] = {}
        for term, stems in (each[place] for place in unknown[:_MOST_CORRECTED]):
            correction = _meant(held, stems, now)
            if correction.words:
                places = _find(held, [correction.words], now)[0]
                seqs = [seq for item in places for seq in item.seqs[item.places[0]].tolist()]
                found[term] = Replaced(correction, frozenset(seqs))
        return found

    def _held(self, owners: Iterable[str]) -> list[Postings] | None:
        """Return the words of each owner; ``None`` while not all of them are here."""
        asked = [self._tier.ask(Postings, WORDS, owner) for owner in owners]
        held = [postings for postings in asked if postings is not None]
        return held if len(held) == len(asked) else None


def _find(held: Sequence[Postings], stems: Sequence[Sequence[str]], now: float) -> tuple[list[Found], list[int]]:
    """Return which memories of each owner have the words, and how many of all owners have each."""
    found = [postings.find(stems, now) for postings in held]
    return found, [sum(item.places[place].size for item in found) for place in range(len(stems))]


def _meant(held: Sequence[Postings], stems: Sequence[str], now: float) -> Correction:
    """Return what may be meant by a word that none of the owners uses: the words of theirs that are most alike.

    Only words that they use now, or a question would tell what others have stored, or what was forgotten.
    """
    for stem in filter(similar.is_correctable, stems):
        for mistakes in range(1, similar.most_mistakes(stem) + 1):
            counts = Counter[str]()
            for postings in held:
                counts.update(postings.near(stem, mistakes, now))
            if counts:
                chosen = sorted(counts, key=lambda word: (-counts[word], word))[:_MOST_MEANT]
                return Correction(chosen, _SHARES[mistakes])
    return Correction([], 0.0)


def _best(
    found: Sequence[Found], weights: Mapping[int, float], whole: float, limit: int, also: AbstractSet[int]
) -> dict[int, float]:
    """Return the memories with the highest sums of weights, as shares of the ``whole``; the newer of two equal ones.

    Those in ``also`` are returned in any case. The memories of all owners are looked at in one go.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    if not weights:
        return {}
    parts = [_sums(item, weights) for item in found]
    seqs, sums = map(np.concatenate, zip(*parts, strict=True))
    if seqs.size > limit:
        wanted = np.flatnonzero(marks(also).take(seqs, mode="clip"))
        chosen = np.flatnonzero(_steps_to(sums, whole, limit))
        kept = sums[chosen]
        least = np.partition(kept, -limit)[-limit]
        above, equal = chosen[kept > least], chosen[kept == least]
        newest = np.argpartition(seqs[equal], above.size - limit)[above.size - limit :]
        chosen = np.concatenate((above, equal[newest], wanted))
        seqs, sums = seqs[chosen], sums[chosen]
    return dict(zip(seqs.tolist(), (sums / whole).tolist(), strict=True))


def _sums(found: Found, weights: Mapping[int, float]) -> tuple[NDArray[int64], NDArray[float64]]:
    """Return the memories of an owner that have any of the words, with the sum of the weights of theirs."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    places = [found.places[place] for place in weights]
    each = np.repeat([*weights.values()], [*map(len, places)])
    sums = np.bincount(np.concatenate(places), each, found.seqs.size)
    having = np.flatnonzero(sums != 0)  # of truth values they are found ten times as fast as of numbers
    return found.seqs[having], sums[having].astype(np.float64, copy=False)


def _steps_to(values: NDArray[float64], highest: float, count: int) -> NDArray[bool_]:
    """Return which of the values may be the ``count`` highest ones; counting them by steps leaves few."""
    import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

    steps = (values * (_STEPS / highest)).astype(np.uint8)
    higher = np.cumsum(np.bincount(steps, minlength=_STEPS + 1)[::-1])
    may_be: NDArray[bool_] = steps >= _STEPS - int(np.searchsorted(higher, count))
    return may_be
