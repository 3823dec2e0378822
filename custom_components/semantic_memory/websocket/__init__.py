"""The websocket commands as a whole: one table of all of them, for the panel and whoever else speaks that protocol.

Each module holds the commands on one subject, in a tuple ``COMMANDS``; each command parses what was sent, asks the
engine once, and answers. The shapes are those of ``frontend/src/api/types.ts``.
"""

from typing import Final

from homeassistant.core import HomeAssistant, callback

from . import activity, atlas, changing, files, info, reading, status, subscribing
from .base import Command, register

COMMANDS: Final[tuple[Command, ...]] = (
    *info.COMMANDS,
    *reading.COMMANDS,
    *changing.COMMANDS,
    *subscribing.COMMANDS,
    *activity.COMMANDS,
    *atlas.COMMANDS,
    *status.COMMANDS,
    *files.COMMANDS,
)


@callback
def async_setup_commands(hass: HomeAssistant) -> None:
    """Register the commands."""
    for command in COMMANDS:
        register(hass, command)
