"""What the action and the options need to take memories in from a file: which file, whose, and how it went."""

from collections.abc import Mapping
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from .memory.errors import InvalidInputError, NotAllowedError
from .memory.transfer.merging import ImportOptions
from .memory.transfer.reading.found import Format
from .memory.transfer.report import ImportReport


async def async_readable_path(hass: HomeAssistant, given: str) -> Path:
    """Return the file that is meant, links followed; without a folder it is one of the configuration.

    Raises NotAllowedError (``path_not_allowed``) outside of where Home Assistant may read.
    """
    return await hass.async_add_executor_job(_readable_path, hass, given.strip())


def _readable_path(hass: HomeAssistant, given: str) -> Path:
    configuration = Path(hass.config.config_dir).resolve()
    try:
        path = (configuration / given).resolve()
        allowed = path.is_relative_to(configuration) or hass.config.is_allowed_path(str(path))
    except (OSError, RuntimeError, ValueError) as err:  # links in a circle, a NUL
        raise InvalidInputError("import_not_found", path=given) from err
    if not allowed:
        raise NotAllowedError("import_path_not_allowed", path=given)
    return path


async def async_import_options(
    hass: HomeAssistant, owner: str | None, *, format_: Format | None, keep_owners: bool, dry_run: bool
) -> ImportOptions:
    """Return how a file is to be taken in; ``owner`` gets what is personal and nobody's we know."""
    users = await hass.auth.async_get_users()
    return ImportOptions(
        format=format_,
        dry_run=dry_run,
        owner=owner,
        keep_owners=keep_owners,
        known_owners=frozenset(user.id for user in users if not user.system_generated),
        zone=dt_util.get_default_time_zone(),
    )


def report_as_dict(report: ImportReport) -> JsonObjectType:
    """Return a report as an action answers it."""
    return {
        "format": report.format.value,
        "dry_run": report.dry_run,
        "read": report.read,
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "skipped": report.skipped.total(),
        "reasons": _counts(report.skipped),
        "details": [
            {"line": refused.where, "reason": refused.reason.value, "key": refused.key, "detail": refused.detail}
            for refused in report.details
        ],
        "notes": _counts(report.notes),
        "ignored": list(report.ignored),
        "complete": not (report.cut_short or report.stopped),
    }


def _counts(counter: Mapping[str, int]) -> JsonObjectType:
    return {str(name): count for name, count in sorted(counter.items(), key=lambda item: -item[1])}
