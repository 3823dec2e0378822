"""The distribution's Chromium under Playwright's control, and what its pages complain about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import os
import shutil
import sys
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebSocket,
    async_playwright,
    expect,
)

from scripts.demo_app.processes import HOST

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OURS: Final = ("semantic_memory", "semantic-memory")
"""One of these is in every address and name of ours."""
PANEL: Final = "/semantic-memory"
_TIMEOUT: Final = 20_000
"""Milliseconds that an element may take to appear: other work may keep the machine busy."""
expect.set_options(timeout=_TIMEOUT)
_LISTEN: Final = """
  const told = (kind, error, file) => window.complain?.(
    kind, location.pathname, String(error?.stack || error?.message || JSON.stringify(error)), file || "");
  addEventListener("error", (event) => event.error && told("error", event.error, event.filename));
  addEventListener("unhandledrejection", (event) => told("rejection", event.reason));
"""
_NOT_OURS: Final = "Unknown command."
"""Home Assistant's own pages ask for integrations that are not there."""
_EXAMPLES: Final = "https://demo.home-assistant.io/stub_config/"
"""Pictures that Home Assistant's own choice of cards would fetch."""
_GONE: Final = ("net::ERR_ABORTED",)
"""How requests end whose page was left."""


def find_chromium() -> str | None:
    """Return the path of the browser, ``None`` where there is none."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next((path for name in NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def launched(executable: str) -> AsyncIterator[Browser]:
    """Start the browser. It resolves no names: nothing it does can leave this machine."""
    arguments = [f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}", "--force-color-profile=srgb"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=arguments, chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        await browser.close()


class Watch:
    """Notes what goes wrong in the pages of a context: errors of ours, requests that fail, requests to elsewhere."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self.complaints: list[str] = []
        self.noise: list[str] = []
        """What else was written to the console, which may explain complaints."""
        self.dialogs: list[str] = []
        self._sent: dict[int, str] = {}

    async def over(self, context: BrowserContext) -> None:
        """Watch a context, before it has a page."""
        await context.expose_binding("complain", self._complained)
        await context.add_init_script(_LISTEN)
        context.on("console", self._said)
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("requestfailed", self._failed)
        context.on("page", self._opened)

    def check(self) -> None:
        """Fail if anything went wrong, and begin anew."""
        complaints, self.complaints = self.complaints, []
        assert not complaints, "\n".join((*complaints, "Also said:", *self.noise))

    def _opened(self, page: Page) -> None:
        page.on("dialog", self._asked_back)
        page.on("websocket", self._connected)

    def _connected(self, socket: WebSocket) -> None:
        self._sent.clear()
        socket.on("framesent", self._commanded)
        socket.on("framereceived", self._replied)

    def _commanded(self, frame: str | bytes) -> None:
        for message in _messages(frame):
            if _ours(str(message.get("type"))):
                self._sent[message["id"]] = message["type"]

    def _replied(self, frame: str | bytes) -> None:
        """Complain about commands of ours that were refused: the panel offers nothing that is."""
        for message in _messages(frame):
            command = self._sent.get(message.get("id", 0))
            if command is not None and message.get("success") is False:
                self.complaints.append(f"{command}: {message['error']}")

    def _complained(self, _: dict[str, Any], kind: str, path: str, text: str, file: str) -> None:
        if (path.startswith(PANEL) and text != _NOT_OURS) or _ours(text, file):
            self.complaints.append(f"{kind} at {path}: {text}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and _ours(message.text, message.location["url"]):
            self.complaints.append(f"console: {message.text} ({message.location['url']})")
        elif message.type in ("error", "warning"):
            self.noise.append(message.text)

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        leaves = address.scheme in ("http", "https", "ws", "wss") and address.hostname != HOST
        if leaves and not request.url.startswith(_EXAMPLES):
            self.complaints.append(f"request to {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and _ours(response.url):
            self.complaints.append(f"{response.status} for {response.url}")

    def _failed(self, request: Request) -> None:
        if _ours(request.url) and request.failure not in _GONE:
            self.complaints.append(f"{request.failure} for {request.url}")

    async def _asked_back(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        await dialog.dismiss()


def _messages(frame: str | bytes) -> list[dict[str, Any]]:
    """Return what a frame of the websocket holds: one message, or several at once."""
    content = json.loads(frame)
    return content if isinstance(content, list) else [content]


def _ours(*texts: str) -> bool:
    return any(name in text for text in texts for name in OURS)


async def async_new_page(browser: Browser, watch: Watch, **options: Any) -> Page:
    """Open a page in a context of its own that ``watch`` looks after; ``options`` are those of the context."""
    options = {"viewport": {"width": 1280, "height": 900}, "service_workers": "block", "locale": "en-GB", **options}
    context = await browser.new_context(**options)
    context.set_default_timeout(_TIMEOUT)
    await watch.over(context)
    return await context.new_page()


if __name__ == "__main__":  # whether there is a browser, for scripts/test
    sys.exit(0 if find_chromium() else 1)
