"""Home Assistant's own frontend, as a person uses it."""

import json
import re
import time
from typing import Final

from playwright.async_api import Locator, Page, expect

from scripts.demo_app.people import Person

_ANSWER_TIMEOUT: Final = 30_000
"""Milliseconds that an agent may take to answer."""


class Frontend:
    """One person's browser window."""

    def __init__(self, page: Page, url: str) -> None:
        """Take an empty page and where Home Assistant answers."""
        self.page = page
        self.url = url

    async def open(self, path: str) -> None:
        """Go to a page of Home Assistant."""
        await self.page.goto(f"{self.url}{path}")

    async def onboard(self, person: Person) -> None:
        """Create the owner on the very first page, and go on to the overview."""
        page = self.page
        await self.open("/")
        await page.get_by_role("button", name="Create my smart home").click()
        await page.get_by_role("textbox", name="Name*", exact=True).fill(person.name)
        await page.get_by_role("textbox", name="Username*").fill(person.username)
        await page.get_by_role("textbox", name="Password*", exact=True).fill(person.password)
        await page.get_by_role("textbox", name="Confirm password*").fill(person.password)
        await page.get_by_role("button", name="Create account").click()
        await page.get_by_role("button", name="Next").click()
        await page.get_by_role("button", name="Finish").click()
        await expect(page.get_by_role("heading", name=f"Welcome {person.name}")).to_be_visible()

    async def log_in(self, person: Person) -> None:
        """Log in with name and password."""
        page = self.page
        await self.open("/")
        await page.get_by_role("textbox", name="Username").fill(person.username)
        await page.get_by_role("textbox", name="Password").fill(person.password)
        await page.get_by_role("button", name="Log in").click()
        await expect(page.get_by_role("link", name=re.compile(person.name))).to_be_visible()

    async def use_token(self, token: str) -> None:
        """Be logged in from the first page on, with an access token."""
        tokens = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 1800,
            "refresh_token": "",
            "expires": int((time.time() + 1800) * 1000),
            "hassUrl": self.url,
            "clientId": f"{self.url}/",
        }
        await self.page.context.add_init_script(f"localStorage.hassTokens = {json.dumps(json.dumps(tokens))}")

    async def perform(self, action: str, fields: dict[str, str]) -> str:
        """Perform an action of ours in Tools → Actions, filling fields by their labels. Returns the response shown."""
        page = self.page
        await self.open("/config/tools/action")
        picker = page.get_by_role("button", name="Action", exact=True)
        clear = page.get_by_role("button", name="Clear", exact=True)
        await expect(picker.or_(clear)).to_be_visible()
        if await clear.is_visible():  # the page remembers what it did last
            await clear.click()
        await picker.click()
        await page.get_by_placeholder("Search", exact=True).fill(f"semantic_memory.{action}")
        await page.get_by_role("option").filter(has=page.get_by_text(f"semantic_memory.{action}", exact=True)).click()
        for label, text in fields.items():
            row = self._setting(label)
            optional = row.get_by_role("checkbox")
            if await optional.count():
                await row.locator("ha-checkbox").click()
            await row.get_by_role("textbox").fill(text)
        await page.get_by_role("button", name="Perform action").click()
        await expect(page.get_by_role("heading", name="Response")).to_be_visible()
        return await page.locator(".cm-content").last.inner_text()

    def _setting(self, label: str) -> Locator:
        return self.page.locator("ha-settings-row").filter(has=self.page.get_by_text(label, exact=True))

    async def open_assist(self) -> None:
        """Open the Assist dialog, which begins a new conversation."""
        await self.open("/home")
        await self.page.get_by_role("button", name="Assist (A)").click()

    async def say(self, text: str, answer: str) -> None:
        """Say something in the open Assist dialog and wait for ``answer``, the last thing it says."""
        page = self.page
        await page.get_by_role("textbox", name="Enter a request").fill(text)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text(answer, exact=True).last).to_be_visible(timeout=_ANSWER_TIMEOUT)
