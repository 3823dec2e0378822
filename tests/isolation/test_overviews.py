"""The map, what happened, the status and exports of the panel, for everybody who may open it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from http import HTTPStatus
import json
from typing import Any, Final

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.semantic_memory.memory.models import HOUSEHOLD, MemoryFilter, RecallRequest, Source

from ..glue_helpers import until
from .home import ADA, BEA, CARL, FORGOTTEN, KINDS, PEOPLE, SECRETS, Home, shown_in
from .who import Who

type Ask = Callable[[Who, str, dict[str, Any]], Awaitable[dict[str, Any]]]

CALLERS: Final = {
    "user": Who(BEA, None, frozenset({BEA, HOUSEHOLD})),
    "user, naming herself": Who(BEA, BEA, frozenset({BEA, HOUSEHOLD})),
    "user, naming another": Who(BEA, CARL),
    "user, naming the administrator": Who(BEA, ADA),
    "another user": Who(CARL, None, frozenset({CARL, HOUSEHOLD})),
    "administrator": Who(ADA, None, frozenset({ADA, HOUSEHOLD})),
    "administrator, naming another": Who(ADA, CARL, frozenset({CARL, HOUSEHOLD})),
    "add-on": Who("add-on", None, frozenset({HOUSEHOLD})),
}


@pytest.fixture
async def ask(home: Home, hass_ws_client: WebSocketGenerator) -> AsyncIterator[Ask]:
    """Return what sends a command for somebody, and returns the answer."""
    sockets: dict[str, MockHAClientWebSocket] = {}
    async with AsyncExitStack() as stack:

        async def send(who: Who, command: str, fields: dict[str, Any]) -> dict[str, Any]:
            name = who.user or ""
            if name not in sockets:
                client_id = None if home.users[name].system_generated else f"https://{name}.test/"
                token = await home.hass.auth.async_create_refresh_token(home.users[name], client_id)
                sockets[name] = await hass_ws_client(home.hass, home.hass.auth.async_create_access_token(token))
                stack.push_async_callback(sockets[name].close)
            meant = {"user_id": home.users[who.person].id} if who.person else {}
            await sockets[name].send_json_auto_id({"type": f"semantic_memory/{command}", **fields, **meant})
            answer: dict[str, Any] = await sockets[name].receive_json()
            return answer

        yield send


@pytest.fixture
async def busy(home: Home) -> Home:
    """Return a home in which everybody has looked for everything, and what a model was told is kept."""
    await until(home.engine, lambda status: status.pending == 0)
    for owner in SECRETS:
        for kind in KINDS.values():
            request = RecallRequest(
                query=kind["value"].format(SECRETS[owner]),
                limit=50,
                threshold=0,
                filter=MemoryFilter(owner=home.caller(owner).user_id or HOUSEHOLD),
                source=Source(surface="llm"),
                log=True,
            )
            result = await home.engine.async_recall(home.caller(owner), request)
            home.engine.recalls.answered(result.number, [hit.memory.value for hit in result.hits])
    return home


def everything(home: Home) -> list[tuple[str, dict[str, Any]]]:
    """Return what is asked."""
    ids = [memory.id for memory in home.all_memories]
    return [
        ("atlas", {}),
        ("activity", {"limit": 500}),
        ("activity", {"limit": 500, "kinds": ["recall"]}),
        ("activity", {"limit": 500, "cursor": "999999999.99999999999999"}),
        ("status", {}),
        ("export", {"format": "jsonl", "history": True}),
        ("export", {"format": "jsonl", "ids": ids}),
        ("export", {"format": "csv", "ids": ids, "filter": {"forgotten": True}}),
    ]


@pytest.mark.parametrize("title", CALLERS)
async def test_nobody_sees_what_is_not_theirs(
    busy: Home, ask: Ask, title: str, hass_client_no_auth: ClientSessionGenerator
) -> None:
    who, browser = CALLERS[title], await hass_client_no_auth()
    before = await busy.async_stored()
    shown: set[str] = set()
    for command, fields in everything(busy):
        answer = await ask(who, command, fields)
        if not who.sees:
            assert not answer["success"]
            assert answer["error"]["code"] == "other_user"
            assert shown_in(json.dumps(answer)) == set()
            continue
        text = json.dumps(answer["result"])
        if command == "export":
            response = await browser.get(answer["result"]["url"])
            assert response.status == HTTPStatus.OK
            text += await response.text()
        assert shown_in(text) <= who.sees, command
        assert busy.ids_in(text) <= who.sees, command
        assert command == "status" or shown_in(text) == who.sees, command
        shown |= shown_in(text)
    assert shown == who.sees
    assert await busy.async_stored() == before


@pytest.mark.parametrize("title", [title for title, who in CALLERS.items() if who.sees])
async def test_counts_are_of_what_may_be_seen(busy: Home, ask: Ask, title: str) -> None:
    who = CALLERS[title]
    live = (len(KINDS) - len(FORGOTTEN)) * len(who.sees)
    status = (await ask(who, "status", {}))["result"]
    atlas = (await ask(who, "atlas", {}))["result"]
    assert (status["visible"], status["forgotten"]) == (live, len(FORGOTTEN) * len(who.sees))
    assert status["space"]["vectors"] == live
    assert (atlas["total"], atlas["missing"], len(atlas["points"]["id"])) == (live, 0, live)
    assert (status["snapshots"] is None) == (who.user != ADA)


async def test_others_make_no_difference_to_a_map(busy: Home, ask: Ask) -> None:
    """Where a memory lies tells nothing of what others have."""
    who = CALLERS["user"]
    with_others = (await ask(who, "atlas", {}))["result"]
    await busy.async_empty([name for name in PEOPLE if name not in who.sees])
    without = (await ask(who, "atlas", {}))["result"]
    assert with_others == without


async def test_the_people_are_those_of_the_home(hass: HomeAssistant, home: Home) -> None:
    assert {who.user for who in CALLERS.values()} <= set(home.users)
