"""A file that is taken in, as batches of memories. Everything here runs in a worker thread."""

from collections.abc import Generator, Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final, Self

from .deciding import PutOff
from .merging import ImportOptions, Incoming, prepare
from .reading.files import open_reader
from .reading.found import Found, Reader, Reason, Refused
from .temporary import Names, Queue, Trial

BATCH: Final = 250
"""Memories of one transaction: few enough that whoever wants to write in between waits for a blink only."""


class Source:
    """An open file, read once from its beginning to its end; what was put off meanwhile comes after it."""

    def __init__(self, reader: Reader, options: ImportOptions, now: float) -> None:
        """Take an open reader."""
        self.reader = reader
        self._options = options
        self._now = now
        self._seen = Names()
        self._put_off = Queue()
        self.trial = Trial() if options.dry_run else None
        self._items = self._prepared()

    @classmethod
    def open(cls, path: Path, options: ImportOptions, now: float, own: Path) -> Self:
        """Open a file that is not ``own``, our database. Raises InvalidInputError."""
        return cls(open_reader(path, options.format, now, zone=options.zone, own=own), options, now)

    def next_batch(self) -> list[Incoming | Refused]:
        """Return the next memories, and what is none; an empty list at the end. Raises InvalidInputError."""
        return list(islice(self._items, BATCH))

    def put_off(self, items: Iterable[PutOff]) -> None:
        """Keep some for after the end."""
        self._put_off.put(items)

    def next_put_off(self) -> tuple[list[Incoming], bool]:
        """Return the next that were put off, none at the end, and whether they are to be decided about for good."""
        return self._put_off.take(BATCH)

    def close(self) -> None:
        """Close the file."""
        with suppress(ValueError):  # another thread is still reading: whoever waited for it was cancelled twice
            self._items.close()
        self._seen.close()
        self._put_off.close()
        if self.trial is not None:
            self.trial.close()
        self.reader.close()

    def _prepared(self) -> Generator[Incoming | Refused]:
        for found in self.reader.read():
            yield found if isinstance(found, Refused) else self._prepare(found)

    def _prepare(self, found: Found) -> Incoming | Refused:
        item = prepare(found, self.reader.format, self._options, self._now)
        if isinstance(item, Refused) or self._seen.add(names_of(item)):
            return item
        return Refused(found.where, Reason.DUPLICATE, item.memory.key)


def names_of(item: Incoming) -> tuple[str, ...]:
    """Return what only one memory of a file may have: the id, and the owner's key where there are keys."""
    memory = item.memory
    return (memory.id,) if item.found.key is None else (memory.id, f"{memory.owner}\0{memory.key}")
