"""Which of two memories stays."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.semantic_memory.memory.models import HOUSEHOLD, Category, Memory, Scope, Source
from custom_components.semantic_memory.memory.transfer.deciding import decide
from custom_components.semantic_memory.memory.transfer.merging import (
    SURFACE,
    Decision,
    Effect,
    Here,
    ImportOptions,
    Incoming,
    prepare,
)
from custom_components.semantic_memory.memory.transfer.reading.found import Format, Found, Note, Reason, Refused

from ..fakes import ALICE, BOB, DAY, START

ADA = ALICE.user_id or ""
BEN = BOB.user_id or ""
OPTIONS = ImportOptions(owner=ADA, known_owners={ADA, BEN})
ULID = "01K00000000000000000000000"


def found(value: str = "Tea", **fields: Any) -> Found:
    given: dict[str, Any] = {"where": 1, "identity": "one", "key": "drink", "created_at": START - DAY}
    return Found(value=value, **given | fields)


def incoming(item: Found, options: ImportOptions = OPTIONS, kind: Format = Format.LUUQUANGVU) -> Incoming:
    prepared = prepare(item, kind, options, START)
    assert isinstance(prepared, Incoming)
    return prepared


def effect(item: Incoming, *here: Memory) -> Decision | Refused:
    """Return what becomes of something, given what is here."""
    live: dict[tuple[str, str], tuple[int | None, Memory]] = {
        (m.owner, m.key): (n, m) for n, m in enumerate(here) if m.deleted_at is None
    }
    touched = {m.id for m in here if m.source.surface != SURFACE}
    (decision,) = decide([item], Here({m.id: (n, m) for n, m in enumerate(here)}, live, touched=touched), START)
    return decision


def reason(item: Found, **options: Any) -> Reason:
    refused = prepare(item, Format.OWN, replace(OPTIONS, **options), START)
    assert isinstance(refused, Refused)
    return refused.reason


@pytest.mark.parametrize(
    ("fields", "options", "owner", "scope"),
    [
        ({}, {}, ADA, Scope.USER),
        ({}, {"owner": HOUSEHOLD}, HOUSEHOLD, Scope.HOUSEHOLD),
        ({"scope": Scope.HOUSEHOLD}, {}, HOUSEHOLD, Scope.HOUSEHOLD),
        ({"scope": Scope.HOUSEHOLD, "owner": BEN}, {}, HOUSEHOLD, Scope.HOUSEHOLD),
        ({"scope": Scope.SESSION}, {}, ADA, Scope.SESSION),
        ({"scope": Scope.SESSION, "owner": HOUSEHOLD}, {}, HOUSEHOLD, Scope.SESSION),
        ({"owner": BEN}, {}, BEN, Scope.USER),
        ({"owner": BEN}, {"keep_owners": False}, ADA, Scope.USER),
        ({"owner": "somebody"}, {}, ADA, Scope.USER),
        ({"owner": BEN}, {"owner": None}, BEN, Scope.USER),
    ],
)
def test_whose_it_becomes(fields: dict[str, Any], options: dict[str, Any], owner: str, scope: Scope) -> None:
    memory = incoming(found(**fields), replace(OPTIONS, **options)).memory
    assert (memory.owner, memory.scope) == (owner, scope)


def test_what_never_comes_in() -> None:
    assert reason(found(expires_at=START)) is Reason.EXPIRED
    assert reason(found(forgotten=True)) is Reason.FORGOTTEN
    assert reason(found(owner="somebody"), owner=None) is Reason.UNKNOWN_OWNER
    assert reason(found(), owner=None) is Reason.UNKNOWN_OWNER


def test_a_new_memory() -> None:
    decision = effect(incoming(found(last_used_at=START - 5, use_count=2, expires_at=START + 5, pinned=True)))
    assert isinstance(decision, Decision)
    assert decision.effect is Effect.ADD
    memory = decision.after
    assert (memory.created_at, memory.updated_at, memory.last_used_at) == (START - DAY, START - DAY, START - 5)
    assert (memory.use_count, memory.expires_at, memory.pinned) == (2, START + 5, True)
    assert memory.source.surface == "import"
    assert memory.category is Category.GENERAL
    assert len(memory.id) == 26


def test_ids_are_the_same_each_time_and_differ_otherwise() -> None:
    ids = [
        incoming(item, options, kind).memory.id
        for item in (found(), found(identity="two"), found(created_at=START - 1), found(created_at=None))
        for options in (OPTIONS, replace(OPTIONS, owner=BEN))
        for kind in (Format.LUUQUANGVU, Format.MCP)
    ]
    assert len(set(ids)) == len(ids)
    assert incoming(found()).memory.id == ids[0]


def test_the_id_of_an_export_stays_where_the_owner_does() -> None:
    kept = incoming(found(id=ULID, owner=BEN), kind=Format.OWN)
    assert kept.memory.id == ULID
    given = incoming(found(id=ULID, owner=BEN, history=("x",)), replace(OPTIONS, keep_owners=False), Format.OWN)
    assert given.memory.id != ULID
    assert given.history == ()
    assert given.notes == (Note.HISTORY_LEFT_OUT,)


def test_the_same_again_changes_nothing() -> None:
    item = incoming(found(tags=("x",), confidence=0.5))
    decision = effect(item, item.memory)
    assert isinstance(decision, Decision)
    assert decision.effect is Effect.NOTHING


IMPORTED = incoming(found()).memory
TOUCHED = replace(IMPORTED, source=Source(surface="action"), updated_at=START - 10)
OTHER_ID = replace(TOUCHED, id=ULID)


@pytest.mark.parametrize(
    ("item", "here", "expected"),
    [
        # A file that does not know when: it wins over what came from it and was not touched since,
        (found("Coffee"), IMPORTED, Effect.UPDATE),
        (found("Coffee"), TOUCHED, Reason.NEWER_HERE),
        # … under whatever key that is here now,
        (found("Coffee"), replace(IMPORTED, key="beverage"), Effect.UPDATE),
        # … not over what came from elsewhere, unless that is older than the making of its own.
        (found("Coffee"), replace(IMPORTED, id=ULID), Reason.NEWER_HERE),
        (found("Coffee"), OTHER_ID, Reason.NEWER_HERE),
        (found("Coffee"), replace(OTHER_ID, updated_at=START - 2 * DAY), Effect.UPDATE),
        (found("Coffee", created_at=None), OTHER_ID, Reason.NEWER_HERE),
        # One that knows: the later change wins.
        (found("Coffee", updated_at=START - 5), TOUCHED, Effect.UPDATE),
        (found("Coffee", updated_at=START - 15), TOUCHED, Reason.NEWER_HERE),
        (found("Coffee", updated_at=START - 10), TOUCHED, Reason.NEWER_HERE),
        (found(updated_at=START - 15), TOUCHED, Effect.NOTHING),
        # What the file does not tell stays.
        (found(), replace(TOUCHED, category=Category.HOME, pinned=True, tags=("x",), confidence=0.1), Effect.NOTHING),
        (found(category=Category.USER), replace(IMPORTED, category=Category.HOME), Effect.UPDATE),
        # A life that got longer here stays so.
        (found(expires_at=START + DAY), replace(IMPORTED, expires_at=START + 2 * DAY), Effect.NOTHING),
        (found(expires_at=START + DAY), IMPORTED, Effect.NOTHING),
        (found(), replace(IMPORTED, expires_at=START + DAY), Effect.UPDATE),
        # Written out, as in CSV, a time is not quite the same.
        (found(expires_at=START + 0.123457), replace(TOUCHED, expires_at=START + 0.1234567), Effect.NOTHING),
        (found(expires_at=START + DAY, updated_at=START), TOUCHED, Effect.UPDATE),
        # What was forgotten here stays so, unless it was changed where it comes from afterwards.
        (found(), replace(IMPORTED, deleted_at=START - 5), Reason.FORGOTTEN_HERE),
        (found(updated_at=START - 15), replace(IMPORTED, deleted_at=START - 5), Reason.FORGOTTEN_HERE),
        (found(updated_at=START - 3), replace(IMPORTED, deleted_at=START - 5), Effect.UPDATE),
        # Whose time was up was not forgotten by anybody.
        (found(), replace(IMPORTED, deleted_at=START - 5, expires_at=START - 6), Effect.UPDATE),
        # Somebody moved it.
        (found(), replace(IMPORTED, owner=HOUSEHOLD, scope=Scope.HOUSEHOLD), Reason.MOVED_HERE),
        # Without a key: the same text is the same.
        (found("Tea.", key=None, identity="other"), replace(OTHER_ID, key="tea", value="tea."), Effect.NOTHING),
        (found("Tea", key=None, identity="other"), replace(OTHER_ID, key="tea", value="Not tea"), Effect.ADD),
    ],
)
def test_which_stays(item: Found, here: Memory, expected: Effect | Reason) -> None:
    decision = effect(incoming(item), here)
    assert (decision.reason if isinstance(decision, Refused) else decision.effect) is expected


def test_what_an_update_makes() -> None:
    here = replace(TOUCHED, pinned=True, use_count=7, last_used_at=START - 3, created_at=START - 3 * DAY)
    decision = effect(incoming(found("Coffee", updated_at=START - 5, use_count=2, last_used_at=START - 9)), here)
    assert isinstance(decision, Decision)
    after = decision.after
    assert (after.value, after.pinned, after.use_count) == ("Coffee", True, 7)
    assert (after.created_at, after.updated_at, after.last_used_at) == (START - 3 * DAY, START - 5, START - 3)
    assert after.source.surface == "import"


def test_a_key_that_another_memory_has() -> None:
    other = replace(OTHER_ID, key="drink")
    decision = effect(incoming(found("Coffee")), replace(IMPORTED, key="beverage"), other)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.KEY_IN_USE


def test_those_before_count_as_being_here() -> None:
    items = [incoming(found(name, key=None, identity=name)) for name in ("Tea!", "tea?", "tea", "Tea")]
    results = list(decide(items, Here({}, {}), START))
    assert [r.effect for r in results if isinstance(r, Decision)] == [
        Effect.ADD, Effect.ADD, Effect.ADD, Effect.NOTHING
    ]  # fmt: skip
    assert len({r.after.key for r in results if isinstance(r, Decision)}) == 3
    (_, second) = decide([incoming(found()), incoming(found(identity="two"))], Here({}, {}), START)
    assert isinstance(second, Refused)
    assert second.reason is Reason.DUPLICATE


def test_what_comes_back_under_another_key_leaves_its_old_one_to_whoever_has_it() -> None:
    """Forgotten, it held that key no more: another memory may have it, and is the one that is meant by it."""
    forgotten = replace(IMPORTED, id=ULID, deleted_at=START - 8)
    back = incoming(found(id=ULID, key="other", owner=ADA, updated_at=START - 5), kind=Format.OWN)
    meant = incoming(found("Coffee", identity="two", updated_at=START - 5), kind=Format.OWN)
    here = Here({ULID: (0, forgotten)}, {(ADA, "drink"): (1, TOUCHED)})

    _, decision = decide([back, meant], here, START)

    assert isinstance(decision, Decision)
    assert (decision.effect, decision.before) == (Effect.UPDATE, (1, TOUCHED))
