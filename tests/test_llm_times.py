"""What the recall tool makes of times."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import Caller, MemoryDraft

from .llm_helpers import async_answer, llm_context

NOON = datetime(2026, 11, 21, 12, tzinfo=ZoneInfo("Pacific/Auckland"))


async def test_what_was_told_yesterday_is_recalled(
    hass: HomeAssistant, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Yesterday is that of the home: twelve hours before and after its midnight something is told."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "llm", {})
    await hass.config.async_set_time_zone("Pacific/Auckland")
    user = MockUser(id="c" * 32).add_to_hass(hass)
    moments: list[datetime] = []

    def clock() -> float:
        return moments[-1].timestamp()

    monkeypatch.setattr(engine._writes, "clock", clock)
    monkeypatch.setattr(engine._recaller, "_clock", clock)
    for hours in range(144, 0, -12):
        moments.append(NOON - timedelta(hours=hours, minutes=-1))
        draft = MemoryDraft(value=f"Room {hours} was cleaned", key=f"h{hours}")
        await engine.async_remember(Caller(user_id=user.id), draft)
    moments.append(NOON)
    found = await async_answer(hass, "recall", {"query": "what did I tell you yesterday"}, llm_context(user.id))
    assert {memory["key"] for memory in found["memories"][:2]} == {"h36", "h24"}
