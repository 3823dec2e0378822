"""The options flow."""

from collections.abc import AsyncGenerator
from typing import Any
from unittest.mock import AsyncMock

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory import options_flow

from .flow_helpers import added_entry, checked, no_engine

DEFAULTS: dict[str, Any] = {
    "recall": {"limit": 5, "threshold": 0.18, "keyword_weight": 0.4},
    "retention": {"default_expiry_days": 180},
    "people": {"satellites": []},
    "llm": {"expose_tools": True, "prompt": ""},
    "panel": {"show_in_sidebar": True},
}


@pytest.fixture(autouse=True)
async def setup_entry(hass: HomeAssistant) -> AsyncGenerator[AsyncMock]:
    """Keep the engine out."""
    async with no_engine(hass) as setup:
        yield setup


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """Return an entry without options."""
    return added_entry(hass)


@pytest.fixture
def satellites(hass: HomeAssistant, entry: MockConfigEntry) -> list[str]:
    """Return the devices of two satellites."""
    registry = dr.async_get(hass)
    return [
        registry.async_get_or_create(config_entry_id=entry.entry_id, identifiers={("x", name)}, name=name).id
        for name in ("Kitchen", "Bedroom")
    ]


@pytest.fixture(autouse=True)
def people(hass: HomeAssistant) -> None:
    """Have three persons, one without an account."""
    hass.states.async_set("person.ada", "home", {"user_id": "a" * 32, "friendly_name": "Ada"})
    hass.states.async_set("person.grace", "home", {"user_id": "b" * 32, "friendly_name": "Grace"})
    hass.states.async_set("person.guest", "home", {"user_id": None, "friendly_name": "Guest"})


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the settings."""
    flow = checked(await hass.config_entries.options.async_init(entry.entry_id), "options")
    chosen = await hass.config_entries.options.async_configure(flow["flow_id"], {"next_step_id": "settings"})
    return checked(chosen, "options")


async def save(hass: HomeAssistant, flow: ConfigFlowResult, **sections: Any) -> ConfigFlowResult:
    """Submit the options."""
    user_input = {name: {} for name in DEFAULTS} | sections
    return checked(await hass.config_entries.options.async_configure(flow["flow_id"], user_input), "options")


def shown(flow: ConfigFlowResult) -> dict[str, dict[str, Any]]:
    """Return what the fields of every section show."""
    assert flow["data_schema"] is not None
    return {
        str(name.schema): {
            str(marker.schema): marker.description["suggested_value"] if marker.description else marker.default()
            for marker in section.schema.schema
        }
        for name, section in flow["data_schema"].schema.items()
    }


async def test_defaults(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    flow = await begin(hass, entry)
    assert shown(flow) == DEFAULTS

    flow = await save(hass, flow)

    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == DEFAULTS


async def test_everything_is_kept(hass: HomeAssistant, entry: MockConfigEntry, satellites: list[str]) -> None:
    options = {
        "recall": {"limit": 12, "threshold": 0.45, "keyword_weight": 1.0},
        "retention": {"default_expiry_days": 0},
        "people": {
            "satellites": [
                {"device": satellites[0], "person": "person.ada"},
                {"device": satellites[1], "person": "person.ada"},
            ]
        },
        "llm": {"expose_tools": False, "prompt": "Remember birthdays."},
        "panel": {"show_in_sidebar": False},
    }

    await save(hass, await begin(hass, entry), **options)

    assert entry.options == options
    assert isinstance(entry.options["recall"]["limit"], int)
    assert shown(await begin(hass, entry)) == options


async def test_what_was_emptied_is_empty(hass: HomeAssistant, entry: MockConfigEntry, satellites: list[str]) -> None:
    mapping = [{"device": satellites[0], "person": "person.ada"}]
    hass.config_entries.async_update_entry(
        entry, options=DEFAULTS | {"people": {"satellites": mapping}, "llm": {"expose_tools": False, "prompt": "x"}}
    )

    await save(hass, await begin(hass, entry), llm={"expose_tools": False})

    assert entry.options == DEFAULTS | {"llm": {"expose_tools": False, "prompt": ""}}


async def test_saving_reloads(hass: HomeAssistant, entry: MockConfigEntry, setup_entry: AsyncMock) -> None:
    await save(hass, await begin(hass, entry), llm={"prompt": "  Be brief. \n"})
    await hass.async_block_till_done()

    setup_entry.assert_awaited_once()
    assert entry.options["llm"]["prompt"] == "Be brief."


async def test_a_single_row(hass: HomeAssistant, entry: MockConfigEntry, satellites: list[str]) -> None:
    """Home Assistant 2026.10 lets one through that is not in a list."""
    row = {"device": satellites[0], "person": "person.grace"}

    assert options_flow._checked_satellites(hass, {"satellites": row}) == [row]
    assert options_flow._checked_satellites(hass, {"satellites": None}) == []


@pytest.mark.parametrize(
    ("rows", "code", "placeholders"),
    [
        ([(0, "person.guest")], "person_without_account", {"person": "Guest"}),
        ([(0, "person.nobody")], "person_unknown", {"person": "person.nobody"}),
        ([(0, "person.ada"), (0, "person.grace")], "satellite_twice", {"device": "Kitchen"}),
        ([(0, "person.ada"), (1, "person.guest")], "person_without_account", {"person": "Guest"}),
        ([("gone", "person.ada")], "satellite_unknown", {"device": "gone"}),
    ],
)
async def test_satellites_that_cannot_be_used(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    satellites: list[str],
    rows: list[tuple[int | str, str]],
    code: str,
    placeholders: dict[str, str],
) -> None:
    mapping = [
        {"device": device if isinstance(device, str) else satellites[device], "person": person}
        for device, person in rows
    ]
    flow = await save(
        hass, await begin(hass, entry), people={"satellites": mapping}, retention={"default_expiry_days": 7}
    )

    assert flow["errors"] == {"base": code}
    assert flow["description_placeholders"] == placeholders
    assert shown(flow) == DEFAULTS | {
        "people": {"satellites": mapping},
        "retention": {"default_expiry_days": 7},
    }
    assert entry.options == {}

    flow = await save(hass, flow, people={"satellites": [{"device": satellites[0], "person": "person.ada"}]})
    assert flow["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    "sections",
    [
        {"recall": {"limit": 0}},
        {"recall": {"limit": 51}},
        {"recall": {"threshold": 1.1}},
        {"recall": {"keyword_weight": -0.1}},
        {"retention": {"default_expiry_days": 3651}},
        {"retention": {"default_expiry_days": -1}},
        {"people": {"satellites": [{"person": "person.ada"}]}},
        {"people": {"satellites": [{"device": "x", "person": "light.kitchen"}]}},
        {"people": {"satellites": [{"device": "x", "person": "person.ada", "note": "y"}]}},
        {"llm": {"unknown": True}},
    ],
)
async def test_limits(hass: HomeAssistant, entry: MockConfigEntry, sections: dict[str, Any]) -> None:
    flow = await begin(hass, entry)

    with pytest.raises(InvalidData):
        await save(hass, flow, **sections)


@pytest.mark.parametrize(
    "sections",
    [
        {"recall": {"limit": float("nan")}},
        {"recall": {"threshold": float("nan")}},
        {"retention": {"default_expiry_days": float("nan")}},
    ],
)
async def test_what_is_no_number(hass: HomeAssistant, entry: MockConfigEntry, sections: dict[str, Any]) -> None:
    """It lies within all bounds, because it compares with nothing."""
    flow = await begin(hass, entry)

    flow = await save(hass, flow, **sections)

    assert flow["errors"] == {"base": "invalid_number"}
    assert entry.options == {}
