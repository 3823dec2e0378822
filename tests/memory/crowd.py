"""Many callers at once: several per person, several of the household, each of whom knows what has to be there."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
import random
import time
from typing import Final

import pytest

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import MemoryNotFoundError
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Caller,
    Memory,
    MemoryChanges,
    MemoryFilter,
    RecallRequest,
    SortKey,
)

from .fakes import remember

_SUBJECTS: Final = ("automobile", "kitten", "residence", "garden", "dentist", "birthday", "recipe", "holiday")
_KEYS: Final = 6
"""Of each caller."""
_PURGES: Final = 0.1
"""Of what is taken away. Each rewrites the whole file."""
_LONGEST: Final = 60.0
"""Seconds after which something that is waited for is taken for a deadlock."""


@dataclass
class Crowd:
    """What the callers have seen of the engine."""

    engine: MemoryEngine
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """How long each call took, by the kind of call."""
    delays: list[float] = field(default_factory=list)
    """Seconds by which the event loop was late."""

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Note how long something takes."""
        begin = time.perf_counter()
        yield
        self.seconds[kind].append(time.perf_counter() - begin)

    @asynccontextmanager
    async def watching_the_loop(self) -> AsyncIterator[None]:
        """Note how late the event loop gets to what is due."""

        async def watch() -> None:
            while True:
                begin = time.perf_counter()
                await asyncio.sleep(0.01)
                self.delays.append(time.perf_counter() - begin - 0.01)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def report(self) -> Iterable[str]:
        """Return lines with the number of calls and their milliseconds: median, 95 of 100, the longest."""
        everything = [second for seconds in self.seconds.values() for second in seconds]
        rows = {**dict(sorted(self.seconds.items())), "all calls": everything, "event loop late by": self.delays}
        yield f"{'':20}{'count':>8}{'p50 ms':>10}{'p95 ms':>10}{'max ms':>10}"
        for kind, seconds in rows.items():
            ordered = sorted(seconds)
            figures = (ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100], ordered[-1])
            yield f"{kind:20}{len(ordered):8}" + "".join(f"{figure * 1_000:10.1f}" for figure in figures)


class Member:
    """One caller, who stores under keys of its own and so knows exactly what is there."""

    def __init__(self, crowd: Crowd, number: int, user_id: str | None) -> None:
        """Take the crowd and whose memories it is about, ``None`` for the household's."""
        self.caller = Caller(user_id=user_id, trusted=user_id is None)
        self.known: dict[str, str] = {}
        """Value by key."""
        self._forgotten: dict[str, Memory] = {}
        self._crowd = crowd
        self._engine = crowd.engine
        self._number = number
        self.owner = user_id or HOUSEHOLD
        self._chance = random.Random(number)  # noqa: S311 - the same every time
        self._step = 0

    async def act(self) -> None:
        """Do one thing, and compare what comes of it with what should. Raises TimeoutError where nothing comes."""
        self._step += 1
        key = f"k{self._number}_{self._chance.randrange(_KEYS)}"
        kinds = ["set", "set", "search", "search", "get", "list", "stats", "pinned"]
        if key in self.known:
            kinds += ["update", "forget", "purge" if self._chance.random() < _PURGES else "forget"]
        if key in self._forgotten and key not in self.known:
            kinds += ["restore", "restore"]
        kind = self._chance.choice(kinds)
        async with asyncio.timeout(_LONGEST):
            with self._crowd.timed(kind):
                await getattr(self, f"_{kind}")(key)

    def _value(self) -> str:
        subject = self._chance.choice(_SUBJECTS)
        return f"{subject} of {self.owner} number {self._number} {self._step}"

    def _check(self, memories: Iterable[Memory]) -> None:
        """Make sure that these are memories of the caller or the household, and say so themselves."""
        for memory in memories:
            assert memory.owner in (self.owner, HOUSEHOLD), f"{self.owner} got a memory of {memory.owner}"
            assert f" of {memory.owner} number " in memory.value

    async def _set(self, key: str) -> None:
        memory = await remember(self._engine, self._value(), self.caller, key=key, pinned=self._chance.random() < 0.1)
        self._check([memory])
        self.known[key] = memory.value
        self._forgotten.pop(key, None)

    async def _update(self, key: str) -> None:
        memory = await self._engine.async_update(self.caller, key, MemoryChanges(value=self._value()))
        self._check([memory])
        self.known[key] = memory.value

    async def _get(self, key: str) -> None:
        if key in self.known:
            memory = await self._engine.async_get(self.caller, key)
            assert (memory.owner, memory.value) == (self.owner, self.known[key])
        else:
            with pytest.raises(MemoryNotFoundError):
                await self._engine.async_get(self.caller, key)

    async def _search(self, key: str) -> None:
        query = f"{self._chance.choice(_SUBJECTS)} {self._chance.randrange(50)}"
        result = await self._engine.async_recall(self.caller, RecallRequest(query=query, threshold=0.0, limit=20))
        self._check(hit.memory for hit in result.hits)

    async def _list(self, key: str) -> None:
        page = await self._engine.async_list(self.caller, limit=50, sort=SortKey.UPDATED)
        self._check(page.memories)

    async def _stats(self, key: str) -> None:
        stats = await self._engine.async_stats(self.caller)
        assert set(stats.by_owner) <= {self.owner, HOUSEHOLD}
        assert stats.total >= len(self.known)

    async def _pinned(self, key: str) -> None:
        self._check(self._engine.pinned(self.caller))

    async def _forget(self, key: str) -> None:
        (memory,) = await self._engine.async_forget(self.caller, [key])
        assert memory.value == self.known.pop(key)
        self._forgotten[key] = memory

    async def _restore(self, key: str) -> None:
        memory = await self._engine.async_restore(self.caller, self._forgotten.pop(key).id)
        self._check([memory])
        self.known[key] = memory.value

    async def _purge(self, key: str) -> None:
        gone = await self._engine.async_forget(self.caller, [key], purge=True)
        self._check(gone)
        del self.known[key]
        self._forgotten.pop(key, None)


def gather_members(crowd: Crowd, count: int, people: int) -> list[Member]:
    """Return so many callers of so many people and, one in ten, of the household."""
    return [
        Member(crowd, number, None if number % 10 == 0 else f"person{number % people:02}") for number in range(count)
    ]


async def everything_of(engine: MemoryEngine, owner: str) -> dict[str, str]:
    """Return the values of all live memories of an owner by key."""
    caller = Caller(user_id=None if owner == HOUSEHOLD else owner)
    found: dict[str, str] = {}
    cursor: str | None = None
    while True:
        page = await engine.async_list(caller, MemoryFilter(owner=owner), limit=100, cursor=cursor)
        found |= {memory.key: memory.value for memory in page.memories}
        cursor = page.cursor
        if cursor is None:
            return found
