"""Which memories of one owner have a word: what the word index on disk knows, as arrays.

Memories have places in the order in which they came in. A word's places are one slice of a long array, made anew now
and then, and those that came in since. What goes leaves a place behind that counts no more, until the arrays are made
anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
import math
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from . import similar

if TYPE_CHECKING:
    from numpy import bool_, float64, int32, int64
    from numpy.typing import NDArray

    type Places = NDArray[int32]

_SMALLEST: Final = 64
_UNSORTED: Final = 16_384
"""So many places may be looked through for every word of a question: some µs."""
_GONE_SHARE: Final = 4
"""With more gone than one of so many, the arrays are made anew."""
_WORD_BYTES: Final = 150
"""Of a word in a dictionary, beside its letters."""


class Document(NamedTuple):
    """What is known of the words of one live memory."""

    seq: int
    owner: str
    expires_at: float
    """Infinite where it stays."""
    words: Iterable[str]
    """Distinct, as they stand in the index."""


class Found(NamedTuple):
    """Which memories of an owner have the words of a question."""

    visible: int
    """How many memories the owner has, without expired ones."""
    seqs: NDArray[int64]
    """By place."""
    places: Sequence[Places]
    """Of those that have it, by word."""


def bytes_of(count: int) -> int:
    """Return how many bytes the words of so many memories take at least in :class:`Postings`."""
    seq, expiry, alive, words = 8, 8, 1, 4
    return count * (seq + expiry + alive + words)


class Postings:
    """The words of one owner's memories. Several threads may use them at once."""

    def __init__(self, capacity: int = 0) -> None:
        """Begin with none, and with room for ``capacity`` memories."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        capacity = max(capacity, _SMALLEST)
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._spellings: similar.Spellings | None = None
        """Of the first of the words, once somebody has misspelt one."""
        self._letters = 0
        self._size = self._live = self._new = 0
        self._earliest = math.inf
        self._seqs: NDArray[int64] = np.zeros(capacity, np.int64)
        self._expiries: NDArray[float64] = np.zeros(capacity)
        self._alive: NDArray[bool_] = np.zeros(capacity, np.bool_)
        self._starts: NDArray[int64] = np.zeros(1, np.int64)
        self._sorted: Places = np.zeros(0, np.int32)
        self._new_numbers: Places = np.zeros(_SMALLEST, np.int32)
        self._new_places: Places = np.zeros(_SMALLEST, np.int32)

    def __len__(self) -> int:
        """Return how many memories there are."""
        return self._live

    @property
    def nbytes(self) -> int:
        """Return how many bytes are taken, with what is kept free for more."""
        arrays = (self._seqs, self._expiries, self._alive, self._starts, self._sorted)
        new = (self._new_numbers, self._new_places)
        words = self._letters + (_WORD_BYTES + similar.WORD_BYTES) * len(self._numbers)
        return sum(array.nbytes for array in (*arrays, *new)) + words

    @property
    def spare_bytes(self) -> int:
        """Return 0: all of it is needed."""
        return 0

    def slim(self) -> None:
        """Do nothing."""

    def follow(self, owner: str, changes: Mapping[int, Document | None]) -> None:
        """Take over changes of memories of all owners, by seq; ``None`` for one that is not to be found any more."""
        mine = [document for document in changes.values() if document is not None and document.owner == owner]
        self.update(list(changes), mine, unsorted=_UNSORTED)

    def update(self, gone: Sequence[int], documents: Sequence[Document], unsorted: int | None = None) -> None:
        """Take memories out, then others in, in one step; a memory that is there already has to be among ``gone``.

        No more than ``unsorted`` places stay to be looked through; by default so many that adding on and on is cheap.
        """
        with self._lock:
            self._remove(gone)
            self._append(documents)
            if self._new > (max(_UNSORTED, self._sorted.size // 2) if unsorted is None else unsorted):
                self._sort_in()
            if (self._size - self._live) * _GONE_SHARE > self._size > _SMALLEST:
                self._renumber()

    def find(self, words: Sequence[Sequence[str]], now: float) -> Found:
        """Return, for each of the words, given in all its spellings, which memories have it."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        with self._lock:
            visible = self._visible(now)
            places = []
            for spellings in words:
                found = [self._places_of(spelling) for spelling in spellings]
                merged = found[0] if len(found) == 1 else np.unique(np.concatenate(found or [self._sorted[:0]]))
                places.append(merged if visible is None else merged[visible[merged]])
            count = self._live if visible is None else int(np.count_nonzero(visible))
            return Found(count, self._seqs[: self._size], places)

    def among(self, marked: NDArray[bool_], now: float) -> list[int]:
        """Return those of the memories that count now and are marked, by seq; the last mark is for all beyond."""
        with self._lock:
            visible, seqs = self._visible(now), self._seqs[: self._size]
            wanted = marked.take(seqs, mode="clip")
            found: list[int] = seqs[wanted if visible is None else wanted & visible].tolist()
            return found

    def leave_no_trace(self) -> None:
        """Forget the words of what has gone, and those that were looked for."""
        with self._lock:
            if self._spellings is not None:
                self._spellings.forget_questions()
            if self._size > self._live:
                self._renumber()

    def near(self, word: str, mistakes: int, now: float) -> dict[str, int]:
        """Return the words that are so many mistakes apart, and how many memories have each now: at least one."""
        with self._lock:
            if self._spellings is None:
                self._spellings = similar.Spellings()
            if len(self._spellings) < len(self._numbers):
                self._spellings.append(list(islice(self._numbers, len(self._spellings), None)))
            visible = self._visible(now)
            counts = {}
            for candidate in self._spellings.near(word, mistakes):
                places = self._places_of(candidate)
                counts[candidate] = places.size if visible is None else int(visible[places].sum())
            return {candidate: count for candidate, count in counts.items() if count}

    def _visible(self, now: float) -> NDArray[bool_] | None:
        """Return by place which memories count; ``None`` for all of them."""
        alive = self._alive[: self._size]
        if self._earliest <= now:
            expiries = self._expiries[: self._size]
            self._earliest = float(expiries[alive].min(initial=math.inf))
            if self._earliest <= now:
                visible: NDArray[bool_] = alive & (expiries > now)
                return visible
        return None if self._live == self._size else alive

    def _places_of(self, word: str) -> Places:
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        number = self._numbers.get(word)
        if number is None:
            return self._sorted[:0]
        is_old = number + 1 < self._starts.size
        old = self._sorted[self._starts[number] : self._starts[number + 1]] if is_old else self._sorted[:0]
        if not self._new:
            return old
        new = self._new_places[: self._new][self._new_numbers[: self._new] == number]
        return np.concatenate((old, new))

    def _append(self, documents: Sequence[Document]) -> None:
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        numbers: list[int] = []
        lengths: list[int] = []
        for document in documents:
            before = len(numbers)
            numbers += [self._number_of(word) for word in document.words]
            lengths.append(len(numbers) - before)
        size, new = self._size + len(documents), self._new + len(numbers)
        self._make_room(size, new)
        self._seqs[self._size : size] = [document.seq for document in documents]
        self._expiries[self._size : size] = [document.expires_at for document in documents]
        self._alive[self._size : size] = True
        self._new_numbers[self._new : new] = numbers
        self._new_places[self._new : new] = np.repeat(np.arange(self._size, size, dtype=np.int32), lengths)
        self._earliest = min((self._earliest, *(document.expires_at for document in documents)))
        self._size, self._new = size, new
        self._live += len(documents)

    def _number_of(self, word: str) -> int:
        number = self._numbers.setdefault(word, len(self._numbers))
        if number == len(self._numbers) - 1:
            self._letters += len(word)
        return number

    def _make_room(self, size: int, new: int) -> None:
        """Move to larger arrays; whoever still reads in the old ones goes on with these."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        def grown[A: (NDArray[int64], NDArray[float64], NDArray[bool_], NDArray[int32])](array: A, wanted: int) -> A:
            larger = np.zeros(max(wanted, array.size * 3 // 2), array.dtype)
            larger[: array.size] = array
            return larger

        if size > self._seqs.size:
            self._seqs = grown(self._seqs, size)
            self._expiries = grown(self._expiries, size)
            self._alive = grown(self._alive, size)
        if new > self._new_places.size:
            self._new_numbers = grown(self._new_numbers, new)
            self._new_places = grown(self._new_places, new)

    def _remove(self, seqs: Sequence[int]) -> None:
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        alive = self._alive[: self._size]
        going = np.isin(self._seqs[: self._size], np.asarray(seqs, np.int64)) & alive
        alive &= ~going
        self._live -= int(np.count_nonzero(going))

    def _sort_in(self) -> None:
        """Put the new places to their words."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        numbers, places = self._new_numbers[: self._new], self._new_places[: self._new]
        old = np.zeros(len(self._numbers), np.int64)
        old[: self._starts.size - 1] = np.diff(self._starts)
        added = np.bincount(numbers, minlength=old.size)
        starts = np.concatenate(([0], np.cumsum(old + added)))
        merged = np.empty(starts[-1], np.int32)
        # A word's old places come first, each as far behind as there are new ones of the words before it.
        merged[np.arange(self._sorted.size) + np.repeat(starts[:-1] - np.cumsum(old) + old, old)] = self._sorted
        order = np.argsort(numbers, kind="stable")
        merged[np.arange(numbers.size) + np.repeat(starts[:-1] + old - np.cumsum(added) + added, added)] = places[order]
        self._starts, self._sorted = starts, merged
        self._new = 0
        self._new_numbers, self._new_places = np.zeros(_SMALLEST, np.int32), np.zeros(_SMALLEST, np.int32)

    def _renumber(self) -> None:
        """Give the places of what has gone to what is there, and forget words that nothing has any more."""
        import numpy as np  # noqa: PLC0415 - heavy, and not there on every machine

        self._sort_in()
        alive = np.flatnonzero(self._alive[: self._size])
        places = np.cumsum(self._alive[: self._size], dtype=np.int32) - 1
        kept = self._alive[self._sorted]
        counts = np.diff(np.concatenate(([0], np.cumsum(kept)))[self._starts])
        self._numbers = dict(
            zip(
                (word for word, count in zip(self._numbers, counts, strict=True) if count),
                range(len(counts)),
                strict=False,
            )
        )
        self._spellings = None
        self._letters = sum(map(len, self._numbers))
        self._starts = np.concatenate(([0], np.cumsum(counts[counts > 0])))
        self._sorted = places[self._sorted[kept]]
        self._size = self._live = alive.size
        capacity = max(alive.size, _SMALLEST)
        seqs, expiries = np.zeros(capacity, np.int64), np.zeros(capacity)
        seqs[: alive.size], expiries[: alive.size] = self._seqs[alive], self._expiries[alive]
        self._seqs, self._expiries = seqs, expiries
        self._alive = np.arange(capacity) < alive.size
