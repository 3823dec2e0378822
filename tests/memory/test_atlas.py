"""The map of the memories: what is on it, where, and how long it is kept."""

import asyncio
import math
import sqlite3
import sys
from typing import Any, Final

import pytest

from custom_components.semantic_memory.memory import atlas, projection
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.maps import Map
from custom_components.semantic_memory.memory.models import Caller, MemoryChanges, RecallRequest
from custom_components.semantic_memory.memory.storage.mapping import Place
from custom_components.semantic_memory.memory.storage.spaces import Space

from .fakes import ALICE, BOB, NOBODY, Clock, OpenEngine, remember, until

PETS: Final = ("The cat sleeps on the sofa", "The dog eats in the kitchen", "The kitten and the cat like fish")
CARS: Final = ("The car needs new tyres", "The garage repairs the car's engine", "The car is insured until May")


async def furnish(engine: MemoryEngine) -> None:
    """Store something about pets and about cars, for different people."""
    for place, (pet, car) in enumerate(zip(PETS, CARS, strict=True)):
        await remember(engine, pet, key=f"pet {place}", category="home", pinned=place == 0)
        await remember(engine, car, NOBODY, key=f"car {place}")
    await remember(engine, "Bob's passport is in the drawer", BOB, key="passport")
    await until(lambda: engine.status.pending == 0)


def distance(made: Map, one: str, other: str) -> float:
    """Return how far two memories are apart."""
    places = {place.key: (x, y) for place, x, y in zip(made.places, made.x, made.y, strict=True)}
    (x1, y1), (x2, y2) = places[one], places[other]
    return math.hypot(x1 - x2, y1 - y2)


async def test_everybody_sees_their_own_and_the_households(engine: MemoryEngine) -> None:
    await furnish(engine)
    for caller, keys in (
        (ALICE, {"pet_0", "pet_1", "pet_2", "car_0", "car_1", "car_2"}),
        (BOB, {"passport", "car_0", "car_1", "car_2"}),
        (NOBODY, {"car_0", "car_1", "car_2"}),
        (Caller(user_id="c" * 32), {"car_0", "car_1", "car_2"}),
    ):
        made = await engine.atlas.async_map(caller)
        assert {place.key for place in made.places} == keys
        assert (made.total, made.missing, made.model) == (len(keys), 0, "built-in")
        assert len(made.x) == len(made.y) == len(keys)
        assert max(map(abs, [*made.x, *made.y])) == 1.0
        assert 0.5 < made.explained <= 1.0


async def test_what_means_alike_is_near(engine: MemoryEngine) -> None:
    await furnish(engine)
    made = await engine.atlas.async_map(ALICE)
    assert distance(made, "car_0", "car_1") < distance(made, "car_0", "pet_0") > distance(made, "pet_0", "pet_2")


async def test_what_is_known_of_a_place(engine: MemoryEngine) -> None:
    memory = await remember(engine, "A long story. " * 30, key="story", category="event", pinned=True)
    gone = await remember(engine, "This will be forgotten", key="gone")
    await engine.async_forget(ALICE, [gone.id])
    (place,) = (await engine.atlas.async_map(ALICE)).places
    assert place == (memory.id, "story", memory.value[:80], ALICE.user_id, "event", True, memory.expires_at)


async def test_memories_without_a_vector_are_counted(engine: MemoryEngine) -> None:
    await furnish(engine)

    def drop(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM vector WHERE memory_seq IN (SELECT seq FROM memory WHERE key LIKE 'pet%')")

    await engine._database.async_write(drop)
    made = await engine.atlas.async_map(ALICE)
    assert {place.key for place in made.places} == {"car_0", "car_1", "car_2"}
    assert (made.total, made.missing) == (6, 3)


async def test_a_vector_of_a_wrong_length_is_left_out(engine: MemoryEngine) -> None:
    await furnish(engine)

    def spoil(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE vector SET embedding = x'00000000' WHERE memory_seq = 1")

    await engine._database.async_write(spoil)
    made = await engine.atlas.async_map(ALICE)
    assert (len(made.places), made.total, made.missing) == (5, 6, 1)


async def test_without_a_model_there_are_no_places(open_engine: OpenEngine) -> None:
    engine = await open_engine(None)
    await remember(engine, "The cat is called Tom")
    assert await engine.atlas.async_map(ALICE) == Map(model=None, total=1, missing=1)
    assert await engine.atlas.async_map(BOB) == Map(model=None, total=0, missing=0)


async def test_without_numpy_there_are_no_places(open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    engine = await open_engine(None)
    await remember(engine, "The cat is called Tom")
    assert engine.status.index == "none"
    assert await engine.atlas.async_map(ALICE) == Map(model=None, total=1, missing=1)


async def test_nobody_has_a_map_of_nothing(engine: MemoryEngine) -> None:
    made = await engine.atlas.async_map(ALICE)
    assert (made.model, made.total, made.missing, made.explained) == ("built-in", 0, 0, 0.0)
    assert (made.places, made.x, made.y) == ((), [], [])


async def test_a_map_is_kept_until_something_changes(engine: MemoryEngine, clock: Clock) -> None:
    await furnish(engine)
    first = await engine.atlas.async_map(ALICE)
    assert await engine.atlas.async_map(ALICE) is first

    await engine.async_recall(ALICE, RecallRequest(query="cat"))
    await engine._uses.async_flush()
    assert await engine.atlas.async_map(ALICE) is first

    await engine.async_update(ALICE, "pet_1", MemoryChanges(category="event"))
    second = await engine.atlas.async_map(ALICE)
    assert second is not first
    assert {place.category for place in second.places if place.key == "pet_1"} == {"event"}

    for caller in (BOB, NOBODY):
        await engine.atlas.async_map(caller)
    assert len(engine._writes.maps) == 2
    again = await engine.atlas.async_map(ALICE)
    assert again == second
    assert again is not second


async def test_what_expires_leaves_the_map(engine: MemoryEngine, clock: Clock) -> None:
    await furnish(engine)
    await remember(engine, "We park in B2 today", key="parking", expires_in_days=1)
    await until(lambda: engine.status.pending == 0)
    assert "parking" in {place.key for place in (await engine.atlas.async_map(ALICE)).places}
    clock.pass_days(1.1)
    assert "parking" not in {place.key for place in (await engine.atlas.async_map(ALICE)).places}


async def test_nothing_that_was_purged_is_kept(engine: MemoryEngine) -> None:
    await furnish(engine)
    await engine.atlas.async_map(BOB)
    await engine.async_forget(BOB, ["passport"], purge=True)
    assert len(engine._writes.maps) == 0

    await engine.atlas.async_map(ALICE)
    await engine.transfer.async_erase_person(ALICE)
    assert len(engine._writes.maps) == 0
    assert {place.key for place in (await engine.atlas.async_map(ALICE)).places} == {"car_0", "car_1", "car_2"}


async def test_a_change_while_a_map_is_made_makes_it_old(engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await furnish(engine)
    make = engine.atlas._async_make

    async def slowly(owners: tuple[str, ...], space: Space, now: float) -> Map:
        made = await make(owners, space, now)
        await engine.async_forget(BOB, ["passport"], purge=True)
        return made

    monkeypatch.setattr(engine.atlas, "_async_make", slowly)
    assert "passport" in {place.key for place in (await engine.atlas.async_map(BOB)).places}
    assert len(engine._writes.maps) == 0


async def test_many_who_ask_at_once_get_one_map(engine: MemoryEngine) -> None:
    await furnish(engine)
    first, *others = await asyncio.gather(*(engine.atlas.async_map(ALICE) for _ in range(4)))
    assert all(made is first for made in others)


@pytest.mark.parametrize("sample", [1 << 20, 1])
async def test_of_many_memories_some_of_all_times_are_shown(
    engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch, sample: int
) -> None:
    monkeypatch.setattr(atlas, "MOST", 20)
    monkeypatch.setattr(projection, "_SAMPLE_BYTES", sample * 256 * 4 * 8)
    for number in range(100):
        await remember(engine, f"Fact {number} about the cat and the house", key=f"fact {number}", force_new=True)
    await until(lambda: engine.status.pending == 0)

    made = await engine.atlas.async_map(ALICE)

    assert (made.total, made.missing, len(made.places), len(made.x)) == (100, 0, 20, 20)
    shown = sorted(int(place.key.removeprefix("fact_")) for place in made.places)
    gaps = [after - before for before, after in zip([-1, *shown], [*shown, 100], strict=True)]
    assert max(gaps) <= 10


async def test_what_goes_while_a_map_is_made_is_left_out(engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await furnish(engine)
    place = engine.atlas._async_place

    async def later(*asked: Any) -> list[Place]:
        await engine.async_forget(ALICE, ["pet_0"])
        monkeypatch.setattr(engine.atlas, "_async_place", place)
        return await place(*asked)

    monkeypatch.setattr(engine.atlas, "_async_place", later)
    made = await engine.atlas.async_map(ALICE)
    assert (made.total, made.missing, len(made.places), len(made.x)) == (6, 1, 5, 5)
