"""A home with somebody whose memories nobody may touch, and somebody who tries everything."""

from collections.abc import Awaitable, Callable
import logging
from typing import Final

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..isolation.home import ADA, SECRETS, Home, Stored, async_make_home
from ..memory.fakes import assert_sound
from .outcomes import CASES, check_log

type Looked = Callable[[], Awaitable[None]]
OTHERS: Final = tuple(owner for owner in SECRETS if owner != ADA)
EVERY: Final = 200
"""After so many cases the file is looked through, and emptied of what they left."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases were tried."""
    if CASES:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in CASES.items())
        terminalreporter.write_line(f"{CASES.total():,} fuzz cases: {kinds}")


@pytest.fixture
async def home(hass: HomeAssistant, setup_integration: MockConfigEntry, caplog: pytest.LogCaptureFixture) -> Home:
    """Return the home, with everything planted."""
    made = await async_make_home(hass, setup_integration)
    await made.async_plant()
    caplog.clear()
    caplog.set_level(logging.INFO)
    return made


@pytest.fixture
async def looked(home: Home, caplog: pytest.LogCaptureFixture) -> Looked:
    """Return what looks whether everything is as it should be; call it after every case."""
    expected = await adas(home)
    count = 0

    async def look() -> None:
        nonlocal count
        count += 1
        check_log(caplog)
        assert await adas(home) == expected
        if count % EVERY == 0:
            await assert_sound(home.engine)
            await home.async_empty(OTHERS)
            await home.async_add(OTHERS)

    return look


async def adas(home: Home) -> dict[str, Stored]:
    """Return what is stored of Ada, past all conditions."""
    stored = await home.async_stored()
    return {id_: memory for id_, memory in stored.items() if home.name(memory.owner) == ADA}
