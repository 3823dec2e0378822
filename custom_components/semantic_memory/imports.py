"""What surfaces need to take memories in from a file: which file, whose, and how it went."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
import shutil
import tempfile
from typing import Final

from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.core import HomeAssistant
from homeassistant.helpers import translation
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from .const import DOMAIN
from .memory.errors import InvalidInputError, NotAllowedError
from .memory.transfer.merging import ImportOptions
from .memory.transfer.reading.found import Format
from .memory.transfer.report import ImportReport

FORMAT: Final = "import_format"
REASON: Final = "import_reason"
NOTE: Final = "import_note"
_NAMED: Final = 10
"""How many of those that were skipped are named one by one."""


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


def keep_upload(hass: HomeAssistant, upload: str) -> tuple[Path, Path]:
    """Move a file from the browser into a folder of its own; return both. Blocks.

    Raises InvalidInputError (``import_upload_missing``).
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{DOMAIN}_import_"))
    try:
        with process_uploaded_file(hass, upload) as uploaded:
            return folder, Path(shutil.move(uploaded, folder / uploaded.name))
    except (ValueError, OSError) as err:
        shutil.rmtree(folder, ignore_errors=True)
        raise InvalidInputError("import_upload_missing") from err
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def called_as_sent(path: Path) -> Iterator[None]:
    """Have errors call a file from the browser by its name: where it lies meanwhile says nothing to people."""
    try:
        yield
    except InvalidInputError as err:
        if err.placeholders.get("path") != str(path):
            raise
        raise InvalidInputError(err.code, **{**err.placeholders, "path": path.name}) from err


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


async def async_format_in_words(hass: HomeAssistant, kind: Format) -> str:
    """Return what people call a format."""
    return (await _async_names(hass))(FORMAT, kind)


async def async_report_in_words(hass: HomeAssistant, report: ImportReport) -> dict[str, str]:
    """Return a report as placeholders of a text in Markdown: counts, and a list of whatever else is to be said."""
    name = await _async_names(hass)
    lines = [f"- {count} × {name(REASON, reason)}" for reason, count in report.skipped.most_common()]
    lines += [f"- {count} × {name(NOTE, note)}" for note, count in report.notes.most_common()]
    if report.ignored:
        lines.append(f"- {name(NOTE, 'ignored')}: {', '.join(map(_as_code, report.ignored))}")
    if report.cut_short:
        lines.append(f"- {name(NOTE, 'cut_short')}")
    for refused in report.details[:_NAMED]:
        said = [name(REASON, refused.reason), *(_as_code(part) for part in (refused.key, refused.detail) if part)]
        lines.append(f"- {name(NOTE, 'line')} {refused.where}: {' '.join(said)}")
    return {
        "format": name(FORMAT, report.format),
        "added": str(report.added),
        "updated": str(report.updated),
        "unchanged": str(report.unchanged),
        "skipped": str(report.skipped.total()),
        "remarks": "\n".join(lines),
    }


async def _async_names(hass: HomeAssistant) -> Callable[[str, str], str]:
    """Return what finds the name of an option of one of our selections."""
    texts = await translation.async_get_translations(hass, hass.config.language, "selector", {DOMAIN})

    def name(selection: str, option: str) -> str:
        return texts.get(f"component.{DOMAIN}.selector.{selection}.options.{option}", option)

    return name


def _as_code(text: str) -> str:
    """Return a name from a file as Markdown that shows it and does nothing else."""
    return f"`{text.replace('`', '')}`"


def _counts[NameT: StrEnum](counter: Mapping[NameT, int]) -> JsonObjectType:
    return {name.value: count for name, count in sorted(counter.items(), key=lambda item: -item[1])}
