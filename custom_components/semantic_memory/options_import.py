"""The part of the options that takes memories in from a file.

import_file → import_owner → import_check → import_report → import_run → import_done

``import_check`` is the trial run whose outcome ``import_report`` shows; nothing is changed before that is confirmed.
Both runs lead back to ``import_file`` where they fail.
"""

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
import shutil
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlowWithReload
from homeassistant.core import callback
import voluptuous as vol

from .config_flow_checks import FlowProblem
from .const import DOMAIN
from .data import SemanticMemoryData
from .errors import quote, translated
from .imports import (
    async_format_in_words,
    async_import_options,
    async_readable_path,
    async_report_in_words,
    called_as_sent,
    keep_upload,
)
from .memory.errors import DatabaseClosedError, SemanticMemoryError
from .memory.models import Caller
from .memory.transfer.reading.found import Format
from .memory.transfer.report import ImportReport
from .memory.transfer.transfer import Transfer
from .options_import_forms import (
    CONF_FORMAT,
    CONF_KEEP_OWNERS,
    CONF_OWNER,
    CONF_PATH,
    CONF_UPLOAD,
    NOBODY,
    file_schema,
    known_files,
    owner_schema,
)

ACTOR: Final = "options"
"""Who acts, in the history."""


class ImportSteps(OptionsFlowWithReload):
    """The steps of an import."""

    def __init__(self) -> None:
        """Begin without a file."""
        self._path = Path()
        self._name = ""
        self._folder: Path | None = None
        self._format = Format.OWN
        self._owner: str | None = None
        self._keep_owners = True
        self._problem: FlowProblem | None = None
        self._task: asyncio.Task[ImportReport | FlowProblem] | None = None
        self._report: ImportReport | None = None

    @callback
    @override
    def async_remove(self) -> None:
        """Stop what is under way and remove an uploaded file; what has been taken in stays."""
        if self._task is not None:
            self._task.cancel()
        self._remove_upload()

    async def async_step_import_file(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the file."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        problem, self._problem = self._problem, None
        if user_input:
            try:
                await self._async_choose(user_input)
            except FlowProblem as err:
                problem = err
            else:
                return await self.async_step_import_owner()
        names = await self.hass.async_add_executor_job(known_files, Path(self.hass.config.config_dir))
        placeholders = {"folder": self.hass.config.config_dir}
        return self.async_show_form(
            step_id="import_file",
            data_schema=self.add_suggested_values_to_schema(file_schema(names), user_input),
            errors=problem.errors if problem else None,
            description_placeholders=placeholders | (problem.placeholders if problem else {}),
        )

    async def async_step_import_owner(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whose the memories become."""
        if user_input is not None:
            owner: str = user_input[CONF_OWNER]
            self._owner = None if owner == NOBODY else owner
            self._keep_owners = user_input.get(CONF_KEEP_OWNERS, True)
            return await self.async_step_import_check()
        return self.async_show_form(
            step_id="import_owner",
            data_schema=owner_schema(self.hass, self._format),
            description_placeholders={
                "file": quote(self._name).replace("`", ""),
                "format": await async_format_in_words(self.hass, self._format),
            },
        )

    async def async_step_import_check(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Look what would happen."""
        self._task = self._task or self._start(dry_run=True)
        if not self._task.done():
            return self.async_show_progress(
                step_id="import_check", progress_action="import_check", progress_task=self._task
            )
        return self.async_show_progress_done(next_step_id=self._outcome("import_report"))

    async def async_step_import_report(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what would happen, and have it confirmed."""
        if user_input is not None or self._report is None:
            return await self.async_step_import_run()
        words = await async_report_in_words(self.hass, self._report)
        if not self._report.added and not self._report.updated:
            return self.async_abort(reason="import_nothing", description_placeholders=words)
        return self.async_show_form(step_id="import_report", data_schema=vol.Schema({}), description_placeholders=words)

    async def async_step_import_run(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take the memories in."""
        self._task = self._task or self._start(dry_run=False)
        if not self._task.done():
            return self.async_show_progress(
                step_id="import_run", progress_action="import_run", progress_task=self._task
            )
        return self.async_show_progress_done(next_step_id=self._outcome("import_done"))

    async def async_step_import_done(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what was done. The options have not changed, so nothing is loaded anew."""
        words = await async_report_in_words(self.hass, self._report) if self._report else None
        return self.async_abort(reason="import_done", description_placeholders=words)

    async def _async_choose(self, user_input: Mapping[str, Any]) -> None:
        """Take the file that is meant, and find out what it is. Raises FlowProblem."""
        wanted: str = user_input[CONF_FORMAT]
        given = str(user_input.get(CONF_PATH) or "").strip()
        try:
            if upload := user_input.get(CONF_UPLOAD):
                self._remove_upload()
                self._folder, self._path = await self.hass.async_add_executor_job(keep_upload, self.hass, upload)
            elif given:
                self._path = await async_readable_path(self.hass, given)
            else:
                raise FlowProblem("import_file_missing")
            self._name = self._path.name if upload else str(self._path)
            with called_as_sent(self._path) if upload else nullcontext():
                self._format = await self._transfer.async_recognise(
                    self._path, Format(wanted) if wanted in set(Format) else None
                )
        except SemanticMemoryError as err:
            raise FlowProblem("import_failed", problem=str(translated(err))) from err

    def _start(self, *, dry_run: bool) -> asyncio.Task[ImportReport | FlowProblem]:
        """Start to read the file, which ends with a report or with a problem."""

        async def attempt() -> ImportReport | FlowProblem:
            options = await async_import_options(
                self.hass, self._owner, format_=self._format, keep_owners=self._keep_owners, dry_run=dry_run
            )
            try:
                return await self._transfer.async_import(
                    Caller(actor_id=ACTOR, trusted=True), self._path, options, progress=self._show_progress
                )
            except SemanticMemoryError as err:
                return FlowProblem("import_failed", problem=str(translated(err)))

        # Not eager: a progress step may not be done before it was shown.
        return self.hass.async_create_background_task(attempt(), f"{DOMAIN} import", eager_start=False)

    def _outcome(self, following: str) -> str:
        """Take over what the finished task ended with; return the step that comes next."""
        if self._task is None:
            return following
        ended, self._task = self._task.result(), None
        if isinstance(ended, FlowProblem):
            self._problem = ended
            return "import_file"
        self._report = ended
        return following

    @callback
    def _show_progress(self, report: ImportReport) -> None:
        self.async_update_progress(report.progress)

    @callback
    def _remove_upload(self) -> None:
        """Remove the file that was uploaded."""
        if self._folder is not None:
            self.hass.async_add_executor_job(shutil.rmtree, self._folder, True)
            self._folder = None

    @property
    def _transfer(self) -> Transfer:
        """Return what imports. Raises DatabaseClosedError where the entry was unloaded meanwhile."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            raise DatabaseClosedError
        data: SemanticMemoryData = self.config_entry.runtime_data
        return data.engine.transfer
