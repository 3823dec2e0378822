"""A button that has every memory embedded again."""

from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import SemanticMemoryConfigEntry
from .entity import SemanticMemoryEntity
from .errors import translate_errors

# One press drops the vectors of every memory; a second one at the same time gains nothing.
PARALLEL_UPDATES = 1

REEMBED: Final = ButtonEntityDescription(
    key="reembed", translation_key="reembed", entity_category=EntityCategory.CONFIG
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SemanticMemoryConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the button of the entry."""
    async_add_entities([ReembedButton(entry, REEMBED)])


class ReembedButton(SemanticMemoryEntity, ButtonEntity):
    """Drops the vectors of the chosen model; they are made again in the background."""

    @override
    async def async_press(self) -> None:
        """Start over. Recall goes on with the built-in model and words in the meantime."""
        with translate_errors():
            await self.engine.async_reembed()
