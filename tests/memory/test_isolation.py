"""Nobody reads or changes what is somebody else's: every public method, for every caller and every owner."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import is_dataclass, replace
import inspect
from itertools import product
from typing import Final

import pytest

from custom_components.semantic_memory.memory.embedding.static import StaticEmbedder
from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.errors import InvalidInputError, MemoryNotFoundError, NotAllowedError
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    Caller,
    Memory,
    MemoryChanges,
    MemoryDraft,
    MemoryFilter,
    RecallRequest,
    Scope,
    SortKey,
    Source,
)
from custom_components.semantic_memory.memory.storage import memories
from custom_components.semantic_memory.memory.storage.changes import Change
from custom_components.semantic_memory.memory.transfer.formats import ExportFormat
from custom_components.semantic_memory.memory.views import GroupKey

from .fakes import ALICE, BOB, NOBODY, OpenEngine, remember

type Sees = Callable[[MemoryEngine, Caller, Memory], Awaitable[bool]]
"""Tries to reach a memory, and returns whether that had any effect or showed anything of it."""

VALUE: Final = "The combination of the safe is {}"
OWNERS: Final = {"alice": (ALICE, "17-4711"), "bob": (BOB, "23-0815"), "household": (NOBODY, "99-1234")}
CALLERS: Final = {
    "alice": ALICE,
    "bob": BOB,
    "nobody": NOBODY,
    # An administrator who acts for Bob gets what Bob gets, not what he has himself.
    "alice for bob": Caller(user_id=BOB.user_id, actor_id=ALICE.user_id, trusted=True),
    "automation": Caller(actor_id="automation", trusted=True),
}
MAY: Final = {
    ("alice", "alice"), ("alice", "household"), ("bob", "bob"), ("bob", "household"), ("nobody", "household"),
    ("alice for bob", "bob"), ("alice for bob", "household"), ("automation", "household"),
}  # fmt: skip
MAY_ABOUT_THEMSELVES: Final = {(caller, owner) for caller, owner in MAY if owner != "household"}
MAY_FOR_GOOD: Final = {(caller, owner) for caller, owner in MAY if owner != "household" or CALLERS[caller].trusted}
MAY_MOVE: Final = {(caller, owner) for caller, owner in MAY_FOR_GOOD if CALLERS[caller].user_id}
EXPECTED: Final = {
    "core_facts": MAY_ABOUT_THEMSELVES,
    "async_forget, purging": MAY_FOR_GOOD,
    "async_update, moving": MAY_MOVE,
    "editor.async_update, giving": {
        # What is the household's, only trusted callers may take.
        (caller, owner)
        for caller, owner in MAY
        if owner != "household" or CALLERS[caller].trusted
    },
    "transfer.async_export_person": MAY_ABOUT_THEMSELVES,
    "transfer.async_erase_person": MAY_ABOUT_THEMSELVES,
}
"""Who may what, where it is not the same as for everything else."""


async def get(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Look for it by id and by key."""
    found = [await tried(engine.async_get(caller, reference)) for reference in (memory.id, memory.key)]
    return memory.id in str(found)


async def recall(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Ask for it in its own words, with every filter that could help."""
    found = False
    for where in (
        MemoryFilter(),
        MemoryFilter(scope=memory.scope),
        MemoryFilter(owner=memory.owner),
        MemoryFilter(text="safe"),
        MemoryFilter(tags="vault"),
        MemoryFilter(pinned=True),
        MemoryFilter(owner=memory.owner, forgotten=True),
        MemoryFilter(forgotten=True),
    ):
        request = RecallRequest(query=memory.value, limit=50, threshold=0.0, filter=where)
        result = await tried(engine.async_recall(caller, request))
        found |= result is not None and memory.id in str(result)
    for query in (f'"{memory.value}"', "saf*", "vault", "combination -bank", 'combination -ban* -"the bank"'):
        request = RecallRequest(query=query, syntax=True, explain=True, limit=50, threshold=0.0)
        result = await engine.async_recall(caller, request)
        found |= memory.id in str(result)
    return found


async def list_(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Page through everything."""
    everything = MemoryFilter()
    found = False
    for where in (
        everything,
        replace(everything, owner=memory.owner),
        replace(everything, text="safe"),
        replace(everything, forgotten=True),
    ):
        page = await tried(engine.async_list(caller, where, limit=1))
        while page is not None:
            found |= memory.id in str(page)
            if page.cursor is None:
                break
            page = await engine.async_list(caller, where, limit=1, cursor=page.cursor)
    return found


async def history(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Read what happened to it."""
    return await tried(engine.async_history(caller, memory.id)) is not None


async def stats(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Count."""
    return memory.owner in (await engine.async_stats(caller)).by_owner


async def pinned(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Look at what goes into every prompt."""
    return memory.id in str(engine.pinned(caller))


async def core_facts(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Look at what every prompt says about the person, once the memory is such a fact."""
    await engine.async_update(owner_of(memory), memory.id, MemoryChanges(category="user", pinned=False))
    return memory.id in str(engine.core_facts(caller))


async def remembering(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Say nearly the same in every scope, with its key and without."""
    shown = False
    for scope, key in product(Scope, (memory.key, None)):
        if scope is not Scope.USER or caller.user_id is not None:
            draft = MemoryDraft(value=f"{memory.value} again", key=key, scope=scope)
            shown |= memory.id in str(await engine.async_remember(caller, draft))
    return shown or (await row(engine, memory.id)) != memory


async def update(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Change it by id."""
    changed = await tried(engine.async_update(caller, memory.id, MemoryChanges(value="changed")))
    return changed is not None or (await row(engine, memory.id)) != memory


async def moving(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Make what is the household's one's own, and what is somebody's the household's."""
    scope = Scope.USER if memory.owner == HOUSEHOLD else Scope.HOUSEHOLD
    with suppress(InvalidInputError):  # nobody has nothing of their own
        # Under another key: the other owner has one like it.
        await engine.async_update(caller, memory.id, MemoryChanges(scope=scope, key="vault"))
    now = await row(engine, memory.id)
    return now is None or now.owner != memory.owner


async def forget(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Forget it by id and by filters."""
    await tried(engine.async_forget(caller, [memory.id]))
    await tried(engine.async_forget(caller, where=MemoryFilter(owner=memory.owner)))
    await tried(engine.async_forget(caller, where=MemoryFilter(text="safe")))
    now = await row(engine, memory.id)
    return now is None or now.deleted_at is not None


async def purging(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Purge it by id, by key and by filters."""
    await tried(engine.async_forget(caller, [memory.id], purge=True))
    await tried(engine.async_forget(caller, [memory.key], purge=True))
    await tried(engine.async_forget(caller, where=MemoryFilter(tags="vault"), purge=True))
    await tried(engine.async_forget(caller, where=MemoryFilter(forgotten=True), purge=True))
    return await row(engine, memory.id) is None


async def restore(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Bring it back once its owner has forgotten it."""
    await engine.async_forget(owner_of(memory), [memory.id])
    assert (await list_(engine, caller, memory)) is (await tried(engine.async_restore(caller, memory.id)) is not None)
    now = await row(engine, memory.id)
    return now is not None and now.deleted_at is None


async def export(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Write it to a file of each format, also with its history, by every filter that could help."""
    found = False
    for format_, where in product(
        ExportFormat, (MemoryFilter(), MemoryFilter(owner=memory.owner), MemoryFilter(text="safe"))
    ):
        report = await tried(engine.transfer.async_export(caller, where, format_=format_, with_history=True))
        found |= report is not None and memory.value in report.path.read_text("utf-8")
    await tried(engine.async_forget(owner_of(memory), [memory.id]))
    report = await tried(engine.transfer.async_export(caller, MemoryFilter(forgotten=True), with_history=True))
    return found | (report is not None and memory.value in report.path.read_text("utf-8"))


async def export_person(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Ask for everything that is stored about the caller."""
    with suppress(InvalidInputError):  # there is nothing about nobody
        report = await engine.transfer.async_export_person(caller)
        return memory.value in report.path.read_text("utf-8")
    return False


async def erase_person(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Erase everything that is stored about the caller."""
    with suppress(InvalidInputError):
        await engine.transfer.async_erase_person(caller)
    return await row(engine, memory.id) != memory


async def windows(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Look at every place of every list, grouped and not."""
    found = False
    everything = MemoryFilter()
    for where, group_by, sort in product(
        (
            everything,
            replace(everything, owner=memory.owner),
            replace(everything, text="safe"),
            replace(everything, tags="vault"),
            replace(everything, ids=[memory.id]),
            replace(everything, surface=memory.source.surface, pinned=True),
            replace(everything, forgotten=True),
        ),
        (None, *GroupKey),
        SortKey,
    ):
        window = await tried(
            engine.browser.async_list(caller, where, sort=sort, group_by=group_by, offset=0, limit=500)
        )
        if window is not None:
            found |= memory.id in str(window)
            assert window.total == len(window.memories)
            assert sum(count for _, count in window.groups) == (window.total if group_by else 0)
    return found


async def facets(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Count the kinds, once there is one that no other memory is of."""
    await engine.async_update(owner_of(memory), memory.id, MemoryChanges(tags="unheard of", category="device"))
    found = False
    for where in (MemoryFilter(), MemoryFilter(owner=memory.owner), MemoryFilter(text="safe")):
        counted = await tried(engine.browser.async_facets(caller, where))
        if counted is not None:
            sees = memory.owner in counted.owners
            assert [("unheard of", 1) in counted.tags, "device" in counted.categories] == [sees, sees]
            found |= sees
    return found


async def show(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Look at all about it, live and forgotten."""
    shown = await tried(engine.browser.async_show(caller, memory.id))
    by_key = await tried(engine.browser.async_show(caller, memory.key))
    await engine.async_forget(owner_of(memory), [memory.id])
    forgotten = await tried(engine.browser.async_show(caller, memory.id))
    assert (shown is None) is (forgotten is None)
    return shown is not None or memory.value in str(by_key)


async def similar(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Look for what resembles it, and whether it resembles anything of one's own."""
    mine = await remember(engine, f"{memory.value}!", caller, key="like it", scope=_scope_of(caller))
    its = await tried(engine.browser.async_similar(caller, memory.id))
    found = await engine.browser.async_similar(caller, mine.id)
    assert found
    return its is not None or memory.id in str(found)


def _scope_of(caller: Caller) -> Scope:
    return Scope.USER if caller.user_id else Scope.HOUSEHOLD


async def updating_many(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Change it together with one's own, which is left alone if that is refused."""
    mine = await remember(engine, "The key of the shed hangs behind the door", caller, scope=_scope_of(caller))
    changed = await tried(
        engine.editor.async_update(caller, [mine.id, memory.id], MemoryChanges(add_tags="changed", confidence=0.5))
    )
    assert (await row(engine, mine.id) == mine) is (changed is None)
    return changed is not None or (await row(engine, memory.id)) != memory


async def giving(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Make it somebody else's, or one's own."""
    changed = False
    for owner in (HOUSEHOLD, str(BOB.user_id), str(ALICE.user_id), caller.user_id):
        changes = MemoryChanges(owner=owner, key=f"given to {owner}")
        await tried(engine.editor.async_update(caller, [memory.id], changes))
        now = await row(engine, memory.id)
        changed |= now is None or now.owner != memory.owner
    return changed


async def undoing(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Undo every change of it, of which the owner made some; also by naming another memory."""
    owner = owner_of(memory)
    await engine.async_update(owner, memory.id, MemoryChanges(value="The safe is gone"))
    before = await row(engine, memory.id)
    mine = await remember(engine, "The key of the shed hangs behind the door", caller, scope=_scope_of(caller))
    for entry, id_ in product((await engine.async_history(owner, memory.id)), (memory.id, mine.id, memory.key)):
        with suppress(InvalidInputError):  # what was new has nothing before it
            await engine.editor.async_undo(caller, id_, entry.id, source=Source())
    return await row(engine, memory.id) != before


async def restoring_many(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Bring it back together with one's own."""
    mine = await remember(engine, "The key of the shed hangs behind the door", caller, scope=_scope_of(caller))
    await engine.async_forget(caller, [mine.id])
    await engine.async_forget(owner_of(memory), [memory.id])
    back = await tried(engine.editor.async_restore(caller, [mine.id, memory.id], source=Source()))
    left = await row(engine, mine.id)
    assert left is not None
    assert (left.deleted_at is None) is (back is not None)
    now = await row(engine, memory.id)
    return now is not None and now.deleted_at is None


async def happened(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Look at what happened, page by page."""
    found, cursor = "", None
    while True:
        page = await engine.activity.async_page(caller, limit=2, cursor=cursor)
        found += str(page.entries)
        if (cursor := page.cursor) is None:
            break
    assert (memory.id in found) is (memory.value in found)
    return memory.value in found


async def recalled(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Look at what its owner has looked for."""
    request = RecallRequest(
        query="a question of theirs", threshold=0, filter=MemoryFilter(owner=memory.owner), log=True
    )
    result = await engine.async_recall(owner_of(memory), request)
    engine.recalls.answered(result.number, {"told": memory.value})
    found = str(await engine.activity.async_page(caller, ["recall"]))
    assert (memory.value in found) is ("a question of theirs" in found)
    engine.recalls.forget_memories([memory.id])
    assert len(engine.recalls) == 0
    return memory.value in found


async def mapped(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Look at the map, before and after it is forgotten."""
    made = await engine.atlas.async_map(caller)
    await engine.async_forget(owner_of(memory), [memory.id])
    without = await engine.atlas.async_map(caller)
    assert memory.id not in str(without)
    assert (made.total == without.total + 1) is (memory.id in str(made))
    return memory.id in str(made)


async def counted_vectors(engine: MemoryEngine, caller: Caller, memory: Memory) -> bool:
    """Count vectors, before and after it is forgotten."""
    before = await engine.overview.async_space(caller)
    await engine.async_forget(owner_of(memory), [memory.id])
    after = await engine.overview.async_space(caller)
    assert before is not None
    assert after is not None
    return before.vectors != after.vectors


def owner_of(memory: Memory) -> Caller:
    """Return a caller to whom a memory belongs."""
    return NOBODY if memory.owner == HOUSEHOLD else Caller(user_id=memory.owner)


ROWS: Final[dict[str, Sees]] = {
    "async_get": get,
    "async_recall": recall,
    "async_list": list_,
    "async_history": history,
    "async_stats": stats,
    "pinned": pinned,
    "core_facts": core_facts,
    "async_remember": remembering,
    "async_update": update,
    "async_update, moving": moving,
    "async_forget": forget,
    "async_forget, purging": purging,
    "async_restore": restore,
    "activity.async_page": happened,
    "activity.async_page, of recalls": recalled,
    "atlas.async_map": mapped,
    "overview.async_space": counted_vectors,
    "browser.async_list": windows,
    "browser.async_facets": facets,
    "browser.async_show": show,
    "browser.async_similar": similar,
    "editor.async_update": updating_many,
    "editor.async_update, giving": giving,
    "editor.async_undo": undoing,
    "editor.async_restore": restoring_many,
    "transfer.async_export": export,
    "transfer.async_export_person": export_person,
    "transfer.async_erase_person": erase_person,
}
NOT_FOR_CALLERS: Final = {
    "async_open", "async_start", "async_load_index", "async_close", "async_reembed", "async_run_maintenance",
    "has_built_in", "status", "subscribe", "wake",
    "checks.async_open", "checks.async_run", "checks.async_run_daily",
    "hold.active", "hold.async_begin", "hold.async_close", "hold.async_end", "hold.watch",
    "snapshots.async_catch_up", "snapshots.async_close", "snapshots.async_list", "snapshots.async_pause",
    "snapshots.async_note_purged", "snapshots.async_purge_noted", "snapshots.async_run", "snapshots.async_scrub",
    "snapshots.async_take", "snapshots.async_take_if_due", "snapshots.end", "snapshots.resume",
    "transfer.async_import", "transfer.async_recognise", "transfer.async_remove_downloads",
    "overview.async_index_version", "snapshots.async_glance",
    "recalls.add", "recalls.answered", "recalls.begin", "recalls.by", "recalls.forget_memories",
    "recalls.forget_person", "recalls.of",
}  # fmt: skip
"""Look after the store, and take no caller. Listeners are part of the integration and hear of everything.

Imports reach everybody's memories: that only administrators get at them, the tests of the actions show.
"""


async def tried[T](call: Awaitable[T]) -> T | None:
    """Return what a call returns, ``None`` where it is refused."""
    try:
        return await call
    except MemoryNotFoundError, NotAllowedError:
        return None


async def row(engine: MemoryEngine, id_: str) -> Memory | None:
    """Read a memory past all conditions."""
    found = await engine._database.async_read(lambda connection: memories.find(connection, "id = :id", {"id": id_}))
    return found[0][1] if found else None


def public_names(engine: MemoryEngine) -> Iterator[str]:
    """Yield the methods of the engine, and of every part of it that others may call."""
    yield from methods(engine)
    for part, value in vars(engine).items():
        if not part.startswith("_") and not is_dataclass(value):
            yield from (f"{part}.{name}" for name in methods(value))


def methods(thing: object) -> Iterator[str]:
    """Yield the public methods and properties of an object's class."""
    yield from (name for name, _ in inspect.getmembers(type(thing)) if not name.startswith("_"))


async def test_every_public_method_has_a_row(open_engine: OpenEngine) -> None:
    public = set(public_names(await open_engine(start=False)))
    assert public - NOT_FOR_CALLERS == {name.partition(",")[0] for name in ROWS}
    assert public >= NOT_FOR_CALLERS


@pytest.mark.parametrize(
    ("method", "index"),
    [*((method, "sqlite-vec") for method in ROWS), ("async_recall", "memory"), ("async_remember", "memory")],
)
async def test_nobody_reaches_what_is_not_theirs(
    open_engine: OpenEngine, built_in: StaticEmbedder, request: pytest.FixtureRequest, method: str, index: str
) -> None:
    if index == "memory":
        request.getfixturevalue("without_sqlite_vec")
    engine = await open_engine(built_in)
    assert engine.status.index == index
    reached = set[tuple[str, str]]()
    for (name, caller), owner in product(CALLERS.items(), OWNERS):
        made = {
            who: await remember(engine, VALUE.format(number), as_, key="safe", tags="vault", pinned=True)
            for who, (as_, number) in OWNERS.items()
        }
        if await ROWS[method](engine, caller, made[owner]):
            reached.add((name, owner))
        await empty(engine)
    assert reached == EXPECTED.get(method, MAY)


async def empty(engine: MemoryEngine) -> None:
    """Take everything out."""

    def purge(change: Change) -> list[Memory]:
        found = memories.find(change.connection, "1", {})
        change.purge(found)
        return [memory for _, memory in found]

    gone = await engine._writes.async_change(NOBODY, purge)
    await engine._writes.async_changed("purge", gone, gone)


async def test_scores_do_not_tell_what_others_have_stored(engine: MemoryEngine) -> None:
    """A word's weight would, if it were counted over all owners."""

    async def scores() -> list[tuple[float, float | None]]:
        found = await engine.async_recall(ALICE, RecallRequest(query="submarine lessons on Friday", threshold=0.0))
        return [(hit.score, hit.keyword_score) for hit in found.hits]

    await remember(engine, "Swimming lessons are on Friday", ALICE, key="swimming")
    await remember(engine, "The submarine film is on Sunday", ALICE, key="film")
    before = await scores()
    assert len(before) == 2
    for number in range(5):
        await remember(engine, f"I bought a submarine, number {number}", BOB, key=f"secret {number}")
    assert await scores() == before
