"""Every websocket command, for everybody who may connect: what is shown, and what becomes of everybody's memories."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
import json
import logging
from typing import Any, Final

from homeassistant.auth.const import GROUP_ID_READ_ONLY
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

from custom_components.semantic_memory.const import DOMAIN
from custom_components.semantic_memory.memory.models import HOUSEHOLD, Caller, MemoryChanges
from custom_components.semantic_memory.websocket import COMMANDS

from .home import ADA, BEA, CARL, KINDS, SECRETS, Home, as_text, shown_in

type Calls = Callable[[Home], Iterator[dict[str, Any]]]
WALL: Final = "wall"
"""A user who may only read."""


@dataclass(frozen=True, slots=True)
class Connected:
    """Somebody who has a connection."""

    user: str
    sees: frozenset[str]
    looks_at: str | None = None
    """Whom they name."""
    changes: bool = True
    administers: bool = False


def _sees(*owners: str) -> frozenset[str]:
    return frozenset({*owners, HOUSEHOLD})


CALLERS: Final = {
    "user": Connected(BEA, _sees(BEA)),
    "user, naming herself": Connected(BEA, _sees(BEA), BEA),
    "user, naming another": Connected(BEA, frozenset(), CARL),
    "user, naming the administrator": Connected(BEA, frozenset(), ADA),
    "administrator": Connected(ADA, _sees(ADA), administers=True),
    "administrator, naming another": Connected(ADA, _sees(CARL), CARL, administers=True),
    "administrator, naming an add-on": Connected(ADA, frozenset(), "add-on", administers=True),
    "add-on": Connected("add-on", _sees()),
    "add-on, naming somebody": Connected("add-on", frozenset(), BEA),
    "reader": Connected(WALL, _sees(), changes=False),
    "reader, naming another": Connected(WALL, frozenset(), BEA, changes=False),
}


def _seen(who: Connected) -> frozenset[str]:
    return who.sees


def _changed(who: Connected) -> frozenset[str]:
    return who.sees if who.changes else frozenset()


def _taken(who: Connected) -> frozenset[str]:
    """From whom may be taken for good: the household by administrators only."""
    return _changed(who) if who.administers else _changed(who) - {HOUSEHOLD}


def _nobody(_: Connected) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """What is tried with a command, and who may be touched by that."""

    calls: Calls
    shows: Callable[[Connected], frozenset[str]] = _seen
    changes: Callable[[Connected], frozenset[str]] = _nobody
    prepare: Callable[[Home], Awaitable[object]] | None = None


def nothing(home: Home) -> Iterator[dict[str, Any]]:
    """Send nothing but the command."""
    yield {}


def filters(home: Home) -> Iterator[dict[str, Any]]:
    """Mean everything in every way."""
    yield {}
    yield from ({"owner": owner} for owner in (HOUSEHOLD, *(user.id for user in home.users.values())))
    yield from ({"text": text} for text in ("combination", "gift", *SECRETS.values()))
    yield from ({"scope": scope, "tags": ["vault"]} for scope in ("user", "household", "session"))
    yield from ({"category": "user"}, {"pinned": True}, {"expiring": False}, {"surface": "engine"}, {"forgotten": True})


def listing(home: Home) -> Iterator[dict[str, Any]]:
    """List with every filter, order and group."""
    for where in filters(home):
        yield from ({"filter": where, "limit": 500, "group_by": by} for by in ("category", "scope", "surface"))
        yield from ({"filter": where, "sort": sort} for sort in ("updated", "last_used", "key", "expires"))


def counting(home: Home) -> Iterator[dict[str, Any]]:
    """Count with every filter."""
    yield from ({"filter": where} for where in filters(home))


def searching(home: Home) -> Iterator[dict[str, Any]]:
    """Ask for everything in its own words."""
    for kind, parts in KINDS.items():
        query = parts["value"].format("").strip()
        yield from ({"query": text, "limit": 50, "threshold": 0, "explain": True} for text in (query, kind, f"{kind}*"))
    yield from ({"query": "combination", "threshold": 0, "filter": where} for where in filters(home))


def naming(home: Home) -> Iterator[dict[str, Any]]:
    """Name every memory, by id and by key."""
    yield from ({"memory_id": name} for name in [*KINDS, *(memory.id for memory in home.all_memories)])


def setting(home: Home) -> Iterator[dict[str, Any]]:
    """Say nearly what is there already, then overwrite it."""
    yield {"value": "The combination of the safe is", "force_new": True}
    for scope in ("user", "household", "session"):
        yield from ({"key": kind, "value": "overwritten", "scope": scope} for kind in KINDS)


def each(home: Home, **fields: Any) -> Iterator[dict[str, Any]]:
    """Name every memory, alone and with all others."""
    yield {"ids": [memory.id for memory in home.all_memories], **fields}
    yield from ({"ids": [name], **fields} for name in [*KINDS, *(memory.id for memory in home.all_memories)])


def updating(home: Home) -> Iterator[dict[str, Any]]:
    """Change something of everything."""
    yield from each(home, changes={"add_tags": ["changed"], "confidence": 0.5})


def giving(home: Home) -> Iterator[dict[str, Any]]:
    """Make the owner of everything somebody else."""
    for owner in (HOUSEHOLD, *(home.users[name].id for name in (ADA, BEA, CARL))):
        for memory in home.all_memories:
            yield {"ids": [memory.id], "changes": {"owner": owner, "key": f"{memory.id}_{owner}"}}


async def async_change_all(home: Home) -> None:
    """Give every memory something that can be undone."""
    for owner, kinds in home.memories.items():
        for memory in kinds.values():
            if memory.key != "gift":
                caller = home.caller(owner)
                await home.engine.async_update(caller, memory.id, MemoryChanges(confidence=0.9))


def undoing(home: Home) -> Iterator[dict[str, Any]]:
    """Undo everything, which the test cannot know the numbers of."""
    for memory in home.all_memories:
        yield from ({"memory_id": memory.id, "entry": entry} for entry in range(1, 40))


def forgetting(home: Home) -> Iterator[dict[str, Any]]:
    """Forget everything."""
    yield from each(home)


def purging(home: Home) -> Iterator[dict[str, Any]]:
    """Forget everything for good."""
    yield from each(home, purge=True)


def exporting(home: Home) -> Iterator[dict[str, Any]]:
    """Give out everything in every format."""
    yield from ({"format": format_} for format_ in ("jsonl", "csv", "markdown", "text"))
    yield {"format": "jsonl", "history": True}
    yield from ({"format": "text", "filter": where} for where in filters(home))
    yield {"format": "text", "ids": [memory.id for memory in home.all_memories]}


def importing(home: Home) -> Iterator[dict[str, Any]]:
    """Take in what was never uploaded; what an import does, the rows of the actions try."""
    yield from ({"file_id": "missing", "owner": home.users[name].id, "dry_run": False} for name in (ADA, BEA, CARL))


ROWS: Final[dict[str, Row]] = {
    "info": Row(nothing, _nobody),
    "list": Row(listing),
    "facets": Row(counting, _nobody),
    "search": Row(searching),
    "get": Row(naming),
    "similar": Row(naming),
    "set": Row(setting, _changed, _changed),
    "update": Row(updating, _changed, _changed),
    "update, giving": Row(giving, _changed, _changed),
    "undo": Row(undoing, _changed, _changed, async_change_all),
    "forget": Row(forgetting, _nobody, _changed),
    "forget, purging": Row(purging, _nobody, _taken),
    "restore": Row(forgetting, _changed, _changed),
    "subscribe": Row(nothing, _nobody),
    "atlas": Row(nothing),
    "activity": Row(nothing, prepare=async_change_all),
    "status": Row(nothing, _nobody),
    "reembed": Row(nothing, _nobody),
    "backup": Row(nothing, _nobody),
    "restore_backup": Row(lambda _: iter([{"name": "missing"}]), _nobody),
    "export": Row(exporting, _nobody),
    "import": Row(importing, _nobody),
}
"""Exports answer with an address; what is in the file, test_overviews.py looks at."""


@pytest.fixture
async def connect(
    hass: HomeAssistant, home: Home, hass_ws_client: WebSocketGenerator
) -> AsyncGenerator[Callable[[str], Awaitable[MockHAClientWebSocket]]]:
    """Return what connects as somebody."""
    # What Home Assistant itself notes of connections, for developers, is all that is sent over them.
    for name in ("homeassistant.components.websocket_api", "homeassistant.components.http"):
        logging.getLogger(name).setLevel(logging.INFO)
    home.users[WALL] = await hass.auth.async_create_user("Wall", group_ids=[GROUP_ID_READ_ONLY])
    async with AsyncExitStack() as stack:

        async def open_(name: str) -> MockHAClientWebSocket:
            user = home.users[name]
            client_id = None if user.system_generated else f"https://{name}.test/"
            token = await hass.auth.async_create_refresh_token(user, client_id)
            opened = await hass_ws_client(hass, hass.auth.async_create_access_token(token))
            stack.push_async_callback(opened.close)
            return opened

        yield open_


async def async_sent(client: MockHAClientWebSocket, command: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a command, whatever it is."""
    await client.send_json_auto_id({"type": f"{DOMAIN}/{command}", **fields})
    while (answer := await client.receive_json())["type"] != "result":
        assert shown_in(json.dumps(answer)) == set()
    sent: dict[str, Any] = answer
    return sent


def test_every_command_has_a_row() -> None:
    assert {command.name for command in COMMANDS} == {name.partition(",")[0] for name in ROWS}


@pytest.mark.parametrize("name", ROWS)
async def test_nobody_reaches_what_is_not_theirs(
    home: Home, connect: Callable[[str], Awaitable[MockHAClientWebSocket]], name: str
) -> None:
    row, command = ROWS[name], next(command for command in COMMANDS if command.name == name.partition(",")[0])
    found: dict[str, object] = {}
    if row.prepare:
        await row.prepare(home)
    before = await home.async_stored()
    clients = {user: await connect(user) for user in {who.user for who in CALLERS.values()}}
    for title, who in CALLERS.items():
        named = {} if who.looks_at is None else {"user_id": home.users[who.looks_at].id}
        answers = [await async_sent(clients[who.user], command.name, {**data, **named}) for data in row.calls(home)]
        text = "\n".join(as_text(answer) for answer in answers)
        after = await home.async_stored()
        found[title] = (shown_in(text), home.changed(before, after, who.sees))
        if not who.sees or (command.admin and not who.administers) or (command.changes and not who.changes):
            assert not any(answer["success"] for answer in answers), title
        if after != before:
            await home.async_plant()
            if row.prepare:
                await row.prepare(home)
            before = await home.async_stored()
    assert found == {title: (row.shows(who), row.changes(who)) for title, who in CALLERS.items()}


@pytest.mark.parametrize("title", [title for title, who in CALLERS.items() if who.sees])
async def test_counts_are_of_what_may_be_seen(
    home: Home, connect: Callable[[str], Awaitable[MockHAClientWebSocket]], title: str
) -> None:
    who = CALLERS[title]
    named = {} if who.looks_at is None else {"user_id": home.users[who.looks_at].id}

    facets = (await async_sent(await connect(who.user), "facets", named))["result"]

    assert {home.name(owner) for owner in facets["owners"]} == who.sees
    assert facets["total"] == sum(facets["owners"].values()) == 3 * len(who.sees)
    assert facets["tags"] == [{"tag": "vault", "count": facets["total"]}]
    assert facets["forgotten"] == len(who.sees)


async def test_pages_are_told_of_what_they_may_see(
    home: Home, connect: Callable[[str], Awaitable[MockHAClientWebSocket]]
) -> None:
    """Everything is stored, changed, given away, forgotten and purged while everybody has a page open."""
    told: dict[str, str] = {}
    clients: dict[str, MockHAClientWebSocket] = {}
    for title, who in CALLERS.items():
        clients[title] = await connect(who.user)
        named = {} if who.looks_at is None else {"user_id": home.users[who.looks_at].id}
        answer = await async_sent(clients[title], "subscribe", named)
        assert answer["success"] is bool(who.sees)
    await home.async_plant()
    await async_change_all(home)
    bea, ada = home.memories[BEA]["safe"], Caller(home.users[BEA].id, trusted=True)
    for owner in (home.users[CARL].id, HOUSEHOLD):
        changes = MemoryChanges(owner=owner, key=f"given to {owner}")
        (moved,) = await home.engine.editor.async_update(ada, [bea.id], changes)
        ada = Caller(home.users[CARL].id, trusted=True)
        assert moved.owner == owner
    for title, client in clients.items():
        await client.send_json_auto_id({"type": "ping"})
        events = []
        while (message := await client.receive_json())["type"] != "pong":
            events.append(message)
        told[title] = json.dumps(events)

    for title, who in CALLERS.items():
        # What Bea gave away is in the hands of Carl, then of all.
        expected = who.sees | ({BEA} if who.sees else set())
        assert shown_in(told[title]) == expected, title
        assert home.ids_in(told[title]) <= who.sees
        if who.sees and BEA not in who.sees and CARL not in who.sees:
            assert SECRETS[BEA] not in told[title].split(f"given_to_{HOUSEHOLD}")[0]
