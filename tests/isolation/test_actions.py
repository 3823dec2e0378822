"""Every action, for everybody who may call one: what is shown, and what becomes of everybody's memories."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, Unauthorized, UnknownUser
import pytest

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.models import HOUSEHOLD
from custom_components.semantic_memory.memory.transfer import jsonl

from .home import FORGOTTEN, KINDS, PEOPLE, SECRETS, Home, as_text, shown_in
from .who import CALLERS, DELETED, Who

type Calls = Callable[[Home], Iterator[dict[str, Any]]]
type Owners = Callable[[Who], frozenset[str]]
REFUSED: Final = frozenset({"other_person", "person_not_found", "person_without_user"})
NOT_ADMINISTRATORS: Final = (Unauthorized, UnknownUser)
FOR_NOBODY: Final = frozenset({"memory_backup", "memory_restore_backup"})
"""Actions that are the same for whomever they are called."""
IMPORTED: Final = "imported.jsonl"
LIVE: Final = [kind for kind in KINDS if kind not in FORGOTTEN]


def _sees(who: Who) -> frozenset[str]:
    return who.sees


def _takes(who: Who) -> frozenset[str]:
    return who.takes


def _moves(who: Who) -> frozenset[str]:
    """Nobody in particular has nothing of their own, so they cannot take it."""
    return who.takes if who.own else frozenset()


def _own(who: Who) -> frozenset[str]:
    return who.own


def _anybody(who: Who) -> frozenset[str]:
    """Whoever is trusted may name a user by id, except besides a person."""
    return frozenset(PEOPLE) if who.trusted and who.person is None else who.own


def _everything(who: Who) -> frozenset[str]:
    return frozenset(SECRETS) if who.administers and who.sees else frozenset()


def _nobody(_: Who) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """What is tried with an action, and who may be touched by that."""

    calls: Calls
    shows: Owners
    changes: Owners = _nobody
    prepare: Callable[[Home], Awaitable[object]] | None = None
    admin: bool = False
    """Whether administrators and automations only may call it."""


def by_reference(home: Home) -> Iterator[dict[str, Any]]:
    """Name every memory, by key and by id."""
    yield from ({"key": kind} for kind in KINDS)
    yield from ({"id": memory.id} for memory in home.all_memories)
    yield from ({"key": memory.id} for memory in home.all_memories)


def nearly(home: Home) -> Iterator[dict[str, Any]]:
    """Name what there is not, but nearly."""
    yield from ({"key": key} for key in ("combination_of_the_safe", "number of the passport", "alarm_switched_off"))


def searching(home: Home) -> Iterator[dict[str, Any]]:
    """Ask for everything in its own words, with every filter."""
    for kind, parts in KINDS.items():
        query = parts["value"].format("").strip()
        for more in ({}, {"threshold": 0}, {"scope": "household"}, {"tags": "vault"}, {"category": "user"}):
            yield {"query": query, "limit": 50, **more}
        yield {"query": kind}
        for asked in (f'"{query}"', f"{kind}*", f"{query} -nothing -nowhere*"):
            yield {"query": asked, "limit": 50, "explain": True}
        yield {"query": query, "created_after": "2020-01-01", "updated_before": "2999-01-01", "threshold": 0}
        yield {"query": query, "pinned": True, "syntax": False, "explain": True}
    yield {"query": "combination", "scope": "user", "threshold": 0}
    yield {"query": "combination", "scope": "session", "threshold": 0}


def listing(home: Home) -> Iterator[dict[str, Any]]:
    """List with every filter and order."""
    yield {"limit": 500}
    yield {"forgotten": True}
    yield from ({"sort": sort, "order": "asc"} for sort in ("updated", "created", "last_used", "key", "expires"))
    yield from ({"text": text} for text in ("combination", "GIFT", "passport number"))
    yield from ({"scope": scope, "tags": "vault"} for scope in ("user", "household", "session"))
    yield {"pinned": True, "category": "general", "created_after": "2020-01-01"}


def setting(home: Home) -> Iterator[dict[str, Any]]:
    """Say nearly what is there already, then overwrite it."""
    yield {"value": "The combination of the safe is", "force_new": True}
    yield {"value": "The combination of the safe is", "scope": "household", "key": "new"}
    for scope in ("user", "household", "session"):
        yield from ({"key": kind, "value": "overwritten", "scope": scope} for kind in KINDS)


def updating(home: Home) -> Iterator[dict[str, Any]]:
    """Change something of everything, by id and by key."""
    yield from ({**reference, "confidence": 0.5} for reference in by_reference(home))


def moving(home: Home) -> Iterator[dict[str, Any]]:
    """Make what is everybody's one's own, and what is somebody's everybody's."""
    for memory in home.all_memories:
        scope = "user" if memory.owner == HOUSEHOLD else "household"
        yield {"id": memory.id, "scope": scope, "new_key": f"moved_{memory.id}"}


def forgetting(home: Home) -> Iterator[dict[str, Any]]:
    """Forget by id, by key, by filters."""
    yield from ({"id": [memory.id]} for memory in home.all_memories if memory.key == "safe")
    yield from ({"key": kind} for kind in KINDS)
    yield from filters()


def filters() -> Iterator[dict[str, Any]]:
    """Mean everything."""
    for more in ({"text": "combination"}, {"tags": "vault"}, {"category": "user"}, {"scope": "household"}):
        yield {**more, "all_matching": True}
    yield {"scope": "user", "all_matching": True}


def purging(home: Home) -> Iterator[dict[str, Any]]:
    """Purge by id, by key, by filters; together and one by one."""
    yield {"id": [memory.id for memory in home.all_memories], "purge": True}
    yield {"key": list(KINDS), "purge": True}
    yield from ({**reference, "purge": True} for reference in by_reference(home))
    yield from ({**where, "purge": True} for where in filters())


def restoring(home: Home) -> Iterator[dict[str, Any]]:
    """Bring back by id and by key."""
    yield {"key": "hidden_gift"}
    yield from by_reference(home)


def exporting(home: Home) -> Iterator[dict[str, Any]]:
    """Give out everything in every format, by every filter, to every place."""
    yield from ({"format": format_} for format_ in ("jsonl", "csv", "markdown", "text"))
    yield {"history": True}
    yield {"forgotten": True, "history": True}
    yield from ({"text": text} for text in ("combination", "gift"))
    yield from ({"scope": scope, "tags": "vault"} for scope in ("user", "household", "session"))
    yield {"path": "semantic_memory/exports/for_everybody.jsonl"}
    yield {"path": home.hass.config.path("www", "for_everybody.jsonl")}


def exporting_people(home: Home) -> Iterator[dict[str, Any]]:
    """Give out all about oneself, then about everybody."""
    yield {}
    yield {"path": home.hass.config.path("www", "me.jsonl")}
    yield from ({"user_id": home.users[name].id} for name in PEOPLE)
    yield {"user_id": HOUSEHOLD}


def erasing(home: Home) -> Iterator[dict[str, Any]]:
    """Erase everybody, oneself at last."""
    yield {}
    yield from ({"user_id": home.users[name].id, "confirm": True} for name in PEOPLE)
    yield {"user_id": HOUSEHOLD, "confirm": True}
    yield {"confirm": True}


def importing(home: Home) -> Iterator[dict[str, Any]]:
    """Take in what changes everybody's memories."""
    yield {"path": IMPORTED}
    yield from ({"path": IMPORTED, "dry_run": False, "keep_owners": keep} for keep in (False, True))


async def async_write_import(home: Home) -> None:
    """Write a file with other values for everything."""
    changed = [replace(memory, value="imported", updated_at=memory.updated_at + 1) for memory in home.all_memories]
    lines = [jsonl.dump_header(jsonl.Header(exported_at=0)), *(jsonl.dump(memory, None) for memory in changed)]
    path = Path(home.hass.config.path(IMPORTED))
    await home.hass.async_add_executor_job(path.write_text, "".join(map(jsonl.encode, lines)))


async def async_take_backup(home: Home) -> None:
    """Have a backup to go back to."""
    await home.engine.snapshots.async_take()


ROWS: Final[dict[str, Row]] = {
    "memory_set": Row(setting, _sees, _sees),
    "memory_get": Row(by_reference, _sees),
    "memory_get, nearly": Row(nearly, _sees),
    "memory_search": Row(searching, _sees),
    "memory_list": Row(listing, _sees),
    "memory_update": Row(updating, _sees, _sees),
    "memory_update, nearly": Row(nearly, _sees),
    "memory_update, moving": Row(moving, _moves, _moves),
    "memory_forget": Row(forgetting, _sees, _sees),
    "memory_forget, nearly": Row(nearly, _sees),
    "memory_forget, purging": Row(purging, _takes, _takes),
    "memory_restore": Row(restoring, _sees, _sees),
    "memory_restore, nearly": Row(lambda _: iter([{"key": "hidden_gift"}]), _sees),
    "memory_stats": Row(lambda _: iter([{}]), _nobody),
    "memory_export": Row(exporting, _sees),
    "memory_export_person": Row(exporting_people, _anybody),
    "memory_erase_person": Row(erasing, _nobody, _anybody),
    "memory_import": Row(importing, _nobody, _everything, async_write_import, admin=True),
    "memory_backup": Row(lambda _: iter([{}]), _nobody, admin=True),
    "memory_restore_backup": Row(lambda _: iter([{}]), _nobody, prepare=async_take_backup, admin=True),
}


def context_of(home: Home, who: Who) -> Context:
    """Return the context that a caller's action comes with."""
    if who.user is None:
        return Context(parent_id="an automation's trigger")
    return Context(user_id=DELETED if who.user == "deleted" else home.users[who.user].id)


async def async_tried(home: Home, name: str, who: Who, data: dict[str, Any]) -> object:
    """Return the response of an action, with the file that it wrote, or the error that it was refused with."""
    asked = data | ({"person": who.person} if who.person and name not in FOR_NOBODY else {})
    responds = home.hass.services.supports_response(DOMAIN, name) is not SupportsResponse.NONE
    try:
        answer = await home.hass.services.async_call(
            DOMAIN, name, asked, blocking=True, return_response=responds, context=context_of(home, who)
        )
    except HomeAssistantError as err:
        return err
    if answer and name.startswith("memory_export"):
        written = await home.hass.async_add_executor_job(Path(str(answer["path"])).read_text)
        return {**answer, "written": written}
    return answer


def test_every_action_has_a_row(hass: HomeAssistant, home: Home) -> None:
    assert set(hass.services.async_services_for_domain(DOMAIN)) == {name.partition(",")[0] for name in ROWS}


@pytest.mark.parametrize("name", ROWS)
async def test_nobody_reaches_what_is_not_theirs(home: Home, name: str) -> None:
    row, action = ROWS[name], name.partition(",")[0]
    found: dict[str, object] = {}
    if row.prepare:
        await row.prepare(home)
    before = await home.async_stored()
    for title, who in CALLERS.items():
        answers = [await async_tried(home, action, who, data) for data in row.calls(home)]
        text = "\n".join(as_text(answer) for answer in answers)
        after = await home.async_stored()
        found[title] = (shown_in(text), home.changed(before, after, who.sees))
        assert home.ids_in(text) <= who.sees | row.shows(who) | row.changes(who), title
        if row.admin and not who.administers:
            assert {type(answer) for answer in answers} <= {*NOT_ADMINISTRATORS}, title
        elif not who.sees and not row.admin:
            assert {getattr(answer, "translation_key", None) for answer in answers} <= REFUSED, title
        if after != before:
            await home.async_plant()
            if row.prepare:
                await row.prepare(home)
            before = await home.async_stored()
    assert found == {title: (row.shows(who), row.changes(who)) for title, who in CALLERS.items()}


@pytest.mark.parametrize("title", [title for title, who in CALLERS.items() if who.sees])
async def test_counts_are_of_what_may_be_seen(home: Home, title: str) -> None:
    who = CALLERS[title]
    answer = await async_tried(home, "memory_stats", who, {})

    assert isinstance(answer, dict)
    assert {home.name(name) for name in answer["by_owner"]} == who.sees
    assert answer["total"] == sum(answer["by_owner"].values()) == len(LIVE) * len(who.sees)
    assert answer["by_category"] == {"general": 2 * len(who.sees), "user": len(who.sees)}
    assert answer["forgotten"] == len(FORGOTTEN) * len(who.sees)
    assert answer["pinned"] == len(who.sees)
