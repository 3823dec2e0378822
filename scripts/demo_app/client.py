"""Home Assistant's REST and websocket API, as far as the demo and the smoke tests need it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, Self

import aiohttp

DOMAIN: Final = "semantic_memory"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)


class ApiError(Exception):
    """Home Assistant refused; ``message`` is the sentence that a user would see."""

    def __init__(self, code: str, message: str, translation_key: str | None = None) -> None:
        """Remember what was answered."""
        self.code = code
        self.message = message
        self.translation_key = translation_key
        super().__init__(f"{code}: {message}")


class Api:
    """One user's access to one Home Assistant. Close it with :meth:`close` or use it as a context."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Take the base URL and an access token, without which only public views answer."""
        self.url = url
        self.token = token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.session = aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT)

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self.session.close()

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """Return the decoded answer. Raises ApiError for every status from 400 on."""
        async with self.session.request(method, f"{self.url}{path}", **options) as response:
            is_json = response.content_type == "application/json"
            answer = await response.json() if is_json else await response.text()
            if response.status >= HTTPStatus.BAD_REQUEST:
                message = answer.get("message", answer) if isinstance(answer, dict) else answer
                raise ApiError(str(response.status), str(message))
            return answer

    async def get(self, path: str) -> Any:
        """Return what is at ``path``."""
        return await self.request("GET", path)

    async def post(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """Send JSON to ``path``."""
        return await self.request("POST", path, json=dict(data or {}))

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """Open a websocket connection as this user."""
        async with self.session.ws_connect(f"{self.url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self.token})
            answer = await socket.receive_json()
            if answer["type"] != "auth_ok":
                raise ApiError(answer["type"], answer.get("message", ""))
            yield Connection(socket)

    async def state(self, entity_id: str) -> str:
        """Return the state of an entity."""
        return str((await self.get(f"/api/states/{entity_id}"))["state"])

    async def act(self, action: str, **data: Any) -> dict[str, Any]:
        """Run one of our actions and return its response. Raises ApiError with the translated sentence."""
        async with self.connect() as connection:
            return await connection.act(action, **data)

    async def ask(self, agent: str, text: str, conversation: str | None = None) -> tuple[str, str]:
        """Say something to an Assist agent. Returns what it says and the id of the conversation."""
        request = {"text": text, "agent_id": agent, "language": "en"}
        if conversation:
            request["conversation_id"] = conversation
        answer = await self.post("/api/conversation/process", request)
        speech = answer["response"]["speech"]["plain"]["speech"]
        if answer["response"]["response_type"] == "error":
            raise ApiError(answer["response"]["data"]["code"], speech)
        return speech, answer["conversation_id"]


class Connection:
    """An open websocket connection: one command after the other."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take an authenticated connection."""
        self._socket = socket
        self._id = 0

    async def command(self, kind: str, **data: Any) -> Any:
        """Send a command and return its result. Raises ApiError."""
        await self._send(kind, data)
        return await self._result()

    async def act(self, action: str, **data: Any) -> dict[str, Any]:
        """Run one of our actions and return its response."""
        result = await self.command(
            "call_service", domain=DOMAIN, service=action, service_data=data, return_response=True
        )
        response: dict[str, Any] = result["response"]
        return response

    async def call(self, domain: str, service: str, **data: Any) -> None:
        """Run an action of any integration, without a response."""
        await self.command("call_service", domain=domain, service=service, service_data=data)

    async def stream(self, kind: str, **data: Any) -> AsyncIterator[Any]:
        """Send a command that answers with events, and yield them until the caller has enough."""
        await self._send(kind, data)
        await self._result()
        while True:
            message = await self._receive()
            if message["type"] == "event":
                yield message["event"]

    async def _send(self, kind: str, data: Mapping[str, Any]) -> None:
        self._id += 1
        await self._socket.send_json({**data, "id": self._id, "type": kind})

    async def _result(self) -> Any:
        while (message := await self._receive())["type"] != "result":
            pass
        if not message["success"]:
            error = message["error"]
            raise ApiError(error["code"], error["message"], error.get("translation_key"))
        return message["result"]

    async def _receive(self) -> dict[str, Any]:
        """Return the next message about the last command."""
        while True:
            message: dict[str, Any] = await self._socket.receive_json(timeout=_TIMEOUT.total)
            if message.get("id") == self._id:
                return message
