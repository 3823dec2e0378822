"""Diagnostic sensors. They show counts and times, never what is remembered or asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .data import SemanticMemoryConfigEntry
from .entity import SemanticMemoryEntity
from .memory.status import EmbedderState, EngineStatus

# Nothing is polled, and no action is taken.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class SemanticMemorySensorDescription(SensorEntityDescription):
    """A sensor, and where the engine's status has its value."""

    value: Callable[[EngineStatus], StateType | datetime]
    attributes: Callable[[EngineStatus], Mapping[str, StateType]] | None = None


def _last_recall(status: EngineStatus) -> datetime | None:
    """Return when something was last looked for."""
    return None if status.last_recall_at is None else dt_util.utc_from_timestamp(status.last_recall_at)


def _embedder_attributes(status: EngineStatus) -> Mapping[str, StateType]:
    """Return what tells why this embedder serves."""
    return {
        "model": status.model,
        "preferred_model": status.preferred_model,
        "index": status.index,
        "error_code": status.embedder_error,
    }


SENSORS: Final = (
    SemanticMemorySensorDescription(
        key="memories",
        translation_key="memories",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda status: status.memories,
    ),
    SemanticMemorySensorDescription(
        key="pending_embeddings",
        translation_key="pending_embeddings",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda status: status.pending,
    ),
    SemanticMemorySensorDescription(
        key="last_recall",
        translation_key="last_recall",
        entity_category=EntityCategory.DIAGNOSTIC,
        device_class=SensorDeviceClass.TIMESTAMP,
        value=_last_recall,
    ),
    SemanticMemorySensorDescription(
        key="embedder",
        translation_key="embedder",
        entity_category=EntityCategory.DIAGNOSTIC,
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in EmbedderState],
        value=lambda status: status.embedder.value,
        attributes=_embedder_attributes,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SemanticMemoryConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of the entry."""
    async_add_entities(SemanticMemorySensor(entry, description) for description in SENSORS)


class SemanticMemorySensor(SemanticMemoryEntity, SensorEntity):
    """One figure of the engine's status."""

    entity_description: SemanticMemorySensorDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the figure as the engine has it now."""
        return self.entity_description.value(self.engine.status)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, StateType] | None:
        """Return what explains the state, where that needs explaining."""
        attributes = self.entity_description.attributes
        return None if attributes is None else attributes(self.engine.status)
