"""The forms of an import, and the files that they offer."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    FileSelector,
    FileSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from .memory.models import HOUSEHOLD
from .memory.transfer.reading.found import Format

CONF_UPLOAD: Final = "upload"
CONF_PATH: Final = "path"
CONF_FORMAT: Final = "format"
CONF_OWNER: Final = "owner"
CONF_KEEP_OWNERS: Final = "keep_owners"
AUTOMATIC: Final = "automatic"
NOBODY: Final = "nobody"
"""Leave out what is personal and nobody's whom we know."""
_WITH_OWNERS: Final = frozenset({Format.OWN, Format.HA_SEMANTIC_MEMORY})
_LIKELY: Final = ("memory.db", "ai_memory.db", "memory.jsonl", "semantic_memory/exports/**/*.jsonl")
_MOST_OFFERED: Final = 20
_ACCEPTED: Final = ".db,.csv,.json,.jsonl,.txt"


def file_schema(names: Sequence[str]) -> vol.Schema:
    """Return the choice of a file: one from the browser, or one that is there."""
    return vol.Schema(
        {
            vol.Optional(CONF_UPLOAD): FileSelector(FileSelectorConfig(accept=_ACCEPTED)),
            vol.Optional(CONF_PATH): SelectSelector(
                SelectSelectorConfig(options=list(names), custom_value=True, mode=SelectSelectorMode.DROPDOWN)
            ),
            vol.Required(CONF_FORMAT, default=AUTOMATIC): SelectSelector(
                SelectSelectorConfig(options=[AUTOMATIC, *Format], translation_key="import_format")
            ),
        }
    )


def owner_schema(hass: HomeAssistant, kind: Format) -> vol.Schema:
    """Return the choice of whose memories those become that are nobody's whom we know."""
    people = [
        SelectOptionDict(value=str(state.attributes["user_id"]), label=state.name)
        for state in hass.states.async_all("person")
        if state.attributes.get("user_id")
    ]
    fixed = [HOUSEHOLD, NOBODY] if kind in _WITH_OWNERS else [HOUSEHOLD]
    options = [*(SelectOptionDict(value=name, label=name) for name in fixed), *people]
    owner = SelectSelector(SelectSelectorConfig(options=options, translation_key="import_owner"))
    if kind not in _WITH_OWNERS:
        return vol.Schema({vol.Required(CONF_OWNER): owner})
    return vol.Schema(
        {vol.Required(CONF_KEEP_OWNERS, default=True): BooleanSelector(), vol.Required(CONF_OWNER): owner}
    )


def known_files(configuration: Path) -> list[str]:
    """Return the files below the configuration folder that may be meant. Blocks."""
    found = (path for pattern in _LIKELY for path in sorted(configuration.glob(pattern)) if path.is_file())
    return [str(path.relative_to(configuration)) for path in islice(found, _MOST_OFFERED)]
