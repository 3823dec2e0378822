"""The options: how recall works, how long memories are kept, who speaks to which satellite, what agents get."""

from collections.abc import Mapping
import math
from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.selector import (
    BooleanSelector,
    DeviceSelector,
    DeviceSelectorConfig,
    EntityFilterSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    TextSelector,
    TextSelectorConfig,
)
import voluptuous as vol

from .config_flow_checks import FlowProblem
from .const import (
    CONF_DEFAULT_EXPIRY_DAYS,
    CONF_DEVICE,
    CONF_EXPOSE_TOOLS,
    CONF_KEYWORD_WEIGHT,
    CONF_LIMIT,
    CONF_PERSON,
    CONF_PROMPT,
    CONF_SATELLITES,
    CONF_SHOW_IN_SIDEBAR,
    CONF_THRESHOLD,
    SECTION_LLM,
    SECTION_PANEL,
    SECTION_PEOPLE,
    SECTION_RECALL,
    SECTION_RETENTION,
)
from .memory.models import MAX_RECALL_LIMIT, EngineSettings
from .options_import import ImportSteps

MAX_DEFAULT_EXPIRY_DAYS: Final = 3_650
_DEFAULTS: Final = EngineSettings()
_SATELLITES: Final = ObjectSelector(
    ObjectSelectorConfig(
        fields={
            CONF_DEVICE: ObjectSelectorField(
                required=True,
                selector=DeviceSelector(
                    DeviceSelectorConfig(entity=[EntityFilterSelectorConfig(domain="assist_satellite")])
                ),
            ),
            CONF_PERSON: ObjectSelectorField(
                required=True, selector=EntitySelector(EntitySelectorConfig(domain="person"))
            ),
        },
        multiple=True,
        label_field=CONF_DEVICE,
        description_field=CONF_PERSON,
        translation_key=CONF_SATELLITES,
    )
)


class SemanticMemoryOptionsFlow(ImportSteps):
    """The settings, one form with a section for each part, or an import.

    Saving the settings reloads the entry, which takes well under a second.
    """

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer both."""
        return self.async_show_menu(step_id="init", menu_options=["settings", "import_file"])

    async def async_step_settings(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and save the settings."""
        problem: FlowProblem | None = None
        if user_input is not None:
            try:
                return self.async_create_entry(data=_cleaned(self.hass, user_input))
            except FlowProblem as err:
                problem = err
        return self.async_show_form(
            step_id="settings",
            data_schema=_schema(user_input or self.config_entry.options),
            errors=problem.errors if problem else None,
            description_placeholders=problem.placeholders if problem else None,
        )


def _schema(options: Mapping[str, Any]) -> vol.Schema:
    """Return the form, showing these options."""
    recall = options.get(SECTION_RECALL, {})
    retention = options.get(SECTION_RETENTION, {})
    people = options.get(SECTION_PEOPLE, {})
    llm = options.get(SECTION_LLM, {})
    panel = options.get(SECTION_PANEL, {})
    return vol.Schema(
        {
            vol.Required(SECTION_RECALL): section(
                vol.Schema(
                    {
                        _required(CONF_LIMIT, recall, _DEFAULTS.recall_limit): _number(1, MAX_RECALL_LIMIT),
                        _required(CONF_THRESHOLD, recall, _DEFAULTS.threshold): _share(),
                        _required(CONF_KEYWORD_WEIGHT, recall, _DEFAULTS.keyword_weight): _share(),
                    }
                )
            ),
            vol.Required(SECTION_RETENTION): section(
                vol.Schema(
                    {
                        _required(CONF_DEFAULT_EXPIRY_DAYS, retention, int(_DEFAULTS.default_expiry_days)): _number(
                            0, MAX_DEFAULT_EXPIRY_DAYS, unit="days"
                        ),
                    }
                )
            ),
            vol.Required(SECTION_PEOPLE): section(
                vol.Schema({_optional(CONF_SATELLITES, people.get(CONF_SATELLITES, [])): _SATELLITES})
            ),
            vol.Required(SECTION_LLM): section(
                vol.Schema(
                    {
                        _required(CONF_EXPOSE_TOOLS, llm, default=True): BooleanSelector(),
                        _optional(CONF_PROMPT, llm.get(CONF_PROMPT, "")): TextSelector(
                            TextSelectorConfig(multiline=True)
                        ),
                    }
                )
            ),
            vol.Required(SECTION_PANEL, default=dict): section(
                vol.Schema({_required(CONF_SHOW_IN_SIDEBAR, panel, default=True): BooleanSelector()})
            ),
        }
    )


def _required(name: str, options: Mapping[str, Any], default: object) -> vol.Required:
    """Return a marker for a field that keeps its value unless another is sent."""
    return vol.Required(name, default=options.get(name, default))


def _optional(name: str, value: object) -> vol.Optional:
    """Return a marker for a field that can be emptied."""
    return vol.Optional(name, description={"suggested_value": value})


def _number(lowest: int, highest: int, unit: str | None = None) -> NumberSelector:
    """Return a box for a whole number."""
    config = NumberSelectorConfig(min=lowest, max=highest, step=1, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def _share() -> NumberSelector:
    """Return a slider from 0 to 1."""
    return NumberSelector(NumberSelectorConfig(min=0, max=1, step=0.01, mode=NumberSelectorMode.SLIDER))


def _cleaned(hass: HomeAssistant, user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as they are stored.

    Raises FlowProblem for a satellite or person that cannot be used, and for numbers that no form would send:
    Home Assistant takes NaN for one within bounds.
    """
    recall, llm = user_input[SECTION_RECALL], user_input[SECTION_LLM]
    if not all(map(math.isfinite, (*recall.values(), *user_input[SECTION_RETENTION].values()))):
        raise FlowProblem("invalid_number")
    return {
        SECTION_RECALL: {
            CONF_LIMIT: int(recall[CONF_LIMIT]),
            CONF_THRESHOLD: recall[CONF_THRESHOLD],
            CONF_KEYWORD_WEIGHT: recall[CONF_KEYWORD_WEIGHT],
        },
        SECTION_RETENTION: {CONF_DEFAULT_EXPIRY_DAYS: int(user_input[SECTION_RETENTION][CONF_DEFAULT_EXPIRY_DAYS])},
        SECTION_PEOPLE: {CONF_SATELLITES: _checked_satellites(hass, user_input[SECTION_PEOPLE])},
        SECTION_LLM: {
            CONF_EXPOSE_TOOLS: llm[CONF_EXPOSE_TOOLS],
            CONF_PROMPT: llm.get(CONF_PROMPT, "").strip(),
        },
        SECTION_PANEL: {CONF_SHOW_IN_SIDEBAR: user_input[SECTION_PANEL][CONF_SHOW_IN_SIDEBAR]},
    }


def _checked_satellites(hass: HomeAssistant, people: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return which satellite stands for whom. Raises FlowProblem.

    Memories belong to user accounts, so a person without one cannot have any.
    """
    devices = dr.async_get(hass)
    rows: dict[str, str] = {}
    for row in cv.ensure_list(people.get(CONF_SATELLITES)):
        device_id, person_id = row[CONF_DEVICE], row[CONF_PERSON]
        device = devices.async_get(device_id)
        if device is None:
            raise FlowProblem("satellite_unknown", device=device_id)
        if device_id in rows:
            raise FlowProblem("satellite_twice", device=device.name_by_user or device.name or device_id)
        person = hass.states.get(person_id)
        if person is None:
            raise FlowProblem("person_unknown", person=person_id)
        if not person.attributes.get("user_id"):
            raise FlowProblem("person_without_account", person=person.name)
        rows[device_id] = person_id
    return [{CONF_DEVICE: device, CONF_PERSON: person} for device, person in rows.items()]
