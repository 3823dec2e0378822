"""The Memory page, as a person uses it."""

from pathlib import Path
import re
from typing import Final

from playwright.async_api import FileChooser, Locator, Page, expect

from .browser import PANEL

ELEMENT: Final = "semantic-memory-panel"


class Panel:
    """The Memory page in one window."""

    def __init__(self, page: Page, url: str) -> None:
        """Take a window that is logged in and where Home Assistant answers."""
        self.page = page
        self.url = url
        self.root = page.locator(ELEMENT)
        self.list = self.root.get_by_role("listbox", name="Memories")
        self.detail = self.root.get_by_role("complementary", name="Memory")
        self.toast = self.root.get_by_role("status").last

    async def open(self, path: str = "memories") -> None:
        """Go to a view, and wait until the page has come up."""
        await self.page.goto(f"{self.url}{PANEL}/{path}")
        await expect(self.root.get_by_role("heading", name="Memory", level=1)).to_be_visible()

    async def view(self, name: str) -> None:
        """Go to another view by its tab."""
        await self.root.get_by_role("link", name=name, exact=True).click()
        await expect(self.page).to_have_url(re.compile(f"{PANEL}/{name.lower()}"))

    def row(self, text: str) -> Locator:
        """Return the line of the list that holds a text."""
        return self.list.get_by_role("option").filter(has_text=text)

    def dialog(self, name: str) -> Locator:
        """Return a dialog that is open, with what is shown in it."""
        return self.root.locator("sm-dialog").filter(has=self.page.get_by_role("dialog", name=name))

    async def search(self, query: str) -> None:
        """Type a question into the search box."""
        await self.root.get_by_role("textbox", name="Search memories").fill(query)

    async def add(self, value: str, *, key: str = "", tag: str = "", household: bool = False) -> None:
        """Add a memory with the dialog."""
        await self.root.get_by_role("button", name="Add memory").click()
        dialog = self.dialog("Add memory")
        await dialog.get_by_role("textbox", name="What to remember").fill(value)
        if household:
            await dialog.get_by_role("combobox", name="Belongs to").select_option("Household")
        if key:
            await dialog.get_by_role("textbox", name="Key").fill(key)
        if tag:
            await dialog.get_by_role("combobox", name="Tags").fill(tag)
            await dialog.get_by_role("combobox", name="Tags").press("Enter")
        await dialog.get_by_role("button", name="Remember").click()
        await self.dialog("Remembered").get_by_role("button", name="Done").click()
        await expect(self.row(value)).to_be_visible()

    async def show(self, text: str) -> None:
        """Open one memory of the list."""
        await self.row(text).click()
        await expect(self.detail.get_by_role("textbox", name="What to remember")).to_be_visible()

    async def edit(self, value: str) -> None:
        """Change the text of the memory that is open, and save it."""
        await self.detail.get_by_role("textbox", name="What to remember").fill(value)
        await self.root.get_by_role("button", name="Save", exact=True).click()
        await expect(self.toast).to_contain_text("Saved")

    async def filter_by(self, name: str) -> None:
        """Choose one filter in the dialog."""
        await self.root.get_by_role("button", name="Filters", exact=True).click()
        dialog = self.dialog("Filters")
        await dialog.get_by_role("button", name=re.compile(rf"^{name}\b")).click()
        await self.page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)

    async def choose_file(self, path: Path) -> None:
        """Choose a file to import, which shows what would happen."""
        async with self.page.expect_file_chooser() as waiting:
            await self.root.get_by_role("button", name="Choose a file").click()
        chooser: FileChooser = await waiting.value
        await chooser.set_files(path)
        await expect(self.root.get_by_text("Nothing has changed yet.")).to_be_visible()
