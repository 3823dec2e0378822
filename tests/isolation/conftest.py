"""The home, and that nothing of what is stored gets where everybody who administers it looks."""

from collections.abc import AsyncGenerator
import logging

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .home import Home, async_make_home, shown_in


@pytest.fixture
async def home(
    hass: HomeAssistant, setup_integration: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> AsyncGenerator[Home]:
    """Return the home, with everything planted; see afterwards to what was logged and fired."""
    caplog.set_level(logging.DEBUG)
    made = await async_make_home(hass, setup_integration)
    made.note_events()
    await made.async_plant()
    yield made
    await hass.async_block_till_done()
    assert shown_in(caplog.text) == set()
    assert "Traceback" not in caplog.text
    assert shown_in("\n".join(made.events)) == set()
    assert made.events
