"""Taking memories in: what is counted is what was done, twice is once, and nobody waits long."""

import asyncio
from collections.abc import Callable
import json
from pathlib import Path
import sqlite3
from typing import Any, Final

import pytest

from custom_components.semantic_memory.memory import filling
from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import (
    DatabaseClosedError,
    EmbeddingError,
    InvalidInputError,
    StorageError,
)
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Caller,
    Category,
    ChangeKind,
    Memory,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    RecallRequest,
    Scope,
)
from custom_components.semantic_memory.memory.status import EngineEvent
from custom_components.semantic_memory.memory.transfer import batches, importing, source
from custom_components.semantic_memory.memory.transfer.merging import ImportOptions
from custom_components.semantic_memory.memory.transfer.reading.found import Format, Note, Reason
from custom_components.semantic_memory.memory.transfer.report import ImportReport

from ..fakes import ALICE, BOB, NOBODY, START, Clock, FakeEmbedder, OpenEngine, remember
from .foreign import entity, json_lines, luuquangvu, mem, postgres_csv, relation

ADA: Final = ALICE.user_id or ""
BEN: Final = BOB.user_id or ""
ADMIN: Final = Caller(actor_id="admin", trusted=True)
OPTIONS: Final = ImportOptions(owner=ADA, known_owners=frozenset({ADA, BEN}))


async def take_in(engine: MemoryEngine, path: Path, **options: Any) -> ImportReport:
    """Import a file for Alice, unless the options say otherwise."""
    given = ImportOptions(**{"owner": ADA, "known_owners": OPTIONS.known_owners} | options)
    return await engine.transfer.async_import(ADMIN, path, given)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return (report.added, report.updated, report.unchanged, report.skipped.total())


async def all_of(engine: MemoryEngine, caller: Caller = ALICE, **where: Any) -> dict[str, Memory]:
    """Return all memories that somebody sees, by key."""
    page = await engine.async_list(caller, MemoryFilter(**where), limit=500)
    return {memory.key: memory for memory in page.memories}


def dump(folder: Path) -> list[object]:
    """Return every row of the tables that everything else is made of."""
    connection = sqlite3.connect(folder / "memory" / "memory.db")
    try:
        queries = ("SELECT * FROM memory", "SELECT * FROM history", "SELECT * FROM vector")
        return [row for query in queries for row in connection.execute(query)]
    finally:
        connection.close()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return luuquangvu's database with something of everything."""
    return luuquangvu(
        tmp_path / "old.db",
        mem("car", "The car is in B2", tags="parking,garage"),
        mem("dog", "Rex eats at six", scope="household"),
        mem("guests", "Guests come at eight", scope="session", expires_at="2030-01-01T00:00:00+00:00"),
        mem("gone", "Long ago", expires_at="2026-03-01T00:00:00+00:00"),
        mem("empty", " "),
    )


async def test_a_dry_run_writes_nothing(engine: MemoryEngine, old: Path, tmp_path: Path) -> None:
    await remember(engine, "The car is on the street", key="car")
    await engine.async_stats(None)
    before = dump(tmp_path)
    told: list[EngineEvent] = []
    engine.subscribe(told.append)

    report = await take_in(engine, old, dry_run=True)

    assert report.dry_run
    assert counts(report) == (2, 0, 0, 3)
    assert report.skipped == {Reason.EXPIRED: 1, Reason.EMPTY: 1, Reason.NEWER_HERE: 1}
    assert dump(tmp_path) == before
    assert {event.kind for event in told} <= {"status"}


async def test_what_a_dry_run_says_is_what_happens(engine: MemoryEngine, old: Path) -> None:
    dry = await take_in(engine, old, dry_run=True)
    real = await take_in(engine, old)
    again = await take_in(engine, old)

    assert counts(dry) == counts(real) == (3, 0, 0, 2)
    assert dry.details == real.details == again.details
    assert [(item.where, item.reason, item.key) for item in real.details] == [
        (4, Reason.EXPIRED, "gone"), (5, Reason.EMPTY, "empty")
    ]  # fmt: skip
    assert counts(again) == (0, 0, 3, 2)
    assert real.format is Format.LUUQUANGVU
    assert real.read == 5
    assert real.progress == 1.0


async def test_what_comes_in(engine: MemoryEngine, old: Path) -> None:
    await take_in(engine, old)
    found = await all_of(engine)
    car, dog, guests = (found[key] for key in ("car", "dog", "guests"))

    assert (car.owner, car.scope, car.tags, car.category) == (ADA, Scope.USER, ("parking", "garage"), Category.GENERAL)
    assert (car.created_at, car.expires_at) == (1767323045.678901, None)
    assert car.source.surface == "import"
    assert (dog.owner, dog.scope) == (HOUSEHOLD, Scope.HOUSEHOLD)
    assert (guests.scope, guests.expires_at) == (Scope.SESSION, 1893456000.0)
    (entry,) = await engine.async_history(ALICE, "car")
    assert (entry.kind, entry.actor, entry.surface, entry.at) == (ChangeKind.SET, "admin", "import", START)
    assert await all_of(engine, BOB) == {"dog": dog}


async def test_it_is_found_at_once(engine: MemoryEngine, old: Path) -> None:
    """By meaning, by word, at hand for prompts, and in the counts: nothing waits for the worker."""
    told: list[EngineEvent] = []
    engine.subscribe(told.append)
    await take_in(engine, old)
    (event,) = (event for event in told if event.kind == "import")
    assert [memory.key for memory in event.memories] == ["car", "dog", "guests"]
    assert engine.status.memories == 3
    hits = (await engine.async_recall(ALICE, RecallRequest(query="where did I leave my automobile?"))).hits
    assert hits[0].memory.key == "car"
    assert hits[0].vector_score
    assert (await engine.async_recall(ALICE, RecallRequest(query="Rex"))).hits[0].memory.key == "dog"


async def test_pinned_memories_come_to_hand(engine: MemoryEngine, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("key,value,pinned\nmovie,Dim the lights,true\n")
    await take_in(engine, path)
    assert [memory.key for memory in engine.pinned(ALICE)] == ["movie"]


async def test_what_was_changed_here_stays(engine: MemoryEngine, old: Path) -> None:
    await take_in(engine, old)
    await engine.async_update(ALICE, "car", MemoryChanges(value="The car is sold"))
    await engine.async_update(ALICE, "guests", MemoryChanges(key="visitors", pinned=True))
    await engine.async_forget(ALICE, ["dog"])
    before = await all_of(engine)

    report = await take_in(engine, old)

    assert counts(report) == (0, 0, 0, 5)
    assert report.skipped[Reason.NEWER_HERE] == 2
    assert report.skipped[Reason.FORGOTTEN_HERE] == 1
    assert await all_of(engine) == before


async def test_what_changed_there_comes_in(engine: MemoryEngine, old: Path) -> None:
    await take_in(engine, old)
    connection = sqlite3.connect(old)
    connection.execute("UPDATE mem SET value = 'The automobile is in C3', tags = 'garage' WHERE key = 'car'")
    connection.execute("UPDATE mem SET expires_at = NULL WHERE key = 'guests'")
    connection.commit()
    connection.close()

    report = await take_in(engine, old)

    assert counts(report) == (0, 2, 1, 2)
    found = await all_of(engine)
    assert (found["car"].value, found["car"].tags) == ("The automobile is in C3", ("garage",))
    assert found["guests"].expires_at is None
    assert [entry.kind for entry in await engine.async_history(ALICE, "car")] == [ChangeKind.SET, ChangeKind.SET]
    hits = (await engine.async_recall(ALICE, RecallRequest(query="C3"))).hits
    assert hits[0].memory.key == "car"
    assert hits[0].vector_score


async def test_a_key_whose_memory_has_expired_is_free(engine: MemoryEngine, clock: Clock, tmp_path: Path) -> None:
    await engine.async_remember(ALICE, MemoryDraft(value="In B2", key="car", expires_in_days=1))
    clock.pass_days(2)
    path = luuquangvu(tmp_path / "x.db", mem("car", "In C3"))
    assert counts(await take_in(engine, path, dry_run=True)) == (1, 0, 0, 0)
    assert counts(await take_in(engine, path)) == (1, 0, 0, 0)
    assert (await engine.async_get(ALICE, "car")).value == "In C3"


async def test_what_expired_here_comes_back_with_a_longer_life(
    engine: MemoryEngine, clock: Clock, tmp_path: Path
) -> None:
    ends = "2027-01-16T00:00:00+00:00"
    path = luuquangvu(tmp_path / "x.db", mem("car", "In C3", expires_at=ends))
    await take_in(engine, path)
    clock.pass_days(3)
    await engine.async_run_maintenance()
    assert await all_of(engine) == {}
    connection = sqlite3.connect(path)
    connection.execute("UPDATE mem SET expires_at = NULL")
    connection.commit()
    connection.close()

    assert counts(await take_in(engine, path)) == (0, 1, 0, 0)
    hits = (await engine.async_recall(ALICE, RecallRequest(query="C3"))).hits
    assert [hit.memory.key for hit in hits] == ["car"]


async def test_owners(engine: MemoryEngine, tmp_path: Path) -> None:
    path = postgres_csv(
        tmp_path / "x.csv",
        {"key": "a", "value": "Ada's", "user_id": ADA},
        {"key": "a", "value": "Ben's", "user_id": BEN},
        {"key": "b", "value": "Nobody's"},
        {"key": "c", "value": "Somebody's", "user_id": "unknown"},
        {"key": "d", "value": "Everybody's", "scope": "household", "user_id": BEN},
    )
    report = await take_in(engine, path, owner=None)
    assert counts(report) == (3, 0, 0, 2)
    assert report.skipped == {Reason.UNKNOWN_OWNER: 2}
    assert (await engine.async_get(ALICE, "a")).value == "Ada's"
    assert (await engine.async_get(BOB, "a")).value == "Ben's"
    assert set(await all_of(engine, NOBODY)) == {"d"}

    report = await take_in(engine, path, owner=BEN)
    assert counts(report) == (2, 0, 3, 0)
    assert set(await all_of(engine, BOB)) == {"a", "b", "c", "d"}


async def test_one_owner_for_all(engine: MemoryEngine, tmp_path: Path) -> None:
    """Two people's keys meet: the first stays, and the second is reported, also the next time."""
    path = postgres_csv(
        tmp_path / "x.csv",
        {"key": "a", "value": "Ada's", "user_id": ADA},
        {"key": "A", "value": "Ben's", "user_id": BEN},
    )
    for expected in ((1, 0, 0, 1), (0, 0, 1, 1)):
        report = await take_in(engine, path, owner=HOUSEHOLD, keep_owners=False)
        assert counts(report) == expected
        assert report.skipped == {Reason.DUPLICATE: 1}
    assert (await engine.async_get(NOBODY, "a")).value == "Ada's"


async def test_a_graph(engine: MemoryEngine, tmp_path: Path) -> None:
    observations = [f"Likes thing number {number} of the same long beginning" for number in range(30)]
    path = json_lines(
        tmp_path / "memory.json",
        entity("John_Smith", "person", *observations, observations[0]),
        relation("John_Smith", "works_at", "the mill"),
    )
    report = await take_in(engine, path)
    assert counts(report) == (31, 0, 0, 1)
    assert report.skipped == {Reason.DUPLICATE: 1}
    assert report.notes == {}
    assert len(await all_of(engine)) == 31
    assert counts(await take_in(engine, path)) == (0, 0, 31, 1)
    hits = (await engine.async_recall(ALICE, RecallRequest(query="where does John Smith work?"))).hits
    assert hits[0].memory.value == "John Smith works at the mill"


async def test_our_own_export(engine: MemoryEngine, open_engine: OpenEngine, tmp_path: Path, clock: Clock) -> None:
    """Everything comes back as it was, and what has happened since is not undone."""
    await engine.async_remember(ALICE, MemoryDraft(value="Tea", key="drink", tags=["hot"], pinned=True))
    await remember(engine, "Bins on Monday", NOBODY, key="bins", category="routine")
    clock.now += 5
    await engine.async_update(ALICE, "drink", MemoryChanges(value="Green tea", confidence=0.5))
    before = await all_of(engine)
    history = await engine.async_history(ALICE, "drink")
    mine = await engine.transfer.async_export(ALICE, path=tmp_path / "mine.jsonl", with_history=True)

    assert counts(await take_in(engine, mine.path)) == (0, 0, 2, 0)
    clock.now += 5
    await engine.async_update(ALICE, "drink", MemoryChanges(value="Black tea"))
    report = await take_in(engine, mine.path)
    assert report.skipped == {Reason.NEWER_HERE: 1}
    await engine.async_forget(ALICE, ["drink"])
    report = await take_in(engine, mine.path)
    assert report.skipped == {Reason.FORGOTTEN_HERE: 1}
    await engine.async_forget(ALICE, ["bins"])
    await engine.async_forget(Caller(ADA, trusted=True), [before["drink"].id, before["bins"].id], purge=True)

    assert counts(await take_in(engine, mine.path)) == (2, 0, 0, 0)
    after = await all_of(engine)
    for key, memory in before.items():
        for field in Memory.__slots__:
            if field != "source":
                assert getattr(after[key], field) == getattr(memory, field), field
        assert after[key].source.surface == "import"
    assert (await engine.async_history(ALICE, "drink"))[:-1] == history


async def test_what_was_forgotten_comes_back_under_another_key(
    engine: MemoryEngine, tmp_path: Path, clock: Clock
) -> None:
    """What has its old key now is not forgotten for it: the next one that comes in with this key means that one."""
    await remember(engine, "Tea", key="drink")
    mine = await engine.transfer.async_export(ALICE, path=tmp_path / "mine.jsonl")
    header, tea = map(json.loads, mine.path.read_text(encoding="utf-8").splitlines())
    await engine.async_forget(ALICE, ["drink"])
    await remember(engine, "Juice", key="drink")
    there = {"updated_at": START + 5}
    coffee = tea | there | {"id": "01K00000000000000000000000", "value": "Coffee"}
    path = json_lines(tmp_path / "there.jsonl", header, tea | there | {"key": "leaves"}, coffee)
    clock.now += 10

    assert counts(await take_in(engine, path)) == (0, 2, 0, 0)
    found = {key: memory.value for key, memory in (await all_of(engine)).items()}
    assert found == {"leaves": "Tea", "drink": "Coffee"}
    assert counts(await take_in(engine, path)) == (0, 0, 2, 0)


async def test_a_key_goes_from_one_memory_to_another(engine: MemoryEngine, tmp_path: Path, clock: Clock) -> None:
    """Whichever of the two comes first in the file: one import is enough, and nothing is written over."""
    await remember(engine, "Tea", key="drink")
    mine = await engine.transfer.async_export(ALICE, path=tmp_path / "mine.jsonl")
    header, tea = map(json.loads, mine.path.read_text(encoding="utf-8").splitlines())
    there = {"updated_at": START + 5}
    coffee = tea | there | {"id": "01K00000000000000000000000", "value": "Coffee"}
    path = json_lines(tmp_path / "there.jsonl", header, coffee, tea | there | {"key": "leaves"})
    clock.now += 10

    assert counts(await take_in(engine, path, dry_run=True)) == (1, 1, 0, 0)
    assert counts(await take_in(engine, path)) == (1, 1, 0, 0)
    found = {key: memory.value for key, memory in (await all_of(engine)).items()}
    assert found == {"leaves": "Tea", "drink": "Coffee"}
    assert len(await engine.async_history(ALICE, "leaves")) == 2
    assert counts(await take_in(engine, path)) == (0, 0, 2, 0)


async def test_an_export_for_somebody_else(engine: MemoryEngine, tmp_path: Path) -> None:
    await remember(engine, "Tea", key="drink")
    mine = await engine.transfer.async_export(ALICE, path=tmp_path / "mine.jsonl", with_history=True)
    report = await take_in(engine, mine.path, owner=BEN, keep_owners=False)
    assert counts(report) == (1, 0, 0, 0)
    assert report.notes == {Note.HISTORY_LEFT_OUT: 1}
    assert counts(await take_in(engine, mine.path, owner=BEN, keep_owners=False)) == (0, 0, 1, 0)
    (mine_, his) = [(await engine.async_get(caller, "drink")).id for caller in (ALICE, BOB)]
    assert mine_ != his


async def test_what_was_moved_here_stays_there(engine: MemoryEngine, tmp_path: Path) -> None:
    await remember(engine, "Tea", key="drink")
    mine = await engine.transfer.async_export(ALICE, path=tmp_path / "mine.jsonl")
    await engine.async_update(ALICE, "drink", MemoryChanges(scope=Scope.HOUSEHOLD))
    report = await take_in(engine, mine.path)
    assert report.skipped == {Reason.MOVED_HERE: 1}
    assert (await engine.async_get(NOBODY, "drink")).value == "Tea"


async def test_without_the_built_in_model_memories_wait(open_engine: OpenEngine, old: Path) -> None:
    engine = await open_engine()
    assert counts(await take_in(engine, old)) == (3, 0, 0, 2)
    assert (await engine.async_recall(ALICE, RecallRequest(query="car"))).hits[0].memory.key == "car"


async def test_a_model_that_fails_leaves_it_to_the_worker(open_engine: OpenEngine, old: Path) -> None:
    embedder = FakeEmbedder()
    engine = await open_engine(embedder)
    embedder.document_error = EmbeddingError()
    assert counts(await take_in(engine, old)) == (3, 0, 0, 2)
    embedder.document_error = None
    engine.wake()
    await async_until(lambda: engine.status.pending == 0)
    hits = (await engine.async_recall(ALICE, RecallRequest(query="automobile"))).hits
    assert hits[0].memory.key == "car"


async def test_the_server_s_vectors_are_made_by_the_worker(
    open_engine: OpenEngine, built_in: StaticEmbedder, old: Path
) -> None:
    preferred = FakeEmbedder("preferred")
    engine = await open_engine(built_in, preferred)
    await take_in(engine, old)
    await async_until(lambda: engine.status.pending == 0 and len(preferred.documents) >= 3)
    assert engine.status.memories == 3


async def test_many_that_wait_are_not_looked_for_one_by_one(
    open_engine: OpenEngine, built_in: StaticEmbedder, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking for each of 100,000 that wait, in each batch of 64, would take minutes."""
    monkeypatch.setattr(filling, "_MANY", 50)
    looked_for: list[int] = []
    next_batch = filling._next_batch

    def note(space_id: int, after: int, limit: int, ids: Any, connection: sqlite3.Connection) -> Any:
        looked_for.append(len(ids or ()))
        return next_batch(space_id, after, limit, ids, connection)

    preferred = FakeEmbedder("preferred")
    engine = await open_engine(built_in, preferred)
    await async_until(lambda: engine.status.model == "preferred")
    preferred.gate = asyncio.Event()
    await remember(engine, "This one is under way")
    await asyncio.wait_for(preferred.waiting.wait(), 20)
    monkeypatch.setattr(filling, "_next_batch", note)
    await take_in(engine, many)
    preferred.gate.set()
    await async_until(lambda: engine.status.pending == 0)
    assert len({*preferred.documents}) >= 201
    assert max(looked_for) <= 50


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file of ten batches."""
    monkeypatch.setattr(source, "BATCH", 20)
    return luuquangvu(tmp_path / "many.db", *(mem(f"key_{n}", f"Value {n}") for n in range(200)))


async def test_progress_and_stop(engine: MemoryEngine, many: Path) -> None:
    """Whoever stops it is told what was done until then, which stays; the rest comes the next time."""
    seen: list[tuple[int, float]] = []
    report = await engine.transfer.async_import(
        ADMIN, many, OPTIONS,
        progress=lambda report: seen.append((report.added, report.progress)),
        stop=lambda: len(seen) == 3,
    )  # fmt: skip
    assert report.stopped
    assert [added for added, _ in seen] == [20, 40, 60]
    assert 0 < seen[0][1] <= seen[1][1] <= seen[2][1] <= 1
    assert report.added == 60 == len(await all_of(engine))

    report = await take_in(engine, many)
    assert not report.stopped
    assert counts(report) == (140, 0, 60, 0)


async def test_cancelling_finishes_the_batch(engine: MemoryEngine, many: Path) -> None:
    reports: list[ImportReport] = []
    begun = asyncio.Event()

    def progress(report: ImportReport) -> None:
        reports.append(report)
        begun.set()

    task = asyncio.create_task(engine.transfer.async_import(ADMIN, many, OPTIONS, progress=progress))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    done = reports[-1].added
    assert 0 < done < 200
    assert done == len(await all_of(engine))
    assert engine.status.memories == done
    assert counts(await take_in(engine, many)) == (200 - done, 0, done, 0)


async def test_others_get_their_turn(engine: MemoryEngine, many: Path) -> None:
    """Whoever stores something meanwhile waits for the batch that is under way, not for the import."""
    stored_at: list[int] = []
    waiting: list[asyncio.Task[None]] = []

    def progress(report: ImportReport) -> None:
        async def store(added: int) -> None:
            await remember(engine, f"In between {added}", key=f"between {added}")
            stored_at.append(report.added - added)

        if report.added in {40, 120}:
            waiting.append(asyncio.create_task(store(report.added)))

    await engine.transfer.async_import(ADMIN, many, OPTIONS, progress=progress)
    await asyncio.gather(*waiting)
    assert len(stored_at) == 2
    assert all(batches <= 40 for batches in stored_at)


async def test_what_is_stored_meanwhile_is_not_overwritten(
    engine: MemoryEngine, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided on what was there before counts for nothing when it is written."""
    embed = importing.Importer._async_embed

    async def slow(self: importing.Importer, words: Any) -> Any:
        if any(key == "key_30" for key, _, _ in words):
            await remember(engine, "Stored meanwhile", key="key_30")
        return await embed(self, words)

    monkeypatch.setattr(importing.Importer, "_async_embed", slow)
    report = await take_in(engine, many)
    assert counts(report) == (199, 0, 0, 1)
    assert (await engine.async_get(ALICE, "key_30")).value == "Stored meanwhile"


async def test_one_at_a_time(engine: MemoryEngine, many: Path) -> None:
    first = asyncio.create_task(take_in(engine, many))
    await asyncio.sleep(0)
    with pytest.raises(InvalidInputError) as error:
        await take_in(engine, many)
    assert error.value.code == "import_running"
    assert counts(await first) == (200, 0, 0, 0)
    assert counts(await take_in(engine, many)) == (0, 0, 200, 0)


async def test_closing_the_engine_ends_an_import(engine: MemoryEngine, many: Path) -> None:
    begun = asyncio.Event()
    task = asyncio.create_task(engine.transfer.async_import(ADMIN, many, OPTIONS, progress=lambda _: begun.set()))
    await begun.wait()
    await engine.async_close()
    with pytest.raises(DatabaseClosedError):
        await task


async def test_a_batch_that_cannot_be_stored_is_not_stored_in_part(
    engine: MemoryEngine, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, calls = batches.store, list[int]()

    def fail(*args: Any) -> None:
        store(*args)
        calls.append(1)
        if len(calls) == 3:
            raise sqlite3.OperationalError("no")

    monkeypatch.setattr(importing, "store", fail)
    with pytest.raises(StorageError):
        await take_in(engine, many)
    assert len(await all_of(engine)) == 40
    monkeypatch.undo()
    assert counts(await take_in(engine, many)) == (160, 0, 40, 0)


async def test_details_are_bounded(engine: MemoryEngine, tmp_path: Path) -> None:
    path = luuquangvu(tmp_path / "x.db", *(mem(f"key_{n}", " ") for n in range(600)))
    report = await take_in(engine, path)
    assert report.skipped == {Reason.EMPTY: 600}
    assert [item.where for item in report.details] == list(range(1, 51))


async def test_a_broken_file_is_taken_in_as_far_as_it_goes(engine: MemoryEngine, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('key,value,mood\na,b,c\nopen,"' + "x\n" * 200_000)
    report = await take_in(engine, path)
    assert counts(report) == (1, 0, 0, 1)
    assert report.cut_short
    assert report.ignored == ("mood",)


async def async_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0)
