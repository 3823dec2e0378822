"""What an import did, or would do."""

from bisect import insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from .merging import Decision, Effect
from .reading.found import Format, Note, Reason, Refused

MAX_DETAILS: Final = 50
"""How many of those that were skipped are named."""
_MAX_IGNORED: Final = 20


@dataclass(slots=True)
class ImportReport:
    """Counts, and the first of what was skipped. It grows batch by batch and is true at any time."""

    format: Format
    dry_run: bool
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: Counter[Reason] = field(default_factory=Counter)
    details: list[Refused] = field(default_factory=list)
    """The first of the file that were skipped, in its order."""
    notes: Counter[Note] = field(default_factory=Counter)
    """What was left out of memories that are counted as added or updated."""
    ignored: tuple[str, ...] = ()
    """Columns, tables and kinds of lines that nothing was made of."""
    cut_short: bool = False
    """The rest of the file could not be read."""
    stopped: bool = False
    """The import was stopped before its end; what is counted here has been done all the same."""
    progress: float = 0.0
    """How much of the file has been read, 0..1."""

    @property
    def read(self) -> int:
        """Return how many memories, and what is none, were found in the file."""
        return self.added + self.updated + self.unchanged + self.skipped.total()

    def count(self, results: Iterable[Decision | Refused]) -> None:
        """Take in what became of a batch."""
        for result in results:
            if isinstance(result, Refused):
                self.skipped[result.reason] += 1
                insort(self.details, result, key=attrgetter("where"))  # what was put off may be further up
                del self.details[MAX_DETAILS:]
                continue
            if result.effect is Effect.ADD:
                self.added += 1
            elif result.effect is Effect.UPDATE:
                self.updated += 1
            else:
                self.unchanged += 1
                continue
            self.notes.update(result.incoming.notes)

    def ignore(self, names: Iterable[str]) -> None:
        """Take over what nothing was made of."""
        self.ignored = tuple(names)[:_MAX_IGNORED]
