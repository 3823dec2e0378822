"""Setting up: the built-in model or an Ollama server, and changing one's mind later."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, override

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntry, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_API_KEY, CONF_MODEL, CONF_URL
from homeassistant.core import callback

from .config_flow_checks import (
    BASE,
    CONNECT_TIMEOUT,
    MODEL_TIMEOUT,
    FlowProblem,
    async_check_key,
    async_check_model,
    async_installed_models,
    async_pull_model,
    normalised_url,
    ollama_client,
)
from .config_flow_schemas import REAUTH_SCHEMA, SERVER_SCHEMA, installed_name, is_model_name, model_schema
from .const import CONF_EMBEDDER, DOMAIN, EMBEDDER_BUILT_IN, EMBEDDER_OLLAMA
from .memory.embedding.ollama import OllamaClient, OllamaModel, plain_model_name
from .options_flow import SemanticMemoryOptionsFlow

TITLE: Final = "Semantic Memory"
OLLAMA_DOMAIN: Final = "ollama"
"""Home Assistant's own integration, whose server is suggested."""
OLLAMA_WEBSITE: Final = "https://ollama.com/download"
EXAMPLE_URL: Final = "http://192.168.1.20:11434"
"""Home Assistant's validator wants no address in translations."""
PATIENCE: Final = 2.0
"""Seconds that a form waits for the model before it gives way to a progress bar."""


class SemanticMemoryConfigFlow(ConfigFlow, domain=DOMAIN):
    """Chooses what turns memories into vectors.

    user or reconfigure → built_in → saved
                        → ollama → model → [pull →] test → saved

    ``pull`` and ``test`` lead back to ``model``, which then shows what went wrong.
    """

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Start without a server."""
        self._url = ""
        self._api_key: str | None = None
        self._models: list[OllamaModel] = []
        self._model = ""
        self._dimension = 0
        self._problem: FlowProblem | None = None
        self._task: asyncio.Task[FlowProblem | None] | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> SemanticMemoryOptionsFlow:
        """Return the options flow."""
        return SemanticMemoryOptionsFlow()

    @callback
    @override
    def async_remove(self) -> None:
        """Stop a download or test that nobody waits for any more."""
        if self._task is not None:
            self._task.cancel()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer the two kinds of models."""
        return self.async_show_menu(step_id="user", menu_options=["built_in", "ollama"])

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer the two kinds of models for an entry that is there."""
        self._model = self._get_reconfigure_entry().data.get(CONF_MODEL, "")
        return self.async_show_menu(step_id="reconfigure", menu_options=["built_in", "ollama"])

    async def async_step_built_in(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take the built-in model. There is nothing to try: what it needs is fetched once the entry is set up."""
        return self._save({CONF_EMBEDDER: EMBEDDER_BUILT_IN})

    async def async_step_ollama(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address of the server and its key."""
        problem: FlowProblem | None = None
        if user_input is not None:
            try:
                await self._async_use_server(user_input)
            except FlowProblem as err:
                problem = err
            else:
                return await self.async_step_model()
        suggested = {CONF_URL: next(iter(self._known_servers()), None)}
        return self.async_show_form(
            step_id="ollama",
            data_schema=self.add_suggested_values_to_schema(SERVER_SCHEMA, user_input or suggested),
            errors=problem.errors if problem else None,
            description_placeholders={"website": OLLAMA_WEBSITE, "example": EXAMPLE_URL}
            | (problem.placeholders if problem else {}),
        )

    async def async_step_model(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the model, and fetch or test it."""
        problem, self._problem = self._problem, None
        if not user_input:
            return self._model_form(problem)
        typed = plain_model_name(user_input[CONF_MODEL])
        installed = installed_name(self._models, typed)
        self._model = installed or typed
        if not is_model_name(self._model):
            return self._model_form(FlowProblem("invalid_model", CONF_MODEL))
        if installed is None:
            return await self.async_step_pull()
        self._task = self._start(self._async_test)
        await asyncio.wait([self._task], timeout=PATIENCE)
        if not self._task.done():
            return await self.async_step_test()
        problem = self._outcome()
        return self._model_form(problem) if problem else await self.async_step_finish()

    async def async_step_pull(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the server download the model."""
        self._task = self._task or self._start(self._async_pull)
        if not self._task.done():
            return self.async_show_progress(
                step_id="pull",
                progress_action="pull",
                description_placeholders={"model": self._model},
                progress_task=self._task,
            )
        self._problem = self._outcome()
        return self.async_show_progress_done(next_step_id="model" if self._problem else "test")

    async def async_step_test(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the server load the model and embed something."""
        self._task = self._task or self._start(self._async_test)
        if not self._task.done():
            return self.async_show_progress(
                step_id="test",
                progress_action="test",
                description_placeholders={"model": self._model},
                progress_task=self._task,
            )
        self._problem = self._outcome()
        return self.async_show_progress_done(next_step_id="model" if self._problem else "finish")

    async def async_step_finish(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Save the server and the model, both of which have been tried."""
        return self._save({CONF_EMBEDDER: EMBEDDER_OLLAMA, CONF_MODEL: self._model, **self._server()})

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin to ask for another key, because the server refused the one it was sent."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for another key and try it."""
        entry = self._get_reauth_entry()
        self._url = entry.data[CONF_URL]
        problem: FlowProblem | None = None
        if user_input is not None:
            self._api_key = _typed_key(user_input)
            try:
                await async_check_key(self._client(), self._client(MODEL_TIMEOUT), entry.data[CONF_MODEL])
            except FlowProblem as err:
                # This form has no address to show an error at.
                problem = err.at(CONF_API_KEY if err.field == CONF_API_KEY else BASE)
            else:
                data = {name: value for name, value in entry.data.items() if name != CONF_API_KEY}
                return self.async_update_reload_and_abort(entry, data=data | self._server())
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=REAUTH_SCHEMA,
            errors=problem.errors if problem else None,
            description_placeholders={"url": self._client().url} | (problem.placeholders if problem else {}),
        )

    async def _async_use_server(self, user_input: Mapping[str, Any]) -> None:
        """Check what was typed and ask the server for its models. Raises FlowProblem."""
        self._url = normalised_url(user_input[CONF_URL])
        self._api_key = _typed_key(user_input) or self._known_servers().get(self._url)
        self._models = await async_installed_models(self._client())

    async def _async_pull(self) -> None:
        """Download the model, showing how far it is. Raises FlowProblem."""
        await async_pull_model(self._client(), self._model, self.async_update_progress)
        self._models = await async_installed_models(self._client())

    async def _async_test(self) -> None:
        """Embed something with the model. Raises FlowProblem."""
        self._dimension = await async_check_model(self._client(MODEL_TIMEOUT), self._model)

    def _start(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[FlowProblem | None]:
        """Start something long that ends with nothing or with a problem."""

        async def attempt() -> FlowProblem | None:
            try:
                await work()
            except FlowProblem as err:
                return err
            return None

        # Not eager: a progress step may not be done before it was shown.
        return self.hass.async_create_background_task(attempt(), f"{DOMAIN} {self._model}", eager_start=False)

    def _outcome(self) -> FlowProblem | None:
        """Return what the finished task ended with, and make room for the next one."""
        task, self._task = self._task, None
        return task.result() if task else None

    def _model_form(self, problem: FlowProblem | None) -> ConfigFlowResult:
        """Show the choice of a model."""
        return self.async_show_form(
            step_id="model",
            data_schema=model_schema(self._models, self._model),
            errors=problem.errors if problem else None,
            description_placeholders={"url": self._client().url} | (problem.placeholders if problem else {}),
        )

    def _client(self, timeout: float | None = None) -> OllamaClient:
        """Return a client of the server that was entered. ``timeout`` is in seconds."""
        return ollama_client(self.hass, self._url, self._api_key, timeout or CONNECT_TIMEOUT)

    def _server(self) -> dict[str, str]:
        """Return what is stored of the server."""
        return {CONF_URL: self._url} | ({CONF_API_KEY: self._api_key} if self._api_key else {})

    def _save(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Create the entry, or change the one that is being reconfigured."""
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_reload_and_abort(self._get_reconfigure_entry(), data=data)
        return self.async_create_entry(
            title=TITLE,
            data=data,
            description=data[CONF_EMBEDDER],
            description_placeholders={"model": self._model, "dimension": str(self._dimension)},
        )

    def _known_servers(self) -> dict[str, str | None]:
        """Return the addresses that Home Assistant knows already, best first, each with its key."""
        entries = self.hass.config_entries.async_entries(OLLAMA_DOMAIN, include_ignore=False)
        if self.source == SOURCE_RECONFIGURE:
            entries = [self._get_reconfigure_entry(), *entries]
        servers: dict[str, str | None] = {}
        for entry in entries:
            with suppress(FlowProblem):
                servers.setdefault(normalised_url(entry.data.get(CONF_URL, "")), entry.data.get(CONF_API_KEY))
        return servers


def _typed_key(user_input: Mapping[str, Any]) -> str | None:
    """Return the key that was typed, ``None`` for none or blanks."""
    return user_input.get(CONF_API_KEY, "").strip() or None
