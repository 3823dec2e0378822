"""The forms of the config flow."""

from collections.abc import Sequence
import re
from typing import Final

from homeassistant.const import CONF_API_KEY, CONF_MODEL, CONF_URL
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .memory.embedding.ollama import OllamaModel, plain_model_name, same_model
from .memory.embedding.templates import known_embedding_models

_PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"),
)

SERVER_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_URL): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
        vol.Optional(CONF_API_KEY): _PASSWORD,
    }
)
REAUTH_SCHEMA: Final = vol.Schema({vol.Optional(CONF_API_KEY): _PASSWORD})

_MODEL_NAME: Final = re.compile(r"\w[\w.-]*(?::\d+)?(?:/\w[\w.-]*)*(?::[\w.-]+)?", re.ASCII)
_MEGABYTE: Final = 1_000_000
_MEGABYTES_PER_GIGABYTE: Final = 1_000


def installed_name(models: Sequence[OllamaModel], name: str) -> str | None:
    """Return how the server writes the name of a model, ``None`` where it is not installed."""
    return next((plain_model_name(model.name) for model in models if same_model(model.name, name)), None)


def is_model_name(model: str) -> bool:
    """Tell whether Ollama would take this for the name of a model."""
    return _MODEL_NAME.fullmatch(model) is not None


def model_schema(models: Sequence[OllamaModel], suggested: str | None) -> vol.Schema:
    """Return the choice of a model: installed ones first, then those that could be downloaded.

    ``suggested`` is chosen beforehand; without it, the first of the list is.
    """
    options = _model_options(models)
    return vol.Schema(
        {
            vol.Required(CONF_MODEL, description={"suggested_value": suggested or options[0]["value"]}): SelectSelector(
                SelectSelectorConfig(options=options, custom_value=True, mode=SelectSelectorMode.DROPDOWN)
            ),
        }
    )


def _model_options(models: Sequence[OllamaModel]) -> list[SelectOptionDict]:
    """Return installed embedding models, known ones that are missing, then those that may be one.

    Models that are known for another purpose are left out; their name can still be typed.
    """
    by_name = sorted(models, key=lambda model: model.name)
    return [
        *(_installed_option(model) for model in by_name if model.embedding),
        *(
            SelectOptionDict(
                value=known.name,
                label=f"{known.name} ({known.languages}; will be downloaded, {_size(known.size_mb)})",
            )
            for known in known_embedding_models()
            if installed_name(models, known.name) is None
        ),
        *(_installed_option(model) for model in by_name if model.embedding is None),
    ]


def _installed_option(model: OllamaModel) -> SelectOptionDict:
    """Return ``name (installed, 274 MB)``."""
    details = ["installed"]
    if model.size:
        details.append(_size(model.size / _MEGABYTE))
    if model.embedding is None:
        details.append("may not be an embedding model")
    name = plain_model_name(model.name)
    return SelectOptionDict(value=name, label=f"{name} ({', '.join(details)})")


def _size(megabytes: float) -> str:
    """Return a size as Ollama's library shows it."""
    if megabytes < _MEGABYTES_PER_GIGABYTE:
        return f"{max(1, round(megabytes))} MB"
    return f"{megabytes / _MEGABYTES_PER_GIGABYTE:.1f} GB"
