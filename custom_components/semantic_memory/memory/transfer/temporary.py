"""What an import has to keep in mind about a file of any length, on disk: millions of memories would fill the RAM."""

from collections.abc import Iterable, Sequence
import hashlib
import pickle
import sqlite3

from .deciding import PutOff
from .merging import Decision, Effect, Here, Incoming
from .reading.found import Refused


class Names:
    """The names that have been seen."""

    def __init__(self) -> None:
        """Begin with none."""
        self._connection = _connect("CREATE TABLE seen (name BLOB PRIMARY KEY) WITHOUT ROWID")

    def add(self, names: Iterable[str]) -> bool:
        """Return whether all of these names are new."""
        digests = [(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:12],) for name in names]
        added = self._connection.executemany("INSERT INTO seen VALUES (?) ON CONFLICT DO NOTHING", digests)
        return added.rowcount == len(digests)

    def close(self) -> None:
        """Forget them."""
        self._connection.close()


class Queue:
    """What was put off, for after the end of the file.

    What is blocked is tried as long as something gets the key that it waits for; the rest is then decided for good.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._connection = _connect("CREATE TABLE put_off (number INTEGER PRIMARY KEY, blocked INTEGER, item BLOB)")
        self._connection.execute("CREATE INDEX blocked ON put_off (number) WHERE blocked")
        self._blocked = 0
        self._blocked_before = 0
        self._in_vain = 0

    def put(self, items: Iterable[PutOff]) -> None:
        """Add some, or put back those that are still put off."""
        rows = [(item.blocked, pickle.dumps(item.incoming)) for item in items]
        self._connection.executemany("INSERT INTO put_off (blocked, item) VALUES (?, ?)", rows)
        self._blocked += sum(blocked for blocked, _ in rows)

    def take(self, limit: int) -> tuple[list[Incoming], bool]:
        """Take some out, none at the end; return them and whether they are to be decided for good."""
        if self._blocked < self._blocked_before:
            self._in_vain = 0  # one of the last got its key, and gave up another
        self._blocked_before = self._blocked
        if self._in_vain >= self._blocked:
            return self._take("SELECT number, item FROM put_off ORDER BY number LIMIT ?", limit), True
        batch = self._take("SELECT number, item FROM put_off WHERE blocked ORDER BY number LIMIT ?", limit)
        self._blocked -= len(batch)
        self._in_vain += len(batch)
        return batch, False

    def close(self) -> None:
        """Forget them."""
        self._connection.close()

    def _take(self, query: str, limit: int) -> list[Incoming]:
        rows = self._connection.execute(query, (limit,)).fetchall()
        self._connection.executemany("DELETE FROM put_off WHERE number = ?", ((number,) for number, _ in rows))
        return [pickle.loads(item) for _, item in rows]  # noqa: S301 - a file of this process that has no name


class Trial:
    """What a trial run would have stored by now, as far as the rest of the file may depend on it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._connection = _connect(
            "CREATE TABLE changed (owner TEXT, key TEXT, seq INTEGER, memory BLOB, PRIMARY KEY (owner, key))"
        )
        self._any = False

    def note(self, results: Iterable[Decision | Refused | PutOff]) -> None:
        """Take in what would be stored."""
        rows = [row for result in results if isinstance(result, Decision) for row in _changed(result)]
        self._connection.executemany("INSERT OR REPLACE INTO changed VALUES (?, ?, ?, ?)", rows)
        self._any = self._any or bool(rows)

    def apply(self, here: Here, incoming: Sequence[Incoming]) -> None:
        """Bring what is here of these memories to what it would be by now."""
        if not self._any:
            return
        query = "SELECT seq, memory FROM changed WHERE owner = ? AND key = ?"
        for name in {(item.memory.owner, name) for item in incoming for name in item.names}:
            for seq, memory in self._connection.execute(query, name):
                if memory is None:
                    here.by_key.pop(name, None)
                else:
                    here.by_key[name] = (seq, pickle.loads(memory))  # noqa: S301 - the same

    def close(self) -> None:
        """Forget it."""
        self._connection.close()


def _changed(decision: Decision) -> list[tuple[str, str, int | None, bytes | None]]:
    """Return who would have which key now; nobody else in the file has the key that a new memory brought with it."""
    after = decision.after
    if decision.effect is Effect.NOTHING or (decision.before is None and decision.incoming.found.key is not None):
        return []
    seq, before = decision.before or (None, after)
    given_up = [(after.owner, before.key, None, None)] if before.key != after.key and before.deleted_at is None else []
    return [*given_up, (after.owner, after.key, seq, pickle.dumps(after))]


def _connect(schema: str) -> sqlite3.Connection:
    """Return a database in a file that SQLite makes when there is much in it, and removes."""
    connection = sqlite3.connect("", autocommit=True, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute(schema)
    return connection
