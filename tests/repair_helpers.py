"""The repairs page, for its tests."""

from http import HTTPStatus
from pathlib import Path
import re
from typing import Any

from custom_components.semantic_memory.const import DOMAIN

FIX = "/api/repairs/issues/fix"


class Frontend:
    """A browser with the repairs page open."""

    def __init__(self, client: Any, socket: Any) -> None:
        """Take the connections of an administrator."""
        self._client = client
        self._socket = socket

    async def issues(self) -> list[str]:
        """Return what the page lists."""
        await self._socket.send_json_auto_id({"type": "repairs/list_issues"})
        answer = await self._socket.receive_json()
        assert answer["success"]
        return [issue["issue_id"] for issue in answer["result"]["issues"] if issue["domain"] == DOMAIN]

    async def open(self, issue_id: str) -> dict[str, Any]:
        """Click on an issue."""
        response = await self._client.post(FIX, json={"handler": DOMAIN, "issue_id": issue_id})
        assert response.status == HTTPStatus.OK
        flow: dict[str, Any] = await response.json()
        return flow

    async def choose(self, flow: dict[str, Any], option: str) -> dict[str, Any]:
        """Click on an option of a menu."""
        assert option in flow["menu_options"]
        return await self._post(flow, {"next_step_id": option})

    async def submit(self, flow: dict[str, Any]) -> dict[str, Any]:
        """Agree."""
        return await self._post(flow, {})

    async def _post(self, flow: dict[str, Any], data: dict[str, str]) -> dict[str, Any]:
        response = await self._client.post(f"{FIX}/{flow['flow_id']}", json=data)
        assert response.status == HTTPStatus.OK
        result: dict[str, Any] = await response.json()
        return result


def aside(file: Path) -> dict[str, bytes]:
    """Return what was set aside of a damaged database, the time taken out of the names."""
    return {re.sub(r"\d{8}T\d{6}Z", "T", path.name): path.read_bytes() for path in file.parent.glob("damaged-*")}
