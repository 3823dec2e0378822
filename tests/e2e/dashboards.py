"""Dashboards that show our card."""

from typing import Final

from scripts.demo_app.client import Api

CARD: Final = "custom:semantic-memory-card"
_PATH: Final = "ask-memory"
DASHBOARD: Final = f"/{_PATH}/0"
"""Address of its view."""


async def async_add_dashboard(api: Api, *cards: dict[str, object]) -> None:
    """Make a dashboard that shows these cards."""
    view = {"title": "Home", "cards": [*cards]}
    async with api.connect() as connection:
        await connection.command("lovelace/dashboards/create", url_path=_PATH, mode="storage", title="Ask memory")
        await connection.command("lovelace/config/save", url_path=_PATH, config={"views": [view]})
